"""The default density: a mixture of flows and classical densities, weighted on held-out rows."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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
from fluvial.estimators import blocks, settings
from fluvial.estimators.members import (
    Clock,
    Fitted,
    FittedByFold,
    FlowMember,
    GaussianMixtureMember,
    KernelDensityMember,
    Member,
)
from fluvial.estimators.specification import Specification, mixture_specification
from fluvial.training import History, stack

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
    clock = Clock(model.max_seconds, len(folds) * len(effort.flows))
    flows = [FlowMember(flow, model, n_steps, clock) for flow in effort.flows]
    # Flows come last: an interrupt ends their training and keeps what was learned.
    members: list[FittedByFold] = [KernelDensityMember(), *flows]
    of_mixtures = np.random.RandomState(rng.randint(np.iinfo(np.int32).max))
    # The mixtures take one core, and flows leave about as much idle.
    with unconverged(), ThreadPoolExecutor(1) as beside:
        mixtures = beside.submit(_stacked_mixtures, folds, rows, of_mixtures)
        fits = _fit_folds(members, folds, rng)
        mixture = GaussianMixtureMember(mixtures.result())
    kept = [k for k in range(len(members)) if all(k in fold for fold in fits)]
    if not any(fits[0][k].history for k in kept):
        raise TrainingError(
            "no flow of the mixture could be trained: the loss was not finite; lower "
            "learning_rate, or look for extreme values in the data"
        )
    fitted: list[tuple[Member, list[Fitted]]] = [(mixture, mixture.fits(len(fits)))]
    fitted += [(members[k], [fold[k] for fold in fits]) for k in kept]
    log_probs = _held_out_log_probs([of_folds for _, of_folds in fitted], folds)
    if len(rows) > REFIT_ROWS:
        rows = rows[np.sort(rng.permutation(len(rows))[:REFIT_ROWS])]
    return _combined(fitted, log_probs, rows)


def _stacked_mixtures(
    folds: Sequence[Pair], rows: np.ndarray, rng: np.random.RandomState
) -> StackedMixtures:
    # What was switched on by a context is not on in another thread.
    with jax.enable_x64(rows.dtype == np.float64):
        return StackedMixtures(folds, rows, rng)


def _steps(effort: settings.Effort, n_folds: int, rows: np.ndarray) -> int:
    """Return how many training steps a flow takes at most."""
    if n_folds > 1:
        return max(effort.n_steps // n_folds, effort.fewest_steps)
    n, n_features = rows.shape
    times = min(n / MANY_ROWS, MOST_TIMES, FEW_COLUMNS / n_features)
    return int(effort.n_steps * max(times, 1))


def _fit_folds(
    members: Sequence[FittedByFold], folds: Sequence[Pair], rng: np.random.RandomState
) -> list[dict[int, Fitted]]:
    """Fit the members to one fold after the other, until all are done or Ctrl-C ends that."""
    fits: list[dict[int, Fitted]] = []
    for number, (rows, other) in enumerate(folds):
        fitted, interrupted = _fit_fold(members, rows, other, rng)
        if not (interrupted and number):
            fits.append(fitted)
        if interrupted:
            break
    return fits


def _fit_fold(
    members: Sequence[FittedByFold],
    rows: np.ndarray,
    other: np.ndarray | None,
    rng: np.random.RandomState,
) -> tuple[dict[int, Fitted], bool]:
    """Fit the members in turn, and tell whether Ctrl-C ended that.

    A flow that diverges is left out.
    """
    fits: dict[int, Fitted] = {}
    for k, member in enumerate(members):
        try:
            fits[k] = member.fit(rows, other, rng)
        except TrainingError:
            continue
        history = fits[k].history
        if history is not None and history.stop_reason == "interrupted":
            return fits, True
    return fits, False


def _held_out_log_probs(
    fitted: Sequence[Sequence[Fitted]], folds: Sequence[Pair]
) -> np.ndarray | None:
    """Return the (n, K) log densities of rows that the K members' fits have not seen."""
    values = [
        np.stack([blocks.log_prob(fit.distribution, other) for fit in of_fold], axis=1)
        for of_fold, (_, other) in zip(zip(*fitted, strict=True), folds, strict=False)
        if other is not None
    ]
    return np.concatenate(values) if values else None


def _combined(
    members: Sequence[tuple[Member, Sequence[Fitted]]],
    log_probs: np.ndarray | None,
    rows: np.ndarray,
) -> Learned:
    """Make one mixture of members and their fits to all folds, by held-out log densities (n, K)."""
    weights, nats = np.full(len(members), 1 / len(members)), [None] * len(members)
    if log_probs is not None:
        weights, nats = stack(log_probs), log_probs.mean(axis=0).tolist()
    histories = {
        k: fits[0].history for k, (_, fits) in enumerate(members) if fits[0].history is not None
    }
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
