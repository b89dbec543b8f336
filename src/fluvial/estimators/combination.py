"""The default density: a mixture of flows and classical densities, weighted on held-out rows."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.baselines import StackedMixtures
from fluvial.baselines.mixture_search import unconverged
from fluvial.baselines.stacked_mixtures import Pair
from fluvial.distributions import Mixture
from fluvial.errors import TrainingError
from fluvial.estimators import settings
from fluvial.estimators.clock import Clock
from fluvial.estimators.cross_fits import cross_fit
from fluvial.estimators.members import (
    Fitted,
    FittedByFold,
    FlowMember,
    GaussianMixtureMember,
    KernelDensityMember,
    Member,
)
from fluvial.estimators.specification import Specification, mixture_specification
from fluvial.training import History, stack
from fluvial.training.device import n_side_by_side
from fluvial.training.interrupt import Interrupt
from fluvial.training.progress import Progress, progress, say

REFIT_ROWS = 20_000
"""Of more rows, a random sample of so many serves what the folds' fits become on all rows."""

MANY_ROWS, MOST_TIMES, FEW_COLUMNS = 10_000, 3, 40
"""Beyond so many rows steps grow in proportion, up to so many times, or `FEW_COLUMNS / D` times."""

LEAST = 1e-3
"""The best flow and the Gaussian mixtures keep this weight, for latents and for far-off rows."""


@dataclass(frozen=True)
class Learned:
    """A fitted distribution and how it came about.

    Attributes:
        specification: what it is, as a model file holds it.
        distribution: in scaled units.
        history: the training of the flow; of the one with the largest weight, where there are
            several.
        members: for each part of a mixture its "name", its "weight" and its "nats", the mean log
            density of the rows that weighted it, in scaled units; None without such rows.
        held_out: log density (m,) of the rows that each fold held out, one fold after the other,
            under what was fitted to the others, in scaled units.
        baselines: the same under classical densities alone.
        rounding_steps: width of the noise of each column.
        gains: held-out gains over baselines.
    """

    specification: Specification
    distribution: Any
    history: History
    members: tuple[dict[str, Any], ...] = ()
    held_out: np.ndarray = field(default_factory=lambda: np.zeros(0))
    baselines: dict[str, np.ndarray] = field(default_factory=dict)
    rounding_steps: np.ndarray = field(default_factory=lambda: np.zeros(0))
    gains: dict[str, dict[str, float]] = field(default_factory=dict)


def learn_combination(model: Any, rows: np.ndarray, folds: Sequence[Pair], *, seed: int) -> Learned:
    """Fit Gaussian mixtures, a kernel density and flows, and weight them on held-out rows.

    Of several folds each is fitted to in turn, and the fits become one member again.

    Args:
        model: a `FlowDensity`, for its hyper-parameters.
        rows: (n, D) scaled rows of all folds.
        folds: the rows of each fold.
        seed: of the starts and the order of training.

    Raises:
        TrainingError: where training diverges.
    """
    rng = np.random.RandomState(seed)
    effort = settings.EFFORTS[model.effort]
    n_steps = _steps(effort, len(folds), rows)
    of_mixtures = np.random.RandomState(rng.randint(np.iinfo(np.int32).max))
    # The mixtures' many small steps take a thread of their own.
    with Interrupt() as interrupt, unconverged(), ThreadPoolExecutor(1) as beside:
        clock = Clock(model.max_seconds, len(effort.flows), n_side_by_side(), interrupt)
        mixtures = beside.submit(_mixtures, folds, rows, of_mixtures, clock)
        flows = [FlowMember(flow, model, n_steps, clock) for flow in effort.flows]
        trained = flows[: clock.n_flows]
        members: list[FittedByFold] = [*trained, KernelDensityMember()]
        with _progress(model, len(folds) * len(trained)) as bar:
            fits = cross_fit(members, folds, rng, clock, bar)
            mixture, of_mixture = mixtures.result()
        if interrupt.asked:
            say("interrupted: returning what was learned so far")
    kept = [k for k in range(len(members)) if all(k in fold for fold in fits)]
    fitted: list[tuple[Member, list[Fitted]]] = [(mixture, of_mixture[: len(fits)])]
    fitted += [(members[k], [fold[k] for fold in fits]) for k in kept]
    if not trained:
        fitted.append((flows[0], [flows[0].untrained(rows, rng.randint(np.iinfo(np.int32).max))]))
    elif not any(fits[0][k].history for k in kept):
        raise TrainingError(
            "no flow of the mixture could be trained: the loss was not finite; lower "
            "learning_rate, or look for extreme values in the data"
        )
    if len(rows) > REFIT_ROWS:
        rows = rows[np.sort(rng.permutation(len(rows))[:REFIT_ROWS])]
    return _combined(fitted, rows)


