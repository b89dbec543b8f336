"""What terminals and pipes can show."""

import io
import sys


def escape_what_streams_cannot_encode() -> None:
    r"""Let stdout and stderr write `\xe9` for a letter that their encoding lacks.

    Otherwise a column's name could end a command whose work is done. Tables go to stdout as bytes
    in UTF-8, whatever its encoding.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
