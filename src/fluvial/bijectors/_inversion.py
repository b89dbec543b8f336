"""Autoregressive layers solved column by column: x from z, where x sets its own parameters.

Shapes: n rows, D columns, C entries of a flattened condition.
"""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from fluvial.bijectors._transformer import Transformer
from fluvial.bijectors.bijector import Pair
from fluvial.networks import Conditioner, IncrementalNetwork


def column_by_column(
    network: Conditioner,
    transformer: Transformer,
    z: Array,
    condition: Array | None,
    order: Sequence[int] | None = None,
) -> Pair:
    """Return x and log |det dx/dz| in the fastest way that the network offers.

    Args:
        network: autoregressive; an `IncrementalNetwork` costs about one pass, others D passes.
        transformer: what it sets the parameters of.
        z: (n, D).
        condition: (n, C) or None.
        order: the columns from the first to the last one, where a network of one's own has not
            theirs.
    """
    if not isinstance(network, IncrementalNetwork):
        return by_passes(network, transformer, z, condition, order)
    if network.order is None:
        return incrementally(network, transformer, z, condition)
    there, back = np.array(network.order), np.argsort(network.order)
    x, log_det = incrementally(network, transformer, z[:, there], condition)
    return x[:, back], log_det


def by_passes(
    network: Conditioner,
    transformer: Transformer,
    z: Array,
    condition: Array | None,
    order: Sequence[int] | None = None,
) -> Pair:
    """Return x and log |det dx/dz| by D full passes, each of which settles one more column."""
    columns = np.arange(z.shape[1]) if order is None else np.array(order)

    def mapped(x):
        raw = network.parameters(x, condition, transformer.sizes)
        return transformer.apply_to_columns("_forward_and_log_det", raw, z)

    def settle(x, column):
        return jnp.where(jnp.arange(z.shape[1]) == column, mapped(x)[0], x), None

    x, _ = lax.scan(settle, jnp.zeros_like(z), jnp.asarray(columns[:-1]))
    return mapped(x)


def incrementally(
    network: IncrementalNetwork, transformer: Transformer, z: Array, condition: Array | None
) -> Pair:
    """Return x and log |det dx/dz|, computing every hidden unit once: about one pass."""
    incremental = network.incremental()
    condition = None if condition is None else condition.T
    ends = np.cumsum(transformer.sizes)
    n, n_features = z.shape
    size, n_stages = incremental.stage_size, incremental.n_stages
    z = jnp.pad(z.T, ((0, size * n_stages - n_features), (0, 0)))

    def one_stage(stage, carry):
        x, log_det, states = carry
        known = incremental.start(stage, x, states, condition)

        def one_column(step, carry):
            x, log_det, states = carry
            raw, states = incremental.step(stage, step, known, x, states)
            column = stage * size + step
            # The last part is empty, and all that there is where nothing has parameters.
            parts = jnp.split(raw, ends)[:-1]
            latent = lax.dynamic_index_in_dim(z, column, keepdims=False)
            value, terms = transformer.apply("_forward_and_log_det", parts, latent)
            x = lax.dynamic_update_index_in_dim(x, value, step, axis=0)
            terms = jnp.where(column < n_features, terms.astype(log_det.dtype), 0)
            return x, log_det + terms, states

        local = (jnp.zeros((size, n), z.dtype), log_det, incremental.states(n, z.dtype, stages=1))
        x_here, log_det, here = lax.fori_loop(0, size, one_column, local)
        x = lax.dynamic_update_slice_in_dim(x, x_here, stage * size, axis=0)
        states = tuple(
            lax.dynamic_update_slice_in_dim(s, h, stage * h.shape[0], axis=0)
            for s, h in zip(states, here, strict=True)
        )
        return x, log_det, states

    log_det = jnp.zeros(n, jnp.result_type(float))
    carry = (jnp.zeros_like(z), log_det, incremental.states(n, z.dtype, stages=n_stages))
    x, log_det, _ = lax.fori_loop(0, n_stages, one_stage, carry)
    return x[:n_features].T, log_det
