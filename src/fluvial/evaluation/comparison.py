"""The default beside its rivals, on the same rows: what is gained over something simpler."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from fluvial.anomaly.blocks import numbered_blocks, resampled
from fluvial.anomaly.labels import anomalous
from fluvial.anomaly.ranking import Ranking
from fluvial.baselines import (
    Autoencoder,
    GaussianMixtureDensity,
    HistogramDensity,
    KernelDensity,
    NearestNeighbors,
)
from fluvial.errors import DataError
from fluvial.estimators import FlowAnomalyDetector, FlowDensity
from fluvial.evaluation.densities import mean_of

FEWEST = 2
"""Test rows from which a mean has a standard error."""


@dataclass(frozen=True)
class RankedModel:
    """How well a model ranks anomalies below normal rows.

    Attributes:
        name: of the model.
        auroc: how often an anomaly scores below a normal row.
        auroc_standard_error: by a bootstrap of blocks of rows; None where rows are too few.
        auroc_difference: by how much that is more than the first model's; 0 for itself.
        auroc_difference_standard_error: of that paired difference, by the same samples of rows;
            mostly far smaller than of the two figures.
        average_precision: the mean precision over the anomalies, the lowest score first.
        average_precision_standard_error: as of `auroc`.
        average_precision_difference: likewise.
        average_precision_difference_standard_error: likewise.
        fit_seconds: wall time of the fit, compilation included.
    """

    name: str
    auroc: float
    auroc_standard_error: float | None
    auroc_difference: float
    auroc_difference_standard_error: float | None
    average_precision: float
    average_precision_standard_error: float | None
    average_precision_difference: float
    average_precision_difference_standard_error: float | None
    fit_seconds: float


@dataclass(frozen=True)
class ScoredModel:
    """How likely test rows are under a density.

    Attributes:
        name: of the model.
        log_prob: the mean log density, in nats, in the units of the columns.
        log_prob_standard_error: of that mean.
        difference: by how many nats a row scores higher than under the first model; 0 for itself.
        difference_standard_error: of that paired difference, far smaller than of two means.
        fit_seconds: wall time of the fit, compilation included.
    """

    name: str
    log_prob: float
    log_prob_standard_error: float
    difference: float
    difference_standard_error: float
    fit_seconds: float


@dataclass(frozen=True)
class DetectorComparison:
    """Detectors on the same labelled rows.

    Attributes:
        rows: test rows.
        anomalies: those of them that are labelled as such.
        models: in the order given.
    """

    rows: int
    anomalies: int
    models: tuple[RankedModel, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return asdict(self)


@dataclass(frozen=True)
class DensityComparison:
    """Densities on the same rows.

    Attributes:
        rows: test rows.
        models: in the order given.
    """

    rows: int
    models: tuple[ScoredModel, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return asdict(self)


def compare_detectors(
    train: Any,
    test: Any,
    y: Any,
    *,
    models: Mapping[str, Any] | None = None,
    random_state: int = 0,
) -> DetectorComparison:
    """Fit detectors to the same rows and judge their rankings on the same labelled rows.

    Args:
        train: (n, D) array or table, of normal rows.
        test: (m, D) array or table with the same columns, in the order of time where it has one.
        y: (m,) labels of the test rows: 0 for normal rows and others for anomalies, or 1 and -1.
        models: estimators by name, which are cloned; None: `FlowAnomalyDetector` and all baselines.
            The first is the one that others are told beside.
        random_state: of these, and of the bootstrap.

    Returns:
        The figures of each model, and their paired differences from the first's. Standard errors
        are those of the test rows, by a bootstrap of blocks of rows that follow each other, the
        same for all models; they say nothing of another training table.

    Raises:
        DataError: where labels are missing, of another number, or of one class alone, and as the
            models do, for columns that differ say.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> train, test = rng.normal(size=(200, 2)), rng.normal(size=(60, 2))
        >>> test[::6] += 5
        >>> rivals = {"kNN": fluvial.baselines.NearestNeighbors()}
        >>> compare_detectors(train, test, np.arange(60) % 6 == 0, models=rivals).models[0].auroc
        1.0
    """
    is_anomaly = anomalous(y, _length(test))
    block = numbered_blocks(len(is_anomaly))
    told, first = [], None
    for name, model in (_detectors(random_state) if models is None else models).items():
        scores, seconds = _scores(model, train, test)
        ranking = Ranking(scores, is_anomaly)
        figures = [
            _Figure.of(figure, block, random_state)
            for figure in (ranking.auroc, ranking.average_precision)
        ]
        first = figures if first is None else first
        own = [each.beside(other) for each, other in zip(figures, first, strict=True)]
        told.append(RankedModel(name, *own[0], *own[1], fit_seconds=seconds))
    return DetectorComparison(len(is_anomaly), int(is_anomaly.sum()), tuple(told))


class _Figure(NamedTuple):
    """A figure of all rows, and of bootstrap samples of them."""

    value: float
    samples: np.ndarray | None

    @classmethod
    def of(cls, figure: Callable[..., float], block: np.ndarray, seed: int) -> "_Figure":
        return cls(figure(), resampled(figure, block, seed=seed))

    def beside(self, first: "_Figure") -> tuple[float, float | None, float, float | None]:
        """Return the value and its difference from another's, each with its standard error."""
        difference = self.value - first.value
        # Which samples have a figure depends on the labels alone, so that both have the same.
        if self.samples is None or first.samples is None:
            return self.value, None, difference, None
        gains = self.samples - first.samples
        return self.value, float(self.samples.std(ddof=1)), difference, float(gains.std(ddof=1))


