"""FlowJAX's README: spline MAF (8 knots, interval 4), `fit_to_data` at 1e-3 with its defaults.

The loop is that of `fit_to_data`, of its own parts, with a clock: batches of 100 rows, a tenth of
the rows for validation, and no early stop, since the best score within the time counts.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
import paramax
from benchmarks.speed.recipes.clock import Trial
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import Normal
from flowjax.flows import masked_autoregressive_flow
from flowjax.train.losses import MaximumLikelihoodLoss
from flowjax.train.train_utils import get_batches, step, train_val_split

BATCH_SIZE = 100


def main() -> None:
    """Train until the time is over, score after each epoch."""
    trial = Trial()
    held_out = jnp.asarray(trial.held_out)
    trial.start()
    flow = masked_autoregressive_flow(
        jax.random.key(0),
        base_dist=Normal(jnp.zeros(held_out.shape[1])),
        transformer=RationalQuadraticSpline(knots=8, interval=4),
    )
    optimizer, loss = optax.adam(1e-3), MaximumLikelihoodLoss()
    params, static = eqx.partition(
        flow, eqx.is_inexact_array, is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable)
    )
    state = optimizer.init(params)
    key, of_split = jax.random.split(jax.random.key(1))
    (train,), (validation,) = train_val_split(of_split, (jnp.asarray(trial.train),), val_prop=0.1)
    score = eqx.filter_jit(lambda params, x: eqx.combine(params, static).log_prob(x).mean())
    while True:
        key, of_order = jax.random.split(key)
        for x in get_batches((jax.random.permutation(of_order, train),), BATCH_SIZE)[0]:
            params, state, _ = step(
                params, static, x, optimizer=optimizer, opt_state=state, loss_fn=loss, key=key
            )
        losses = [loss(params, static, x) for x in get_batches((validation,), BATCH_SIZE)[0]]
        jax.block_until_ready((params, losses))
        if not trial.score(lambda params=params: score(params, held_out)):
            break
    trial.answer()


if __name__ == "__main__":
    main()
