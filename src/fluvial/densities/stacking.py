"""Mixtures of flows and classical densities, or of either alone, weighted on held-out rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np

from fluvial.densities.checkpoint import Checkpoint
from fluvial.densities.classical import StackedMixtures
from fluvial.densities.classical.fitter import unconverged
from fluvial.densities.classical.merging import Rows
from fluvial.densities.cross_fitting import cross_fit, n_flow_fits, progress_of_fits
from fluvial.densities.effort import EFFORTS, NO_FLOWS, Effort
from fluvial.densities.fitted import Fitted
from fluvial.densities.folds import FoldRows, held_out_weights
from fluvial.densities.hyperparameters import CLASSICAL, Hyperparameters
from fluvial.densities.interruption import stop_if_untrained
from fluvial.densities.members import (
    FittedByFold,
    FlowMember,
    GaussianMixtureMember,
    KernelDensityMember,
    Member,
)
from fluvial.densities.specification import Specification, mixture_specification
from fluvial.densities.time_budget import TimeBudget
from fluvial.distributions import Mixture
from fluvial.errors import TrainingError
from fluvial.parallel import n_side_by_side, threads
from fluvial.training import History, stack
from fluvial.training.interrupt import Interrupt
from fluvial.weights import mean

REFIT_ROWS = 20_000
"""Rows, drawn at random, that serve at most what the folds' fits become on all rows."""

ROWS_OF_USUAL_STEPS, MAX_FACTOR, FACTOR_TIMES_COLUMNS = 10_000, 3, 40
"""Rows beyond which steps grow in proportion: by this factor at most, by 40 / D for D columns."""

MIN_WEIGHT = 1e-3
"""Weight that the best flow that was trained, for latents, and the Gaussian mixtures, for far-off
rows, keep at least."""

MOST_SIZES = 8
"""Sizes and ridges of Gaussian mixtures that are tried where there is no flow beside them."""

NO_TRAINING = History((), (), (), "nothing to train", 0, 0.0)
"""Of a mixture without a flow."""


@dataclass(frozen=True)
class FittedDistribution:
    """A distribution of scaled rows, and how it came about.

    Attributes:
        distribution: in scaled units.
        specification: what it is, as a model file holds it.
        history: the training of the flow; of the one with the largest weight, where there are
            several.
        members: for each component of a mixture its "name", its "weight" and its "nats", the mean
            log density of the rows that weighted it, in scaled units; None without such rows.
        held_out: log density (m,) of the rows that each fold held out, without noise, one fold
            after the other, under what was fitted to the others, in scaled units.
        rivals: the same under classical densities alone, by name.
    """

    distribution: Any
    specification: Specification
    history: History
    members: tuple[dict[str, Any], ...] = ()
    held_out: np.ndarray = field(default_factory=lambda: np.zeros(0))
    rivals: dict[str, np.ndarray] = field(default_factory=dict)


