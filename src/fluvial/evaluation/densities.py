"""How good a density is: divergences from a known one, and what rows that it has not seen say."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fluvial.errors import DataError
from fluvial.evaluation._rows import checked

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class Estimate:
    """A mean over rows, in nats, and its standard error."""

    value: float
    standard_error: float

    def __str__(self) -> str:
        return f"{self.value:.4f} +- {self.standard_error:.4f} nats"


def mean_of(values: np.ndarray) -> Estimate:
    """Return the mean of values (n,), n at least 2, with its standard error."""
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))


def log_prob_of(model: Any, rows: Any) -> np.ndarray:
    """Return the log density (n,) of rows (n, D) under an estimator, a flow, a target, a function.

    Args:
        model: one of these.
        rows: an array in the order of the model's columns, or a table, of which an estimator that
            was fitted to a table takes them by name.

    Raises:
        TypeError: where it is none of these.
        DataError: as the estimator, and for a table that holds what is no number.
    """
    if hasattr(model, "score_samples"):
        return np.asarray(model.score_samples(with_names_of(model, rows)), np.float64)
    density = getattr(model, "log_prob", model)
    if callable(density):
        plain = rows if isinstance(rows, np.ndarray) else checked(rows, "X", fewest=0)
        return np.asarray(density(plain), np.float64)
    raise TypeError(
        "a density must have score_samples or log_prob, or be a function of rows, not "
        f"{type(model).__name__}"
    )


def with_names_of(model: Any, rows: Any) -> Any:
    """Return an array (n, D) with the names that an estimator knows its columns by.

    Other rows, and those of an estimator that was fitted to an array, are returned as they are.
    """
    schema = getattr(model, "schema_", None)
    if schema is None or not schema.named or not isinstance(rows, np.ndarray):
        return rows
    if rows.ndim != 2 or rows.shape[1] != len(schema.names):
        return rows  # which the estimator refuses
    return dict(zip(schema.names, rows.T, strict=True))


def drawn_from(model: Any, n: int, random_state: int) -> np.ndarray:
    """Return n rows of an estimator, a target or a flow."""
    try:
        return np.asarray(model.sample(n, random_state=random_state), np.float64)
    except TypeError:  # a flow takes a key
        import jax

        return np.asarray(model.sample(jax.random.key(random_state), (n,)), np.float64)


def divergence(
    truth: Any,
    model: Any,
    *,
    direction: str = "forward",
    n: int = 10_000,
    random_state: int = 0,
) -> Estimate:
    """Return the Kullback-Leibler divergence between a known density and a model, by Monte Carlo.

    That of the truth from itself is 0 whatever is drawn, so that no row has to be drawn for it.

    Args:
        truth: what knows `log_prob` and `sample`, such as a target.
        model: an estimator, a flow or another such thing.
        direction: "forward" is `E_truth[log truth - log model]`, "reverse" `E_model[log model -
            log truth]`, "symmetric" their sum.
        n: rows that are drawn, at least 2.
        random_state: of the draws.

    Returns:
        Its value, infinite where a row of one has no density under the other, and the standard
        error.

    Raises:
        ValueError: for another direction, or n below 2.

    Examples:
        >>> normal = target("gaussian")
        >>> divergence(normal, normal).value
        0.0
    """
    if direction not in ("forward", "reverse", "symmetric"):
        raise ValueError(f"direction must be forward, reverse or symmetric, not {direction!r}")
    if n < 2:
        raise ValueError(f"n must be at least 2, but is {n}")
    if direction == "symmetric":
        forward = divergence(truth, model, n=n, random_state=random_state)
        reverse = divergence(model, truth, n=n, random_state=random_state)
        error = float(np.hypot(forward.standard_error, reverse.standard_error))
        return Estimate(forward.value + reverse.value, error)
    first, second = (truth, model) if direction == "forward" else (model, truth)
    rows = drawn_from(first, n, random_state)
    with np.errstate(invalid="ignore"):
        return mean_of(log_prob_of(first, rows) - log_prob_of(second, rows))


def held_out_difference(model: Any, other: Any, X: Any) -> Estimate:
    """Return how much higher the log density of held-out rows is under a model than another one.

    Paired, row by row, which is far more exact than two means.

    Args:
        model: an estimator, a flow or a target.
        other: likewise.
        X: (n, D) array or table of rows that neither has seen, n at least 20.

    Raises:
        ShapeError: where X has not the shape of rows.
        DataError: for too few rows, and values that are not finite.

    Examples:
        >>> rows = target("moons").sample(100, random_state=0)
        >>> held_out_difference(target("moons"), target("gaussian"), rows).value > 0
        True
    """
    checked(X, "X")
    return mean_of(log_prob_of(model, X) - log_prob_of(other, X))


@dataclass(frozen=True)
class Coverage:
    """Which share of held-out rows lies in the regions of highest density of a model.

    Attributes:
        levels: the shares of the model's own samples in these regions.
        shares: those of the held-out rows; equal to the levels where the model is right, lower
            where it is too sure.
        p_value: of a Kolmogorov-Smirnov test over all levels.
        by_chance: the standard deviation of each share, at these numbers of rows, where the model
            is right.
    """

    levels: tuple[float, ...]
    shares: tuple[float, ...]
    p_value: float
    by_chance: tuple[float, ...]


def coverage(model: Any, X: Any, *, n: int = 10_000, random_state: int = 0) -> Coverage:
    """Return how many held-out rows lie in the model's regions of highest density.

    Args:
        model: an estimator, a flow or a target.
        X: (n, D) array or table of rows that it has not seen, n at least 20.
        n: rows that are drawn from the model.
        random_state: of the draws.

    Raises:
        ShapeError: where X has not the shape of rows.
        DataError: for too few rows, and values that are not finite.

    References:
        Hyndman 1996, The American Statistician 50(2).

    Examples:
        >>> moons = target("moons")
        >>> coverage(moons, moons.sample(500, random_state=1)).p_value > 0.01
        True
    """
    from scipy.stats import ks_2samp

    checked(X, "X")
    own = log_prob_of(model, drawn_from(model, n, random_state))
    scores = log_prob_of(model, X)
    bounds = np.quantile(own, [1 - level for level in LEVELS])
    shares = tuple(float(np.mean(scores >= bound)) for bound in bounds)
    test: Any = ks_2samp(scores, own)
    either = 1 / len(scores) + 1 / len(own)
    by_chance = tuple(float(np.sqrt(level * (1 - level) * either)) for level in LEVELS)
    return Coverage(LEVELS, shares, float(test.pvalue), by_chance)


@dataclass(frozen=True)
class LatentNormality:
    """Whether the latents of held-out rows are those of a standard normal.

    Attributes:
        of_columns: p-value of a Kolmogorov-Smirnov test of each latent, (D,).
        of_radius: that of the squared distances from the origin, chi-square of D degrees.
        largest_correlation: the largest magnitude of a correlation of two latents; 0 of one.
        by_chance: the same of as many rows of a standard normal.
    """

    of_columns: np.ndarray
    of_radius: float
    largest_correlation: float
    by_chance: float

    def __str__(self) -> str:
        return (
            f"smallest p of {len(self.of_columns)} columns {self.of_columns.min():.3g}, "
            f"p of the radius {self.of_radius:.3g}, largest correlation "
            f"{self.largest_correlation:.3f} (of a normal {self.by_chance:.3f})"
        )


def latent_normality(model: Any, X: Any, *, random_state: int = 0) -> LatentNormality:
    """Test the latents of held-out rows against a standard normal.

    Args:
        model: an estimator with `transform`, or a flow with a `bijector`.
        X: (n, D) array or table of rows that it has not seen, n at least 20.
        random_state: of the rows of a standard normal to compare with.

    Raises:
        ShapeError: where X has not the shape of rows.
        DataError: for too few rows, and values that are not finite.
        TypeError: where the model has no latents.

    Examples:
        >>> flow = fluvial.flows.maf(jax.random.key(0), n_features=2, n_layers=2)
        >>> rows = np.asarray(flow.sample(jax.random.key(1), (300,)))
        >>> latent_normality(flow, rows).of_radius > 0.01
        True
    """
    from scipy.stats import chi2, kstest

    rows = checked(X, "X")
    if hasattr(model, "transform"):
        z = np.asarray(model.transform(with_names_of(model, X)))
    elif hasattr(model, "bijector"):
        z = np.asarray(model.bijector.inverse(rows))
    else:
        raise TypeError(f"{type(model).__name__} has neither transform nor a bijector: no latents")
    of_columns = np.array([kstest(column, "norm").pvalue for column in z.T])
    radius = kstest((z**2).sum(axis=1), chi2(z.shape[1]).cdf).pvalue
    normal = np.random.default_rng(random_state).normal(size=z.shape)
    largest, by_chance = _largest_correlation(z), _largest_correlation(normal)
    return LatentNormality(of_columns, float(radius), largest, by_chance)


def _largest_correlation(z: np.ndarray) -> float:
    """Return the largest magnitude of a correlation of two columns that vary; 0 without two."""
    varying = z[:, z.std(axis=0) > 0]
    if varying.shape[1] < 2:
        return 0.0
    return float(np.abs(np.corrcoef(varying.T) - np.eye(varying.shape[1])).max())


def simulation_based_calibration(parameters: Any, draws: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the ranks of true parameters among draws of their posterior, and how uniform they are.

    Args:
        parameters: (n, D), each drawn from the prior, with data drawn given it.
        draws: (n, L, D), posterior draws given the data of each.

    Returns:
        ranks: (n, D), 0...L; uniform where the posterior is right.
        p_values: (D,), of a chi-square test of each column's ranks.

    Raises:
        DataError: for fewer than 20 parameters, or shapes that do not fit.

    References:
        Talts et al. 2018, arXiv 1804.06788, algorithm 1.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> ranks, p = simulation_based_calibration(rng.normal(size=(200, 1)),
        ...                                         rng.normal(size=(200, 9, 1)))
        >>> ranks.shape, bool(p[0] > 0.01)
        ((200, 1), True)
    """
    from scipy.stats import chisquare

    truth, drawn = checked(parameters, "parameters"), np.asarray(draws, np.float64)
    if drawn.ndim != 3 or drawn.shape[::2] != truth.shape or not drawn.shape[1]:
        raise DataError(
            f"draws must have shape (n, L, D) for parameters {truth.shape}, not {drawn.shape}"
        )
    ranks = (drawn < truth[:, None]).sum(axis=1)
    # At least five are to be expected in a bin.
    n_bins = max(min(drawn.shape[1] + 1, len(truth) // 5), 2)
    bins = ranks * n_bins // (drawn.shape[1] + 1)
    sizes = np.bincount(np.arange(drawn.shape[1] + 1) * n_bins // (drawn.shape[1] + 1))
    expected = sizes / sizes.sum() * len(truth)
    counts = [np.bincount(column, minlength=n_bins) for column in bins.T]
    return ranks, np.array([chisquare(count, expected).pvalue for count in counts])
