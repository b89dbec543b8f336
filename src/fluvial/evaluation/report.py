"""All that rows which a density has not seen tell of it and of its samples, with a verdict."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fluvial.distributions import StandardNormal
from fluvial.errors import DataError
from fluvial.evaluation._joint import Joint, with_condition
from fluvial.evaluation.densities import (
    Coverage,
    Estimate,
    LatentNormality,
    coverage,
    latent_normality,
    log_prob_of,
    mean_of,
)
from fluvial.evaluation.synthetic import CopyCheck, copy_check
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
        columns: for each column its name, the Kolmogorov-Smirnov statistic, what chance gives at
            these sizes, and the p-value.
        latents: whether those of the rows are normal; None where the model is no single flow of a
            standard normal.
        copies: whether samples repeat training rows; None where these were not given.
        verdict: the findings in words.
    """

    rows: int
    log_prob: Estimate
    own: Estimate
    coverage: Coverage
    comparisons: tuple[TwoSample, ...]
    columns: tuple[tuple[str, float, float, float], ...]
    latents: LatentNormality | None
    copies: CopyCheck | None
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
                "by_chance": list(self.coverage.by_chance),
                "p_value": self.coverage.p_value,
            },
            "comparisons": [
                {"name": c.name, "value": c.value, "halves": c.reference, "p_value": c.p_value}
                for c in self.comparisons
            ],
            "columns": [
                {"name": name, "ks": statistic, "by_chance": chance, "p_value": p}
                for name, statistic, chance, p in self.columns
            ],
            "latents": _latents(self.latents),
            "copies": _copies(self.copies),
            "verdict": self.verdict,
        }


def evaluate_density(
    density: Any,
    X: Any,
    *,
    condition: Any = None,
    training: Any = None,
    training_condition: Any = None,
    random_state: int = 0,
) -> DensityReport:
    """Judge a fitted density and its samples on rows that it has not seen.

    Of a conditional density, samples are drawn given the conditions of these rows, and compared
    with them together with the conditions: the report then judges p(X | condition).

    Args:
        density: a fitted `FlowDensity`; of a `FlowSynthesizer` its `density_`.
        X: (n, D) array or table, n at least 40; exchangeable with the rows given to fit, or else
            the report tells what has changed.
        condition: what these rows are given, as the density takes it, where it is conditional; of a
            `FlowSynthesizer` with classes its `condition_of` their labels.
        training: (m, D) the rows given to fit, m at least 20, to look for copies of them among the
            samples; None leaves that out.
        training_condition: what those are given, where the density is conditional.
        random_state: of the samples and the tests.

    Raises:
        DataError: for fewer rows, missing or unknown columns, values that are not finite, and a
            condition that is missing or not asked for.
        ShapeError: where there is not one condition for each row.
        TypeError: where density is none.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(300, 2))
        >>> density = fluvial.FlowDensity(flow="classical", random_state=0).fit(rows[:200])
        >>> report = evaluate_density(density, rows[200:])
        >>> report.rows, len(report.columns)
        (100, 2)
    """
    schema = getattr(density, "schema_", None)
    if schema is None or not hasattr(density, "sample"):
        raise TypeError(
            f"a fitted FlowDensity is judged, not {type(density).__name__}; of a FlowSynthesizer "
            "give density_"
        )
    rows = schema.align(X, owner=type(density).__name__)
    if len(rows) < FEWEST:
        raise DataError(f"there are {len(rows)} rows; at least {FEWEST} are needed to compare")
    n_columns = rows.shape[1]
    rows = with_condition(density, rows, condition, what="condition")
    judged = density if condition is None else Joint(density, rows[:, n_columns:])
    samples = judged.sample(max(len(rows), 1000), random_state=random_state)
    log_prob, own = (mean_of(log_prob_of(judged, each)) for each in (rows, samples))
    covered = coverage(_Known(judged, samples), rows)
    tests = (c2st, mmd, energy_distance, sliced_wasserstein)
    compared = tuple(test(rows, samples, random_state=random_state) for test in tests)
    x, drawn = rows[:, :n_columns], samples[:, :n_columns]
    columns = _columns(schema.names, x, drawn, random_state)
    latents = copies = None
    if _is_one_flow(density):
        latents = latent_normality(judged, rows, random_state=random_state)
    if training is not None:
        seen = schema.align(training, owner=type(density).__name__, what="training")
        seen = with_condition(density, seen, training_condition, what="training_condition")
        copies = copy_check(seen, rows, samples, judged, random_state=random_state)
    verdict = _verdict(covered, compared[0], columns, copies)
    return DensityReport(
        len(rows), log_prob, own, covered, compared, columns, latents, copies, verdict
    )


def _columns(
    names: tuple[str, ...], rows: np.ndarray, samples: np.ndarray, random_state: int
) -> tuple[tuple[str, float, float, float], ...]:
    found = ks_by_column(rows, samples, random_state=random_state)
    numbers = (each.tolist() for each in (found.statistic, found.reference, found.p_value))
    return tuple(zip(names, *numbers, strict=True))


def _is_one_flow(density: Any) -> bool:
    """Return whether latents of the truth would be those of a standard normal."""
    distribution = density.table_density_.distribution
    return isinstance(getattr(distribution, "base", None), StandardNormal)


class _Known:
    """A density whose samples are drawn already."""

    def __init__(self, density: Any, samples: np.ndarray):
        self._density, self._samples = density, samples

    def score_samples(self, rows: np.ndarray) -> np.ndarray:
        return log_prob_of(self._density, rows)

    def sample(self, n: int, random_state: int | None = None) -> np.ndarray:
        return self._samples


def _verdict(
    covered: Coverage,
    trees: TwoSample,
    columns: tuple[tuple[str, float, float, float], ...],
    copies: CopyCheck | None,
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
    found = sorted((p, name) for name, _, _, p in columns if p < SURE / len(columns))
    if found:
        names = ", ".join(name for _, name in found[:5])
        more = f" and {len(found) - 5} others" if len(found) > 5 else ""
        said.append(f"Samples differ from the rows in: {names}{more}.")
    else:
        said.append("No column of the samples differs by itself.")
    if copies is not None:
        said.append(
            f"Of the samples {copies.exact:.1%} equal a training row, of the rows "
            f"{copies.exact_by_chance:.1%}; that is no promise of privacy."
        )
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


def _latents(found: LatentNormality | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "p_values": found.of_columns.tolist(),
        "radius_p_value": found.of_radius,
        "largest_correlation": found.largest_correlation,
        "by_chance": found.by_chance,
    }


def _copies(found: CopyCheck | None) -> dict[str, Any] | None:
    if found is None:
        return None
    gap = found.gap
    return {
        "exact": found.exact,
        "exact_by_chance": found.exact_by_chance,
        "closer": found.closer,
        "membership": found.membership,
        "gap": None if gap is None else _number(gap.value),
        "gap_standard_error": None if gap is None else _number(gap.standard_error),
    }


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