def fit_mixture(
    hyperparameters: Hyperparameters,
    rows: np.ndarray,
    folds: Sequence[FoldRows],
    *,
    weights: np.ndarray | None = None,
    seed: int,
    checkpoint: Checkpoint | None = None,
) -> FittedDistribution:
    """Fit Gaussian mixtures, a kernel density and flows, and weight them on held-out rows.

    Of several folds each is fitted to in turn, and the fits become one member again. Where rows
    have a condition, there are flows alone: the others know none.

    Args:
        hyperparameters: of the density.
        rows: (n, D) scaled rows of all folds.
        folds: the rows of each fold.
        weights: (n,) those of the rows; None where all are equal.
        seed: of the starts and the order of training.
        checkpoint: keeps the flows' fits and goes on from them, or None; the classical densities
            are fitted anew.

    Raises:
        ModelFileError: where the checkpoint holds what is no such fit.
        TrainingError: where training diverges.
        TrainingInterrupted: after Ctrl-C where no flow has learned anything; where one has, it
            returns what there is.
    """
    rng = np.random.RandomState(seed)
    is_classical = hyperparameters.flow == CLASSICAL
    is_conditional = folds[0].condition is not None
    effort = NO_FLOWS if is_classical else EFFORTS[hyperparameters.effort]
    n_steps = _steps(effort, len(folds), rows)
    of_mixtures = np.random.RandomState(rng.randint(np.iinfo(np.int32).max))
    # The mixtures' many small steps take a thread of their own.
    with Interrupt() as interrupt, unconverged(), threads(1) as beside:
        flows_of_table = effort.flows_of(len(folds[0].training))
        budget = TimeBudget(
            hyperparameters.max_seconds, len(flows_of_table), n_side_by_side(), interrupt
        )
        is_up = _Limited(MOST_SIZES, budget.is_up) if is_classical else budget.is_up
        mixtures = None
        if not is_conditional:
            mixtures = beside.submit(
                _fit_gaussian_mixtures, folds, rows, weights, of_mixtures, is_up
            )
        flows = [
            FlowMember(flow, hyperparameters, n_steps, budget, checkpoint)
            for flow in flows_of_table
        ]
        trained = flows[: max(budget.n_flows, int(is_conditional))]
        members: list[FittedByFold] = [*trained]
        if not is_conditional:
            members.append(KernelDensityMember())
        n_fits = n_flow_fits(len(trained), len(folds))
        show = bool(hyperparameters.verbose) and n_fits > 0
        with progress_of_fits(n_fits, show=show) as bar:
            fits = cross_fit(members, folds, rng, budget, bar)
            found = None if mixtures is None else mixtures.result()
        stop_if_untrained(interrupt, (each.history for each in fits[0].values()))
    kept = [k for k in range(len(members)) if all(k in fold for fold in fits)]
    fitted: list[tuple[Member, list[Fitted]]] = []
    if found is not None:
        fitted.append((found[0], found[1][: len(fits)]))
    fitted += [(members[k], [fold[k] for fold in fits]) for k in kept]
    if is_classical:
        pass  # neither a flow nor what stands for one
    elif not trained:
        of_all = FoldRows(rows, None)
        fitted.append((flows[0], [flows[0].untrained(of_all, rng.randint(np.iinfo(np.int32).max))]))
    elif not any(fits[0][k].history for k in kept):
        raise TrainingError(
            "no flow of the mixture could be trained: the loss was not finite; lower "
            "learning_rate, or look for extreme values in the data"
        )
    if len(rows) > REFIT_ROWS:
        some = np.sort(rng.permutation(len(rows))[:REFIT_ROWS])
        rows, weights = rows[some], None if weights is None else weights[some]
    judges = held_out_weights(folds[: len(fits)])
    return _combined(fitted, Rows(rows, weights), judges)


def _fit_gaussian_mixtures(
    folds: Sequence[FoldRows],
    rows: np.ndarray,
    weights: np.ndarray | None,
    rng: np.random.RandomState,
    is_up: Callable[[], bool],
) -> tuple[GaussianMixtureMember, list[Fitted]]:
    mixtures = StackedMixtures(folds, rows, rng, is_up, weights)
    mixture = GaussianMixtureMember(mixtures, folds)
    return mixture, mixture.fits()


class _Limited:
    """Is true from the n-th question on, so that work is bounded whatever the machine.

    Args:
        n: how often it is false.
        is_up: ends it sooner.
    """

    def __init__(self, n: int, is_up: Callable[[], bool]):
        self._left, self._is_up = n, is_up

    def __call__(self) -> bool:
        self._left -= 1
        return self._left < 0 or self._is_up()


