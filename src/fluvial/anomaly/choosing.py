"""The threshold of lowest cost on labelled rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fluvial.anomaly.blocks import MIN_BLOCKS, block_counts, numbered_blocks
from fluvial.anomaly.cost_model import CostModel, CostTerms
from fluvial.errors import told

PREFERENCES = ("gap", "cost")


@dataclass(frozen=True)
class ChosenThreshold:
    """A threshold of low cost.

    Attributes:
        threshold: rows that score below raise an alarm.
        cost: on the labelled rows.
        lowest_cost: of any threshold there.
        standard_error: of the lowest cost, by a block bootstrap; 0 where rows are too few.
        candidates: thresholds whose cost could not be told from the lowest.
    """

    threshold: float
    cost: float
    lowest_cost: float
    standard_error: float
    candidates: int


def between_scores(scores: np.ndarray) -> np.ndarray:
    """Return a threshold for each set of alarms that there can be, ascending.

    They are the lowest score, below which no row lies, the middles between neighbours, and the
    number above the highest score, below which all rows lie. All scores are finite.

    Examples:
        >>> between_scores(np.array([3.0, 1.0, 1.0, 2.0]))
        array([1. , 1.5, 2.5, 3. ])
    """
    distinct = np.unique(scores)
    middles = distinct[:-1] + np.diff(distinct) / 2
    # Neighbours may have no number between them.
    between = np.where(middles > distinct[:-1], middles, distinct[1:])
    return np.concatenate([distinct[:1], between, np.nextafter(distinct[-1:], np.inf)])


def choose_by_cost(
    scores: np.ndarray,
    is_anomaly: np.ndarray,
    model: CostModel,
    *,
    times: Any = None,
    prefer: str = "gap",
    seed: int = 0,
) -> ChosenThreshold:
    """Choose the threshold by what errors cost on labelled rows.

    Few anomalous stretches leave many thresholds whose costs differ by chance alone. Among those
    whose cost is within one standard error of the lowest, by a block bootstrap, `prefer="gap"`
    takes the one in the widest gap of the scores: rows that drift a little do not cross it. Gaps
    are measured in the logarithm of the distance from the median normal row, since scores far out
    lie ever farther apart. `"cost"` takes the lowest cost, among equals the widest gap.

    Args:
        scores: `(n,)`, higher is more normal.
        is_anomaly: `(n,)` of truth values, of both kinds.
        model: what errors cost.
        times: `(n,)`, not falling; None counts rows.
        prefer: "gap" or "cost".
        seed: of the bootstrap.

    Raises:
        ValueError: for another preference.

    References:
        Breiman et al. 1984, Classification and regression trees, section 3.4.3, for the rule of one
        standard error.

    Examples:
        >>> scores, is_anomaly = np.array([-9.0, -8.0, -0.2, -0.1, 0.0]), np.arange(5) < 2
        >>> choose_by_cost(scores, is_anomaly, CostModel()).threshold
        -4.1
    """
    if prefer not in PREFERENCES:
        raise ValueError(f"prefer must be one of {PREFERENCES}, but is {told(prefer)}")
    terms = model.terms(scores, is_anomaly, times)
    thresholds = between_scores(scores)
    costs = terms.costs(thresholds)
    lowest = int(np.argmin(costs))
    block = numbered_blocks(len(scores), tolerance=float(model.tolerance), times=times)
    error = _standard_error(terms, thresholds[lowest], block, seed)
    within = error if prefer == "gap" else 0.0
    candidates = np.flatnonzero(costs <= costs[lowest] + within)
    best = int(candidates[np.argmax(_gaps(scores, scores[~is_anomaly])[candidates])])
    return ChosenThreshold(
        threshold=float(thresholds[best]),
        cost=float(costs[best]),
        lowest_cost=float(costs[lowest]),
        standard_error=error,
        candidates=len(candidates),
    )


def _gaps(scores: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Return how wide the gap is that each threshold of `between_scores` lies in."""
    middle = np.median(normal)
    width = np.median(np.abs(normal - middle)) or np.abs(normal - middle).mean() or 1.0
    depth = np.log1p(np.maximum(middle - np.unique(scores), 0) / width)
    # Below the lowest threshold and above the highest lies no row, and no gap.
    return np.concatenate([[0.0], -np.diff(depth), [0.0]])


def _standard_error(terms: CostTerms, threshold: float, block: np.ndarray, seed: int) -> float:
    """Return the standard error of the cost of a threshold by a block bootstrap."""
    n_blocks = int(block[-1]) + 1
    if n_blocks < MIN_BLOCKS:
        return 0.0
    parts = terms.by_block(np.array([threshold]), block)[:, 0]
    return float((block_counts(n_blocks, seed=seed) @ parts).std())
