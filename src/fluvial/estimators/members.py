"""The members of the default mixture: how each is fitted to a fold, and what the folds make."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import numpy as np

from fluvial.baselines import StackedMixtures, fit_kernel_density
from fluvial.baselines.stacked_mixtures import Pair
from fluvial.distributions import GaussianMixture, KernelDensity
from fluvial.estimators import blocks, settings
from fluvial.estimators.clock import Clock
from fluvial.estimators.specification import (
    Specification,
    build,
    describe_distribution,
    flow_specification,
)
from fluvial.training import History, fit

SMALLEST_BATCH, BATCHES_AN_EPOCH = 32, 32

RATE_FACTOR = 3
"""The mixture's flows learn so many times as fast as a single flow: they take fewer steps."""


@dataclass(frozen=True)
class Fitted:
    """A member that was fitted to a fold.

    Attributes:
        distribution: in scaled units.
        specification: what it is, as a model file holds it.
        held_out: log density (m,) of the rows that chose, None without them.
        history: the training of a flow.
    """

    distribution: Any
    specification: Specification
    held_out: np.ndarray | None
    history: History | None = None


@dataclass(frozen=True)
class Part:
    """A distribution of the final mixture, and its share of its member's weight."""

    distribution: Any
    specification: Specification
    share: float


class Member(Protocol):
    """One of the densities that are weighted."""

    @property
    def name(self) -> str: ...

    def parts(self, fits: Sequence[Fitted], rows: np.ndarray) -> list[Part]:
        """Return what the fits to all folds make, given the rows (n, D) of all folds."""
        ...


class FittedByFold(Member, Protocol):
    """A member that is fitted to each fold by itself."""

    @property
    def program(self) -> str:
        """Members of one program need one compilation."""
        ...

    def fit(self, rows: np.ndarray, other: np.ndarray | None, seed: int) -> Fitted:
        """Fit it to rows (n, D), with hyper-parameters or epoch chosen on other rows (m, D)."""
        ...


@dataclass(frozen=True)
class GaussianMixtureMember:
    """Gaussian mixtures of several sizes, which know all folds.

    Args:
        mixtures: what was fitted to the folds.
        folds: their rows.
    """

    mixtures: StackedMixtures
    folds: Sequence[Pair]
    name: str = "gaussian_mixture"

    def fits(self) -> list[Fitted]:
        """Return what was fitted to each fold."""
        pairs = zip(self.mixtures.of_folds, self.folds, strict=True)
        return [_classical(mixture, other) for mixture, (_, other) in pairs]

    def parts(self, fits: Sequence[Fitted], rows: np.ndarray) -> list[Part]:
        """Return the mixture of all folds."""
        mixture = self.mixtures.of_all
        return [Part(mixture, describe_distribution(mixture), 1.0)]


class KernelDensityMember:
    """A kernel density with a held-out bandwidth; of several folds, on the rows of all of them."""

    name = program = "kernel_density"

    def fit(self, rows: np.ndarray, other: np.ndarray | None, seed: int) -> Fitted:
        """Fit it to a fold."""
        return _classical(fit_kernel_density(rows, other, random_state=seed), other)

    def parts(self, fits: Sequence[Fitted], rows: np.ndarray) -> list[Part]:
        """Put kernels on all rows, as wide as the folds' are in the geometric mean."""
        kernels = fits[0].distribution
        if len(fits) > 1:
            widths = np.stack([np.asarray(fitted.distribution.bandwidth) for fitted in fits])
            kernels = KernelDensity(rows, np.exp(np.log(widths).mean(axis=0)))
        return [Part(kernels, describe_distribution(kernels), 1.0)]


def _classical(distribution: GaussianMixture | KernelDensity, other: np.ndarray | None) -> Fitted:
    held_out = None if other is None else blocks.log_prob(distribution, other)
    return Fitted(distribution, describe_distribution(distribution), held_out)


@dataclass(frozen=True)
class FlowMember:
    """A flow; of several folds, their flows with equal shares.

    Args:
        member: its recipe and how it is trained.
        model: a `FlowDensity`, for its hyper-parameters.
        n_steps: training steps at most.
        clock: shares the time out.
    """

    member: settings.FlowSettings
    model: Any
    n_steps: int
    clock: Clock

    @property
    def name(self) -> str:
        """The recipe."""
        return self.member.recipe

    @property
    def program(self) -> str:
        """The recipe and its arguments."""
        return f"{self.member.recipe}({self.member.arguments})"

    def fit(self, rows: np.ndarray, other: np.ndarray | None, seed: int) -> Fitted:
        """Train it on a fold."""
        model, specification = self.model, self._specification(rows)
        of_flow, of_training = jax.random.split(jax.random.key(seed))
        batch_size = _batch_size(len(rows), int(model.batch_size))
        epochs = max(self.n_steps // -(-len(rows) // batch_size), 1)
        flow, history = fit(
            of_training,
            build(specification, of_flow),
            rows,
            batch_size=batch_size,
            max_epochs=min(int(model.max_epochs), epochs),
            max_seconds=self.clock.share(),
            learning_rate=RATE_FACTOR * float(model.learning_rate),
            weight_decay=self.member.weight_decay,
            validation_fraction=0.0,
            patience=model.patience,
            show_progress=False,
            validation_data=other,
        )
        held_out = None if other is None else blocks.log_prob(flow, other)
        return Fitted(flow, specification, held_out, history)

    def untrained(self, rows: np.ndarray, seed: int) -> Fitted:
        """Build it and leave it at its start."""
        specification = self._specification(rows)
        flow = build(specification, jax.random.key(seed))
        nothing = History((), (), (), "max_seconds", 0, 0.0)
        return Fitted(flow, specification, None, nothing)

    def parts(self, fits: Sequence[Fitted], rows: np.ndarray) -> list[Part]:
        """Return the folds' flows."""
        return [Part(each.distribution, each.specification, 1 / len(fits)) for each in fits]

    def _specification(self, rows: np.ndarray) -> Specification:
        recipe, arguments = self.member.recipe, self.member.arguments
        chosen = settings.chosen_arguments(self.model, recipe, rows.shape[1], arguments)
        return flow_specification(recipe, **chosen)


def _batch_size(n_rows: int, largest: int) -> int:
    """Return a power of two that gives about 32 batches an epoch, between 32 and `largest`."""
    wanted = 1 << max(n_rows // BATCHES_AN_EPOCH, 1).bit_length() - 1
    return min(max(wanted, SMALLEST_BATCH), largest)
