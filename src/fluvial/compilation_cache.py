"""Compiled programs kept from one process to the next, in the user's cache folder."""

import hashlib
import os
import platform
import warnings
from pathlib import Path

MAX_BYTES = 256 * 2**20
"""Size of the folder beyond which the programs that were used least recently are removed."""


_is_decided = False


def keep_compiled_programs(*, off: bool = False) -> None:
    """Let JAX read and write compiled programs in the user's cache folder.

    It is done once a process, at the latest before the first program of this library is compiled.
    Nothing changes where the folder cannot be written, or where the user has named another one
    (`JAX_COMPILATION_CACHE_DIR`, `jax_compilation_cache_dir`) and thus decides. It imports JAX, so
    call it late.

    Args:
        off: whether to leave the cache alone in this process.
    """
    global _is_decided
    if _is_decided:
        return
    _is_decided = True
    if off or "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    import jax

    if jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    folder = cache_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        return
    from jax.experimental.compilation_cache import compilation_cache

    # An entry that was half written when its process was killed is compiled anew.
    warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache")
    jax.config.update("jax_compilation_cache_dir", str(folder))
    # With a size limit JAX locks the folder: commands may run side by side.
    jax.config.update("jax_compilation_cache_max_size", MAX_BYTES)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    # JAX looks for the folder once, at the first program that a process compiles.
    compilation_cache.reset_cache()


def cache_folder() -> Path:
    """Return the folder: in the user's cache, one for each kind of processor.

    Programs are compiled for the processor at hand, and home folders may be shared by several.
    """
    from platformdirs import user_cache_path

    return user_cache_path("fluvial", appauthor=False) / "compiled" / _processor()


def _processor() -> str:
    """Return a short name of the processor's instruction set."""
    described = platform.machine() + platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    described += next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return hashlib.sha256(described.encode()).hexdigest()[:16]
