"""How many programs run at once, threads that run them, and forks, which cannot."""

import os
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
from jax._src import xla_bridge  # the public names of JAX do not tell whether it has computed

from fluvial.errors import ForkError

forked = False
"""Whether this process was forked from one in which JAX had computed; see `refuse_in_fork`."""


def n_side_by_side() -> int:
    """Return how many programs the device runs at once: a CPU one on each of its cores."""
    if jax.default_backend() != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads(n: int | None = None) -> ThreadPoolExecutor:
    """Return a pool of threads that compute in the precision of the thread that makes it.

    `jax.enable_x64` holds in its own thread alone, so that in the threads of a plain pool float64
    arrays would silently become float32 ones.

    Args:
        n: how many threads, at least 1; None is `n_side_by_side()`.

    Returns:
        A `concurrent.futures.ThreadPoolExecutor`: `map` keeps the order of its items, `submit`
        returns a future, and as a context manager it waits for all that runs.

    Examples:
        >>> with jax.enable_x64(True), threads(2) as pool:
        ...     halves = list(pool.map(lambda k: jnp.asarray(k / 2), range(3)))
        >>> [str(half.dtype) for half in halves]
        ['float64', 'float64', 'float64']
    """
    is_double = jnp.result_type(float) == np.float64
    n = n_side_by_side() if n is None else n
    return ThreadPoolExecutor(n, initializer=_set_precision, initargs=(is_double,))


def _set_precision(is_double: bool) -> None:
    # Never left: the switch belongs to the thread, and ends with it.
    jax.enable_x64(is_double).__enter__()


def refuse_in_fork() -> None:
    """Refuse to compute in a process that was forked from one in which JAX had computed.

    JAX's threads are not in the fork, and who waits for them waits for ever.

    Raises:
        ForkError: saying what to do.
    """
    if forked:
        raise ForkError(
            "this process was forked after JAX had computed, and would wait for ever for threads "
            "that a fork does not have; start processes with the 'spawn' or 'forkserver' method of "
            "multiprocessing or with joblib's default 'loky', or fork before the first fit or load"
        )


def _mark_fork() -> None:
    global forked
    # Read without JAX's lock, which another thread of the parent may have held.
    forked = forked or bool(xla_bridge._backends)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_mark_fork)
