"""The members of the default mixture: how each is fitted to a fold, and what the folds make."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import numpy as np

from fluvial.baselines import StackedMixtures, fit_kernel_density
from fluvial.distributions import KernelDensity
from fluvial.estimators import settings
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
        history: the training of a flow.
    """

    distribution: Any
    specification: Specification
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
    """A member that is fitted to one fold after the other."""

    def fit(self, rows: np.ndarray, other: np.ndarray | None, rng: np.random.RandomState) -> Fitted:
        """Fit it to rows (n, D), with hyper-parameters or epoch chosen on other rows (m, D)."""
        ...


@dataclass(frozen=True)
class GaussianMixtureMember:
    """Gaussian mixtures of several sizes, which know all folds.

    Args:
        mixtures: what was fitted to the folds.
    """

    mixtures: StackedMixtures
    name: str = "gaussian_mixture"

    def fits(self, n_folds: int) -> list[Fitted]:
        """Return what was fitted to each of the first folds."""
        found = self.mixtures.of_folds[:n_folds]
        return [Fitted(mixture, describe_distribution(mixture)) for mixture in found]

    def parts(self, fits: Sequence[Fitted], rows: np.ndarray) -> list[Part]:
        """Return the mixture of all folds."""
        mixture = self.mixtures.of_all
        return [Part(mixture, describe_distribution(mixture), 1.0)]


class KernelDensityMember:
    """A kernel density with a held-out bandwidth; of several folds, on the rows of all of them."""

    name = "kernel_density"

    def fit(self, rows: np.ndarray, other: np.ndarray | None, rng: np.random.RandomState) -> Fitted:
        """Fit it to a fold."""
        kernels = fit_kernel_density(rows, other, random_state=rng)
        return Fitted(kernels, describe_distribution(kernels))

    def parts(self, fits: Sequence[Fitted], rows: np.ndarray) -> list[Part]:
        """Put kernels on all rows, as wide as the folds' are in the geometric mean."""
        kernels = fits[0].distribution
        if len(fits) > 1:
            widths = np.stack([np.asarray(fitted.distribution.bandwidth) for fitted in fits])
            kernels = KernelDensity(rows, np.exp(np.log(widths).mean(axis=0)))
        return [Part(kernels, describe_distribution(kernels), 1.0)]


class Clock:
    """Shares a limit of time out among fits.

    Args:
        seconds: all the time there is; None without a limit.
        n_fits: how many fits there will be.
    """

    def __init__(self, seconds: float | None, n_fits: int):
        self._until = None if seconds is None else time.monotonic() + seconds
        self._left = n_fits

    def share(self) -> float | None:
        """Return the seconds of the next fit, None without a limit, 0 where time is up."""
        if self._until is None:
            return None
        share = max(self._until - time.monotonic(), 0) / self._left
        self._left = max(self._left - 1, 1)
        return share


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

    def fit(self, rows: np.ndarray, other: np.ndarray | None, rng: np.random.RandomState) -> Fitted:
        """Train it on a fold."""
        model, recipe = self.model, self.member.recipe
        arguments = settings.chosen_arguments(model, recipe, self.member.arguments)
        specification = flow_specification(recipe, n_features=rows.shape[1], **arguments)
        seed = jax.random.key(rng.randint(np.iinfo(np.int32).max))
        of_flow, of_training = jax.random.split(seed)
        batch_size = _batch_size(len(rows), int(model.batch_size))
        epochs = max(self.n_steps // -(-len(rows) // batch_size), 1)
        seconds = self.clock.share()
        flow, history = fit(
            of_training,
            build(specification, of_flow),
            rows,
            batch_size=batch_size,
            max_epochs=min(int(model.max_epochs), epochs),
            max_seconds=None if seconds is None else max(seconds, 1e-3),
            learning_rate=RATE_FACTOR * float(model.learning_rate),
            weight_decay=self.member.weight_decay,
            validation_fraction=0.0,
            patience=model.patience,
            show_progress=bool(model.verbose),
            validation_data=other,
        )
        return Fitted(flow, specification, history)

    def parts(self, fits: Sequence[Fitted], rows: np.ndarray) -> list[Part]:
        """Return the folds' flows."""
        return [Part(each.distribution, each.specification, 1 / len(fits)) for each in fits]


def _batch_size(n_rows: int, largest: int) -> int:
    """Return a power of two that gives about 32 batches an epoch, between 32 and `largest`."""
    wanted = 1 << max(n_rows // BATCHES_AN_EPOCH, 1).bit_length() - 1
    return min(max(wanted, SMALLEST_BATCH), largest)
