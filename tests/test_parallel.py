"""Threads that compute in their maker's precision."""

import threading

import jax
import jax.numpy as jnp
import pytest

from fluvial.parallel import n_side_by_side, threads


@pytest.mark.parametrize(("double", "expected"), [(True, "float64"), (False, "float32")])
def test_threads_compute_in_the_precision_of_their_maker(double, expected):
    with jax.enable_x64(double):
        pool = threads(2)
    # What holds where the work is handed in makes no difference.
    with jax.enable_x64(not double), pool:
        mapped = pool.map(lambda k: jnp.asarray(k + 0.5), range(8))
        submitted = pool.submit(jnp.zeros, 3)
        assert {str(array.dtype) for array in [*mapped, submitted.result()]} == {expected}


def test_the_precision_of_other_threads_stays():
    with jax.enable_x64(True), threads(1) as pool:
        assert pool.submit(jnp.zeros, ()).result().dtype == "float64"
    assert jnp.zeros(()).dtype == "float32"
    with threads(1) as pool:
        assert pool.submit(jnp.zeros, ()).result().dtype == "float32"


def test_as_many_threads_as_the_device_runs_programs(monkeypatch):
    assert n_side_by_side() >= 1
    monkeypatch.setattr("fluvial.parallel.n_side_by_side", lambda: 3)
    together = threading.Barrier(3, timeout=10)
    with threads() as pool:
        assert sorted(pool.map(lambda _: together.wait(), range(3))) == [0, 1, 2]


def test_a_program_compiled_in_one_thread_serves_the_others(count_compilations):
    double = jax.jit(lambda x: 2 * x)
    double(jnp.ones(3))
    with count_compilations() as counted, threads(2) as pool:
        list(pool.map(double, [jnp.zeros(3), jnp.zeros(3)]))
    assert counted.count <= 1


def test_no_threads_are_refused():
    with pytest.raises(ValueError, match="max_workers"):
        threads(0)
