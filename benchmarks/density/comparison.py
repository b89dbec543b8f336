"""Which of two densities is better on the same test rows."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Difference:
    """A paired difference of log densities.

    Attributes:
        mean: ours less theirs, in nats a test row.
        standard_error: of that mean, from the rows' differences.
    """

    mean: float
    standard_error: float

    @property
    def verdict(self) -> str:
        """ "win", "loss", or "tie" where the mean is within one standard error of zero."""
        if abs(self.mean) <= self.standard_error:
            return "tie"
        return "win" if self.mean > 0 else "loss"


def compare(ours: np.ndarray, theirs: np.ndarray) -> Difference:
    """Compare log densities of the same rows, each (k,).

    Where a row has density zero under one of them, or a value that is no number, that side loses
    by infinity; where under both, it is a tie.
    """
    bad = [not np.isfinite(side).all() for side in (ours, theirs)]
    if any(bad):
        mean = 0.0 if all(bad) else -math.inf if bad[0] else math.inf
        return Difference(mean, 0.0)
    difference = ours - theirs
    return Difference(
        float(difference.mean()), float(difference.std() / math.sqrt(len(difference)))
    )
