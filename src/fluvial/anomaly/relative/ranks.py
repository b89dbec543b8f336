"""Rows as distances see them by the ranks of their values: each column about Gaussian.

A ranking by these images is the same for income and for the logarithm of income, but for values
beyond those that were seen: they have no rank, and are pushed out in proportion.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import ndtri

from fluvial.errors import ModelFileError
from fluvial.tables.columns.tails import log_tail
from fluvial.tables.stored import column_numbers

MOST_KNOTS = 500
"""Values of a column that are kept; of more, some at equal distances in rank."""

OUTER = 0.05
"""The share of the rows at either end whose width is the unit of what lies beyond them."""

NORMAL_OUTER = 1.6448536269514722
"""Where that share begins in a standard normal distribution."""

LEAST_WIDTH = 1e-3
"""Width of an end at least, in parts of the column's range."""

LEAST_RISE = 0.3
"""By how much the image rises across an end at least."""

JUMP, PUSH = 0.5, 3.0
"""What a value beyond all that were seen is moved by at once, and times its distance, in units of
the end of the column: on the development tables such values mattered more than their distance."""


@dataclass(frozen=True)
class RankColumn:
    """The map of one column.

    Attributes:
        values: `(K,)`, ascending, the smallest and the largest that were seen among them.
        images: `(K,)`, not descending.
        neighbours: the second smallest and the second largest value, where the smallest or largest
            is a single row's, which had it been left out would be beyond them; else these again.
        slopes: at either end, by how much the image rises with the value, beyond.
    """

    values: np.ndarray
    images: np.ndarray
    neighbours: tuple[float, float]
    slopes: tuple[float, float]

    @classmethod
    def fit(cls, column: np.ndarray) -> Self:
        """Learn the map of a column `(n,)` with two different values at least."""
        values, counts = np.unique(column, return_counts=True)
        images = ndtri((np.cumsum(counts) - counts / 2) / len(column))
        low = values[1] if counts[0] == 1 and len(values) > 2 else values[0]
        high = values[-2] if counts[-1] == 1 and len(values) > 2 else values[-1]
        q = np.quantile(column, [OUTER, 1 - OUTER])
        with np.errstate(over="ignore"):
            least = np.minimum(LEAST_WIDTH * values[-1] - LEAST_WIDTH * values[0], 1e300)
            widths = np.clip([q[0] - values[0], values[-1] - q[1]], least, 1e300)
        rises = np.maximum([-images[0] - NORMAL_OUTER, images[-1] - NORMAL_OUTER], LEAST_RISE)
        slopes = rises / np.maximum(widths, np.finfo(float).tiny)
        if len(values) > MOST_KNOTS:
            kept = _spread(np.cumsum(counts))
            values, images = values[kept], images[kept]
        slopes = np.minimum(slopes, 1e300)
        return cls(values, images, (float(low), float(high)), (float(slopes[0]), float(slopes[1])))

    def apply(self, column: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Return the images `(n,)` of values.

        Args:
            column: the values, `(n,)`.
            known: `(n,)` of bool, which of them are of rows that were fitted to, and to be treated
                as if each had not been.
        """
        image = np.interp(column, self.values, self.images)
        seen = (self.values[0], self.values[-1])
        for side, sign in enumerate((-1.0, 1.0)):
            ends = np.where(known, self.neighbours[side], seen[side])
            beyond = sign * column > sign * ends
            if beyond.any():
                end, slope = ends[beyond], PUSH * self.slopes[side]
                with np.errstate(over="ignore"):
                    far = np.minimum(slope * (sign * column[beyond] - sign * end), 1e300)
                # Without the extreme row the next one would have about its image.
                at_end = sign * self.images[0 if side == 0 else -1]
                image[beyond] = sign * (at_end + JUMP + log_tail(far)[0])
        return image


def _spread(cumulated: np.ndarray) -> np.ndarray:
    """Return the places of knots at about equal distances in rank, the first and last included."""
    wanted = np.linspace(cumulated[0], cumulated[-1], MOST_KNOTS)
    return np.unique(np.searchsorted(cumulated, wanted))


@dataclass(frozen=True)
class RankView:
    """Columns made Gaussian by their ranks.

    Attributes:
        columns: the map of each.

    Examples:
        >>> view = RankView.fit(np.exp(np.linspace(-9, 9, 99))[:, None])
        >>> images = view.images(np.exp([[0.0], [9.0], [10.0]]), known=np.zeros(3, bool))
        >>> images.round(1).ravel().tolist()
        [0.0, 2.6, 11.1]
    """

    columns: tuple[RankColumn, ...]

    @classmethod
    def fit(cls, rows: np.ndarray) -> Self:
        """Learn the maps of the columns of rows `(n, D)`, each of which varies."""
        return cls(tuple(RankColumn.fit(column) for column in rows.T))

    def images(self, rows: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Return the images `(n, D)` of rows.

        Args:
            rows: `(n, D)`.
            known: `(n,)` of bool, which of them were fitted to: their images are as if each had not
                been.
        """
        pairs = zip(self.columns, rows.T, strict=True)
        return np.stack([column.apply(x, known) for column, x in pairs], axis=1)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file holds."""
        ends = [[*column.neighbours, *column.slopes] for column in self.columns]
        return {
            "sizes": np.array([len(column.values) for column in self.columns], np.int64),
            "values": np.concatenate([column.values for column in self.columns]),
            "images": np.concatenate([column.images for column in self.columns]),
            "ends": np.array(ends),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], *, n_columns: int) -> Self:
        """Return what `to_arrays` described.

        Raises:
            KeyError: where an array is missing.
            ModelFileError: where the arrays do not fit each other, or values do not ascend.
        """
        sizes, ends = arrays["sizes"], arrays["ends"]
        if sizes.shape != (n_columns,) or sizes.dtype != np.int64 or (sizes < 2).any():
            raise ModelFileError("a view by ranks needs two values a column at least")
        if ends.shape != (n_columns, 4) or ends.dtype != np.float64 or not np.isfinite(ends).all():
            raise ModelFileError("a view by ranks needs four finite numbers a column for its ends")
        n = int(sizes.sum())
        starts = np.cumsum(sizes)[:-1]
        values = np.split(column_numbers(arrays, "values", n_columns=n), starts)
        images = np.split(column_numbers(arrays, "images", n_columns=n), starts)
        for x, z in zip(values, images, strict=True):
            if (x[1:] <= x[:-1]).any() or (z[1:] < z[:-1]).any():
                raise ModelFileError("the values of a view by ranks must ascend")
        columns = (
            RankColumn(x, z, (float(e[0]), float(e[1])), (float(e[2]), float(e[3])))
            for x, z, e in zip(values, images, ends, strict=True)
        )
        return cls(tuple(columns))
