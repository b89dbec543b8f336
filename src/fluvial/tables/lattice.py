"""The values that a column can take: whole numbers some steps apart, between two bounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.errors import ModelFileError
from fluvial.tables.values import EXACT_INTEGERS

_WHOLE_TYPES = ("int", "uint", "bool")


@dataclass(frozen=True)
class Lattice:
    """Which columns hold whole numbers (truth values are 0 and 1), and which of them.

    A density treats such a column as continuous. `restore` gives the rows that it draws back what
    all the rows had that it was fitted to.

    Attributes:
        step: `(D,)`: the values of a column are multiples of its step away from the lowest; zero
            for a column that holds fractions.
        lowest: `(D,)`: the smallest value of a column of whole numbers; zero for others.
        highest: `(D,)`: its largest value; zero for others.

    Examples:
        >>> rows = np.array([[0.5, 10.0], [1.0, 30.0], [2.5, 20.0]])
        >>> lattice = Lattice.find(rows, ["float64", "int64"])
        >>> lattice.restore(np.array([[0.1, 14.0], [0.2, 47.0]])).tolist()
        [[0.1, 10.0], [0.2, 30.0]]
    """

    step: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray

    @classmethod
    def find(cls, matrix: np.ndarray, types: Sequence[str]) -> Self:
        """Look at the rows of a table.

        Columns of an integer or boolean type hold whole numbers, and so does a column of another
        type all values of which are whole numbers up to 2^53.

        Args:
            matrix: `(n, D)`, finite, n at least 1.
            types: the name of the data type of each column.
        """
        step, lowest, highest = np.zeros((3, matrix.shape[1]))
        for j, (column, kind) in enumerate(zip(matrix.T, types, strict=True)):
            if kind.startswith(_WHOLE_TYPES) or _are_whole(column):
                lowest[j], highest[j] = column.min(), column.max()
                step[j] = _common_step(column - lowest[j])
        return cls(step, lowest, highest)

    def restore(self, matrix: np.ndarray) -> np.ndarray:
        """Round rows to the steps of the columns and keep them within the bounds.

        Args:
            matrix: `(n, D)`, finite; not modified.

        Returns:
            `(n, D)`; columns that hold fractions are as they were.
        """
        whole = self.step > 0
        restored = matrix.copy()
        step, lowest, highest = self.step[whole], self.lowest[whole], self.highest[whole]
        inside = np.clip(matrix[:, whole], lowest, highest)
        rounded = lowest + step * np.rint((inside - lowest) / step)
        restored[:, whole] = np.clip(rounded, lowest, highest)
        return restored

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file holds."""
        return {"step": self.step, "lowest": self.lowest, "highest": self.highest}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], *, n_columns: int) -> Self | None:
        """Return the lattice that `to_arrays` described, or None where nothing is there.

        Raises:
            KeyError: where some of the arrays are missing.
            ModelFileError: where they hold what no lattice can have.
        """
        if not arrays:  # files of earlier versions
            return None
        parts = [arrays[name] for name in ("step", "lowest", "highest")]
        fits = all(part.shape == (n_columns,) and part.dtype == np.float64 for part in parts)
        step, lowest, highest = parts
        if not fits or not np.isfinite(parts).all() or (step < 0).any() or (lowest > highest).any():
            raise ModelFileError(
                f"the steps and bounds of the {n_columns} columns must be finite float64 numbers,"
                " no step negative and no lower bound above the upper one"
            )
        return cls(*parts)


def _are_whole(column: np.ndarray) -> bool:
    # The first rows alone tell most columns of fractions.
    return all(
        bool(np.all(np.rint(some) == some)) and np.abs(some).max() <= EXACT_INTEGERS
        for some in (column[:100], column)
    )


def _common_step(offsets: np.ndarray) -> float:
    """The largest step of which all offsets are multiples; 1 where they are beyond 2^53."""
    if offsets.max() > EXACT_INTEGERS:
        return 1.0
    return float(max(1, np.gcd.reduce(offsets.astype(np.int64))))
