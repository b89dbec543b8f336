"""From the rows of a table to the rows a flow sees, and back, with the log det."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import DTypeLike

from fluvial.errors import DataError, ModelFileError, ShapeError, listed
from fluvial.tables.columns import (
    GaussianisedColumns,
    LinearColumns,
    NumericColumns,
    Resolution,
)
from fluvial.tables.redundancy import LeftOut
from fluvial.tables.scaling import ROBUST, fit_columns
from fluvial.tables.warning import warn_user

FEW_ROWS = 10
"""Rows below which a density of a single column is vague, too."""


@dataclass(frozen=True)
class TableScaler:
    """Standardisation that leaves out what does not vary.

    Constant columns and copies, equal up to errors of arithmetic, are left out; every other column
    is scaled as `fluvial.tables.scaling` says, by default centred at its median, divided by a
    robust scale and, beyond ten of these, mapped logarithmically. Everything is computed in
    float64.

    Attributes:
        left_out: the constants and copies among the columns.
        columns: the map of the columns that are kept.

    Examples:
        >>> rows = np.array([[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]])
        >>> scaled, log_det = TableScaler.fit(rows, warn=False).transform(rows)
        >>> scaled.shape, log_det.shape
        ((3, 1), (3,))
    """

    left_out: LeftOut
    columns: NumericColumns | GaussianisedColumns | LinearColumns

    @classmethod
    def fit(
        cls,
        matrix: np.ndarray,
        *,
        scaling: str | None = ROBUST,
        resolution: Resolution | None = None,
        training: np.ndarray | None = None,
        label: Callable[[int], str] | None = None,
        warn: bool = True,
    ) -> Self:
        """Learn what to leave out, and the centres and scales.

        Args:
            matrix: `(n, D)` finite float64 rows, n at least 2.
            scaling: one of `fluvial.tables.scaling.SCALINGS`.
            resolution: what is noise and what is a step in each column; decided from all rows
                where it is not given.
            training: the rows that centres and scales are learned from, as an index or a mask;
                all of them where it is not given. What is left out is found on all rows; a column
                that varies in the other rows alone takes its scale from all of them.
            label: from the place of a column to what messages call it.
            warn: whether a `DataWarning` tells of left-out columns and of few rows.

        Returns:
            The scaler.

        Raises:
            DataError: where there are fewer than two rows, or all columns are constant; where
                columns are to stay as they are and are too large for that.
        """
        if len(matrix) < 2:
            raise DataError(
                f"the table has {len(matrix)} row, n_samples={len(matrix)}, "
                "but a density needs at least 2 different rows"
            )
        if resolution is None:
            resolution = Resolution.of(matrix)
        left_out = LeftOut.find(matrix, resolution)
        if not len(left_out.kept):
            raise DataError("all columns are constant: there is nothing to learn a density of")
        called, places = label or "column {}".format, left_out.kept
        if warn:
            _warn_of(left_out, len(matrix), called)
        columns = fit_columns(
            scaling,
            matrix[:, places],
            resolution=resolution.take(places),
            training=training,
            label=lambda k: called(int(places[k])),
        )
        return cls(left_out, columns)

    def gaussianised(self, rows: np.ndarray) -> Self:
        """Return this scaler with a spline on each column that has groups far away.

        Args:
            rows: `(n, D)` finite float64 rows, of which the splines are learned; those of rounded
                columns with the noise that a density is trained with.
        """
        kept = rows[:, self.left_out.kept]
        columns = GaussianisedColumns.around(NumericColumns(self.centre, self.scale), kept)
        return replace(self, columns=columns)

    @property
    def centre(self) -> np.ndarray:
        """The centres of the kept columns, `(n_kept,)`, in the units of the table."""
        return self.columns.centre

    @property
    def scale(self) -> np.ndarray:
        """The scales of the kept columns, `(n_kept,)`, positive, in the units of the table."""
        return self.columns.scale

    @property
    def n_columns(self) -> int:
        """The number of columns of the table."""
        return len(self.left_out.source)

    @property
    def n_kept(self) -> int:
        """The number of columns that a flow sees."""
        return self.columns.n_encoded

    def transform(
        self, matrix: np.ndarray, *, dtype: DTypeLike = np.float32
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scale rows.

        Args:
            matrix: `(n, D)` finite float64 rows; not modified.
            dtype: of the scaled rows.

        Returns:
            The scaled kept columns `(n, n_kept)`, and `(n,)` float64: the log of the absolute
            Jacobian determinant of the map, less 1e6 for each left-out column that departs.

        Raises:
            ShapeError: where the number of columns is another.
        """
        _check_width(matrix, self.n_columns)
        scaled, log_det = self.columns.encode(matrix[:, self.left_out.kept])
        return scaled.astype(dtype), log_det + self.left_out.penalty(matrix)

    def inverse_transform(self, scaled: np.ndarray) -> np.ndarray:
        """Map scaled rows back, constants and copies restored.

        Args:
            scaled: `(n, n_kept)`.

        Returns:
            `(n, D)` float64.

        Raises:
            ShapeError: where the number of columns is another.
        """
        _check_width(scaled, self.n_kept)
        return self.left_out.restore(self.columns.decode(scaled))

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file holds."""
        return {
            **self.columns.to_arrays(),
            **self.left_out.to_arrays(),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Self:
        """Return the scaler that `to_arrays` described.

        Raises:
            KeyError: where an array is missing.
            ModelFileError: where an array holds what no scaler can have.
        """
        kind = GaussianisedColumns if "spline_column" in arrays else NumericColumns
        if "linear_centre" in arrays:
            kind = LinearColumns
        left_out, columns = LeftOut.from_arrays(arrays), kind.from_arrays(arrays)
        if columns.n_columns != len(left_out.kept):
            raise ModelFileError(
                f"{len(left_out.kept)} columns are kept, but {columns.n_columns} have a scale"
            )
        return cls(left_out, columns)


def _warn_of(left_out: LeftOut, n_rows: int, label: Callable[[int], str]) -> None:
    messages = []
    if len(left_out.constant):
        names = listed([label(j) for j in left_out.constant], quote=False)
        messages.append(f"constant and left out of the density: {names}")
    if len(left_out.copies):
        pairs = [f"{label(j)} (equals {label(int(left_out.source[j]))})" for j in left_out.copies]
        messages.append(f"copies and left out of the density: {listed(pairs, quote=False)}")
    n_kept = len(left_out.kept)
    if n_rows < n_kept:
        messages.append(
            f"{n_rows} rows are fewer than the {n_kept} columns that vary; expect a vague density"
        )
    elif n_rows < FEW_ROWS:
        messages.append(
            f"{n_rows} rows tell next to nothing of a density; give {FEW_ROWS} or more, better "
            "hundreds"
        )
    for message in messages:
        warn_user(message)


def _check_width(matrix: np.ndarray, width: int) -> None:
    if matrix.ndim != 2 or matrix.shape[1] != width:
        raise ShapeError(f"rows have shape {matrix.shape}, but this scaler needs (n, {width})")
