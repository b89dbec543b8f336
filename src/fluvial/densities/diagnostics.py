"""What a fitted density is worth beside classical ones, and what to warn of."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from fluvial.densities.folds import FoldRows
from fluvial.densities.hyperparameters import AUTO, DEFAULTS, Hyperparameters
from fluvial.densities.table_density import TableDensity
from fluvial.densities.time_budget import FIRST_FLOW
from fluvial.flows.recipes import RECIPES
from fluvial.tables.warning import warn_user
from fluvial.weights import mean, standard_error

RIDGE = 1e-6
"""Share of the mean variance that a Gaussian gets in addition."""

MAX_DISCRETE_VALUES, MIN_ROWS_TO_TELL = 10, 50
"""Different values up to which a column counts as discrete, and rows from which one can tell."""

MIN_EPOCHS_TO_TELL = 10
"""Epochs after which a flow that never beat its start is told of, unless time was up."""

LITTLE_WEIGHT = 0.02
"""Weight of all flows in a mixture below which they have gained nothing."""

WIDE_GAP, WIDE_GAP_A_COLUMN = 1.0, 0.1
"""Nats, and nats a column, by which training rows may score above held-out ones."""


def compare(
    own: np.ndarray, baselines: Mapping[str, np.ndarray], weights: np.ndarray | None = None
) -> dict[str, dict[str, float]]:
    """Compare a density on held-out rows with classical ones.

    Args:
        own: log density (m,) of rows that the density was not fitted to.
        baselines: the same under each baseline; of more rows than m the first count.
        weights: of as many rows; None where all are equal.

    Returns:
        By the name of each baseline: "gain", by how many nats a row the density is better, and its
        "standard_error". Empty with fewer than two held-out rows.
    """
    if len(own) < 2:
        return {}
    gains = {name: own - log_prob[: len(own)] for name, log_prob in sorted(baselines.items())}
    weights = None if weights is None else weights[: len(own)]
    return {
        name: {"gain": float(mean(gain, weights)), "standard_error": standard_error(gain, weights)}
        for name, gain in gains.items()
    }


def gaussian(folds: Sequence[FoldRows]) -> np.ndarray:
    """Return the log density of each fold's held-out rows under a Gaussian of its other rows.

    Given a condition it is the conditional density of the Gaussian of rows and conditions together.

    Args:
        folds: the rows of each.
    """
    found = [_of_fold(fold, fold.held_out) for fold in folds if fold.held_out is not None]
    return np.concatenate(found) if found else np.zeros(0)


def _of_fold(fold: FoldRows, held_out: np.ndarray) -> np.ndarray:
    rows, queries = fold.training, held_out if fold.plain is None else fold.plain
    if fold.condition is None or fold.held_out_condition is None:
        return gaussian_log_prob(rows, queries, fold.weights)
    joint = np.hstack([rows, fold.condition]), np.hstack([queries, fold.held_out_condition])
    of_condition = gaussian_log_prob(fold.condition, fold.held_out_condition, fold.weights)
    return gaussian_log_prob(*joint, fold.weights) - of_condition


def gaussian_log_prob(
    rows: np.ndarray, queries: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return the log density of `queries` under the Gaussian with the weighted moments of `rows`.

    A millionth of the mean variance is added, so that collinear columns and few rows will do.
    """
    rows, queries = rows.astype(np.float64), queries.astype(np.float64)
    n_features = rows.shape[1]
    covariance = np.atleast_2d(np.cov(rows, rowvar=False, bias=True, aweights=weights))
    ridge = RIDGE * max(float(np.trace(covariance)) / n_features, np.finfo(float).tiny)
    factor = cholesky(covariance + ridge * np.eye(n_features), lower=True)
    white = solve_triangular(factor, (queries - mean(rows, weights)).T, lower=True)
    constant = np.log(np.diag(factor)).sum() + n_features * math.log(2 * math.pi) / 2
    return -(white**2).sum(axis=0) / 2 - constant


