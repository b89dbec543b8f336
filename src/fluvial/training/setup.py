"""From the arguments of `fit` to what the compiled program takes."""

import math
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.training.program import Run
from fluvial.training.rows import (
    VALIDATION_BLOCK,
    Table,
    checked_table,
    on_device,
    padded_size,
    split,
)
from fluvial.training.state import NEVER, Settings
from fluvial.training.trainable import decayed, trainable

PATIENCE = 20
CLIP_NORM = 5.0


class Options(NamedTuple):
    """The settings of `fit`, which documents them."""

    batch_size: int = 256
    max_epochs: int = 200
    max_seconds: float | None = None
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    validation_fraction: float = 0.1
    patience: int | None = None
    min_delta: float = 0.0
    show_progress: bool = True
    validation_data: ArrayLike | tuple[ArrayLike, ArrayLike | None] | None = None

    def check(self) -> None:
        """Refuse what is out of its range.

        Raises:
            ValueError: naming the setting.
        """
        counts = {"batch_size": self.batch_size, "max_epochs": self.max_epochs}
        if self.patience is not None:
            counts["patience"] = self.patience
        for name, value in counts.items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, but is {value}")
        rate, decay = self.learning_rate, self.weight_decay
        if not 0 < rate < math.inf:
            raise ValueError(f"learning_rate must be positive and finite, but is {rate}")
        if not 0 <= decay < math.inf:
            raise ValueError(f"weight_decay must be finite and not negative, but is {decay}")

    def traced(self, dtype: Any, *, held_out: bool) -> Settings:
        """Return the settings that the program takes as arrays."""
        patience = self.patience
        if patience is None:
            patience = PATIENCE if held_out else NEVER
        # In NumPy: JAX compiles a program for each new scalar that it is handed.
        numbers = (self.learning_rate, self.weight_decay, CLIP_NORM, self.min_delta)
        counts = (self.max_epochs, patience)
        return Settings(
            *(np.asarray(value, dtype) for value in numbers),
            *(np.asarray(value, np.int32) for value in counts),
        )

    def held_out(self, flow: Any, dtype: Any) -> Table | None:
        """Return `validation_data` as checked rows, or None."""
        data = self.validation_data
        if data is None:
            return None
        rows, condition = data if isinstance(data, tuple) else (data, None)
        return checked_table(flow, rows, condition, None, dtype)

    def parts(self, key: Array, table: Table, given: Table | None) -> tuple[Table, Table | None]:
        """Return the rows to train on and the held-out ones: those given, or a share by `key`."""
        if given is not None:
            return table, given
        return split(key, table, self.validation_fraction)


class Parts(NamedTuple):
    """A flow taken apart.

    Attributes:
        params: the trained leaves.
        frozen: the rest.
        decay: which of the trained leaves are decayed, a tree of booleans.
    """

    params: Any
    frozen: Any
    decay: Any

    @property
    def dtype(self) -> Any:
        """The precision of the parameters."""
        return jax.tree.leaves(self.params)[0].dtype

    @property
    def size(self) -> int:
        """The number of trained numbers."""
        return sum(leaf.size for leaf in jax.tree.leaves(self.params))


def taken_apart(flow: Any) -> Parts:
    """Separate what is trained from what is not.

    Raises:
        ValueError: where nothing can be trained.
    """
    filter_spec = trainable(flow)
    params, frozen = eqx.partition(flow, filter_spec)
    if not jax.tree.leaves(params):
        raise ValueError(f"{type(flow).__name__} has no trainable parameters")
    return Parts(params, frozen, eqx.filter(decayed(flow), filter_spec))


def make_run(parts: Parts, train: Table, held_out: Table | None, options: Options) -> Run:
    """Put everything that does not change in training on the device."""
    dtype = parts.dtype
    validation = None
    if held_out is not None:
        validation = on_device(held_out, dtype, multiple=VALIDATION_BLOCK)
    return Run(
        frozen=parts.frozen,
        decay=parts.decay,
        train=on_device(train, dtype),
        validation=validation,
        settings=options.traced(dtype, held_out=held_out is not None),
        batch_size=min(options.batch_size, padded_size(len(train.x))),
    )


def first_line(parts: Parts, train: Table, held_out: Table | None, options: Options) -> str:
    """Return what is said when training starts."""
    return (
        f"fitting {parts.size:,} parameters to {len(train.x):,} rows, "
        f"{0 if held_out is None else len(held_out.x):,} held out, "
        f"at most {options.max_epochs} epochs"
    )
