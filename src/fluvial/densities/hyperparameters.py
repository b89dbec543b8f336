"""The hyperparameters of a table's density: their defaults and their ranges, in one place."""

import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fluvial.densities.effort import EFFORTS
from fluvial.densities.ranges import real, whole
from fluvial.flows.recipes import RECIPES
from fluvial.tables.scaling import ROBUST, SCALINGS
from fluvial.training.options import Options

AUTO = "auto"
CLASSICAL = "classical"
"""A kernel density and Gaussian mixtures, without a flow."""


@dataclass(frozen=True)
class Hyperparameters:
    """What a density is fitted with, checked when it is made.

    Numbers of NumPy are accepted and become Python's own.

    Attributes:
        flow: "auto", "classical", or the name of a recipe of `fluvial.flows`.
        n_layers: layers of the flow, at least 1; None is the recipe's own number.
        hidden_sizes: units of each hidden layer, at least 1 each; None is the recipe's own.
        n_bins: bins of each spline, at least 1; None is the recipe's own number.
        batch_size: rows a training step, at least 1.
        max_epochs: passes over the training rows at most, at least 1.
        max_seconds: limit of the wall time of training, above 0; None is no limit.
        learning_rate: the highest learning rate, above 0.
        validation_fraction: share of the rows that is held out, in [0, 1).
        patience: epochs without a better held-out density after which training ends, at least 1;
            None is 20 with held-out rows and no early stop without.
        verbose: 0 is silent; from 1 on, progress is shown on stderr.
        effort: "fast", "balanced" or "thorough", for "auto" alone.
        weight_decay: decoupled weight decay of the networks' weight matrices, not negative; None
            is 1e-4 for one flow, and for "auto" what each of its flows has.
        min_delta: nats a row, not negative, by which a held-out density must be better to count for
            patience.
        scaling: "robust", "standard" or None: how columns are scaled, see
            `fluvial.tables.scaling`.

    Raises:
        ValueError: naming the hyperparameter, its range and what it is.

    Examples:
        >>> Hyperparameters(flow="maf", n_layers=3).learning_rate
        0.001
    """

    flow: str = AUTO
    n_layers: int | None = None
    hidden_sizes: tuple[int, ...] | None = None
    n_bins: int | None = None
    batch_size: int = Options.batch_size
    max_epochs: int = Options.max_epochs
    max_seconds: float | None = None
    learning_rate: float = Options.learning_rate
    validation_fraction: float = Options.validation_fraction
    patience: int | None = None
    verbose: int = 0
    effort: str = "balanced"
    weight_decay: float | None = None
    min_delta: float = Options.min_delta
    scaling: str | None = ROBUST

    def __post_init__(self) -> None:
        flows = sorted([AUTO, CLASSICAL, *RECIPES])
        if self.flow not in flows:
            raise ValueError(f"flow must be one of {flows}, but is {self.flow!r}")
        if self.effort not in EFFORTS:
            raise ValueError(f"effort must be one of {list(EFFORTS)}, but is {self.effort!r}")
        if self.scaling not in SCALINGS:
            raise ValueError(f"scaling must be one of {list(SCALINGS)}, but is {self.scaling!r}")
        for name in ("n_layers", "n_bins", "patience"):
            if getattr(self, name) is not None:
                self._set(name, whole(name, getattr(self, name), or_none=True))
        for name in ("batch_size", "max_epochs"):
            self._set(name, whole(name, getattr(self, name)))
        if self.hidden_sizes is not None:
            self._set("hidden_sizes", _sizes(self.hidden_sizes))
        if self.n_bins is not None and not self.has_bins:
            raise ValueError(
                f"n_bins must be None, since flow={self.flow!r} has no bins, but is {self.n_bins}"
            )
        infinity = float("inf")
        self._set("learning_rate", real("learning_rate", self.learning_rate, 0, infinity, "()"))
        fraction = real("validation_fraction", self.validation_fraction, 0, 1, "[)")
        self._set("validation_fraction", fraction)
        self._set("min_delta", real("min_delta", self.min_delta, 0, infinity, "[)"))
        if self.weight_decay is not None:
            self._set("weight_decay", real("weight_decay", self.weight_decay, 0, infinity, "[)"))
        if self.max_seconds is not None:
            self._set("max_seconds", real("max_seconds", self.max_seconds, 0, infinity, "(]"))
        if not isinstance(self.verbose, numbers.Integral) or self.verbose < 0:
            raise ValueError(f"verbose must be 0 or a positive number, but is {self.verbose!r}")

    @property
    def has_bins(self) -> bool:
        """Whether the flow is one of splines."""
        return self.flow == AUTO or (self.is_one_flow and RECIPES[self.flow].has_bins)

    @property
    def is_one_flow(self) -> bool:
        """Whether the density is one flow, and no mixture."""
        return self.flow not in (AUTO, CLASSICAL)

    def flow_arguments(
        self, recipe: str, n_features: int, preferred: Mapping[str, Any] = MappingProxyType({})
    ) -> dict[str, Any]:
        """Return the arguments of a recipe for a table.

        Args:
            recipe: its name in `fluvial.flows.recipes`.
            n_features: columns of the table.
            preferred: arguments in place of the recipe's own. They give way to the number of bins
                that the user chose, but not to the number of layers or units.
        """
        arguments = RECIPES[recipe].table_arguments(n_features)
        if self.n_layers is not None:
            arguments["n_layers"] = self.n_layers
        if self.hidden_sizes is not None:
            arguments["hidden_sizes"] = self.hidden_sizes
        arguments |= preferred
        if "n_bins" in arguments and self.n_bins is not None:
            arguments["n_bins"] = self.n_bins
        return arguments

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


def _sizes(value: Sequence[int]) -> tuple[int, ...]:
    try:
        sizes = tuple(value)
    except TypeError:
        sizes = ()
    if not sizes or isinstance(value, str):
        raise ValueError(
            f"hidden_sizes must be one or more sizes, such as (128, 128), but is {value!r}"
        )
    return tuple(whole("every entry of hidden_sizes", size) for size in sizes)


DEFAULTS = Hyperparameters()
