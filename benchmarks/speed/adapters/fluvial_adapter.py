"""Fluvial, through its public interface."""

import itertools
import time
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from benchmarks.speed.adapters.base import FlowAdapter, Prepared, Unsupported, paced, repeated
from benchmarks.speed.data import KERNEL_BANDWIDTH, KERNEL_COLUMNS, KERNEL_ROWS, table
from benchmarks.speed.models import Model
from benchmarks.speed.tasks import Task

from fluvial import distributions, flows, training

MATMUL_SIZES = (512, 1024, 2048)


class FluvialAdapter(FlowAdapter):
    """Trains by `training.fit`; a step's time is that of a long fit less a short one."""

    packages = ("fluvial", "jax", "jaxlib", "equinox", "optax", "numpy")

    def __init__(self):
        self._keys = (jax.random.key(i) for i in itertools.count())

    def make_flow(self, model: Model):
        sizes = {
            "n_features": model.n_features,
            "n_layers": model.n_layers,
            "hidden_sizes": model.hidden_sizes,
            "linear": model.linear,
        }
        key = jax.random.key(0)
        if model.kind == "real_nvp":
            return flows.real_nvp(key, **sizes)
        if model.kind == "maf":
            return flows.maf(key, **sizes)
        coupling = model.kind == "spline_coupling"
        return flows.neural_spline_flow(key, n_bins=model.n_bins, coupling=coupling, **sizes)

    def n_parameters(self, flow) -> int:
        marks = jax.tree.leaves(training.trainable(flow))
        return sum(
            leaf.size for leaf, mark in zip(jax.tree.leaves(flow), marks, strict=True) if mark
        )

    def array(self, rows: np.ndarray):
        return jnp.asarray(rows)

    def train_steps(self, flow, x, batch_size: int, n: int) -> float:
        key = jax.random.key(0)

        def fit(max_epochs: int) -> None:
            training.fit(key, flow, x, max_epochs=max_epochs, **_settings(batch_size))

        return _long_less_short(fit, -(-len(x) // batch_size), n)

    def log_prob(self, flow, x) -> None:
        flow.log_prob(x).block_until_ready()

    def sample(self, flow, n: int) -> None:
        flow.sample(next(self._keys), (n,)).block_until_ready()

    def prepare_ensemble(self, task: Task) -> Prepared:
        """Prepare steps of an ensemble trained together."""
        if not hasattr(training, "fit_ensemble"):
            raise Unsupported("fluvial.training has no fit_ensemble")
        flow, x = self._flow_and_rows(task)
        keys = jax.random.split(jax.random.key(0), task.members)
        members = [self.make_flow(task.model) for _ in range(task.members)]

        def fit(max_epochs: int) -> None:
            settings = _settings(task.batch_size)
            training.fit_ensemble(keys, members, x, max_epochs=max_epochs, **settings)

        n_steps = -(-task.rows // task.batch_size)
        burst = paced(lambda n: _long_less_short(fit, n_steps, n))
        return Prepared(burst, task.members * self.n_parameters(flow))

    def prepare_first_fit(self, task: Task) -> Prepared:
        """Prepare fits whose time is mostly compilation: one epoch with nothing compiled yet."""
        _, x = self._flow_and_rows(task)

        def burst(seconds: float) -> float:
            del seconds
            jax.clear_caches()
            start = time.perf_counter()
            flow = self.make_flow(task.model)
            training.fit(jax.random.key(0), flow, x, max_epochs=1, **_settings(task.batch_size))
            return time.perf_counter() - start

        return Prepared(burst, compiles=False)

    def prepare_kernel_density(self, task: Task) -> Prepared:
        """Prepare a kernel density's log_prob."""
        if not hasattr(distributions, "KernelDensity"):
            raise Unsupported("fluvial.distributions has no KernelDensity")
        density = distributions.KernelDensity(table(KERNEL_ROWS, KERNEL_COLUMNS), KERNEL_BANDWIDTH)
        queries = self.array(table(task.rows, KERNEL_COLUMNS, seed=1))
        log_prob = eqx.filter_jit(lambda density, x: density.log_prob(x))
        return Prepared(repeated(lambda: log_prob(density, queries).block_until_ready()))

    def prepare_matmul(self, task: Task) -> Prepared:
        """Prepare float32 products; the time is that of 1e9 operations at the fastest size."""
        del task
        dot = jax.jit(jnp.dot)
        squares = [jnp.ones((size, size), jnp.float32) for size in MATMUL_SIZES]
        bursts = [repeated(lambda a=a: dot(a, a).block_until_ready()) for a in squares]

        def burst(seconds: float) -> float:
            share = seconds / len(squares)
            pairs = zip(MATMUL_SIZES, bursts, strict=True)
            return min(run(share) / (2e-9 * size**3) for size, run in pairs)

        return Prepared(burst)


def _settings(batch_size: int) -> dict:
    return {"batch_size": batch_size, "validation_fraction": 0, "show_progress": False}


def _long_less_short(fit: Callable[[int], None], steps_an_epoch: int, n: int) -> float:
    """Return seconds a step: the time of 1 + m epochs less that of 1, over the steps of m."""
    epochs = -(-n // steps_an_epoch)
    seconds = []
    for max_epochs in (1, 1 + epochs):
        start = time.perf_counter()
        fit(max_epochs)
        seconds.append(time.perf_counter() - start)
    # Noise can outweigh one epoch of a tiny model; a pace must stay positive.
    return max(seconds[1] - seconds[0], 1e-3 * seconds[1]) / (epochs * steps_an_epoch)


ADAPTER = FluvialAdapter()
