"""Files that are written whole or not at all."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside `path` that replaces it when the block ends well.

    The temporary file is flushed to disk before it replaces `path` in one step, and is removed
    where the block fails or is interrupted; `path` is then as it was. A link is followed, and the
    permissions of a file that is replaced are kept.

    Args:
        path: the file to write.

    Yields:
        The path to write to: an empty file with the suffix of `path`.

    Raises:
        FileNotFoundError: where the directory does not exist.
        IsADirectoryError: where `path` is a directory.
        OSError: where `path` is a device, a pipe or a socket: these are never replaced.
        PermissionError: where the directory does not let files be made.

    Examples:
        >>> with atomic_path("numbers.txt") as temporary:
        ...     _ = temporary.write_text("1 2 3")
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "Is a directory", os.fspath(path))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "Not a regular file; name another one", os.fspath(path))
    temporary = target.with_name(f".{target.stem}-{secrets.token_hex(6)}{target.suffix}")
    # Made here, so that a directory that is absent or read-only fails before any work is done.
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None
    try:
        with suppress(FileNotFoundError):
            os.chmod(temporary, target.stat().st_mode & 0o7777)
        yield temporary
        _flush(temporary)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
