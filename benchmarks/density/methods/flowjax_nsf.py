"""FlowJAX's README: a masked autoregressive flow with splines (8 knots, interval 4), Adam at 1e-3.

Eight layers with one hidden layer of 50 units, the defaults.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import paramax
from benchmarks.density.methods.base import Fit, Job, Standardised
from benchmarks.density.methods.training import train
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import Normal
from flowjax.flows import masked_autoregressive_flow
from flowjax.train.losses import MaximumLikelihoodLoss
from flowjax.train.train_utils import step

AT_ONCE = 1024
"""Rows scored at once; the last are padded, so that one compilation serves all."""


class FlowJaxTrainee:
    """The flow under training by the step of FlowJAX's `fit_to_data`."""

    def __init__(self, n_columns: int, validation: np.ndarray, seed: int):
        flow = masked_autoregressive_flow(
            jax.random.key(seed),
            base_dist=Normal(jnp.zeros(n_columns)),
            transformer=RationalQuadraticSpline(knots=8, interval=4),
        )
        self._params, self._static = eqx.partition(
            flow, eqx.is_inexact_array, is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable)
        )
        self._optimizer, self._loss = optax.adam(1e-3), MaximumLikelihoodLoss()
        self._state = self._optimizer.init(self._params)
        self._key = jax.random.key(seed)
        self._validation = validation
        self._kept = self._params
        self._log_prob = eqx.filter_jit(lambda params, x: self._flow(params).log_prob(x))

    def step(self, batch: np.ndarray, spent: float) -> None:
        """Take one training step."""
        del spent
        self._params, self._state, _ = step(
            self._params,
            self._static,
            batch,
            optimizer=self._optimizer,
            opt_state=self._state,
            loss_fn=self._loss,
            key=self._key,
        )
        # The clock of the loop must not run ahead of the work.
        jax.block_until_ready(self._params)

    def validation_loss(self) -> float:
        """Return the mean negative log density of the validation rows."""
        return -float(self.scores(self._validation).mean())

    def keep(self) -> None:
        """Remember the parameters."""
        self._kept = self._params

    def restore(self) -> None:
        """Return to the parameters that were remembered last."""
        self._params = self._kept

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Return the log density of rows (n, D) as (n,) float64."""
        out = []
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            padded = np.zeros((AT_ONCE, part.shape[1]), part.dtype)
            padded[: len(part)] = part
            out.append(np.asarray(self._log_prob(self._params, padded), np.float64)[: len(part)])
        return np.concatenate(out)

    def _flow(self, params):
        return paramax.unwrap(eqx.combine(params, self._static))


def fit(job: Job) -> Fit:
    """Fit and score."""
    rows = Standardised(job)
    narrow = [x.astype(np.float32) for x in (rows.train, rows.validation, rows.test)]
    trainee = FlowJaxTrainee(narrow[0].shape[1], narrow[1], job.seed)
    facts = train(trainee, narrow[0], seconds=job.seconds, seed=job.seed)
    validation, test = (trainee.scores(x) - rows.log_scale for x in narrow[1:])
    return Fit(validation, test, facts)
