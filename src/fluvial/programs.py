"""Compiled functions that forget the programs which have been used least recently.

`jax.jit` keeps a program for every shape that it has met, for ever: a process that fits many tables
of different shapes would grow without end.
"""

import ctypes
import functools
import gc
import sys
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

import equinox as eqx
import jax

from fluvial import parallel
from fluvial.compilation_cache import keep_compiled_programs

N_KEPT = 16
"""Programs that a function keeps; those of a small flow's fit and scores take about 20 MB."""

N_FORGOTTEN = 96
"""Forgotten programs of all functions after which JAX's own caches are cleared.

Single operations on arrays leave small programs for every shape as well, about 6 MB a fit.
"""

HOLE: Any = object()
"""Stands among the leaves of an argument where an array belongs."""


_lock = threading.Lock()
_n_forgotten = 0


class Compiled:
    """A function that is compiled for each structure, type and shape of its arguments.

    Like `equinox.filter_jit`: the arrays in the arguments are traced, all other leaves are
    constants of the program and must be hashable. Of all programs the `N_KEPT` used last are kept.
    It may be called from several threads.

    Args:
        function: from trees to a tree of arrays; called by position.
        donated: the numbers of the arguments whose buffers may be used again.
        quickly: whether to compile faster where that makes programs up to a tenth slower.

    Examples:
        >>> double = Compiled(lambda tree, n: jax.tree.map(lambda leaf: n * leaf, tree))
        >>> double({"a": jnp.ones(2)}, 2)["a"]
        Array([2., 2.], dtype=float32)
    """

    def __init__(
        self, function: Callable[..., Any], *, donated: Sequence[int] = (), quickly: bool = False
    ):
        functools.update_wrapper(self, function)
        self._function, self._donated, self._quickly = function, tuple(donated), quickly
        self._programs: OrderedDict[Any, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._turns: WeakValueDictionary[Any, Any] = WeakValueDictionary()

    def __call__(self, *arguments: Any) -> Any:
        if parallel.forked:
            parallel.refuse_in_fork()
        flat = [jax.tree.flatten(argument) for argument in arguments]
        arrays = [[leaf for leaf in leaves if eqx.is_array(leaf)] for leaves, _ in flat]
        constants = tuple(
            tuple(HOLE if eqx.is_array(leaf) else leaf for leaf in leaves) for leaves, _ in flat
        )
        structures = tuple(structure for _, structure in flat)
        # Equal numbers of different types, such as 1 and True, lead to different programs.
        types = tuple(tuple(type(leaf) for leaf in leaves) for leaves in constants)
        shapes = tuple(tuple((leaf.shape, leaf.dtype) for leaf in leaves) for leaves in arrays)
        key = (structures, constants, types, shapes)
        program = self._known(key)
        if program is None:
            with self._lock:
                turn = self._turns.setdefault(key, threading.Lock())
            # Whoever comes meanwhile waits, where JAX would compile the same once more.
            with turn:
                program = self._known(key)
                if program is None:
                    return self._first_call(key, self._made(structures, constants), arrays)
        return program(*arrays)

    def _known(self, key: Any) -> Any:
        with self._lock:
            program = self._programs.get(key)
            if program is not None:
                self._programs.move_to_end(key)
            return program

    def _first_call(self, key: Any, program: Any, arrays: Sequence[Any]) -> Any:
        keep_compiled_programs()
        with self._lock:
            n_beyond = max(len(self._programs) - N_KEPT + 1, 0)
            forgotten = [self._programs.popitem(last=False)[1] for _ in range(n_beyond)]
        # Before the program is compiled: JAX's caches may be cleared, which would take it along.
        _forget(forgotten)
        with warnings.catch_warnings():
            # A parameter that a program does not use has a buffer that it cannot use again.
            warnings.filterwarnings("ignore", message="Some donated buffers were not usable")
            result = program(*arrays)
        with self._lock:
            self._programs[key] = program
        return result

    def _made(self, structures: Sequence[Any], constants: Sequence[Sequence[Any]]) -> Any:
        function = self._function

        def program(*arrays: Any) -> Any:
            arguments = []
            for structure, leaves, of_argument in zip(structures, constants, arrays, strict=True):
                left = iter(of_argument)
                filled = [next(left) if leaf is HOLE else leaf for leaf in leaves]
                arguments.append(jax.tree.unflatten(structure, filled))
            return function(*arguments)

        # The name is part of what a persistent cache of programs looks them up by.
        program.__name__ = program.__qualname__ = function.__name__
        options = _quick_options() if self._quickly else None
        return jax.jit(program, donate_argnums=self._donated, compiler_options=options)


@functools.cache
def _quick_options() -> dict[str, Any] | None:
    """Return what makes XLA compile faster and keep less, where its release still knows it.

    JAX 0.10 compiles fused loops for processors by either of two ways. The newer one takes nearly
    twice as long for a flow and keeps twice the memory; JAX 0.12 has it alone.
    """
    options = {"xla_cpu_use_fusion_emitters": False}
    try:
        jax.jit(lambda x: x, compiler_options=options)(0.0)
    except jax.errors.JaxRuntimeError:
        return None
    return options


def _forget(programs: Sequence[Any]) -> None:
    """Free programs, and from time to time what else was left by arrays of other shapes."""
    global _n_forgotten
    for program in programs:
        program.clear_cache()
    with _lock:
        _n_forgotten += len(programs)
        is_time = _n_forgotten >= N_FORGOTTEN
        if is_time:
            _n_forgotten = 0
    if is_time:
        jax.clear_caches()
        gc.collect()
        _give_back()


def _give_back() -> None:
    """Let the C library hand back freed memory, which it keeps where it is scattered."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library than glibc
            ctypes.CDLL(None).malloc_trim(0)
