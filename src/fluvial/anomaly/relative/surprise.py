"""From what a part of the score says of a row to how surprising that is: minus the log of p."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.errors import ModelFileError
from fluvial.tables.stored import column_numbers

MOST_POINTS = 2_000
"""Rows that are kept: of more, the strangest, and others at equal distances in rank."""

TAIL_SHARE, MIN_TAIL = 0.1, 10
"""The share of the rows, the strangest, whose mean excess tells how fast p falls beyond all."""


@dataclass(frozen=True)
class Surprise:
    """Minus the log of the share of normal rows that are at least as strange.

    Between the rows it is interpolated; beyond the strangest it goes on along an exponential tail,
    so that far rows keep their order.

    Attributes:
        strangeness: `(K,)`, ascending, each once, of rows that were left out.
        surprise: `(K,)`, of these, not descending.
        scale: by how much strangeness rises beyond for p to fall to 1/e.

    Examples:
        >>> surprise = Surprise.of(np.random.default_rng(0).exponential(size=999))
        >>> surprise(np.array([0.7, 3.0])).round(1).tolist()
        [0.7, 3.0]
    """

    strangeness: np.ndarray
    surprise: np.ndarray
    scale: float

    @classmethod
    def of(cls, strangeness: np.ndarray) -> Self:
        """Learn from rows `(n,)` that were left out."""
        values, counts = np.unique(strangeness, return_counts=True)
        n = len(strangeness)
        above = n - np.cumsum(counts)
        surprise = -np.log((above + counts / 2 + 0.5) / (n + 1))
        k = min(max(int(n * TAIL_SHARE), MIN_TAIL), n - 1)
        tail = np.sort(strangeness)[n - k - 1 :]
        if len(values) > MOST_POINTS:
            spread = np.searchsorted(np.cumsum(counts), np.linspace(0, n, MOST_POINTS))
            kept = np.union1d(spread[:-1], np.arange(len(values) - MOST_POINTS // 10, len(values)))
            values, surprise = values[kept], surprise[kept]
        least = 1e-9 * max(1.0, abs(float(tail[0])))
        return cls(values, surprise, max(float((tail[1:] - tail[0]).mean()), least))

    def __call__(self, strangeness: np.ndarray) -> np.ndarray:
        """Return the surprise `(n,)` at some strangeness `(n,)`."""
        within = np.interp(strangeness, self.strangeness, self.surprise)
        beyond = np.maximum(strangeness - self.strangeness[-1], 0.0) / self.scale
        return within + beyond

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file holds."""
        return {
            "strangeness": self.strangeness,
            "surprise": self.surprise,
            "scale": np.array([self.scale]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Return what `to_arrays` described.

        Raises:
            KeyError: where an array is missing.
            ModelFileError: where the arrays do not fit each other, or do not ascend.
        """
        strangeness = column_numbers(arrays, "strangeness")
        surprise = column_numbers(arrays, "surprise", n_columns=len(strangeness))
        scale = column_numbers(arrays, "scale", n_columns=1)
        if (np.diff(strangeness) <= 0).any() or (np.diff(surprise) < 0).any() or scale[0] <= 0:
            raise ModelFileError("surprise must ascend with strangeness")
        return cls(strangeness, surprise, float(scale[0]))