@contextmanager
def _progress(model: Any, n_flows: int) -> Iterator[Progress]:
    """Show how many flows are trained."""
    began = time.monotonic()
    bar = progress(
        show=bool(model.verbose) and n_flows > 0,
        total=n_flows,
        start=f"fitting {n_flows} flows",
        unit="flow",
    )
    try:
        yield bar
    finally:
        bar.finish(f"flows ended after {time.monotonic() - began:.1f} s")


def _mixtures(
    folds: Sequence[Pair], rows: np.ndarray, rng: np.random.RandomState, clock: Clock
) -> tuple[GaussianMixtureMember, list[Fitted]]:
    # What was switched on by a context is not on in another thread.
    with jax.enable_x64(rows.dtype == np.float64):
        mixture = GaussianMixtureMember(StackedMixtures(folds, rows, rng, clock.is_up), folds)
        return mixture, mixture.fits()


def _steps(effort: settings.Effort, n_folds: int, rows: np.ndarray) -> int:
    """Return how many training steps a flow takes at most."""
    if n_folds > 1:
        return max(effort.n_steps // n_folds, effort.fewest_steps)
    n, n_features = rows.shape
    times = min(n / MANY_ROWS, MOST_TIMES, FEW_COLUMNS / n_features)
    return int(effort.n_steps * max(times, 1))


def _held_out_log_probs(fitted: Sequence[Sequence[Fitted]]) -> np.ndarray | None:
    """Return the (n, K) log densities of rows that the K members' fits have not seen."""
    of_members = [[fit.held_out for fit in fits if fit.held_out is not None] for fits in fitted]
    if not any(of_members):
        return None
    n = sum(map(len, of_members[0]))
    # A flow that was not trained has none, and must not count.
    nothing = [np.full(n, -np.inf)]
    return np.stack([np.concatenate(each or nothing) for each in of_members], axis=1)


def _combined(members: Sequence[tuple[Member, Sequence[Fitted]]], rows: np.ndarray) -> Learned:
    """Make one mixture of members and their fits to all folds."""
    log_probs = _held_out_log_probs([fits for _, fits in members])
    histories = {
        k: fits[0].history for k, (_, fits) in enumerate(members) if fits[0].history is not None
    }
    if log_probs is not None:
        weights = stack(log_probs)
        nats = [float(mean) if np.isfinite(mean) else None for mean in log_probs.mean(axis=0)]
    else:
        idle = [k for k, history in histories.items() if not history.train_loss]
        weights = np.ones(len(members))
        weights[idle] = 0
        weights /= weights.sum()
        nats = [None] * len(members)
    best_flow = max(histories, key=lambda k: weights[k])
    weights[[0, best_flow]] = np.maximum(weights[[0, best_flow]], LEAST)
    weights /= weights.sum()
    held_out = {}
    if log_probs is not None:
        with np.errstate(divide="ignore"):
            own = np.logaddexp.reduce(log_probs + np.log(weights), axis=1)
        held_out = {"held_out": own, "baselines": {members[0][0].name: log_probs[:, 0]}}
    parts, facts = [], []
    for k in np.flatnonzero(weights).tolist():
        member, fits = members[k]
        for part in member.parts(fits, rows):
            parts.append(part)
            weight = float(weights[k] * part.share)
            facts.append({"name": member.name, "weight": weight, "nats": nats[k]})
    shares = np.array([fact["weight"] for fact in facts])
    distribution = Mixture(
        [part.distribution for part in parts], shares.astype(jnp.result_type(float))
    )
    specification = mixture_specification(
        [part.specification for part in parts], shares.tolist(), [fact["name"] for fact in facts]
    )
    return Learned(specification, distribution, histories[best_flow], tuple(facts), **held_out)