def compare_densities(
    train: Any, test: Any, *, models: Mapping[str, Any] | None = None, random_state: int = 0
) -> DensityComparison:
    """Fit densities to the same rows and compare the log densities of the same others.

    Args:
        train: (n, D) array or table.
        test: (m, D) array or table with the same columns, m at least 2, of rows that are not among
            these.
        models: estimators by name, which are cloned; None: `FlowDensity` and the baselines that are
            densities. The first is the one that others are told beside.
        random_state: of these.

    Raises:
        DataError: for fewer than two test rows, and as the models do, for columns that differ say.

    Examples:
        >>> train, test = np.random.default_rng(0).normal(size=(2, 200, 2))
        >>> few = {"histogram": fluvial.baselines.HistogramDensity(random_state=0)}
        >>> compare_densities(train, test, models=few).models[0].difference
        0.0
    """
    n = _length(test)
    if n < FEWEST:
        raise DataError(f"there are {n} test rows; at least {FEWEST} are needed to compare")
    told, first = [], None
    for name, model in (_densities(random_state) if models is None else models).items():
        scores, seconds = _scores(model, train, test)
        first = scores if first is None else first
        own, gain = mean_of(scores), mean_of(scores - first)
        told.append(
            ScoredModel(
                name, own.value, own.standard_error, gain.value, gain.standard_error, seconds
            )
        )
    return DensityComparison(n, tuple(told))


def _detectors(random_state: int) -> dict[str, Any]:
    default = {"FlowAnomalyDetector": FlowAnomalyDetector(random_state=random_state)}
    rankings = {
        "NearestNeighbors": NearestNeighbors(),
        "Autoencoder": Autoencoder(random_state=random_state),
    }
    return default | density_rivals(random_state) | rankings


def _densities(random_state: int) -> dict[str, Any]:
    return {"FlowDensity": FlowDensity(random_state=random_state)} | density_rivals(random_state)


def density_rivals(random_state: int) -> dict[str, Any]:
    """Return the baselines that are densities, by name, not fitted yet."""
    kinds = (KernelDensity, GaussianMixtureDensity, HistogramDensity)
    return {kind.__name__: kind(random_state=random_state) for kind in kinds}


def _scores(model: Any, train: Any, test: Any) -> tuple[np.ndarray, float]:
    """Return the scores (m,) of test rows, and the seconds of the fit."""
    estimator: Any = clone(model)
    start = time.perf_counter()
    estimator.fit(train)
    seconds = time.perf_counter() - start
    return np.asarray(estimator.score_samples(test), np.float64), round(seconds, 3)


def _length(table: Any) -> int:
    return len(table) if hasattr(table, "__len__") else table.num_rows
