"""Columns with far minorities or heavy tails: about Gaussian by a spline through their quantiles.

A robust scale leaves a small group far away outside of the interval in which a flow has its
flexibility, and a scale that holds it would leave none for the others. Here each group keeps its
shape, and the gaps between them shrink.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.errors import ModelFileError
from fluvial.tables.columns.contract import ColumnGroup
from fluvial.tables.columns.knots import gaussian_knots
from fluvial.tables.columns.monotone_spline import MonotoneSpline
from fluvial.tables.columns.numeric import NumericColumns
from fluvial.tables.columns.resolution import Resolution
from fluvial.tables.columns.robust_scale import NORMAL_IQR
from fluvial.tables.stored import column_numbers

REACH = 5.0
"""Scales from the centre within which a flow has its flexibility."""

MIN_SHARE, MIN_ROWS = 0.008, 3
"""Share of the rows, and their number, that must lie beyond for a column to need a spline."""

GAP, MIN_SHARE_OF_GROUP = 3.0, 0.003
"""Scales of a gap beyond which a group is looked for, and the share of the rows that makes one."""

MAX_SLOPE = 3.0
"""Slope of a spline at most, with the width of the column's core as unit: a value that most rows
share stays the narrow peak that it is, where a wider one would outweigh all other columns."""

MIN_CORE = 0.003
"""Width of a core at least, in scales; what is narrower is one value, and no core."""

STEEPEST = 1e200
"""Slope of a spline from a model file at most: times a distance, it stays within float64."""


@dataclass(frozen=True)
class GaussianisedColumns(ColumnGroup):
    """Standardised columns, some of which go through a spline that makes them about Gaussian.

    Attributes:
        numeric: the standardisation of all columns.
        splines: by the place of a column, its spline on the standardised values.

    Examples:
        >>> rows = np.concatenate([np.linspace(-1, 1, 950), np.linspace(999, 1001, 50)])[:, None]
        >>> numeric = NumericColumns.fit(rows)
        >>> encoded, _ = GaussianisedColumns.around(numeric, rows).encode(rows)
        >>> bool(np.abs(encoded).max() < 4)
        True
    """

    numeric: NumericColumns
    splines: dict[int, MonotoneSpline]

    @classmethod
    def fit(
        cls,
        matrix: np.ndarray,
        *,
        resolution: Resolution | None = None,
        training: np.ndarray | None = None,
    ) -> Self:
        """Learn the standardisation and the splines; see `ColumnGroup.fit`."""
        numeric = NumericColumns.fit(matrix, resolution=resolution, training=training)
        return cls.around(numeric, matrix if training is None else matrix[training])

    @classmethod
    def around(cls, numeric: NumericColumns, rows: np.ndarray) -> Self:
        """Learn a spline for each standardised column that needs one, from rows (n, D)."""
        scaled, _ = numeric.encode(rows)
        columns = {j: _spline_where_needed(np.sort(column)) for j, column in enumerate(scaled.T)}
        return cls(numeric, {j: spline for j, spline in columns.items() if spline is not None})

    @property
    def centre(self) -> np.ndarray:
        """The centres of the standardisation, `(D,)`, in the units of the table."""
        return self.numeric.centre

    @property
    def scale(self) -> np.ndarray:
        """The scales of the standardisation, `(D,)`, in the units of the table."""
        return self.numeric.scale

    @property
    def n_columns(self) -> int:
        """The number of columns."""
        return self.numeric.n_columns

    @property
    def n_encoded(self) -> int:
        """The number of columns that a flow sees: as many."""
        return self.numeric.n_encoded

    def encode(self, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Standardise rows and put columns through their splines; see `ColumnGroup.encode`."""
        encoded, log_det = self.numeric.encode(matrix)
        for j, spline in self.splines.items():
            encoded[:, j], log_slope = spline.forward(encoded[:, j])
            log_det = log_det + log_slope
        return encoded, log_det

    def decode(self, encoded: np.ndarray) -> np.ndarray:
        """Map encoded rows back; see `ColumnGroup.decode`."""
        scaled = np.array(encoded, np.float64)
        for j, spline in self.splines.items():
            scaled[:, j] = spline.inverse(scaled[:, j])
        return self.numeric.decode(scaled)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the standardisation, and the splines' points one after the other."""
        columns = sorted(self.splines)
        arrays = self.numeric.to_arrays()
        if not columns:
            return arrays
        splines = [self.splines[j] for j in columns]
        sizes = [len(spline.x) for spline in splines]
        return arrays | {
            "spline_column": np.repeat(np.array(columns, np.int64), sizes),
            "spline_x": np.concatenate([spline.x for spline in splines]),
            "spline_y": np.concatenate([spline.y for spline in splines]),
            "spline_slope": np.concatenate([spline.slope for spline in splines]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Return the columns that `to_arrays` described, or standardised ones alone.

        Raises:
            ModelFileError: where an array holds what no such columns have.
        """
        numeric = NumericColumns.from_arrays(arrays)
        if "spline_column" not in arrays:
            return cls(numeric, {})
        owner = arrays["spline_column"]
        if owner.ndim != 1 or owner.dtype.kind not in "iu" or not len(owner):
            raise ModelFileError(
                f"'spline_column' must be int64[K], but is {owner.dtype}{list(owner.shape)}"
            )
        if owner.min() < 0 or owner.max() >= numeric.n_columns:
            raise ModelFileError(f"splines must be of one of {numeric.n_columns} columns")
        names = ("spline_x", "spline_y", "spline_slope")
        points = np.stack([column_numbers(arrays, n, n_columns=len(owner)) for n in names])
        splines = {int(j): _stored_spline(*points[:, owner == j]) for j in np.unique(owner)}
        return cls(numeric, splines)


def _stored_spline(x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> MonotoneSpline:
    """Return the spline that a model file holds.

    Raises:
        ModelFileError: where its points do not increase, or it is too steep or flat for float64.
    """
    with np.errstate(all="ignore"):
        rises = np.concatenate([slope, np.diff(y) / np.diff(x), np.diff(x)])
    if len(x) < 2 or not ((rises > 0) & (rises < STEEPEST)).all() or slope.min() < 1 / STEEPEST:
        raise ModelFileError("a column's spline must increase everywhere, by finite slopes")
    return MonotoneSpline(x, y, slope)


def _spline_where_needed(values: np.ndarray) -> MonotoneSpline | None:
    """Return the spline of a standardised column (n,), sorted, if some of it is far away."""
    n_far = np.count_nonzero(np.abs(values) > REACH)
    has_tail = n_far >= max(MIN_SHARE * len(values), MIN_ROWS)
    if not has_tail and not _has_group(values) and not _has_group(-values[::-1]):
        return None
    knots, images = gaussian_knots(values)
    low, high = values[[len(values) // 4, -1 - len(values) // 4]]
    core = (high - low) / NORMAL_IQR
    steepest = MAX_SLOPE / (core if MIN_CORE < core < 1 else 1.0)
    rises = np.minimum(np.diff(images), steepest * np.diff(knots))
    images = np.concatenate([[0.0], np.cumsum(rises)])
    centre = np.interp(values[len(values) // 2], knots, images)
    return MonotoneSpline.through(knots, images - centre)


def _has_group(values: np.ndarray) -> bool:
    """Tell whether sorted values end, beyond a gap, with a group that is no wider than the gap."""
    n = len(values)
    n_beyond = np.arange(n - 1, 0, -1)
    gaps = np.diff(values)
    found = (gaps > GAP) & (n_beyond >= max(MIN_SHARE_OF_GROUP * n, MIN_ROWS))
    found &= (n_beyond <= n / 2) & (values[1:] > REACH)
    # The width of a group is that of its inner nine tenths, from its near end.
    widths = values[n - 1 - n_beyond // 10] - values[1:]
    return bool((found & (gaps > widths)).any())
