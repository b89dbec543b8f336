"""Columns that are no data: the index that pandas writes beside a frame's own columns."""

import json
import re
from collections.abc import Collection, Mapping, Sequence

_WRITTEN_TO_CSV = re.compile(r"(Unnamed: 0(\.[0-9]+)*)?")


def is_index_name(name: str) -> bool:
    """Tell whether a name is that of an index which pandas wrote to CSV.

    It has no name there; pandas reads it as `Unnamed: 0` and may write it again.

    Examples:
        >>> [is_index_name(name) for name in ("", "Unnamed: 0", "Unnamed: 0.1", "Unnamed: 7")]
        [True, True, True, False]
    """
    return _WRITTEN_TO_CSV.fullmatch(name) is not None


def declared_index(metadata: Mapping[bytes, bytes] | None) -> list[str]:
    """Return the columns that the metadata of pandas in an Arrow schema call an index.

    Args:
        metadata: of a Parquet file or a pyarrow table.

    Examples:
        >>> declared_index({b"pandas": b'{"index_columns": ["__index_level_0__"]}'})
        ['__index_level_0__']
    """
    try:
        described = json.loads((metadata or {})[b"pandas"])["index_columns"]
    except (KeyError, TypeError, ValueError):
        return []
    # A range is described by an object and has no column.
    return [name for name in described if isinstance(name, str)]


def index_columns(names: Sequence[str], declared: Collection[str] = ()) -> list[str]:
    """Return those of a file's columns that are an index: declared to be one, or by their name."""
    known = set(declared)
    return [name for name in names if name in known or is_index_name(name)]
