"""From the rows of a table to a fitted distribution and its specification."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fluvial import training
from fluvial.baselines.stacked_mixtures import Pair
from fluvial.estimators import blocks, settings
from fluvial.estimators.combination import Learned, learn_combination
from fluvial.estimators.comparison import compare, gaussian
from fluvial.estimators.specification import build, flow_specification
from fluvial.estimators.split import Fold, training_rows
from fluvial.tables import TableScaler
from fluvial.tables.dequantization import dequantised, rounding_steps


def learn(
    model: Any, matrix: np.ndarray, folds: Sequence[Fold], scaler: TableScaler, *, seed: int
) -> Learned:
    """Fit the distribution that the hyper-parameters of an estimator ask for.

    Rounded columns get noise of their own step in the rows that are trained on, and there alone.

    Args:
        model: a `FlowDensity`, for its hyper-parameters.
        matrix: `(n, D)`, the rows of the table.
        folds: which of them to fit to, and which ones judge.
        scaler: from rows to scaled rows.
        seed: of the noise, the starting parameters and the order of training.

    Raises:
        TrainingError: where training diverges.
    """
    dtype = jnp.result_type(float)
    training = training_rows(folds)
    seen = matrix[training]
    steps = rounding_steps(seen)
    seen = dequantised(seen, steps, np.random.RandomState(seed))
    rows, _ = scaler.transform(seen, dtype=dtype)
    pairs: list[Pair] = []
    for fold in folds:
        of_fold = rows if len(folds) == 1 else rows[np.searchsorted(training, fold.training)]
        held_out, _ = scaler.transform(matrix[fold.held_out], dtype=dtype)
        pairs.append((of_fold, held_out if len(held_out) else None))
    if model.flow == settings.AUTO:
        learned = learn_combination(model, rows, pairs, seed=seed)
    else:
        learned = _learn_flow(model, *pairs[0], seed=seed)
    gains = compare(learned.held_out, learned.baselines | {"gaussian": gaussian(pairs)})
    return replace(learned, rounding_steps=steps, gains=gains)


def _learn_flow(
    model: Any, rows: np.ndarray, validation: np.ndarray | None, *, seed: int
) -> Learned:
    specification = flow_specification(
        model.flow, **settings.chosen_arguments(model, model.flow, rows.shape[1])
    )
    of_flow, of_training = jax.random.split(jax.random.key(seed))
    distribution, history = training.fit(
        of_training,
        build(specification, of_flow),
        rows,
        batch_size=int(model.batch_size),
        max_epochs=int(model.max_epochs),
        max_seconds=model.max_seconds,
        learning_rate=float(model.learning_rate),
        validation_fraction=0.0,
        patience=model.patience,
        show_progress=bool(model.verbose),
        validation_data=validation,
    )
    if validation is None:
        return Learned(specification, distribution, history)
    held_out = blocks.log_prob(distribution, validation)
    return Learned(specification, distribution, history, held_out=held_out)
