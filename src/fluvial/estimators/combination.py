"""The default density: a mixture of flows and classical densities, weighted on held-out rows."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.baselines import fit_gaussian_mixture, fit_kernel_density
from fluvial.distributions import GaussianMixture, KernelDensity, Mixture
from fluvial.estimators import blocks, settings
from fluvial.estimators.specification import (
    Specification,
    build,
    describe_distribution,
    flow_specification,
    mixture_specification,
)
from fluvial.training import History, fit, stack

ENOUGH_HELD_OUT = 100
"""With fewer held-out rows the members are cross-fitted."""

N_FOLDS = 3
FEWEST_FOR_FOLDS = 12

LEAST = 1e-3
"""The best flow and the Gaussian mixture keep this weight, for latents and for far-off rows."""

SMALLEST_BATCH, BATCHES_AN_EPOCH = 32, 32


@dataclass(frozen=True)
class Learned:
    """A fitted distribution and how it came about.

    Attributes:
        specification: what it is, as a model file holds it.
        distribution: in scaled units.
        history: the training of the flow, of the first one where there are several.
        members: for each member of a mixture its "name", its "weight" and its "nats", the mean log
            density of the rows that weighted it, in scaled units; None without such rows.
    """

    specification: Specification
    distribution: Any
    history: History
    members: tuple[dict[str, Any], ...] = ()
    rounding_steps: np.ndarray = field(default_factory=lambda: np.empty(0))
    gains: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Fold:
    """Members fitted to one part of the rows, and their log densities of the other part."""

    mixture: GaussianMixture
    kernels: KernelDensity
    flows: tuple[tuple[Specification, Any, History], ...]
    log_probs: np.ndarray


def learn_combination(
    model: Any, rows: np.ndarray, held_out: np.ndarray | None, *, seed: int
) -> Learned:
    """Fit a Gaussian mixture, a kernel density and flows, and weight them on held-out rows.

    With fewer than 100 held-out rows, the rows are split into three folds; the members are fitted
    to two of them and weighted on the third, each in turn. The Gaussian mixtures of the folds
    become one, the kernels sit on all rows, and the flows of the folds share their weight.

    Args:
        model: a `FlowDensity`, for its hyper-parameters.
        rows: (n, D) scaled rows to fit to.
        held_out: (m, D) scaled rows that choose and weight, or None.
        seed: of the folds, the starts and the order of training.

    Raises:
        TrainingError: where training diverges.
    """
    rng = np.random.RandomState(seed)
    until = np.inf if model.max_seconds is None else time.monotonic() + model.max_seconds
    if held_out is not None and len(held_out) >= ENOUGH_HELD_OUT:
        parts = iter([(rows, held_out)])
        n_folds = 1
    elif len(rows) < FEWEST_FOR_FOLDS:
        parts = iter([(rows, None)])
        n_folds = 1
    else:
        parts = _thirds(rows, rng)
        n_folds = N_FOLDS
    folds: list[_Fold] = []
    for train, other in parts:
        folds.append(_fit_fold(model, train, other, rng, until, n_folds))
        if folds[-1].flows[0][2].stop_reason == "interrupted":
            break
    return _combined(folds, rows)


def _thirds(
    rows: np.ndarray, rng: np.random.RandomState
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    fold = rng.permutation(len(rows)) % N_FOLDS
    for number in range(N_FOLDS):
        yield rows[fold != number], rows[fold == number]


def _fit_fold(
    model: Any,
    rows: np.ndarray,
    other: np.ndarray | None,
    rng: np.random.RandomState,
    until: float,
    n_folds: int,
) -> _Fold:
    # Flows come last: an interrupt ends their training and keeps what was learned.
    mixture = fit_gaussian_mixture(rows, other, random_state=rng)
    kernels = fit_kernel_density(rows, other, random_state=rng)
    flows = tuple(
        _fit_flow(model, recipe, rows, other, rng, until, n_folds)
        for recipe in settings.EFFORTS[model.effort].recipes
    )
    members = [mixture, kernels, *(flow for _, flow, _ in flows)]
    log_probs = np.empty((0, len(members)))
    if other is not None:
        log_probs = np.stack([blocks.log_prob(member, other) for member in members], axis=1)
    return _Fold(mixture, kernels, flows, log_probs)


def _fit_flow(
    model: Any,
    recipe: str,
    rows: np.ndarray,
    other: np.ndarray | None,
    rng: np.random.RandomState,
    until: float,
    n_folds: int,
) -> tuple[Specification, Any, History]:
    arguments = settings.chosen_arguments(model, recipe) | settings.MEMBER_ARGUMENTS.get(recipe, {})
    specification = flow_specification(recipe, n_features=rows.shape[1], **arguments)
    of_flow, of_training = jax.random.split(jax.random.key(rng.randint(np.iinfo(np.int32).max)))
    batch_size = _batch_size(len(rows), int(model.batch_size))
    n_steps = settings.EFFORTS[model.effort].n_steps // n_folds
    epochs = max(n_steps // -(-len(rows) // batch_size), 1)
    left = until - time.monotonic()
    flow, history = fit(
        of_training,
        build(specification, of_flow),
        rows,
        batch_size=batch_size,
        max_epochs=min(int(model.max_epochs), epochs),
        max_seconds=max(left, 1e-3) if np.isfinite(until) else None,
        learning_rate=float(model.learning_rate),
        validation_fraction=0.0,
        patience=model.patience,
        show_progress=bool(model.verbose),
        validation_data=other,
    )
    return specification, flow, history


def _batch_size(n_rows: int, largest: int) -> int:
    """Return a power of two that gives about 32 batches an epoch, between 32 and `largest`."""
    wanted = 1 << max(n_rows // BATCHES_AN_EPOCH, 1).bit_length() - 1
    return min(max(wanted, SMALLEST_BATCH), largest)


def _combined(folds: list[_Fold], rows: np.ndarray) -> Learned:
    """Make one mixture of the members of all folds."""
    log_probs = np.concatenate([fold.log_probs for fold in folds])
    n_flows, n_folds = len(folds[0].flows), len(folds)
    weights, nats = np.full(2 + n_flows, 1 / (2 + n_flows)), [None] * (2 + n_flows)
    if len(log_probs):
        weights, nats = stack(log_probs), log_probs.mean(axis=0).tolist()
    best_flow = 2 + int(np.argmax(weights[2:]))
    floor = np.zeros_like(weights)
    floor[[0, best_flow]] = LEAST
    weights = np.maximum(weights, floor)
    weights /= weights.sum()
    members: list[tuple[str, Any, float, float | None]] = [
        ("gaussian_mixture", _joined(folds), weights[0], nats[0])
    ]
    if weights[1]:
        members.append(("kernel_density", _over_all(folds, rows), weights[1], nats[1]))
    specifications = [describe_distribution(member) for _, member, _, _ in members]
    for number in np.flatnonzero(weights[2:]):
        for fold in folds:
            specification, flow, _ = fold.flows[number]
            share = weights[2 + number] / n_folds
            members.append((specification["recipe"], flow, share, nats[2 + number]))
            specifications.append(specification)
    dtype = jnp.result_type(float)
    shares = np.array([weight for _, _, weight, _ in members])
    distribution = Mixture([member for _, member, _, _ in members], shares.astype(dtype))
    facts = tuple(
        {"name": name, "weight": float(weight), "nats": nats} for name, _, weight, nats in members
    )
    names = [name for name, _, _, _ in members]
    specification = mixture_specification(specifications, shares.tolist(), names)
    history = folds[0].flows[best_flow - 2][2]
    return Learned(specification, distribution, history, facts)


def _joined(folds: list[_Fold]) -> GaussianMixture:
    """Make one Gaussian mixture of the folds' mixtures, each with an equal share."""
    parts = [fold.mixture for fold in folds]
    if len(parts) == 1:
        return parts[0]
    return GaussianMixture(
        np.concatenate([np.asarray(part.weights) for part in parts]),
        np.concatenate([np.asarray(part.means) for part in parts]),
        scale_trils=np.concatenate([np.asarray(part.scale_trils) for part in parts]),
    )


def _over_all(folds: list[_Fold], rows: np.ndarray) -> KernelDensity:
    """Put kernels on all rows, as wide as the folds' kernels are in the geometric mean."""
    if len(folds) == 1:
        return folds[0].kernels
    widths = np.stack([np.asarray(fold.kernels.bandwidth) for fold in folds])
    return KernelDensity(rows, np.exp(np.log(widths).mean(axis=0)))
