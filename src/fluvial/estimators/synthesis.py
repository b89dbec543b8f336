"""From draws of a density to tables like the one that it was fitted to."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import narwhals as nw
import numpy as np
import pyarrow as pa

from fluvial.artifacts import Entries
from fluvial.densities import TableDensity
from fluvial.errors import DataError, ModelFileError, listed, quoted
from fluvial.files.blocks import regrouped
from fluvial.files.column_types import typed_column
from fluvial.tables import read_table
from fluvial.tables.classes import Classes
from fluvial.tables.frames import FrameKind
from fluvial.tables.stored import column_numbers

CONDITIONS_AT_ONCE = 4096
"""Rows whose class is written in one-hot form at one time, so that many classes take no memory."""


@dataclass(frozen=True)
class Synthesis:
    """What of a table a density does not know.

    Attributes:
        frame: its library, its columns and their types.
        lowest: the smallest value of each column of numbers, `(D,)`.
        highest: the largest, `(D,)`.
        classes: of the rows; None without labels.
    """

    frame: FrameKind
    lowest: np.ndarray
    highest: np.ndarray
    classes: Classes | None

    @classmethod
    def of(cls, table: Any, y: Any, label: str | None) -> tuple[Any, Self, Any]:
        """Look at a table and its labels.

        Args:
            table: as of `FlowSynthesizer.fit`.
            y: the labels, or None.
            label: the column of the table that holds them, or None.

        Returns:
            The table of numbers alone, what there is to know, and the condition of each row; None
            without labels.

        Raises:
            DataError, ShapeError, ValueError: as `FlowSynthesizer.fit`.
        """
        if y is not None and label is not None:
            raise ValueError("labels are given twice, as y and as label; give one of them")
        frame, rows = FrameKind.of(table), table
        if label is not None:
            rows, y = _apart(table, label)
        matrix, schema = read_table(rows)
        frame = frame.only({*schema.names, label})
        classes = condition = None
        if y is not None:
            classes, codes = Classes.of(y, n_rows=len(matrix), name=label)
            if classes.name in schema.names:
                raise DataError(
                    f"labels and a column are both called {quoted(classes.name)}; rename one, or "
                    f"give the column as label={classes.name!r}"
                )
            condition = classes.condition(codes)
        return rows, cls(frame, matrix.min(axis=0), matrix.max(axis=0), classes), condition

    def tables(self, density: TableDensity, n: int, *, seed: int, label: Any) -> Iterator[pa.Table]:
        """Draw n rows as tables, with a column of labels where there are labels.

        Args:
            density: of the numbers.
            n: how many rows, at least 1.
            seed: of the rows and their classes.
            label: as of `FlowSynthesizer.sample`.

        Raises:
            DataError, ShapeError: as `FlowSynthesizer.sample`.
        """
        if self.classes is None:
            if label is not None:
                raise DataError("rows were fitted without labels; leave label out, or fit with y")
            return regrouped(self._typed(density, rows) for rows in density.samples(n, seed=seed))
        # Of another stream than what the density draws.
        codes = self.classes.drawn(label, n, np.random.default_rng([seed, 1]))
        return regrouped(self._labelled(density, self.classes, codes, seed))

    def _labelled(
        self, density: TableDensity, classes: Classes, pieces: Iterator[np.ndarray], seed: int
    ) -> Iterator[pa.Table]:
        waiting = np.zeros(0, np.int64)

        def conditions() -> Iterator[np.ndarray]:
            nonlocal waiting
            for codes in pieces:
                waiting = np.concatenate([waiting, codes])
                for start in range(0, len(codes), CONDITIONS_AT_ONCE):
                    yield classes.one_hot(codes[start : start + CONDITIONS_AT_ONCE])

        values = pa.array(list(classes.values))
        for rows in density.samples_given(conditions(), seed=seed):
            now, waiting = waiting[: len(rows)], waiting[len(rows) :]
            table = self._typed(density, rows)
            table = table.append_column(classes.name, values.take(pa.array(now)))
            if classes.name in self.frame.names:
                table = table.select(list(self.frame.names))
            yield table

    def _typed(self, density: TableDensity, rows: np.ndarray) -> pa.Table:
        """Return rows `(n, D)` of numbers within their bounds, as columns of their types."""
        inside = np.clip(rows, self.lowest, self.highest)
        columns = zip(inside.T, density.schema.types, strict=True)
        return pa.table(
            [typed_column(values, kind) for values, kind in columns], names=density.schema.names
        )

    def made(self, table: pa.Table) -> Any:
        """Return a drawn table as the one given to fit; labels given apart as a pair with it."""
        if self.classes is None:
            return self.frame.made(table)
        if self.classes.name in self.frame.names:
            return self.frame.made(table, {self.classes.name: self.classes.values})
        labels = table[self.classes.name].to_numpy()
        return self.frame.made(table.drop_columns([self.classes.name])), labels

    def to_json(self) -> dict[str, Any]:
        """Return the entries of a model file's header."""
        classes = None if self.classes is None else self.classes.to_json()
        return {"frame": self.frame.to_json(), "classes": classes}

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays of a model file."""
        return {"bounds.lowest": self.lowest, "bounds.highest": self.highest}

    @classmethod
    def from_stored(
        cls, form: Any, arrays: Mapping[str, np.ndarray], density: TableDensity
    ) -> Self:
        """Return what was stored beside a density.

        Raises:
            KeyError: where an entry or an array is missing.
            ModelFileError: where they are out of their range or do not fit the density.
        """
        entries, names = Entries(form, "'synthesis'"), density.schema.names
        frame = FrameKind.from_json(entries["frame"])
        classes = None if entries["classes"] is None else Classes.from_json(entries["classes"])
        lowest, highest = (
            column_numbers(arrays, f"bounds.{end}", n_columns=len(names))
            for end in ("lowest", "highest")
        )
        if (lowest > highest).any():
            raise ModelFileError("a column's lower bound is above the upper one")
        expected = [] if classes is None else list(classes.condition(np.zeros(0, np.int64)))
        given = [] if density.condition is None else list(density.condition.names)
        if expected != given:
            raise ModelFileError("the classes are not those that the density is conditional on")
        beside = set() if classes is None else {classes.name}
        if frame.names and not set(names) <= set(frame.names) <= set(names) | beside:
            raise ModelFileError("the columns of the table are not those of the density")
        return cls(frame, lowest, highest, classes)


def _apart(table: Any, label: str) -> tuple[Any, Any]:
    """Return a frame without a column, and that column.

    Raises:
        DataError: where there is no such column, or no frame.
    """
    frame: Any = nw.from_native(table, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        raise DataError(
            f"label={label!r} names a column of a pandas, polars or pyarrow table, but X is "
            f"{type(table).__name__}; give its labels as y"
        )
    names = [str(name) for name in frame.columns]
    if label not in names:
        near = difflib.get_close_matches(str(label), names, n=1)
        hint = f"did you mean {quoted(near[0])}?" if near else f"the columns are {listed(names)}"
        raise DataError(f"there is no column {quoted(str(label))} for label; {hint}")
    return frame.drop(label).to_native(), frame[label].to_native()
