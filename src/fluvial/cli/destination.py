"""Where results go: checked before the work starts."""

from collections.abc import Sequence
from pathlib import Path

from fluvial.errors import DataError


def check_destination(path: Path, *, force: bool, inputs: Sequence[Path]) -> None:
    """Make sure, before hours of work, that a file can be written, without writing it.

    Args:
        path: the file to be.
        force: whether a file that exists may be replaced.
        inputs: files that must not be replaced even so.

    Raises:
        DataError: where the path is a directory or one of the inputs, or exists without `force`.
        OSError: where its directory does not exist or cannot be written to, or the name is too
            long.
    """
    if str(path) == "-":
        raise DataError("-: the result needs a file of its own; name one")
    if path.is_dir():
        raise DataError(f"{path}: is a directory; name a file in it")
    if path.exists() or path.is_symlink():
        if any(
            existing.exists() and path.exists() and path.samefile(existing) for existing in inputs
        ):
            raise DataError(f"{path}: is the input itself; choose another name for the output")
        if not force:
            raise DataError(f"{path}: exists already; use --force to replace it")
        if not path.is_file():
            raise DataError(f"{path}: is not a regular file")
    if not path.parent.is_dir():
        raise FileNotFoundError(2, "the directory for the output does not exist", str(path.parent))
    from fluvial.artifacts import check_writable  # late, since JAX comes with it

    check_writable(path)
