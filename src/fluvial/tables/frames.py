"""What kind of table was given, so that another can be made like it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import narwhals as nw
import numpy as np
import pyarrow as pa

from fluvial.errors import ModelFileError, told

ARRAY, PANDAS, ARROW = "array", "pandas", "pyarrow"

LIBRARIES = (PANDAS, "polars", ARROW)
"""Libraries whose frames are made again; of others it is a pyarrow table."""

CATEGORIES = ("Categorical", "Enum")
"""Types of categories by their names in narwhals."""


@dataclass(frozen=True)
class FrameKind:
    """The library of a table, and its columns.

    Attributes:
        library: one of `LIBRARIES`, or "array".
        names: the columns in their order; () of an array.
        types: the data type of each column by its name in pandas, or in narwhals for others.

    Examples:
        >>> FrameKind.of(np.zeros((2, 3))).library
        'array'
    """

    library: str
    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: Any) -> Self:
        """Look at a table that `fluvial.tables.read_table` takes."""
        frame: Any = nw.from_native(table, pass_through=True)
        if not isinstance(frame, nw.DataFrame):
            return cls(ARRAY)
        names = [name for name in frame.columns if isinstance(name, str)]
        if len(names) < len(frame.columns):
            return cls(ARRAY)
        library = frame.implementation.value
        library = library if library in LIBRARIES else ARROW
        native = frame.to_native().dtypes if library == PANDAS else frame.schema.values()
        return cls(library, tuple(names), tuple(str(kind) for kind in native))

    def only(self, names: Collection[str | None]) -> Self:
        """Return the kind of a table that has these of its columns alone."""
        kept = [k for k, name in enumerate(self.names) if name in names]
        names, types = ([each[k] for k in kept] for each in (self.names, self.types))
        return replace(self, names=tuple(names), types=tuple(types))

    def made(self, table: pa.Table, categories: Mapping[str, Sequence[Any]] | None = None) -> Any:
        """Return a pyarrow table with the columns of this one as a table of this kind.

        Args:
            table: the columns; of an array they are stacked.
            categories: of columns that may be categories, by name.
        """
        if self.library == ARRAY:
            return np.stack([column.to_numpy() for column in table.columns], axis=1)
        library: Any = self.library
        frame: Any = nw.from_arrow(table.select(list(self.names)), backend=library)
        types, known = dict(zip(self.names, self.types, strict=True)), categories or {}
        if self.library == PANDAS:
            native = frame.to_native().astype(types)
            for name in known.keys() & types.keys():
                if types[name] == "category":
                    native[name] = native[name].cat.set_categories(list(known[name]))
            return native
        encoded = [name for name in known.keys() & types.keys() if types[name] in CATEGORIES]
        # Columns of no name are refused by some libraries.
        made = frame.with_columns(nw.col(*encoded).cast(nw.Categorical())) if encoded else frame
        return made.to_native()

    def to_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return {"library": self.library, "names": list(self.names), "types": list(self.types)}

    @classmethod
    def from_json(cls, form: Any) -> Self:
        """Return the kind that `to_json` described.

        Raises:
            KeyError: where an entry is missing.
            ModelFileError: where the entries are none of a kind of tables.
        """
        if not isinstance(form, dict):
            raise ModelFileError(f"the kind of table must be an object, but is {told(form)}")
        library, names, types = form["library"], form["names"], form["types"]
        if library not in (ARRAY, *LIBRARIES):
            raise ModelFileError(f"unknown library of tables {told(library)}")
        for texts in (names, types):
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                raise ModelFileError(f"names and types of columns must be texts: {told(texts)}")
        if len(set(names)) < len(names) or len(types) != len(names):
            raise ModelFileError("columns must have different names, and a type each")
        return cls(library, tuple(names), tuple(types))
