"""What the column names of a file must be: different from each other."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fluvial.errors import DataError


def refuse_duplicates(path: Path, names: Sequence[str]) -> None:
    """Refuse a table two columns of which have one name.

    Raises:
        DataError: naming the columns and their places.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        places = [place for place, name in enumerate(names) if name == twice[0]]
        more = f" (and {len(twice) - 1} more names)" if len(twice) > 1 else ""
        raise DataError(
            f"{path}: columns {' and '.join(map(str, places))} are both named {twice[0]!r}{more};"
            " every column needs a name of its own"
        )
