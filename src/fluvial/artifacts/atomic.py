"""Files that are written whole or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fluvial.artifacts.unfinished import (
    OURS,
    hold_temporary as hold_temporary,
    remove_unfinished as remove_unfinished,
    sweep,
)

NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV, errno.EACCES)
"""What the making of a second name fails with where the file system knows none."""

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What writing fails with where the disk, the user's share of it or the file is full."""


@contextmanager
def atomic_path(path: str | os.PathLike, *, replace: bool = True) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place when the block ends well.

    The temporary file is flushed to disk before it takes the place in one step, and is removed
    where the block fails or is interrupted; `path` is then as it was. A link is followed, and the
    permissions of a file that is replaced are kept. Temporary files that a killed process has left
    in the directory are removed; those of a living one are locked, and stay.

    Args:
        path: the file to write.
        replace: whether a file that exists is replaced, be it one that appears meanwhile.

    Yields:
        The path to write to: an empty file with the suffix of `path`.

    Raises:
        FileExistsError: where `path` exists, or has appeared meanwhile, and is not to be replaced.
        FileNotFoundError: where the directory does not exist.
        IsADirectoryError: where `path` is a directory.
        OSError: where `path` is a device, a pipe or a socket: these are never replaced; and where
            the disk is full. It names `path`.
        PermissionError: where the directory does not let files be made.

    Examples:
        >>> with atomic_path("numbers.txt") as temporary:
        ...     _ = temporary.write_text("1 2 3")
    """
    target = _target(path)
    if not replace and os.path.lexists(target):
        raise _exists(path)
    sweep(target.parent)
    # Made here, so that a directory that is absent or read-only fails before any work is done.
    try:
        with hold_temporary(target) as temporary:
            with suppress(FileNotFoundError):
                os.chmod(temporary, target.stat().st_mode & 0o7777)
            yield temporary
            _flush(temporary)
            if replace:
                os.replace(temporary, target)
            else:
                _claim(temporary, target)
    except OSError as error:
        if _is_of_writing(error):
            _name(error, path)
        raise


def check_writable(path: str | os.PathLike) -> None:
    """Find out, without writing it, whether a file can be written by `atomic_path`.

    It makes a temporary file beside it and removes it again: that says more than permission bits
    do of links, names that are too long, read-only mounts, quotas and access lists.

    Args:
        path: the file to be.

    Raises:
        OSError: as `atomic_path` does; it names `path`.
    """
    target = _target(path)
    try:
        with suppress(FileNotFoundError):
            os.lstat(target)  # a name that is too long
        with hold_temporary(target):
            pass
    except OSError as error:
        _name(error, path)
        raise


def _target(path: str | os.PathLike) -> Path:
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "Is a directory", os.fspath(path))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "Not a regular file; name another one", os.fspath(path))
    return target


def _claim(temporary: Path, target: Path) -> None:
    """Give the temporary file its final name, unless that is taken.

    Raises:
        FileExistsError: where it is.
    """
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise _exists(target) from None
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        # Whoever makes the empty file has the name, and may replace it.
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError:
            raise _exists(target) from None
        try:
            os.replace(temporary, target)
        except BaseException:
            target.unlink()
            raise


def _exists(path: str | os.PathLike) -> FileExistsError:
    return FileExistsError(errno.EEXIST, "File exists, and is not replaced", os.fspath(path))


def _is_of_writing(error: OSError) -> bool:
    """Whether an error tells of the temporary file, or that there is no room on the disk."""
    if error.filename is None:
        return error.errno in NO_ROOM
    return OURS.fullmatch(os.path.basename(os.fsdecode(error.filename))) is not None


def _name(error: OSError, path: str | os.PathLike) -> None:
    """Let an error tell the file that was asked for, in place of the temporary one or none."""
    error.filename, error.filename2 = os.fspath(path), None
    if error.errno is not None and not error.strerror:
        error.strerror = os.strerror(error.errno)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
