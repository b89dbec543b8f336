"""What does not change during a run, put on the device."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
import optax
from jaxtyping import Array

from fluvial.training.layout import Blocks, Layout
from fluvial.training.muon import scale_by_muon
from fluvial.training.objective import Objective
from fluvial.training.options import Options
from fluvial.training.rows import (
    VALIDATION_BLOCK,
    Dataset,
    PaddedRows,
    checked_dataset,
    on_device,
    padded_size,
    split,
)
from fluvial.training.state import Scalar, Settings
from fluvial.training.trainable import separated

FEW_VALUES = 50_000
"""Values of the rows of a training up to which its compilation takes longer than a slower step."""


class Run(NamedTuple):
    """What does not change during a run.

    Attributes:
        objective: what is minimised.
        layout: of the trained leaves in the blocks of parameters.
        frozen: the model without its trained leaves.
        decay: which of the parameters are decayed, booleans.
        moves: which of the parameters are trained at all, booleans.
        train: the training rows; None where the objective takes none.
        validation: the held-out rows, or None.
        settings: the traced settings.
        steps_per_epoch: with training rows, as many as one pass over them takes.
        batch_size: rows a step; 0 without training rows.
        optimizer: the user's; None for AdamW or Muon, whose settings are traced.
        is_matrix: for each block, whether Muon is to make its steps orthogonal.
        is_cosine: whether the learning rate falls as a cosine.
        keeps_best: whether the parameters of the lowest loss are returned, or the last ones.
    """

    objective: Objective
    layout: Layout
    frozen: Any
    decay: Blocks
    moves: Blocks
    train: PaddedRows | None
    validation: PaddedRows | None
    settings: Settings
    steps_per_epoch: Scalar
    batch_size: int
    optimizer: optax.GradientTransformation | None
    is_matrix: tuple[bool, ...]
    is_cosine: bool
    keeps_best: bool

    @property
    def dtype(self) -> Any:
        """The precision of the parameters."""
        return self.settings.learning_rate.dtype

    @property
    def is_short(self) -> bool:
        """Whether its steps are so few that compiling quickly matters more than their time."""
        return self.train is not None and self.train.x.size <= FEW_VALUES


class Parts(NamedTuple):
    """A model taken apart.

    Attributes:
        params: the trained leaves in blocks of NumPy.
        layout: of the trained leaves in them.
        frozen: the rest.
        decay: which of the parameters are decayed, booleans.
        moves: which of them are trained at all, booleans.
        is_matrix: for each block, whether it is for Muon.
    """

    params: Blocks
    layout: Layout
    frozen: Any
    decay: Blocks
    moves: Blocks
    is_matrix: tuple[bool, ...]

    @property
    def dtype(self) -> Any:
        """The precision of the parameters."""
        return self.layout.dtype

    def model(self, params: Blocks) -> Any:
        """Return the model with other parameters, put on the device."""
        leaves = self.layout.tree(jax.tree.map(np.asarray, params))
        return eqx.combine(jax.tree.map(jax.device_put, leaves), self.frozen)


class Split(NamedTuple):
    """The rows to train on and the held-out ones; None for none."""

    train: Dataset | None
    held_out: Dataset | None


def taken_apart(model: Any, options: Options) -> Parts:
    """Separate what is trained from what is not.

    Args:
        model: a flow, or any tree.
        options: tell what stays as it is, and whether the networks' weights are for Muon.

    Raises:
        ValueError: where nothing is trained.
    """
    params, frozen, weights, moving = separated(model, options.frozen)
    layout = Layout.of(params, weights if options.is_muon else None)
    decay, moves = layout.marks(weights, moving)
    is_matrix = tuple(options.is_muon and bool(block.any()) for block in decay)
    decay = tuple(d & m for d, m in zip(decay, moves, strict=True))
    return Parts(layout.host_blocks(params), layout, frozen, decay, moves, is_matrix)


def optimizer(run: Run) -> optax.GradientTransformation:
    """Return the user's, or Adam or Muon with clipped gradient norm, but for rate and decay.

    References:
        Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2.
    """
    if run.optimizer is not None:
        return run.optimizer
    scaled = scale_by_muon(run.is_matrix) if any(run.is_matrix) else optax.scale_by_adam()
    return optax.chain(optax.clip_by_global_norm(run.settings.clip_norm), scaled)


def splits(keys: list[Array], model: Any, dataset: Dataset, options: Options) -> list[Split]:
    """Return for each key the rows to train on and the held-out ones.

    Those are `options.validation_data`, or else a share of the rows that the key draws.

    Raises:
        ShapeError: where the held-out rows that are given do not fit the model.
        DataError: where they have values that are not finite.
    """
    data = options.validation_data
    if data is None:
        return [Split(*split(key, dataset, options.validation_fraction)) for key in keys]
    x, *others = data if isinstance(data, tuple) else (data,)
    condition, sample_weight = (*others, None, None)[:2]
    held_out = checked_dataset(model, x, condition, sample_weight, dataset.x.dtype)
    return [Split(dataset, held_out)] * len(keys)


def make_run(
    objective: Objective,
    model: Parts,
    rows: Split,
    options: Options,
    *,
    steps_per_epoch: int | None = None,
) -> Run:
    """Put everything that does not change in training on the device.

    Args:
        objective: what is minimised.
        model: the model taken apart.
        rows: to train on, and held-out ones.
        options: the settings.
        steps_per_epoch: where there are no rows to train on.
    """
    dtype = model.dtype
    train, validation, batch_size = None, None, 0
    if rows.train is not None:
        n = len(rows.train.x)
        train = on_device(rows.train, dtype)
        batch_size = min(options.batch_size, padded_size(n))
        steps_per_epoch = -(-n // batch_size)
    if rows.held_out is not None:
        validation = on_device(rows.held_out, dtype, multiple=VALIDATION_BLOCK)
    return Run(
        objective=objective,
        layout=model.layout,
        frozen=model.frozen,
        decay=jax.device_put(model.decay),
        moves=jax.device_put(model.moves),
        train=train,
        validation=validation,
        settings=options.traced(dtype, held_out=validation is not None),
        steps_per_epoch=np.asarray(steps_per_epoch, np.int32),
        batch_size=batch_size,
        optimizer=options.of_user,
        is_matrix=model.is_matrix,
        is_cosine=options.schedule == "cosine",
        keeps_best=options.keep == "best" or (options.keep is None and validation is not None),
    )


def title(model: Parts, rows: Split, run: Run) -> str:
    """Return what is said when training starts."""
    line = f"fitting {sum(model.layout.sizes):,} parameters"
    epochs = f"at most {run.settings.max_epochs} epochs"
    if rows.train is None:
        return f"{line}, {epochs} of {run.steps_per_epoch:,} steps"
    n_held_out = 0 if rows.held_out is None else len(rows.held_out.x)
    return f"{line} to {len(rows.train.x):,} rows, {n_held_out:,} held out, {epochs}"
