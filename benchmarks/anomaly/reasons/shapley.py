"""Shapley values of many columns by weighted least squares, and Takeishi's for anomaly scores."""

from math import comb
from typing import NamedTuple

import numpy as np
from benchmarks.anomaly.reasons.cases import MixtureScore

BUDGET = 2048
"""Coalitions that are looked at, and two for each column more."""

PENALTY = 0.01
"""Weight of the distance from the row in what replaces its columns, as published."""

RATE, STEPS, ENOUGH = 0.01, 2000, 1e-6
"""Of Adam (learning rate, most steps, smallest relative gain of the loss), as published."""

NEARLY_ZERO = 1e-4
"""The least magnitude that a value's distance is relative to."""


class Coalitions(NamedTuple):
    """Sets of columns, without the empty one and that of all.

    Attributes:
        masks: `(m, D)`, true for the columns that are in.
        weights: `(m,)`, of the least squares.
    """

    masks: np.ndarray
    weights: np.ndarray


def coalitions(n_columns: int, rng: np.random.Generator) -> Coalitions:
    """Return all coalitions of few columns, else those of 1 and D - 1 and random others.

    Their weights are those of Lundberg and Lee 2017, theorem 2.
    """
    sizes = np.arange(1, n_columns)
    masses = (n_columns - 1) / (sizes * (n_columns - sizes))
    budget = BUDGET + 2 * n_columns
    if 2**n_columns - 2 <= budget:
        numbers = np.arange(1, 2**n_columns - 1)
        masks = (numbers[:, None] >> np.arange(n_columns)) % 2 == 1
        each = masses / [comb(n_columns, int(size)) for size in sizes]
        return Coalitions(masks, each[masks.sum(axis=1) - 1])
    alone = np.eye(n_columns, dtype=bool)
    others = masses[1:-1] / masses[1:-1].sum()
    drawn = rng.choice(sizes[1:-1], size=budget - 2 * n_columns, p=others)
    ranks = rng.random((len(drawn), n_columns)).argsort(axis=1)
    weights = np.full(budget, masses[0] / n_columns)
    weights[2 * n_columns :] = masses[1:-1].sum() / len(drawn)
    return Coalitions(np.concatenate([alone, ~alone, ranks < drawn[:, None]]), weights)


def shapley_values(
    chosen: Coalitions, values: np.ndarray, of_none: float, of_all: float
) -> np.ndarray:
    """Return the Shapley values `(D,)`, which sum to `of_all - of_none`, of those of coalitions."""
    last = chosen.masks[:, -1].astype(float)
    design = chosen.masks[:, :-1] - last[:, None]
    target = values - of_none - last * (of_all - of_none)
    root = np.sqrt(chosen.weights)
    found = np.linalg.lstsq(root[:, None] * design, root * target, rcond=None)[0]
    return np.append(found, of_all - of_none - found.sum())


def takeishi(score: MixtureScore, rows: np.ndarray) -> np.ndarray:
    """Return the part of each column `(A, D)` in the anomaly score of rows `(A, D)`.

    A coalition is worth the lowest anomaly score that is found near the row while its columns
    stay. As the authors do, this is searched for where one column stays or none, and the values
    of the others are averages of these (their relaxed form).

    References:
        Takeishi and Kawahara 2023, Transactions on Machine Learning Research, arXiv:2004.04464.
    """
    rows = score.standardised(rows)
    n_columns = rows.shape[1]
    chosen = coalitions(n_columns, np.random.default_rng(0))
    stays = np.concatenate([np.zeros((1, n_columns), bool), np.eye(n_columns, dtype=bool)])
    near = _nearby_normal(
        score, np.repeat(rows, len(stays), axis=0), np.tile(stays, (len(rows), 1))
    )
    near = near.reshape(len(rows), len(stays), n_columns)
    parts = []
    for row, (none, *alone) in zip(rows, near, strict=True):
        sums = none + chosen.masks @ np.array(alone)
        instead = sums / (1 + chosen.masks.sum(axis=1, keepdims=True))
        values = _energy(score, np.where(chosen.masks, row, instead))
        of_none, of_all = _energy(score, np.stack([none, row]))
        parts.append(shapley_values(chosen, values, of_none, of_all))
    return np.stack(parts)


def _nearby_normal(score: MixtureScore, rows: np.ndarray, stays: np.ndarray) -> np.ndarray:
    """Return rows that are more normal, by Adam, with columns as they are where `stays` is true."""
    free = (~stays).sum(axis=1, keepdims=True)
    scale = np.where(np.abs(rows) > NEARLY_ZERO, rows, NEARLY_ZERO)
    found, first, second, last = rows.copy(), 0.0, 0.0, np.inf
    for step in range(1, STEPS + 1):
        gaps = (found - rows) / scale
        loss = _energy(score, found) / rows.shape[1] + PENALTY * (gaps**2).sum(axis=1) / free[:, 0]
        if (np.abs(last - loss) < ENOUGH * (np.abs(last) + ENOUGH)).all():
            break
        last = loss
        slope = _slope(score, found) / rows.shape[1] + 2 * PENALTY * gaps / scale / free
        slope = np.where(stays, 0, slope)
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        moved = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        found = found - RATE * moved
    return found


def _energy(score: MixtureScore, standardised: np.ndarray) -> np.ndarray:
    return -score.mixture.score_samples(standardised)


def _slope(score: MixtureScore, standardised: np.ndarray) -> np.ndarray:
    """Return the gradient of the energy at standardised rows, `(n, D)`."""
    shares = score.mixture.predict_proba(standardised)
    slopes = np.zeros_like(standardised)
    for share, mean, precision in zip(
        shares.T, score.mixture.means_, score.mixture.precisions_, strict=True
    ):
        slopes += share[:, None] * ((standardised - mean) @ precision)
    return slopes
