"""Work in a process of its own, so that nothing before it is compiled or resident."""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from benchmarks.speed.cores import keep_to_cores

Result = TypeVar("Result")


def in_own_process(function: Callable[..., Result], *arguments: object) -> Result:
    """Call a function of a module in a fresh process on two cores, without kept programs."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_prepare) as pool:
        return pool.submit(function, *arguments).result()


def _prepare() -> None:
    os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)
    keep_to_cores()
