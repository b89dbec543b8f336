"""Temporary files that are locked while their process lives, and swept once it is dead."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such locks; there nothing is swept
    fcntl = None

MARK = ".fluvial-"
"""Stands before the random digits in the name of a temporary file."""

N_DIGITS = 12
"""Random hexadecimal digits in the name."""

LONGEST_NAME = 255
"""Bytes that common file systems allow a name."""

OURS = re.compile(rf"\..*{re.escape(MARK)}[0-9a-f]{{{N_DIGITS}}}(\.[^.]*)?", re.DOTALL)
"""What the names of temporary files look like."""

_unfinished: set[Path] = set()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unfinished.clear)  # they are its parent's


@contextmanager
def hold_temporary(target: Path) -> Iterator[Path]:
    """Make an empty file beside a target, and remove it in the end if it is still there.

    While the block runs the file is locked: the lock ends with the process, however that ends, and
    holds between containers and on shared folders, where numbers of processes mean nothing.

    Args:
        target: the file that is to be, in its real directory.

    Yields:
        The path of the temporary file.
    """
    path, descriptor = _made(target)
    try:
        yield path
    finally:
        with suppress(OSError):
            path.unlink()
        _unfinished.discard(path)
        os.close(descriptor)


def remove_unfinished() -> None:
    """Remove the temporary files of this process, which is about to end."""
    for path in list(_unfinished):
        with suppress(OSError):
            path.unlink()


def sweep(directory: Path) -> None:
    """Remove from a directory the temporary files of processes that are dead.

    Certain is a regular file of this user, with a name as `hold_temporary` makes it, that nobody
    has locked. Nothing is removed where locks are not supported, and no error is raised.
    """
    if fcntl is None:
        return
    with suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            if OURS.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    _remove_if_dead(entry.path)


def _remove_if_dead(path: str) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            _lock(descriptor)
            os.unlink(path)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Lock a file, without waiting.

    Raises:
        OSError: where it is locked, or the file system knows no locks.
    """
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _made(target: Path) -> tuple[Path, int]:
    """Make the file and lock it."""
    while True:
        path = target.with_name(_name(target))
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        _unfinished.add(path)
        with suppress(OSError):  # locks that are not supported
            _lock(descriptor)
        # Whoever sweeps between the two steps takes it for one that was left.
        if os.path.exists(path):
            return path, descriptor
        _unfinished.discard(path)
        os.close(descriptor)


def _name(target: Path) -> str:
    """Return a new name with the suffix of the target, and of its stem what there is room for."""
    suffix = target.suffix if len(os.fsencode(target.suffix)) < LONGEST_NAME // 2 else ""
    end = f"{MARK}{secrets.token_hex(N_DIGITS // 2)}{suffix}"
    room = LONGEST_NAME - 1 - len(os.fsencode(end))
    stem = os.fsencode(target.stem)[: max(room, 0)].decode(errors="ignore")
    return f".{stem}{end}"
