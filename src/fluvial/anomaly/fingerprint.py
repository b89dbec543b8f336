"""Which rows a model was given to fit, remembered without keeping them."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

import numpy as np

from fluvial.errors import ModelFileError, RowError

CHANCE = 4.0
"""Standard deviations by which more rows must recur than do among the fitted rows themselves."""


@dataclass(frozen=True)
class Fingerprint:
    """Hashes of the rows of a table, in order and each once.

    Attributes:
        hashes: `(m,)` uint64, ascending.
        recurring: share of the rows that equal another one, as those of counts and of idle times
            do; new rows equal an old one about as often.

    Examples:
        >>> rows = np.arange(12.0).reshape(6, 2)
        >>> Fingerprint.of(rows).known(np.array([[0.0, 1.0], [0.0, 2.0]]))
        array([ True, False])
    """

    hashes: np.ndarray
    recurring: float

    @classmethod
    def of(cls, matrix: np.ndarray) -> Self:
        """Return the fingerprint of rows `(n, D)`."""
        hashes, counts = np.unique(_hashes(matrix), return_counts=True)
        return cls(hashes, float(counts[counts > 1].sum() / len(matrix)))

    def known(self, matrix: np.ndarray) -> np.ndarray:
        """Return which of some rows `(n, D)` are among those remembered, `(n,)`."""
        return np.isin(_hashes(matrix), self.hashes)

    def refuse_known(self, matrix: np.ndarray) -> None:
        """Refuse rows among which more are known than recur by chance.

        Raises:
            RowError: saying how many, and which is the first.
        """
        known = self.known(matrix)
        n, share = len(matrix), self.recurring
        if known.sum() > n * share + CHANCE * np.sqrt(n * share * (1 - share)):
            raise RowError(
                f"{int(known.sum())} of these {n} rows were given to fit, the first of them "
                "{row}; rows that a model was fitted to look too normal to it: give others, or none"
                " to use those that the fit left out",
                int(np.argmax(known)),
            )

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file holds."""
        return {"hashes": self.hashes, "recurring": np.array([self.recurring])}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Self | None:
        """Return what `to_arrays` described; None where a file of an earlier version lacks it.

        Raises:
            ModelFileError: where the arrays are of other types, or not in order.
        """
        if not arrays:
            return None
        hashes, recurring = arrays["hashes"], arrays["recurring"]
        if hashes.dtype != np.uint64 or hashes.ndim != 1 or (hashes[1:] <= hashes[:-1]).any():
            raise ModelFileError("the hashes of the fitted rows must be uint64 and ascend")
        if recurring.shape != (1,) or recurring.dtype != np.float64 or not 0 <= recurring[0] <= 1:
            raise ModelFileError("the share of recurring rows must be one number in [0, 1]")
        return cls(hashes, float(recurring[0]))


def _hashes(matrix: np.ndarray) -> np.ndarray:
    # Adding zero turns -0.0 into 0.0, so that equal values have equal bytes.
    rows = np.ascontiguousarray(matrix + 0.0)
    joined = b"".join(blake2b(row, digest_size=8).digest() for row in rows)
    return np.frombuffer(joined, np.uint64)
