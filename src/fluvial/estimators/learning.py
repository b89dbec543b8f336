"""From the rows of a table to a fitted distribution and its specification."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fluvial import training
from fluvial.estimators import settings
from fluvial.estimators.combination import Learned, learn_combination
from fluvial.estimators.comparison import compare
from fluvial.estimators.specification import build, flow_specification
from fluvial.tables import TableScaler
from fluvial.tables.dequantization import dequantised, rounding_steps


def learn(
    model: Any, matrix: np.ndarray, held_out: np.ndarray, scaler: TableScaler, *, seed: int
) -> Learned:
    """Fit the distribution that the hyper-parameters of an estimator ask for.

    Rounded columns get noise of their own step in the rows that are trained on, and there alone.

    Args:
        model: a `FlowDensity`, for its hyper-parameters.
        matrix: `(n, D)`, the rows of the table.
        held_out: the places of the rows that training does not see.
        scaler: from rows to scaled rows.
        seed: of the noise, the starting parameters and the order of training.

    Raises:
        TrainingError: where training diverges.
    """
    dtype = jnp.result_type(float)
    seen = np.delete(matrix, held_out, axis=0)
    steps = rounding_steps(seen)
    seen = dequantised(seen, steps, np.random.RandomState(seed))
    rows, _ = scaler.transform(seen, dtype=dtype)
    validation = None
    if len(held_out):
        validation, _ = scaler.transform(matrix[held_out], dtype=dtype)
    learn_rows = learn_combination if model.flow == settings.AUTO else _learn_flow
    learned = learn_rows(model, rows, validation, seed=seed)
    gains = compare(learned.distribution, rows, validation)
    return replace(learned, rounding_steps=steps, gains=gains)


def _learn_flow(
    model: Any, rows: np.ndarray, validation: np.ndarray | None, *, seed: int
) -> Learned:
    specification = flow_specification(
        model.flow, n_features=rows.shape[1], **settings.chosen_arguments(model, model.flow)
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
    return Learned(specification, distribution, history)
