"""Compiled functions that keep a bounded number of programs."""

import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial import programs
from fluvial.programs import Compiled


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(programs, "N_KEPT", 3)
    monkeypatch.setattr(programs, "N_FORGOTTEN", 4)
    monkeypatch.setattr(programs, "_n_forgotten", 0)


def scaled(tree, n):
    return jax.tree.map(lambda leaf: n * leaf, tree)


def test_arrays_are_traced_and_the_rest_are_constants(count_compilations):
    function = Compiled(scaled)
    tree = {"a": np.ones(2, np.float32), "b": None}
    assert function(tree, 2)["a"].tolist() == [2, 2]
    with count_compilations() as counted:
        assert function({"a": np.full(2, 3, np.float32), "b": None}, 2)["a"].tolist() == [6, 6]
        assert counted.count == 0
        assert function(tree, 3)["a"].tolist() == [3, 3]
        assert counted.count == 1
    # Equal, yet of another type.
    assert function(jnp.ones(2, int), True).dtype == function(jnp.ones(2, int), 1).dtype


def test_the_programs_used_last_are_kept(count_compilations):
    function = Compiled(scaled)
    inputs = {n: np.ones(n, np.float32) for n in (1, 2, 3, 4)}
    for n in (1, 2, 3, 1, 4):  # forgets that of two
        function(inputs[n], 2)
    with count_compilations() as counted:
        for n in (1, 3, 4):
            function(inputs[n], 2)
        assert counted.count == 0
        function(inputs[2], 2)
        assert counted.count == 1


def test_what_is_forgotten_is_freed():
    function = Compiled(scaled)
    first = None
    for n in range(1, 12):
        function(np.ones(n, np.float32), 2)
        first = first or weakref.ref(next(iter(function._programs.values())))
    gc.collect()
    assert len(function._programs) == 3
    assert first is not None
    assert first() is None


def test_a_program_outlives_the_clearing_that_it_brings_about(count_compilations):
    function = Compiled(scaled)
    for n in range(1, 20):
        function(np.ones(n, np.float32), 2)
        with count_compilations() as counted:
            function(np.ones(n, np.float32), 2)
        assert counted.count == 0


def test_donated_buffers_are_used_again():
    function = Compiled(lambda kept, given: given + kept, donated=(1,))
    given = jnp.ones(5)
    assert function(jnp.ones(5), given).tolist() == [2] * 5
    assert given.is_deleted()


def test_threads_may_share_a_function_whose_programs_come_and_go():
    function = Compiled(scaled)

    def compute(n):
        return function(np.ones(n % 6 + 1, np.float32), 2).sum()

    with ThreadPoolExecutor(4) as pool:
        assert [float(x) for x in pool.map(compute, range(60))] == [
            2.0 * (n % 6 + 1) for n in range(60)
        ]


def test_threads_that_come_while_a_program_is_compiled_wait_for_it(count_compilations):
    begun, n_traced = threading.Barrier(4), []

    def slow(x):
        n_traced.append(1)
        time.sleep(0.2)
        return 3 * x

    function = Compiled(slow)

    def call(k):
        begun.wait(10)
        return float(function(np.float32(k)))

    with count_compilations() as counted, ThreadPoolExecutor(4) as pool:
        assert list(pool.map(call, range(4))) == [0, 3, 6, 9]
        assert counted.count == len(n_traced) == 1


def test_a_program_that_fails_is_tried_again_by_who_waited():
    begun = threading.Barrier(2)

    def fails(x):
        raise ValueError("not that")

    function = Compiled(fails)

    def call(k):
        begun.wait(10)
        function(np.float32(k))

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(call, k) for k in range(2)]:
            with pytest.raises(ValueError, match="not that"):
                future.result(10)


def test_what_compiles_quickly_is_the_same():
    tree = {"a": np.arange(3.0, dtype=np.float32)}
    quick, slow = Compiled(scaled, quickly=True), Compiled(scaled)
    np.testing.assert_array_equal(quick(tree, 2)["a"], slow(tree, 2)["a"])


def test_a_release_without_the_quick_way_compiles_as_it_does(monkeypatch):
    def refused(program, *, compiler_options=None, **options):
        if compiler_options:
            raise jax.errors.JaxRuntimeError("No such compile option")
        return plain(program, **options)

    plain = jax.jit
    monkeypatch.setattr("fluvial.programs.jax.jit", refused)
    programs._quick_options.cache_clear()
    try:
        assert programs._quick_options() is None
        assert Compiled(scaled, quickly=True)({"a": np.ones(2)}, 2)["a"].tolist() == [2, 2]
    finally:
        programs._quick_options.cache_clear()
