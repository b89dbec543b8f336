"""What of a column is arithmetic noise, what is a step, and what is no variation at all.

It is decided once for a column, from all of its rows, and used wherever it matters: for the scale,
for the noise that rounded columns get, for the columns that are left out and for rows that depart
from them.

1. *Noise.* Two values are equal where they differ by at most a part of their own magnitude: none
   in columns of whole numbers below 2^64, which are integers; four units in the last place of
   float32 where it holds every value; 1e-11 otherwise, which is what sums and products of float64
   leave. Other values of the column have no say, so a huge one hides nothing. Numbers within 1e-12
   of zero that have few significant bits (5.6e-17 = .1 + .2 - .3) are what is left when numbers of
   ordinary size cancel; they are zero.
2. *Constant.* A column is constant where its smallest and largest value are equal.
3. *Step.* See `fluvial.tables.columns.lattice`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.tables.columns.lattice import REPEATED, lattice_step

DOUBLE_NOISE = 1e-11
"""The part of their magnitude by which equal float64 differ: about 5e4 units in the last place."""

SINGLE_NOISE = 4 * 2.0**-23
"""The same for numbers that float32 holds: four units in its last place."""

EXACT = 2.0**64
"""Below this magnitude whole numbers are a computer's integers, of which equal ones stay equal."""

RESIDUE = 2.0**-40
"""Below this magnitude, 9e-13, a number may be what is left when others cancel."""

SMALLEST_RESIDUE = 2.0**-80
"""Below this magnitude, 8e-25, it is not: the data are in small units."""

RESIDUE_BITS = 12
"""Significant bits that such a remainder has at most; a measured value has up to 53."""

TOLERANCE = 1e-6
"""A value departs where it differs by more than this part of its own or the expected magnitude."""

VALUES_AT_ONCE = 2**21
"""Values that are sorted at one time, in whole columns, so that memory stays flat (16 MB)."""


@dataclass(frozen=True)
class Resolution:
    """What is noise, a step and no variation in each of D columns.

    Attributes:
        noise: `(D,)`, the part of their magnitude by which equal values may differ.
        step: `(D,)`, to which the values are rounded, in the units of the column; zero where they
            are not.
        constant: `(D,)` of bool, whether the column does not vary.

    Examples:
        >>> rows = np.array([[0.3, 1.0], [0.1 * 3, 2.0], [0.3, 4.0], [0.3, 2.0]])
        >>> Resolution.of(rows).constant, Resolution.of(rows).step
        (array([ True, False]), array([0., 1.]))
    """

    noise: np.ndarray
    step: np.ndarray
    constant: np.ndarray

    @classmethod
    def of(cls, matrix: np.ndarray) -> Self:
        """Decide from the rows `(n, D)`, finite, n at least 1."""
        n_rows, n_columns = matrix.shape
        noise, step = np.empty(n_columns), np.zeros(n_columns)
        constant = np.empty(n_columns, bool)
        width = max(1, VALUES_AT_ONCE // n_rows)
        for start in range(0, n_columns, width):
            some = slice(start, start + width)
            values = np.sort(without_residues(matrix[:, some]).T, axis=1)
            noise[some] = _noise(values)
            constant[some] = is_constant(values[:, 0], values[:, -1], noise[some])
            level = noise[some, None]
            n_different = 1 + differ(values[:, 1:], values[:, :-1], level).sum(axis=1)
            for j in np.flatnonzero((n_different <= REPEATED * n_rows) & ~constant[some]):
                step[start + j] = lattice_step(values[j], noise=noise[start + j])
        return cls(noise, step, constant)

    def take(self, places: np.ndarray) -> Self:
        """Return the resolution of the columns at the places."""
        return type(self)(self.noise[places], self.step[places], self.constant[places])


def without_residues(matrix: np.ndarray) -> np.ndarray:
    """Return the values with zeros in place of what is left when numbers cancel.

    Args:
        matrix: finite, of any shape; not modified.

    Examples:
        >>> without_residues(np.array([0.1 + 0.2 - 0.3, 1.6e-19, 1.0]))
        array([0.0e+00, 1.6e-19, 1.0e+00])
    """
    size = np.abs(matrix)
    tiny = (size < RESIDUE) & (size >= SMALLEST_RESIDUE)
    if not tiny.any():
        return matrix
    mantissa = np.frexp(matrix[tiny])[0] * 2.0**RESIDUE_BITS
    settled = np.array(matrix)
    settled[tiny] = np.where(mantissa == np.rint(mantissa), 0.0, settled[tiny])
    return settled


def is_constant(
    lowest: np.ndarray, highest: np.ndarray, noise: np.ndarray | float = 0.0
) -> np.ndarray:
    """Tell which columns do not vary, given their smallest and largest values and their noise."""
    return ~differ(lowest, highest, noise)


def differ(one: np.ndarray, other: np.ndarray, noise: np.ndarray | float) -> np.ndarray:
    """Tell which values differ by more than a part of their magnitude."""
    magnitude = np.maximum(np.abs(one), np.abs(other))
    with np.errstate(over="ignore"):
        return np.abs(one - other) > noise * magnitude


def departs(
    values: np.ndarray, expected: np.ndarray, tolerance: np.ndarray | float = 0.0
) -> np.ndarray:
    """Tell which values differ from the expected ones by more than errors of arithmetic.

    Args:
        values: of any shape, finite.
        expected: of a shape that broadcasts against it.
        tolerance: a difference below which nothing departs, in the units of the column: beside
            zero there is no magnitude to compare with.
    """
    magnitude = np.maximum(np.abs(values), np.abs(expected))
    return np.abs(values / 2 - expected / 2) > np.maximum(
        TOLERANCE * (magnitude / 2), np.divide(tolerance, 2)
    )


def _noise(values: np.ndarray) -> np.ndarray:
    """The noise `(D,)` of each of the columns `(D, n)`."""
    # The middle one tells that most are exact; a few beyond do not make the others less so.
    exact = np.abs(values[:, values.shape[1] // 2]) < EXACT
    whole = exact & (values == np.rint(values)).all(axis=1)
    with np.errstate(over="ignore", under="ignore"):
        single = (values.astype(np.float32) == values).all(axis=1)
    return np.where(whole, 0.0, np.where(single, SINGLE_NOISE, DOUBLE_NOISE))
