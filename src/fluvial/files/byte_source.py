"""Where the bytes of a text file come from: a file, one compressed with gzip, or standard input."""

import gzip
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

from fluvial.files.formats import STANDARD_INPUT, input_format


class ByteSource:
    """A text file that can be read from its beginning more than once, not twice at a time.

    Standard input is copied to a file without a name in the folder for temporary files, which ends
    with this object; what is compressed is decompressed as it is read.

    Args:
        path: the file, or `STANDARD_INPUT`.

    Raises:
        OSError: where standard input cannot be copied.
    """

    def __init__(self, path: Path):
        self._copy: IO[bytes] | None = None
        self.path = path
        if path == STANDARD_INPUT:
            self._copy = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as this
            shutil.copyfileobj(sys.stdin.buffer, self._copy, 2**20)
            self._copy.flush()

    def __del__(self):
        if self._copy is not None:
            self._copy.close()

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.path) if self._copy is None else "standard input"

    def open(self) -> Any:
        """A binary stream at the beginning, to be closed by the caller.

        Raises:
            OSError: where the file cannot be opened; `gzip.BadGzipFile` and EOFError may follow
                when it is read.
        """
        if self._copy is not None:
            stream = os.fdopen(os.dup(self._copy.fileno()), "rb")
            stream.seek(0)
            return stream
        if input_format(self.path).endswith(".gz"):
            return gzip.open(self.path, "rb")
        return self.path.open("rb")
