"""Maximum likelihood."""

from typing import Any

import numpy as np
import optax
from jaxtyping import Array, ArrayLike

from fluvial.training.history import History
from fluvial.training.minimisation import minimise
from fluvial.training.objective import negative_log_likelihood
from fluvial.training.options import HeldOut, Keep, Optimizer, Options, Schedule
from fluvial.training.snapshots import Snapshots
from fluvial.training.trainable import Held


def fit(
    key: Array,
    flow: Any,
    X: ArrayLike,
    condition: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    batch_size: int = Options.batch_size,
    max_epochs: int = Options.max_epochs,
    max_seconds: float | None = Options.max_seconds,
    learning_rate: float = Options.learning_rate,
    weight_decay: float = Options.weight_decay,
    validation_fraction: float = Options.validation_fraction,
    patience: int | None = Options.patience,
    min_delta: float = Options.min_delta,
    show_progress: bool = Options.show_progress,
    validation_data: HeldOut | None = Options.validation_data,
    snapshots: Snapshots | None = Options.snapshots,
    optimizer: optax.GradientTransformation | Optimizer | None = Options.optimizer,
    schedule: Schedule = Options.schedule,
    keep: Keep | None = Options.keep,
    frozen: Held | None = Options.frozen,
) -> tuple[Any, History]:
    """Fit a flow to rows by maximum likelihood.

    AdamW with clipped gradient norm and a learning rate that falls as a cosine to zero over
    `max_epochs` (or over `max_seconds`, where that comes first). The parameters of the epoch with
    the lowest validation loss are returned, the start being epoch 0; without held-out rows the last
    ones. Training runs as one compiled
    program, in segments of at most about a second; a second call with the same architecture and
    similar row counts compiles nothing. A non-finite loss goes back to the start of the epoch with
    a smaller step.

    Args:
        key: a random key; the same key gives bit-equal results on one machine.
        flow: a flow, or any distribution with trainable leaves (see `trainable`).
        X: rows (n, *event_shape), finite.
        condition: (n, *condition_shape) where the flow declares one.
        sample_weight: (n,), not negative; the weight of each row in both losses. 2 is the row
            twice, 0 leaves it out; only ratios count.
        batch_size: rows a step; the last batch of an epoch is filled up with weight zero.
        max_epochs: passes over the training rows, at least 1.
        max_seconds: wall-time limit, positive, compilation included, checked between segments.
            Where it binds, results depend on the speed of the machine. A limit below the time of
            compilation returns the start, and `History.best_epoch` is 0. Infinity is no limit, as
            None is.
        learning_rate: the highest learning rate of AdamW or Muon.
        weight_decay: decoupled weight decay of the networks' weight matrices.
        validation_fraction: share of the rows held out, in [0, 1); at least one row where it is
            positive and there are two.
        patience: epochs without a lower validation loss after which the best parameters are
            restored and annealed to a zero rate over a tenth of the epochs run. None: 20 with
            held-out rows, no early stop without. Without held-out rows it watches the training
            loss.
        min_delta: how much lower the loss must be to count for patience, in nats.
        show_progress: a bar on stderr on a terminal, a line at the start and the end elsewhere.
        validation_data: held-out rows, or (rows, condition), or (rows, condition, sample_weight),
            in place of a share of `X`.
        snapshots: where the state of training is kept from time to time, and gone on from, see
            `fluvial.training.snapshots.Snapshots`; None keeps none.
        optimizer: None is AdamW with clipped gradients. "muon" makes the steps of the networks'
            weight matrices orthogonal (Jordan et al. 2024) and leaves the rest to AdamW: steps take
            half as long again, but from some thousand rows on half of them or fewer give the same
            density. Any transformation of optax, with its own learning rate, takes the place of
            both; `learning_rate` and `weight_decay` are then of no meaning, and each new one is
            compiled anew.
        schedule: "cosine" or "constant", which factor the learning rate, or the updates of
            `optimizer`, are multiplied by. With "constant" nothing is annealed where patience ends.
        keep: "best" returns the parameters of the epoch with the lowest validation loss, without
            held-out rows that with the lowest training loss; "last" those of the last epoch. None
            is "best" with held-out rows, and "last" without.
        frozen: a type, or several, of parts of the flow that stay as they are, such as
            `fluvial.bijectors.LULinear`; None: all are trained.

    Returns:
        The fitted flow, and its `History`.

    Raises:
        ShapeError: where shapes do not fit the flow or each other.
        DataError: where there are no rows, values that are not finite, or weights that are no
            numbers, negative or all zero.
        TrainingError: where the loss is not finite for the third time.
        TrainingInterrupted: after Ctrl-C, once the segment ends; a `KeyboardInterrupt` that holds
            the best `flow` so far and its `history`. A second Ctrl-C raises at once, and keeps
            nothing.
        ValueError: where a setting is out of its range.
        ModelFileError: where the snapshot to go on from is not of this training.

    Examples:
        >>> flow = fluvial.flows.maf(jax.random.key(0), n_features=2, n_layers=2)
        >>> X = numpy.random.default_rng(0).normal(size=(500, 2))
        >>> flow, history = fit(jax.random.key(1), flow, X, max_epochs=5)
        >>> len(history.train_loss)
        5
    """
    return minimise(
        key,
        flow,
        negative_log_likelihood,
        # An array of None is refused below, where None itself would mean training without rows.
        np.asarray(X),
        condition,
        sample_weight,
        batch_size=batch_size,
        max_epochs=max_epochs,
        max_seconds=max_seconds,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        validation_fraction=validation_fraction,
        patience=patience,
        min_delta=min_delta,
        show_progress=show_progress,
        validation_data=validation_data,
        snapshots=snapshots,
        optimizer=optimizer,
        schedule=schedule,
        keep=keep,
        frozen=frozen,
    )