def _steps(effort: Effort, n_folds: int, rows: np.ndarray) -> int:
    """Return how many training steps a flow takes at most."""
    if n_folds > 1:
        return max(effort.n_steps // n_folds, effort.min_steps_a_fold)
    n, n_features = rows.shape
    factor = min(n / ROWS_OF_USUAL_STEPS, MAX_FACTOR, FACTOR_TIMES_COLUMNS / n_features)
    return int(effort.n_steps * max(factor, 1))


def _stacked(
    fitted: Sequence[Sequence[Fitted]], name: Literal["held_out", "plain"]
) -> np.ndarray | None:
    """Return the (n, K) log densities of rows that the K members' fits have not seen."""
    found = [[getattr(fit, name) for fit in fits] for fits in fitted]
    of_members = [[each for each in of_member if each is not None] for of_member in found]
    if not any(of_members):
        return None
    n = sum(map(len, of_members[0]))
    # A flow that was not trained has none, and must not count.
    nothing = [np.full(n, -np.inf)]
    return np.stack([np.concatenate(each or nothing) for each in of_members], axis=1)


def _combined(
    members: Sequence[tuple[Member, Sequence[Fitted]]], rows: Rows, judges: np.ndarray | None
) -> FittedDistribution:
    """Make one mixture of members and their fits to all folds.

    Args:
        members: each with its fits.
        rows: of all folds.
        judges: weights (m,) of the rows that the folds held out; None where all are equal.
    """
    of_members = [fits for _, fits in members]
    log_probs, plain = _stacked(of_members, "held_out"), _stacked(of_members, "plain")
    histories = {
        k: fits[0].history for k, (_, fits) in enumerate(members) if fits[0].history is not None
    }
    weights, nats = _weights(log_probs, judges, histories, len(members))
    flows = sorted(histories, key=lambda k: (bool(histories[k].train_loss), weights[k]))
    best_flow = flows[-1:]
    mixtures = [k for k, (each, _) in enumerate(members) if isinstance(each, GaussianMixtureMember)]
    kept = [*mixtures, *(k for k in best_flow if histories[k].train_loss)]
    weights[kept] = np.maximum(weights[kept], MIN_WEIGHT)
    weights /= weights.sum()
    held_out = {}
    if plain is not None:
        with np.errstate(divide="ignore"):
            own = np.logaddexp.reduce(plain + np.log(weights), axis=1)
        rivals = {members[k][0].name: plain[:, k] for k in mixtures}
        held_out = {"held_out": own, "rivals": rivals}
    components, facts = [], []
    for k in sorted({*np.flatnonzero(weights).tolist(), *best_flow}):
        member, fits = members[k]
        for component in member.components(fits, rows):
            components.append(component)
            weight = float(weights[k] * component.share)
            facts.append({"name": member.name, "weight": weight, "nats": nats[k]})
    shares = np.array([fact["weight"] for fact in facts])
    distribution = Mixture(
        [each.distribution for each in components], shares.astype(jnp.result_type(float))
    )
    specification = mixture_specification(
        [each.specification for each in components],
        shares.tolist(),
        [fact["name"] for fact in facts],
    )
    history = histories[best_flow[0]] if best_flow else NO_TRAINING
    return FittedDistribution(distribution, specification, history, tuple(facts), **held_out)


def _weights(
    log_probs: np.ndarray | None,
    judges: np.ndarray | None,
    histories: Mapping[int, History],
    n_members: int,
) -> tuple[np.ndarray, list[float | None]]:
    """Return the weights of the members, and the mean log density that each gave held-out rows.

    Without held-out rows all weights are equal. A flow that was not trained gets none, unless there
    is nothing else.
    """
    untrained = [k for k, history in histories.items() if not history.train_loss]
    if len(untrained) == n_members:
        return np.ones(n_members) / n_members, [None] * n_members
    if log_probs is not None:
        log_probs = log_probs.copy()
        log_probs[:, untrained] = -np.inf
        nats = [float(each) if np.isfinite(each) else None for each in mean(log_probs, judges)]
        return stack(log_probs, sample_weight=judges), nats
    weights = np.ones(n_members)
    weights[untrained] = 0
    return weights / weights.sum(), [None] * n_members
