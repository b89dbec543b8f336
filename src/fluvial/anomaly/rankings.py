"""What a detector may rank rows by."""

from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

from fluvial.anomaly.relative import RelativeScore
from fluvial.anomaly.relative.clumps import in_clumps
from fluvial.anomaly.relative.memory import row_keys
from fluvial.densities import TableDensity
from fluvial.densities.hyperparameters import AUTO, CLASSICAL
from fluvial.densities.weighting import WeightedRows, as_equal
from fluvial.errors import told
from fluvial.tables.warning import warn_user
from fluvial.weights import numbers_of_rows

RELATIVE, DENSITY, LATENT, TYPICALITY = "relative", "density", "latent", "typicality"
MOST_TAUGHT = 4_000
"""Normal rows that known anomalies are compared with at most."""

SCORES = (RELATIVE, DENSITY, LATENT, TYPICALITY)


def check_score(kind: Any) -> None:
    """Refuse what is no name of a score.

    Raises:
        ValueError: saying what it is.
    """
    if not isinstance(kind, str) or kind not in SCORES:
        raise ValueError(f"score must be one of {list(SCORES)}, but is {told(kind)}")


def check_conditional(kind: str) -> None:
    """Refuse a score that knows no condition.

    Raises:
        ValueError: saying which does.
    """
    if kind == RELATIVE:
        others = ", ".join(repr(each) for each in SCORES if each != RELATIVE)
        raise ValueError(
            f"score={RELATIVE!r} ranks a row beside all others, whatever its condition: with a "
            f"condition give one of the scores {others}"
        )


def check_latents(kind: str, flow: Any) -> None:
    """Refuse the norm of latents where there is no flow, or several.

    Raises:
        ValueError: saying what would do.
    """
    if kind == LATENT and flow in (AUTO, CLASSICAL):
        raise ValueError(f"score='latent' needs the latents of one flow, but flow is {flow!r}")


class Ranking(Protocol):
    """Something that scores rows; higher is more normal."""

    def score(self, rows: np.ndarray, condition: np.ndarray | None = None) -> np.ndarray:
        """Return the scores `(n,)` of rows `(n, D)`, in the units of the columns, finite.

        Given what they are conditional on, `(n, C)` or `(1, C)` for all, where there is such.
        """
        ...


@dataclass(frozen=True)
class DensityRanking:
    """By the log density in the units of the columns."""

    density: TableDensity

    def score(self, rows: np.ndarray, condition: np.ndarray | None = None) -> np.ndarray:
        """Return the log densities `(n,)` of rows."""
        return self.density.log_prob(rows, condition)


@dataclass(frozen=True)
class LatentRanking:
    """By minus the norm of the latents of a flow; 1e6 less for each departing constant or copy.

    Raises:
        ValueError: where the density is not one flow.
    """

    density: TableDensity

    def __post_init__(self) -> None:
        if not hasattr(self.density.distribution, "bijector"):
            raise ValueError("score='latent' needs the latents of one flow: give flow its name")

    def score(self, rows: np.ndarray, condition: np.ndarray | None = None) -> np.ndarray:
        """Return minus the norms `(n,)` of the latents of rows."""
        latents = self.density.to_latent(rows, condition)
        largest = np.finfo(float).max / 4
        norms = np.nan_to_num(np.linalg.norm(latents, axis=1), nan=largest, posinf=largest)
        return self.density.scaler.left_out.penalty(rows) - np.minimum(norms, largest)


@dataclass(frozen=True)
class TypicalityRanking:
    """By how far the log density lies from its usual value, be it below or above.

    Attributes:
        density: a density.
        usual: the mean log density of rows that it has not seen.
    """

    density: TableDensity
    usual: float

    def score(self, rows: np.ndarray, condition: np.ndarray | None = None) -> np.ndarray:
        """Return minus the distances `(n,)` of the log densities of rows from the usual one."""
        return -np.abs(self.density.log_prob(rows, condition) - self.usual)


@dataclass(frozen=True)
class Ranked:
    """A ranking, and how it ranks rows that were left out.

    Attributes:
        ranking: what scores.
        indices: the places `(m,)` of rows among those given to fit, ascending.
        scores: `(m,)`, each as if its row had been left out.
        weights: for how many rows each counts, `(m,)`; None where each is one row.
    """

    ranking: Ranking
    indices: np.ndarray
    scores: np.ndarray
    weights: np.ndarray | None = None

    @classmethod
    def fit(
        cls,
        kind: str,
        density: TableDensity,
        rows: np.ndarray,
        counted: np.ndarray,
        sample_weight: Any,
        rng: np.random.RandomState,
        anomalies: np.ndarray | None = None,
        condition: np.ndarray | None = None,
    ) -> Self:
        """Make the ranking of a kind.

        Args:
            kind: one of `SCORES`.
            density: fitted to the rows.
            rows: `(n, D)`, those given to fit; anything where they are not counted.
            counted: `(n,)` of bool, which have a weight.
            sample_weight: `(n,)`, or None.
            rng: of what is drawn.
            anomalies: `(k, D)`, rows that are known not to belong; "relative" learns of them what
                to look at. None or no rows: none are known.
            condition: `(n, C)`, what each row is given, where the density is conditional.

        Raises:
            ValueError: where the density has no latents for "latent".
        """
        if kind == RELATIVE:
            return cls._relative(rows, counted, sample_weight, rng, anomalies)
        held_out = density.held_out

        def of(places: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
            return rows[places], None if condition is None else condition[places]

        if kind == DENSITY:
            ranking, scores = DensityRanking(density), held_out.log_prob
        elif kind == TYPICALITY:
            usual = held_out.score
            if usual is None:
                usual = float(np.mean(density.log_prob(*of(counted))))
            ranking = TypicalityRanking(density, usual)
            scores = -np.abs(held_out.log_prob - usual)
        else:
            ranking = LatentRanking(density)
            places = held_out.indices
            scores = ranking.score(*of(places)) if len(places) else np.zeros(0)
        return cls(ranking, held_out.indices, scores, held_out.weights)

    @classmethod
    def _relative(cls, rows, counted, sample_weight, rng, anomalies) -> Self:
        weighted = WeightedRows.of(sample_weight, len(rows))
        weighted, settled = weighted.settled(weighted.take(rows))
        equal = settled[as_equal(weighted.weights)]
        clumped = in_clumps(equal, rng)
        ranking = RelativeScore.fit(equal[~clumped], rng)
        places = np.flatnonzero(counted)
        if clumped.any():
            warn_user(
                f"{clumped.sum()} of the rows given to fit are far from all others, though near "
                "each other: they count as anomalies, and the score is learned without them"
            )
            keys = row_keys(equal[clumped])
            places = places[~np.isin(row_keys(rows[places]), keys)]
        if anomalies is not None and len(anomalies):
            ranking = ranking.taught(anomalies, rows[places[:MOST_TAUGHT]])
        weights = None
        if sample_weight is not None:
            given = np.asarray(sample_weight, float)[places]
            if given.min() < given.max():
                weights = numbers_of_rows(given / given.max())
        return cls(ranking, places, ranking.score(rows[places]), weights)
