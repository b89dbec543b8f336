"""The classes that rows are labelled with: which there are, how often, and as a condition."""

import numbers
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import narwhals as nw
import numpy as np

from fluvial.errors import DataError, ModelFileError, ShapeError, listed, told

MIN_ROWS_A_CLASS = 2
"""Rows that a class has on average at least: what has fewer is no class."""

ROWS_AT_ONCE = 2**16
"""Labels that are drawn at one time, so that memory stays flat."""

Label = str | bool | int | float


@dataclass(frozen=True)
class Classes:
    """The different labels of rows.

    Attributes:
        name: of the column of labels.
        values: the classes in order: texts, truth values or numbers.
        counts: how many rows each has, `(K,)`.

    Examples:
        >>> classes, codes = Classes.of(["b", "a", "b", "a"])
        >>> classes.values, codes
        (('a', 'b'), array([1, 0, 1, 0]))
    """

    name: str
    values: tuple[Label, ...]
    counts: np.ndarray

    @classmethod
    def of(cls, labels, *, n_rows: int | None = None, name: str | None = None) -> tuple[Self, Any]:
        """Look at the labels of rows.

        Args:
            labels: `(n,)` texts, truth values or numbers: an array, a list or a series.
            n_rows: how many there must be; any number where it is None.
            name: of their column; that of a series, or "label", where it is None.

        Returns:
            The classes, and the place of each row's class among them, `(n,)` int64.

        Raises:
            DataError: for missing labels, labels of several kinds, and fewer than two classes or
                so many that they are none.
            ShapeError: where there is not one label for each row.
        """
        found, own_name = _listed(labels)
        if n_rows is not None and len(found) != n_rows:
            raise ShapeError(f"there are {len(found)} labels for {n_rows} rows; give one for each")
        values = sorted(set(_checked(found)))
        if len(values) < 2:
            raise DataError(
                f"the labels are of one class, {values[0]!r}: give two or more, or no labels at all"
            )
        if len(values) * MIN_ROWS_A_CLASS > len(found):
            raise DataError(
                f"{len(found)} rows have {len(values)} different labels, which are no classes; "
                "give coarser ones, or leave the column among the numbers"
            )
        place = {value: k for k, value in enumerate(values)}
        codes = np.array([place[value] for value in found], np.int64)
        counts = np.bincount(codes, minlength=len(values))
        return cls(name or own_name or "label", tuple(values), counts), codes

    def codes_of(self, labels) -> np.ndarray:
        """Return the places of labels `(n,)` among the classes, `(n,)` int64.

        Raises:
            DataError: for a label that is none of the classes.
            ShapeError: where the labels have not one dimension.
        """
        return np.array([self._code(value) for value in _listed(labels)[0]], np.int64)

    def one_hot(self, codes: np.ndarray) -> np.ndarray:
        """Return the classes `(n,)` as a condition `(n, K)` of zeros and ones."""
        return (codes[:, None] == np.arange(len(self.values))).astype(np.float64)

    def condition(self, codes: np.ndarray) -> dict[str, np.ndarray]:
        """Return `one_hot` as columns with names."""
        columns = self.one_hot(codes).T
        names = [f"{self.name}={value}" for value in self.values]
        return dict(zip(names, columns, strict=True))

    def drawn(self, label: Any, n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Yield the classes of n rows, as their places, some at a time.

        Args:
            label: one class for all rows; one for each of them; the share of each class that is to
                be drawn, as a mapping; or None for the shares that the classes had.
            n: how many rows.
            rng: draws them.

        Raises:
            DataError: for an unknown class, and shares that are none.
            ShapeError: where there is not one class for each row.
        """
        if label is None or isinstance(label, Mapping):
            edges = np.cumsum(self.counts if label is None else self._shares(label))
            draw = (rng.random(m) * edges[-1] for m in _pieces(n))
            return (np.searchsorted(edges, each, side="right") for each in draw)
        if np.ndim(label) == 0:
            code = self._code(label)
            return (np.full(m, code, np.int64) for m in _pieces(n))
        found, _ = _listed(label)
        if len(found) != n:
            raise ShapeError(f"label has {len(found)} classes, but {n} rows are asked for")
        return iter([self.codes_of(found)])

    def _shares(self, label: Mapping[Any, Any]) -> np.ndarray:
        shares = np.zeros(len(self.values))
        for value, share in label.items():
            if not isinstance(share, numbers.Real) or not 0 <= float(share) < np.inf:
                raise DataError(
                    f"the share of class {value!r} must not be negative, but is {share}"
                )
            shares[self._code(value)] = share
        if not shares.any():
            raise DataError("no class has a share above zero; give one to each that is to be drawn")
        return shares

    def _code(self, value: Any) -> int:
        plain = _plain(value)
        for k, known in enumerate(self.values):
            if known == plain and isinstance(known, str) == isinstance(plain, str):
                return k
        names = listed([str(known) for known in self.values])
        raise DataError(f"there is no class {value!r}; the classes are {names}")

    def to_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return {"name": self.name, "values": list(self.values), "counts": self.counts.tolist()}

    @classmethod
    def from_json(cls, form: Any) -> Self:
        """Return the classes that `to_json` described.

        Raises:
            KeyError: where an entry is missing.
            ModelFileError: where the entries are none of classes.
        """
        if not isinstance(form, dict):
            raise ModelFileError(f"classes must be an object, but are {told(form)}")
        name, values, counts = form["name"], form["values"], form["counts"]
        is_list = isinstance(values, list) and isinstance(counts, list)
        if not (is_list and len(values) == len(counts) >= 2 and isinstance(name, str)):
            raise ModelFileError(f"classes must have a name, and a count each: {told(form)}")
        whole = [isinstance(count, int) and not isinstance(count, bool) for count in counts]
        if not all(whole) or min(counts) < 1 or max(counts) > 2**53:
            raise ModelFileError(f"counts of classes must be positive, but are {told(counts)}")
        try:
            different = len(set(_checked(values))) == len(values)
        except DataError as error:
            raise ModelFileError(f"the file's classes: {error}") from None
        if not different:
            raise ModelFileError("two classes of the file are equal")
        return cls(name, tuple(values), np.array(counts, np.int64))


def _pieces(n: int) -> Iterator[int]:
    for start in range(0, n, ROWS_AT_ONCE):
        yield min(ROWS_AT_ONCE, n - start)


def _listed(labels) -> tuple[list[Any], str | None]:
    """Return labels as a list of plain values, and the name of a series."""
    series: Any = nw.from_native(labels, pass_through=True, allow_series=True)
    if isinstance(series, nw.Series):
        name = series.name if isinstance(series.name, str) else None
        return [_plain(value) for value in series.to_list()], name or None
    if not isinstance(labels, list | tuple):
        labels = np.asarray(labels)
        if labels.ndim != 1:
            raise ShapeError(f"labels must have one dimension, but have shape {labels.shape}")
    return [_plain(value) for value in labels], None


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _checked(values: list[Any]) -> list[Any]:
    """Return labels that are all texts, all truth values or all finite numbers."""
    if not values:
        raise DataError("there are no labels")
    kinds = {}
    for row, value in enumerate(values):
        kinds.setdefault(_kind(value, row), (row, value))
    if len(kinds) > 1:
        (_, one), (row, other) = list(kinds.values())[:2]
        raise DataError(
            f"labels are of several kinds, {one!r} in row 0 and {other!r} in row {row} (counted "
            "from 0); make all of them texts or all of them numbers"
        )
    return values


def _kind(value: Any, row: int) -> type:
    if isinstance(value, str):
        return str
    if isinstance(value, bool):
        return bool
    if isinstance(value, numbers.Real) and np.isfinite(float(value)):
        return float
    raise DataError(
        f"the label of row {row} (counted from 0) is {value!r}, which is no text, truth value or "
        "number; give every row a label, or drop those rows"
    )
