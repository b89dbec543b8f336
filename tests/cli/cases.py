"""What the tests of the command line share."""

from pathlib import Path

TINY = ("--flow", "real_nvp", "--n-layers", "2", "--hidden-sizes", "8", "--max-epochs", "2")
"""Options of a fit that takes a second or two."""


def contents(directory: Path) -> dict[str, bytes]:
    """Every file below a directory, by its path."""
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
