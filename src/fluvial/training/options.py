"""The settings of training."""

import math
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import optax
from jaxtyping import ArrayLike

from fluvial.training.snapshots import Snapshots
from fluvial.training.state import NEVER, Settings
from fluvial.training.trainable import Held

HeldOut = (
    ArrayLike
    | tuple[ArrayLike, ArrayLike | None]
    | tuple[ArrayLike, ArrayLike | None, ArrayLike | None]
)
"""Rows, or (rows, condition), or (rows, condition, sample_weight)."""

Schedule = Literal["cosine", "constant"]
Keep = Literal["best", "last"]
Optimizer = Literal["muon"]
"""An optimizer by its name."""

PATIENCE = 20
"""Epochs that training with held-out rows waits for a lower loss, where none are asked for."""

CLIP_NORM = 5.0
"""The largest norm of a gradient, in nats for each unit of a parameter; longer ones are cut."""


@dataclass(frozen=True, eq=False)
class Options:
    """The settings of `fit`, which documents them; their defaults are the defaults of `fit`.

    Raises:
        ValueError: where a setting is out of its range; it names the setting.
    """

    batch_size: int = 256
    max_epochs: int = 200
    max_seconds: float | None = None
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    validation_fraction: float = 0.1
    patience: int | None = None
    min_delta: float = 0.0
    show_progress: bool = True
    validation_data: HeldOut | None = None
    snapshots: Snapshots | None = None
    optimizer: optax.GradientTransformation | Optimizer | None = None
    schedule: Schedule = "cosine"
    keep: Keep | None = None
    frozen: Held | None = None

    def __post_init__(self):
        counts = {"batch_size": self.batch_size, "max_epochs": self.max_epochs}
        if self.patience is not None:
            counts["patience"] = self.patience
        for name, value in counts.items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, but is {value}")
        seconds, rate, decay = self.max_seconds, self.learning_rate, self.weight_decay
        if seconds is not None and not seconds > 0:
            raise ValueError(f"max_seconds must be positive or None, but is {seconds}")
        if not 0 < rate < math.inf:
            raise ValueError(f"learning_rate must be positive and finite, but is {rate}")
        if not 0 <= decay < math.inf:
            raise ValueError(f"weight_decay must be finite and not negative, but is {decay}")
        if not 0 <= self.validation_fraction < 1:
            raise ValueError(
                f"validation_fraction must lie in [0, 1), but is {self.validation_fraction}"
            )
        for name, value, known in (
            ("schedule", self.schedule, ("cosine", "constant")),
            ("keep", self.keep, ("best", "last", None)),
        ):
            if value not in known:
                raise ValueError(f"{name} must be one of {list(known)}, but is {value!r}")
        if not (self.optimizer in (None, "muon") or hasattr(self.optimizer, "update")):
            raise ValueError(
                'optimizer must be a transformation of optax, "muon" or None, but is '
                f"{self.optimizer!r}"
            )
        types = self.frozen if isinstance(self.frozen, tuple) else (self.frozen,)
        if not (self.frozen is None or all(isinstance(each, type) for each in types)):
            raise ValueError(f"frozen must be a type, several or None, but is {self.frozen!r}")
        if not math.isfinite(self.min_delta):
            raise ValueError(f"min_delta must be finite, but is {self.min_delta}")

    @property
    def of_user(self) -> optax.GradientTransformation | None:
        """The optimizer that the user gives."""
        return None if self.optimizer in (None, "muon") else cast(Any, self.optimizer)

    @property
    def is_muon(self) -> bool:
        """Whether the networks' weight matrices take the steps of Muon."""
        return self.optimizer == "muon"

    def traced(self, dtype: Any, *, held_out: bool) -> Settings:
        """Return the settings that the compiled program takes as arrays."""
        patience = self.patience
        if patience is None:
            patience = PATIENCE if held_out else NEVER
        # An optimizer of the user's has a rate of its own, which the schedule multiplies.
        rate = self.learning_rate if self.of_user is None else 1.0
        # In NumPy: JAX compiles a program for each new scalar that it is handed.
        numbers = (rate, self.weight_decay, CLIP_NORM, self.min_delta)
        counts = (self.max_epochs, patience)
        return Settings(
            *(np.asarray(value, dtype) for value in numbers),
            *(np.asarray(value, np.int32) for value in counts),
        )
