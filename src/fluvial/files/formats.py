"""The formats of table files, told by their extensions."""

from pathlib import Path

from fluvial.errors import DataError

FORMATS = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")
"""Text separated by commas or tabs, plain or compressed with gzip, and Parquet."""

STANDARD_INPUT = Path("-")
"""What names standard input, which holds CSV, in place of a file."""


def file_format(path: Path, *, role: str) -> str:
    """The format of a table file, by its extension: one of `FORMATS`.

    Args:
        path: the file; the case of its extension does not matter.
        role: what a message calls the file, such as "the output".

    Raises:
        DataError: for any other extension.

    Examples:
        >>> file_format(Path("rows.CSV"), role="a table")
        '.csv'
    """
    name = path.name.lower()
    for suffix in FORMATS:
        if name.endswith(suffix) and name != suffix:
            return suffix
    found = f"the extension {path.suffix!r}" if path.suffix else "no extension"
    raise DataError(
        f"{path}: {role} must end in .csv or .parquet (or .tsv, .csv.gz, .tsv.gz), but has {found}"
    )


def input_format(path: Path) -> str:
    """The format of a table to read: that of its extension; a folder of Parquet files is Parquet.

    Raises:
        DataError: for any other extension, and for a folder without Parquet files.

    Examples:
        >>> input_format(Path("-"))
        '.csv'
    """
    if path == STANDARD_INPUT:
        return ".csv"
    if path.is_dir() and next(path.rglob("*.parquet"), None) is not None:
        return ".parquet"
    return file_format(path, role="a table")


def is_text(suffix: str) -> bool:
    """Whether a format of `FORMATS` is text rather than Parquet."""
    return suffix != ".parquet"


def without_format(path: Path) -> Path:
    """The path without the extension that tells its format.

    Examples:
        >>> without_format(Path("data/rows.csv.gz")).name
        'rows'
    """
    for suffix in FORMATS:
        if path.name.lower().endswith(suffix) and len(path.name) > len(suffix):
            return path.with_name(path.name[: -len(suffix)])
    return path
