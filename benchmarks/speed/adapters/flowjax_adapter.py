"""FlowJAX, trained by its own `fit_to_data`."""

import itertools
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import paramax
from benchmarks.speed.adapters.base import FlowAdapter, Prepared, paced
from benchmarks.speed.models import Model
from benchmarks.speed.tasks import Task
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import Normal
from flowjax.flows import coupling_flow, masked_autoregressive_flow
from flowjax.train import fit_to_data
from flowjax.train.losses import MaximumLikelihoodLoss
from flowjax.train.train_utils import get_batches, step


class FlowJaxAdapter(FlowAdapter):
    """The same optimizer and loss for all fits, so that a second one compiles nothing."""

    packages = ("flowjax", "jax", "jaxlib", "equinox", "optax", "paramax")

    def __init__(self):
        self._keys = (jax.random.key(i) for i in itertools.count())
        self._optimizer = optax.adam(1e-3)
        self._loss = MaximumLikelihoodLoss()

    def make_flow(self, model: Model):
        autoregressive = model.kind in ("maf", "spline")
        build = masked_autoregressive_flow if autoregressive else coupling_flow
        spline = model.kind.startswith("spline")
        # FlowJAX counts inner knots, one fewer than bins.
        transformer = (
            RationalQuadraticSpline(knots=model.n_bins - 1, interval=5) if spline else None
        )
        return build(
            jax.random.key(0),
            base_dist=Normal(jnp.zeros(model.n_features)),
            transformer=transformer,
            flow_layers=model.n_layers,
            nn_width=model.hidden_sizes[0],
            nn_depth=len(model.hidden_sizes),
        )

    def n_parameters(self, flow) -> int:
        flow = eqx.tree_at(lambda f: f.base_dist, flow, None)
        trained = eqx.filter(
            flow,
            eqx.is_inexact_array,
            is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable),
        )
        return sum(leaf.size for leaf in jax.tree.leaves(trained))

    def array(self, rows: np.ndarray):
        return jnp.asarray(rows)

    def train_steps(self, flow, x, batch_size: int, n: int) -> float:
        # `fit_to_data` needs a validation row, and drops the last, smaller batch.
        steps_an_epoch = (len(x) - 1) // batch_size
        epochs = -(-n // steps_an_epoch)
        seconds = []
        for max_epochs in (1, 1 + epochs):
            start = time.perf_counter()
            fit_to_data(
                jax.random.key(0),
                flow,
                x,
                loss_fn=self._loss,
                optimizer=self._optimizer,
                max_epochs=max_epochs,
                max_patience=max_epochs,
                batch_size=batch_size,
                val_prop=1 / len(x),
                show_progress=False,
            )
            seconds.append(time.perf_counter() - start)
        return max(seconds[1] - seconds[0], 1e-3 * seconds[1]) / (epochs * steps_an_epoch)

    def log_prob(self, flow, x) -> None:
        _log_prob(flow, x).block_until_ready()

    def sample(self, flow, n: int) -> None:
        _sample(flow, next(self._keys), n).block_until_ready()

    def prepare_bare_step(self, task: Task) -> Prepared:
        """Prepare the step function of `fit_to_data` alone, without shuffling and validation."""
        flow, x = self._flow_and_rows(task)
        (batches,) = get_batches((x,), task.batch_size)
        batches = list(batches)
        start_params, static = eqx.partition(flow, eqx.is_inexact_array)
        key = jax.random.key(0)

        def train(n: int) -> float:
            params, state = start_params, self._optimizer.init(start_params)
            start = time.perf_counter()
            for i in range(n):
                params, state, _ = step(
                    params,
                    static,
                    batches[i % len(batches)],
                    optimizer=self._optimizer,
                    opt_state=state,
                    loss_fn=self._loss,
                    key=key,
                )
            jax.block_until_ready(params)
            return (time.perf_counter() - start) / n

        return Prepared(paced(train), self.n_parameters(flow))


@eqx.filter_jit
def _log_prob(flow, x):
    return flow.log_prob(x)


@eqx.filter_jit
def _sample(flow, key, n: int):
    return flow.sample(key, (n,))


ADAPTER = FlowJaxAdapter()