def warn_of_effort(hyperparameters: Hyperparameters) -> None:
    """Warn where `effort` was chosen and does nothing."""
    given = hyperparameters
    if given.flow != AUTO and given.effort != DEFAULTS.effort:
        what = "one flow" if given.is_one_flow else "no flow at all"
        warn_user(
            f"effort={given.effort!r} does nothing with flow={given.flow!r}, which is {what}: it "
            f"is for flow={AUTO!r} alone; max_epochs and max_seconds bound the work of one flow"
        )


def warn_of_fit(density: TableDensity, matrix: np.ndarray, max_seconds: float | None) -> None:
    """Warn where a flow was not trained, can learn, gained or generalises little.

    Discrete columns are warned of, too.

    Args:
        density: what was fitted.
        matrix: `(n, D)`, the rows given to fit.
        max_seconds: the limit of time that it was fitted with.
    """
    history, is_mixture = density.history, density.specification["type"] == "mixture"
    if not history.train_loss:
        if history.stop_reason == "max_seconds":
            is_classical = is_mixture and density.condition is None
            warn_user(_no_time(max_seconds, is_mixture=is_classical))
        return
    _warn_of_gaussian_flow(density)
    has_time = history.stop_reason != "max_seconds"
    n_judged = len(history.validation_loss)
    if n_judged >= (MIN_EPOCHS_TO_TELL if has_time else 1) and not history.best_epoch:
        warn_user(
            "no epoch of the flow scored held-out rows better than its untrained start, which is "
            "returned; another learning_rate, more time, more rows or fewer columns would help"
        )
    if is_mixture:
        _warn_of_useless_flow(density)
        _warn_of_overfitting(density)
        if len(matrix) >= MIN_ROWS_TO_TELL:
            _warn_of_discrete_columns(density, matrix)


def _no_time(max_seconds: float | None, *, is_mixture: bool) -> str:
    """Tell that no flow was trained, and what the density is then."""
    if is_mixture:
        result = "this is the density of Gaussian mixtures and kernels"
    else:
        result = "the flow is untrained, and what it says of rows means little"
    need = "compiling a flow took all of it"
    if is_mixture and max_seconds is not None and max_seconds < FIRST_FLOW:
        need = f"flows need {FIRST_FLOW:.0f} seconds and more"
    return f"no flow was trained in max_seconds={max_seconds}: {result}; {need}: give it more time"


def _warn_of_gaussian_flow(density: TableDensity) -> None:
    """Tell of a flow that is one Gaussian whatever the rows are."""
    recipe = density.specification.get("recipe")
    if recipe is not None and RECIPES[recipe].is_affine and density.scaler.n_kept == 1:
        warn_user(
            f"flow={recipe!r} can only be a Gaussian where a single column varies; choose "
            "flow='neural_spline_flow' or 'auto' for other shapes"
        )


def _warn_of_useless_flow(density: TableDensity) -> None:
    recipes = {each.get("recipe") for each in density.specification.get("parts", [])} - {None}
    weight = sum(member["weight"] for member in density.members if member["name"] in recipes)
    judged = any(member["nats"] is not None for member in density.members)
    if judged and weight < LITTLE_WEIGHT:
        warn_user(
            f"the flow gained nothing: it has {weight:.1%} of the weight, the classical densities "
            "beside it the rest; see summary()"
        )


def _warn_of_overfitting(density: TableDensity) -> None:
    history = density.history
    if history.validation_loss and history.best_epoch:
        best = history.best_epoch - 1
        gap = history.validation_loss[best] - history.train_loss[best]
        if gap > WIDE_GAP + WIDE_GAP_A_COLUMN * density.scaler.n_kept:
            warn_user(
                f"rows that the flow was trained on score {gap:.1f} nats above held-out rows; "
                "more rows, fewer columns or smaller hidden_sizes would help"
            )


def _warn_of_discrete_columns(density: TableDensity, matrix: np.ndarray) -> None:
    kept = density.scaler.left_out.kept
    few = [j for j in kept if len(np.unique(matrix[:, j])) <= MAX_DISCRETE_VALUES]
    if few:
        names = ", ".join(density.schema.label(j) for j in few[:5])
        more = f" and {len(few) - 5} more" if len(few) > 5 else ""
        warn_user(
            f"at most {MAX_DISCRETE_VALUES} different values, so rather discrete than continuous: "
            f"{names}{more}; their density is that of values smeared over one step"
        )
