"""The members of the default mixture: how each is fitted to a fold, and what the folds make."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import numpy as np
from jaxtyping import Array

from fluvial.densities import evaluation
from fluvial.densities.checkpoint import Checkpoint
from fluvial.densities.classical import StackedMixtures, fit_kernel_density
from fluvial.densities.classical.merging import Rows
from fluvial.densities.effort import MemberFlow
from fluvial.densities.fitted import ENDED_EARLY, Fitted
from fluvial.densities.folds import FoldRows
from fluvial.densities.hyperparameters import Hyperparameters
from fluvial.densities.specification import (
    Specification,
    build,
    describe_distribution,
    flow_specification,
)
from fluvial.densities.time_budget import TimeBudget
from fluvial.distributions import KernelDensity
from fluvial.training import History, fit
from fluvial.training.snapshots import Snapshots

MIN_BATCH, BATCHES_AN_EPOCH = 32, 32
"""Rows of a batch at least, and batches of an epoch where rows are few."""

ROWS_OF_SMALL_TABLES, COLUMNS_OF_SMALL_TABLES, SMALL_NETWORK = 3_000, 5, (64, 64)
"""Training rows and columns up to which a table is small: its flows have networks of half the
units, and the best two go on to further folds; as good, in a fifth of the time."""

COLUMNS_OF_FINE_SPLINES, COARSE_BINS = 20, 8
"""Columns beyond which the splines have fewer bins: as good, in about half of the time."""

PATIENCE, LEAST_PATIENCE, MOST_PATIENCE = 0.25, 10, 20
"""Share of its steps that a flow of the mixture waits for a lower loss, where no patience is asked
for, and the fewest and the most epochs that these may be."""

RATE_FACTOR = 3
"""Times the learning rate of a single flow: the mixture's flows take fewer steps."""


@dataclass(frozen=True)
class Component:
    """A distribution of the final mixture, and its share of its member's weight."""

    distribution: Any
    specification: Specification
    share: float


class Member(Protocol):
    """One of the densities that are weighted."""

    @property
    def name(self) -> str: ...

    def components(self, fits: Sequence[Fitted], rows: Rows) -> list[Component]:
        """Return what the fits to all folds become, given the rows of all folds."""
        ...


class FittedByFold(Member, Protocol):
    """A member that is fitted to each fold by itself."""

    @property
    def program(self) -> str:
        """Members of one program need one compilation."""
        ...

    @property
    def is_flow(self) -> bool:
        """Whether it is trained, which takes a compilation and then seconds."""
        ...

    def fit(self, fold: FoldRows, seed: int) -> Fitted:
        """Fit it to a fold, with hyperparameters or epoch chosen on the held-out rows."""
        ...


@dataclass(frozen=True)
class GaussianMixtureMember:
    """Gaussian mixtures of several sizes, which know all folds.

    Args:
        mixtures: what was fitted to the folds.
        folds: their rows.
    """

    mixtures: StackedMixtures
    folds: Sequence[FoldRows]
    name: str = "gaussian_mixture"

    def fits(self) -> list[Fitted]:
        """Return what was fitted to each fold."""
        fits = zip(self.mixtures.of_folds, self.folds, strict=True)
        return [_judged(mixture, describe_distribution(mixture), fold) for mixture, fold in fits]

    def components(self, fits: Sequence[Fitted], rows: Rows) -> list[Component]:
        """Return the mixture of all folds."""
        mixture = self.mixtures.of_all
        return [Component(mixture, describe_distribution(mixture), 1.0)]


class KernelDensityMember:
    """A kernel density with a held-out bandwidth; of several folds, on the rows of all of them."""

    name = program = "kernel_density"
    is_flow = False

    def fit(self, fold: FoldRows, seed: int) -> Fitted:
        """Fit it to a fold."""
        kernels = fit_kernel_density(
            fold.training,
            fold.held_out,
            sample_weight=fold.weights,
            held_out_weight=fold.held_out_weights,
            random_state=seed,
        )
        return _judged(kernels, describe_distribution(kernels), fold)

    def components(self, fits: Sequence[Fitted], rows: Rows) -> list[Component]:
        """Put kernels on all rows, as wide as the folds' are in the geometric mean."""
        kernels = fits[0].distribution
        if len(fits) > 1:
            widths = np.stack([np.asarray(fitted.distribution.bandwidth) for fitted in fits])
            different = Rows.merged(*rows)
            weights = None if different.weights is None else different.weights.astype(widths.dtype)
            kernels = KernelDensity(different.x, np.exp(np.log(widths).mean(axis=0)), weights)
        return [Component(kernels, describe_distribution(kernels), 1.0)]


def _judged(
    distribution: Any, specification: Specification, fold: FoldRows, history: History | None = None
) -> Fitted:
    """Return what was fitted to a fold, with the log density of the rows that it held out."""
    return Fitted(distribution, specification, *held_out_log_probs(distribution, fold), history)


def held_out_log_probs(
    distribution: Any, fold: FoldRows
) -> tuple[np.ndarray, np.ndarray] | tuple[None, None]:
    """Return the log density (m,) of a fold's held-out rows, with noise and without."""
    if fold.held_out is None:
        return None, None
    given = fold.held_out_condition
    held_out = evaluation.log_prob(distribution, fold.held_out, given)
    if fold.plain is None:
        return held_out, held_out
    return held_out, evaluation.log_prob(distribution, fold.plain, given)


