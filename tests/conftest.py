"""What every test may ask for, and the settings that JAX must find before it is imported."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from itertools import count
from pathlib import Path

ROOT = Path(__file__).parents[1]


def _fast_compilation() -> Iterator[str]:
    """Yield the options of XLA for programs that run a few times only: compile fast."""
    yield "--xla_backend_optimization_level=0"
    if version("jaxlib").startswith("0.10."):  # later releases end a process that sets it
        yield "--xla_cpu_use_fusion_emitters=false"


def _prepare_environment() -> None:
    """Set what JAX and the numerical libraries read once; subprocesses of tests inherit it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("MPLBACKEND", "Agg")
    os.environ.setdefault("XLA_FLAGS", " ".join(_fast_compilation()))
    # Programs are compiled once for all processes of a worker. A folder for each worker, which
    # must not inherit that of the process that started it: JAX writes entries without a lock, and
    # a reader must not meet half of one.
    own_cache = str(ROOT / ".jax_cache" / (worker or "one"))
    if worker:
        os.environ["JAX_COMPILATION_CACHE_DIR"] = own_cache
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", own_cache)
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
    if worker:
        # The workers share the cores; NPROC is the size of XLA's thread pool.
        for name in ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
            os.environ.setdefault(name, "1")


_prepare_environment()

import jax  # noqa: E402
import jax.monitoring  # noqa: E402
import pytest  # noqa: E402


@pytest.fixture
def x64() -> Iterator[None]:
    """Switch float64 on within the test; without it tests run in JAX's default, float32."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def getkey() -> Callable[[], jax.Array]:
    """Return a function that gives another random key at each call, the same in each run."""
    seeds = count()
    return lambda: jax.random.key(next(seeds))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of the development data, or skip: the tests must pass without it.

    The variable FLUVIAL_DATA names it; the default is `shared/data` beside the checkout.
    """
    folder = Path(os.environ.get("FLUVIAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no development data at {folder}; FLUVIAL_DATA names their folder")
    return folder


class Counted:
    """How many programs were traced and lowered, whether or not a cache had them compiled."""

    def __init__(self):
        self.count = 0

    def __call__(self, event: str, duration_secs: float, **kwargs) -> None:
        self.count += event == "/jax/core/compile/jaxpr_to_mlir_module_duration"


@pytest.fixture
def count_compilations(monkeypatch):
    """Return a context manager that counts the programs that JAX makes inside it."""
    # What the tests before have left must not be cleared now.
    monkeypatch.setattr("fluvial.programs.N_FORGOTTEN", 10**9)

    @contextmanager
    def counting():
        counted = Counted()
        jax.monitoring.register_event_duration_secs_listener(counted)
        try:
            yield counted
        finally:
            jax.monitoring.unregister_event_duration_listener(counted)

    return counting
