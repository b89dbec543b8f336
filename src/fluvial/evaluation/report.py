"""All that rows which a density has not seen tell of it and of its samples, with a verdict."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fluvial.errors import DataError
from fluvial.evaluation.densities import Coverage, Estimate, coverage, mean_of
from fluvial.evaluation.two_sample import (
    TwoSample,
    c2st,
    energy_distance,
    ks_by_column,
    mmd,
    sliced_wasserstein,
)

FEWEST = 40
"""Held-out rows that a report takes at least: halves of them are compared."""

SURE = 0.01
"""P-values below this are told as findings; of columns, divided by their number."""


@dataclass(frozen=True)
class DensityReport:
    """What held-out rows tell of a fitted density.

    Attributes:
        rows: how many there were.
        log_prob: their mean log density, in the units of the columns.
        own: the same of the model's own samples; equal where the model is right.
        coverage: of its regions of highest density.
        comparisons: of its samples with the rows, each beside what halves of the rows give.
        columns: for each column its name, the Kolmogorov-Smirnov statistic and the p-value.
        verdict: the findings in words.
    """

    rows: int
    log_prob: Estimate
    own: Estimate
    coverage: Coverage
    comparisons: tuple[TwoSample, ...]
    columns: tuple[tuple[str, float, float], ...]
    verdict: str

    def to_json(self) -> dict[str, Any]:
        """Return what JSON holds."""
        return {
            "rows": self.rows,
            "log_prob": _number(self.log_prob.value),
            "log_prob_standard_error": _number(self.log_prob.standard_error),
            "log_prob_of_samples": _number(self.own.value),
            "log_prob_of_samples_standard_error": _number(self.own.standard_error),
            "coverage": {
                "levels": list(self.coverage.levels),
                "shares": list(self.coverage.shares),
                "p_value": self.coverage.p_value,
            },
            "comparisons": [
                {"name": c.name, "value": c.value, "halves": c.reference, "p_value": c.p_value}
                for c in self.comparisons
            ],
            "columns": [
                {"name": name, "ks": statistic, "p_value": p} for name, statistic, p in self.columns
            ],
            "verdict": self.verdict,
        }


def evaluate_density(density: Any, X: Any, *, random_state: int = 0) -> DensityReport:
    """Judge a fitted density and its samples on rows that it has not seen.

    Args:
        density: a fitted `FlowDensity`.
        X: (n, D) array or table, n at least 40; exchangeable with the rows given to fit, or else
            the report tells what has changed.
        random_state: of the samples and the tests.

    Raises:
        DataError: for fewer rows, missing or unknown columns, and values that are not finite.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(300, 2))
        >>> density = fluvial.FlowDensity(flow="classical", random_state=0).fit(rows[:200])
        >>> report = evaluate_density(density, rows[200:])
        >>> report.rows, len(report.columns)
        (100, 2)
    """
    rows = density.schema_.align(X, owner=type(density).__name__)
    if len(rows) < FEWEST:
        raise DataError(f"there are {len(rows)} rows; at least {FEWEST} are needed to compare")
    samples = density.sample(max(len(rows), 1000), random_state=random_state)
    log_prob = mean_of(density.score_samples(X))
    own = mean_of(_scored(density, samples))
    covered = coverage(_Known(density, samples), rows)
    tests = (c2st, mmd, energy_distance, sliced_wasserstein)
    compared = tuple(test(rows, samples, random_state=random_state) for test in tests)
    statistic, p_values = ks_by_column(rows, samples)
    names = density.schema_.names
    columns = tuple(zip(names, statistic.tolist(), p_values.tolist(), strict=True))
    verdict = _verdict(covered, compared[0], columns)
    return DensityReport(len(rows), log_prob, own, covered, compared, columns, verdict)


def _scored(density: Any, matrix: np.ndarray) -> np.ndarray:
    schema = density.schema_
    named = dict(zip(schema.names, matrix.T, strict=True))
    return density.score_samples(named if schema.named else matrix)


class _Known:
    """A density whose samples are drawn already."""

    def __init__(self, density: Any, samples: np.ndarray):
        self._density, self._samples = density, samples

    def score_samples(self, rows: np.ndarray) -> np.ndarray:
        return _scored(self._density, rows)

    def sample(self, n: int, random_state: int | None = None) -> np.ndarray:
        return self._samples


def _verdict(
    covered: Coverage, trees: TwoSample, columns: tuple[tuple[str, float, float], ...]
) -> str:
    """Return the findings in sentences."""
    said = [_of_trees(trees)]
    inside = covered.shares[covered.levels.index(0.9)]
    if covered.p_value < SURE:
        way = "too sure of them" if inside < 0.9 else "less sure of them than it could be"
        said.append(
            f"Of the rows {inside:.0%} lie where the model puts 90 % of its own: it is {way}, or "
            "they are of another kind than those it was fitted to."
        )
    else:
        said.append(f"Of the rows {inside:.0%} lie where the model puts 90 % of its own.")
    found = sorted((p, name) for name, _, p in columns if p < SURE / len(columns))
    if found:
        names = ", ".join(name for _, name in found[:5])
        more = f" and {len(found) - 5} others" if len(found) > 5 else ""
        said.append(f"Samples differ from the rows in: {names}{more}.")
    else:
        said.append("No column of the samples differs by itself.")
    return " ".join(said)


def _of_trees(trees: TwoSample) -> str:
    share = f"in {trees.value:.0%} of the cases, where a guess is right in 50 %"
    if trees.p_value is None or trees.p_value >= SURE:
        return f"Trees cannot tell samples from the rows (right {share})."
    if trees.value < 0.6:
        return f"Trees can barely tell samples from the rows (right {share})."
    if trees.value < 0.8:
        return f"Trees often tell samples from the rows (right {share})."
    return f"Trees tell samples from the rows (right {share}): do not use them in their place."


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