@dataclass(frozen=True)
class FlowMember:
    """A flow; of several folds, their flows with equal shares.

    Args:
        flow: its recipe and how it is trained.
        hyperparameters: of the density.
        n_steps: training steps at most.
        budget: shares the time out.
        checkpoint: keeps its fits, and their training from time to time; or None.
    """

    flow: MemberFlow
    hyperparameters: Hyperparameters
    n_steps: int
    budget: TimeBudget
    checkpoint: Checkpoint | None = None
    is_flow: bool = True

    @property
    def name(self) -> str:
        """The recipe."""
        return self.flow.recipe

    @property
    def program(self) -> str:
        """The recipe, its arguments and what trains it."""
        return f"{self.flow.recipe}({self.flow.arguments}) {self.flow.optimizer}"

    def fit(self, fold: FoldRows, seed: int) -> Fitted:
        """Train it on a fold, or go on from a checkpoint; after Ctrl-C nothing is compiled."""
        return self._kept(seed, lambda snapshots: self._fit(fold, seed, snapshots))

    def _kept(self, seed: int, train: Callable[[Snapshots | None], Fitted]) -> Fitted:
        """Return what training gives; with a checkpoint, keep it there or take it from there."""
        if self.checkpoint is None:
            return train(None)
        # No two trainings of one density have the same seed.
        part = self.checkpoint.part(f"{self.name}.{seed}")
        fitted = part.finished()
        if fitted is None:
            fitted = train(part)
            if fitted.history is not None and fitted.history.stop_reason not in ENDED_EARLY:
                part.finish(fitted)
        return fitted

    def _fit(self, fold: FoldRows, seed: int, snapshots: Snapshots | None) -> Fitted:
        if self.budget.is_interrupted():
            return self.untrained(fold, seed)
        specification = self._specification(fold)
        of_flow, of_training = jax.random.split(jax.random.key(seed))
        flow = build(specification, of_flow)
        return self._trained(flow, specification, fold, of_training, self.n_steps, snapshots)

    def _trained(
        self,
        flow: Any,
        specification: Specification,
        fold: FoldRows,
        key: Array,
        n_steps: int,
        snapshots: Snapshots | None,
    ) -> Fitted:
        rows, given = fold.training, self.hyperparameters
        batch_size = _batch_size(len(rows), given.batch_size)
        decay = self.flow.weight_decay if given.weight_decay is None else given.weight_decay
        steps_an_epoch = -(-len(rows) // batch_size)
        epochs = max(int(self.flow.share_of_steps * n_steps) // steps_an_epoch, 1)
        patience = min(max(int(PATIENCE * epochs), LEAST_PATIENCE), MOST_PATIENCE)
        flow, history = fit(
            key,
            flow,
            rows,
            fold.condition,
            sample_weight=fold.weights,
            batch_size=batch_size,
            max_epochs=min(given.max_epochs, epochs),
            max_seconds=self.budget.share(),
            learning_rate=RATE_FACTOR * given.learning_rate,
            weight_decay=decay,
            optimizer=self.flow.optimizer,
            min_delta=given.min_delta,
            frozen=self.flow.frozen,
            validation_fraction=0.0,
            patience=patience if given.patience is None else given.patience,
            show_progress=False,
            validation_data=fold.judges,
            snapshots=snapshots,
        )
        return _judged(flow, specification, fold, history)

    def untrained(self, fold: FoldRows, seed: int) -> Fitted:
        """Build it and leave it at its start."""
        specification = self._specification(fold)
        flow = build(specification, jax.random.key(seed))
        nothing = History((), (), (), "max_seconds", 0, 0.0)
        return Fitted(flow, specification, None, None, nothing)

    def components(self, fits: Sequence[Fitted], rows: Rows) -> list[Component]:
        """Return the folds' flows."""
        return [Component(each.distribution, each.specification, 1 / len(fits)) for each in fits]

    def _specification(self, fold: FoldRows) -> Specification:
        recipe, arguments = self.flow.recipe, {**self.flow.arguments, **fold.condition_arguments}
        d = fold.training.shape[1]
        if self.hyperparameters.hidden_sizes is None and is_small(fold):
            arguments["hidden_sizes"] = SMALL_NETWORK
        if d > COLUMNS_OF_FINE_SPLINES and "n_bins" in arguments:
            arguments["n_bins"] = COARSE_BINS
        chosen = self.hyperparameters.flow_arguments(recipe, d, arguments)
        return flow_specification(recipe, **chosen)


def is_small(fold: FoldRows) -> bool:
    """Tell whether a fold has few rows of few columns, for which less work is as good."""
    n, d = fold.training.shape
    return n <= ROWS_OF_SMALL_TABLES and d <= COLUMNS_OF_SMALL_TABLES


def _batch_size(n_rows: int, largest: int) -> int:
    """Return a power of two that gives about 32 batches an epoch, between 32 and `largest`."""
    wanted = 1 << max(n_rows // BATCHES_AN_EPOCH, 1).bit_length() - 1
    return min(max(wanted, MIN_BATCH), largest)
