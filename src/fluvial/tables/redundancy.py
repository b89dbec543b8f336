"""Columns that add nothing to a density: constants, and copies of earlier columns.

Both are decided up to errors of arithmetic, see `fluvial.tables.columns.resolution`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from fluvial.errors import ModelFileError
from fluvial.tables.columns.resolution import (
    RESIDUE,
    Resolution,
    departs,
    differ,
    without_residues,
)
from fluvial.tables.stored import column_numbers

PENALTY = 1e6
"""Nats that a row loses for each left-out column that departs."""

CONSTANT = -1

LOG_WEIGHT = 0.37
"""How much the magnitude of a column counts in its signature, so that multiples differ."""

NOISE_OF_SUMS = 1e-11
"""The part by which sums of equal columns may differ, at least."""


@dataclass(frozen=True)
class LeftOut:
    """Which columns of a table are left out, and how to restore them.

    Attributes:
        source: `(D,)` int64: for each column the kept column it equals, itself where it is kept,
            -1 where it is constant.
        values: `(D,)` float64: the value of each constant column, zero elsewhere.
        tolerance: `(D,)` float64: the difference, in the units of the column, up to which a value
            does not depart whatever its magnitude.
    """

    source: np.ndarray
    values: np.ndarray
    tolerance: np.ndarray

    @classmethod
    def find(cls, matrix: np.ndarray, resolution: Resolution) -> Self:
        """Find the constant columns and the copies of `(n, D)` rows, n at least 1."""
        constant = resolution.constant
        source = np.full(matrix.shape[1], CONSTANT, np.int64)
        first: dict[bytes, int] = {}
        for j in np.flatnonzero(~constant):
            # Adding zero turns -0.0 into 0.0, so that equal values have equal bytes.
            source[j] = first.setdefault((matrix[:, j] + 0.0).tobytes(), int(j))
        same = copies_up_to_noise(matrix, resolution, np.array(list(first.values()), np.int64))
        source = np.array([same.get(int(j), int(j)) for j in source], np.int64)
        values = np.where(constant, without_residues(matrix[0]), 0.0)
        tolerance = _beside_zero(source, values)
        copied = (source != CONSTANT) & (source != np.arange(len(source)))
        usual = np.median(np.abs(matrix[:, copied]), axis=0)
        tolerance[copied] = np.maximum(resolution.noise[copied] * usual, tolerance[copied])
        return cls(source, values, tolerance)

    @property
    def kept(self) -> np.ndarray:
        """The places of the kept columns, in order."""
        return np.flatnonzero(self.source == np.arange(len(self.source)))

    @property
    def constant(self) -> np.ndarray:
        """The places of the constant columns."""
        return np.flatnonzero(self.source == CONSTANT)

    @property
    def copies(self) -> np.ndarray:
        """The places of the copies."""
        return np.flatnonzero(
            (self.source != CONSTANT) & (self.source < np.arange(len(self.source)))
        )

    def penalty(self, matrix: np.ndarray) -> np.ndarray:
        """Return what each row `(n, D)` loses, `(n,)`: -1e6 nats a departing column."""
        constant, copies = self.constant, self.copies
        expected = matrix[:, self.source[copies]]
        n_departing = departs(
            matrix[:, constant], self.values[constant], self.tolerance[constant]
        ).sum(axis=1)
        n_departing += departs(matrix[:, copies], expected, self.tolerance[copies]).sum(axis=1)
        return 0.0 - PENALTY * n_departing

    def restore(self, kept: np.ndarray) -> np.ndarray:
        """Put constants and copies back beside the kept columns `(n, n_kept)`: `(n, D)`."""
        whole = np.empty((len(kept), len(self.source)))
        whole[:, self.kept] = kept
        whole[:, self.constant] = self.values[self.constant]
        whole[:, self.copies] = whole[:, self.source[self.copies]]
        return whole

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file holds."""
        return {"source": self.source, "values": self.values, "tolerance": self.tolerance}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Return what `to_arrays` described; files of earlier versions lack the tolerance.

        Raises:
            ModelFileError: where a column has no source that is kept, or a constant or a
                tolerance is not finite.
        """
        source = arrays["source"]
        if source.ndim != 1 or not len(source) or source.dtype.kind not in "iu":
            raise ModelFileError(
                f"the array 'source' must be int64[D], but is {source.dtype}{list(source.shape)}"
            )
        places = np.arange(len(source))
        wrong = (source < CONSTANT) | (source > places)
        known = np.where(wrong, CONSTANT, source).astype(np.int64)
        copies = known != CONSTANT
        # A copy refers to a kept column, which refers to itself.
        wrong[copies] |= known[known[copies]] != known[copies]
        if wrong.any():
            j = int(np.flatnonzero(wrong)[0])
            raise ModelFileError(
                f"column {j} must be constant (-1), kept ({j}) or a copy of a kept column before "
                f"it, but has the source {source[j]}"
            )
        values = column_numbers(arrays, "values", n_columns=len(source))
        if "tolerance" not in arrays:
            return cls(known, values, _beside_zero(known, values))
        tolerance = column_numbers(arrays, "tolerance", n_columns=len(source))
        if (tolerance < 0).any():
            raise ModelFileError("the array 'tolerance' must not be negative")
        return cls(known, values, tolerance)


def _beside_zero(source: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the tolerance `(D,)` of columns of zeros, which have no magnitude of their own."""
    return np.where((source == CONSTANT) & (values == 0), RESIDUE, 0.0)


def copies_up_to_noise(
    matrix: np.ndarray, resolution: Resolution, places: np.ndarray
) -> dict[int, int]:
    """Find columns that equal an earlier one up to errors of arithmetic.

    Equal columns have nearly equal sums, so that only neighbours in the order of their sums are
    compared.

    Args:
        matrix: `(n, D)`, finite.
        resolution: of its columns.
        places: of columns that vary and of which no two are exactly equal.

    Returns:
        From the place of a copy to that of the column it equals, which is no copy.
    """
    # Whole numbers are exact: columns of them are equal or not.
    places = places[resolution.noise[places] > 0]
    if len(places) < 2:
        return {}
    noise = resolution.noise[places]
    weights = np.sin(np.arange(1.0, len(matrix) + 1))
    sums = np.array([_signature(matrix[:, j], weights) for j in places])
    groups: list[list[int]] = []
    open_groups: list[list[int]] = []
    for k in np.argsort(sums, kind="stable").tolist():
        reach = sums[k] - 8 * max(noise[k], NOISE_OF_SUMS)
        open_groups = [group for group in open_groups if sums[group[0]] >= reach]
        for group in open_groups:
            level = min(noise[group[0]], noise[k])
            if _equal(matrix[:, places[group[0]]], matrix[:, places[k]], level):
                group.append(k)
                break
        else:
            open_groups.append([k])
            groups.append(open_groups[-1])
    found = [np.sort(places[group]).tolist() for group in groups if len(group) > 1]
    return {copy: same[0] for same in found for copy in same[1:]}


def _signature(column: np.ndarray, weights: np.ndarray) -> float:
    """Return a number near which those of all columns equal up to noise lie."""
    largest = np.abs(column).max()
    return float(np.mean(weights * (column / largest)) + LOG_WEIGHT * np.log(largest))


def _equal(one: np.ndarray, other: np.ndarray, noise: float) -> bool:
    usual = np.median(np.abs(one))
    with np.errstate(over="ignore"):
        near = np.abs(one - other) <= noise * usual
    return bool((near | ~differ(one, other, noise)).all())
