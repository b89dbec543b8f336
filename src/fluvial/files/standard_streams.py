"""Stdout that writes all it is given or says why not, and stderr that never fails."""

import errno
import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

STDOUT = "stdout"
"""The name by which errors call it."""


class WholeWriter(io.FileIO):
    """Unbuffered bytes of which none are lost: a write is whole, or an OSError names the stream.

    A file of Python's own may write less than it is given, as it does to a disk that is nearly
    full, and a text stream above it then drops the rest without a word.

    Args:
        descriptor: of the open stream, which stays open.
        label: what errors call it.
    """

    def __init__(self, descriptor: int, label: str):
        super().__init__(descriptor, "wb", closefd=False)
        self._label = label

    def write(self, data: Any, /) -> int:
        """Write all bytes; wait for a reader that is slow, where the stream does not block.

        Raises:
            OSError: where the stream takes no more; its `filename` is the label.
        """
        left = memoryview(data).cast("B")
        size = len(left)
        while left:
            try:
                left = left[os.write(self.fileno(), left) :]
            except BlockingIOError:
                select.select([], [self.fileno()], [])
            except OSError as error:
                raise _named(error.errno, self._label) from None
        return size


class BestEffort(io.FileIO):
    """Unbuffered bytes for remarks: what cannot be written is dropped.

    Args:
        descriptor: of the stream, which stays open.
    """

    def __init__(self, descriptor: int):
        super().__init__(descriptor, "wb", closefd=False)

    def write(self, data: Any, /) -> int:
        """Write what the stream takes, and claim that it was all."""
        left = memoryview(data).cast("B")
        size = len(left)
        try:
            while left:
                left = left[os.write(self.fileno(), left) :]
        except OSError:
            pass
        return size


@contextmanager
def whole_stdout() -> Iterator[IO[bytes]]:
    """Give stdout as bytes, flushed when the block ends; neither locale nor platform change them.

    Raises:
        OSError: where it is closed, or takes no more.
    """
    if sys.stdout is None:
        raise _named(errno.EBADF, STDOUT)
    sys.stdout.flush()
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, AttributeError):  # text held in memory, as tests and notebooks put in place
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with io.BufferedWriter(WholeWriter(descriptor, STDOUT)) as stream:
        yield stream


def _named(number: int | None, label: str) -> OSError:
    number = number or errno.EIO
    return OSError(number, "is closed" if number == errno.EBADF else os.strerror(number), label)
