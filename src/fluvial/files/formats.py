"""The formats of table files, told by their extensions."""

from pathlib import Path

from fluvial.errors import DataError

FORMATS = (".csv", ".parquet")


def file_format(path: Path, *, role: str) -> str:
    """The format of a table file, by its extension: ".csv" or ".parquet".

    Args:
        path: the file; the case of its extension does not matter.
        role: what a message calls the file, such as "the output".

    Raises:
        DataError: for any other extension.

    Examples:
        >>> file_format(Path("rows.CSV"), role="a table")
        '.csv'
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        found = f"the extension {path.suffix!r}" if path.suffix else "no extension"
        raise DataError(f"{path}: {role} must end in .csv or .parquet, but has {found}")
    return suffix
