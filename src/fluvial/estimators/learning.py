"""From scaled rows to a fitted distribution and its specification."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fluvial import training
from fluvial.estimators import settings
from fluvial.estimators.specification import Specification, build, flow_specification
from fluvial.tables import TableScaler
from fluvial.training import History


def learn(
    model: Any, matrix: np.ndarray, held_out: np.ndarray, scaler: TableScaler, *, seed: int
) -> tuple[Specification, Any, History]:
    """Fit the distribution that the hyper-parameters of an estimator ask for.

    Args:
        model: a `FlowDensity`, for its hyper-parameters.
        matrix: `(n, D)`, the rows of the table.
        held_out: the places of the rows that training does not see.
        scaler: from rows to scaled rows.
        seed: of the starting parameters and of the order of training.

    Returns:
        What the distribution is, the distribution, and the record of its training.

    Raises:
        TrainingError: where training diverges.
    """
    specification = flow_specification(
        model.flow, n_features=scaler.n_kept, **settings.chosen_arguments(model)
    )
    dtype = jnp.result_type(float)
    seen = np.delete(matrix, held_out, axis=0)
    validation = None
    if len(held_out):
        validation, _ = scaler.transform(matrix[held_out], dtype=dtype)
    of_flow, of_training = jax.random.split(jax.random.key(seed))
    distribution, history = training.fit(
        of_training,
        build(specification, of_flow),
        scaler.transform(seen, dtype=dtype)[0],
        batch_size=int(model.batch_size),
        max_epochs=int(model.max_epochs),
        max_seconds=model.max_seconds,
        learning_rate=float(model.learning_rate),
        validation_fraction=0.0,
        patience=model.patience,
        show_progress=bool(model.verbose),
        validation_data=validation,
    )
    return specification, distribution, history
