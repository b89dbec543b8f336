"""Training of one model by any objective."""

import time
from typing import Any

from jaxtyping import Array, ArrayLike

from fluvial.parameters import checked_key
from fluvial.training.conditions import with_scaled_condition
from fluvial.training.history import History
from fluvial.training.host_loop import Group, interruption, train
from fluvial.training.objective import Objective
from fluvial.training.options import Options
from fluvial.training.progress import progress
from fluvial.training.rows import checked_dataset
from fluvial.training.run import Split, make_run, splits, taken_apart, title


def minimise(
    key: Array,
    model: Any,
    objective: Objective,
    X: ArrayLike | None = None,
    condition: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    *,
    steps_per_epoch: int = 100,
    **settings: Any,
) -> tuple[Any, History]:
    """Train a model by an objective, with rows or without.

    `fit` is this with the negative log-likelihood. Without rows the objective is given none, an
    epoch is `steps_per_epoch` steps, nothing is held out, and the last parameters are returned:
    variational inference, for instance, draws its rows from the flow.

    Args:
        key: a random key; the same key gives bit-equal results on one machine.
        model: any tree with trainable leaves (see `trainable`). With rows it declares their
            `event_shape` and `condition_shape`, as every distribution does.
        objective: what is minimised, see `Objective`. Called as `objective(model, batch, key)`, it
            returns a loss for each row of the batch, or losses of any shape where there are no
            rows, when the batch is None.
        X: rows (n, *event_shape), finite; None for an objective without rows.
        condition: (n, *condition_shape) where the model declares one.
        sample_weight: (n,), not negative; the weight of each row's loss.
        steps_per_epoch: steps of an epoch where there are no rows, at least 1. With rows an epoch
            is one pass over them.
        **settings: the other arguments of `fit`.

    Returns:
        The trained model, and its `History`.

    Raises:
        ShapeError: where shapes do not fit the model or each other, or the objective does not
            return a loss for each row.
        DataError: where there are no rows or values that are not finite.
        TrainingError: where the loss is not finite for the third time.
        TrainingInterrupted: after Ctrl-C, as by `fit`.
        ModelFileError: where the snapshot to go on from is not of this training.
        ValueError: where a setting is out of its range, or is of rows and there are none.

    Examples:
        >>> def reverse_kl(flow, batch, key):
        ...     x, log_prob = flow.sample_and_log_prob(key, (64,))
        ...     return log_prob + jnp.sum((x - 3) ** 2, axis=-1) / 2
        >>> flow = fluvial.flows.nice(jax.random.key(0), n_features=2, n_layers=2)
        >>> flow, history = minimise(jax.random.key(1), flow, reverse_kl, max_epochs=2)
        >>> len(history.train_loss)
        2
    """
    began = time.monotonic()
    options = Options(**settings)
    parts = taken_apart(model, options)
    if X is None:
        given = (condition, sample_weight, options.validation_data)
        if any(value is not None for value in given):
            raise ValueError(
                "condition, sample_weight and validation_data belong to rows; give X as well"
            )
        if steps_per_epoch < 1:
            raise ValueError(f"steps_per_epoch must be at least 1, but is {steps_per_epoch}")
        rows = Split(None, None)
    else:
        dataset = checked_dataset(model, X, condition, sample_weight, parts.dtype)
        if condition is not None:
            scaled = with_scaled_condition(model, condition, sample_weight)
            parts = taken_apart(scaled, options)
        (rows,) = splits([key], model, dataset, options)
    run = make_run(objective, parts, rows, options, steps_per_epoch=steps_per_epoch)
    bar = progress(
        show=options.show_progress, total=options.max_epochs, start=title(parts, rows, run)
    )
    start = [(parts.params, checked_key(key))]
    (best,), (history,), is_interrupted = train(
        [Group(run)],
        [start],
        began=began,
        max_seconds=options.max_seconds,
        bar=bar,
        snapshots=options.snapshots,
    )
    fitted = parts.model(best)
    if is_interrupted:
        raise interruption(fitted, history)
    return fitted, history
