"""The distributions of `tests/cases.py`, each evaluated in one program for several tests."""

from functools import cache, partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from tests.cases import DISTRIBUTIONS
from tests.distributions.oracles import COLUMNS, MIXTURES

from fluvial.testing.contract import FAST_COMPILATION
from fluvial.training import trainable

KEY = jax.random.key(11)
N_DRAWN = 2000
Q = np.concatenate([[1e-12, 1e-6], np.linspace(0.003, 0.997, 24), [1 - 1e-6, 1 - 1e-12]])
MOMENTS = "mean", "variance"
BEYOND = [-1e3, 1e3, -np.inf, np.inf, np.nan]
WITH_TAILS = [*COLUMNS, *MIXTURES, "mixture"]


class Found(NamedTuple):
    """A distribution, where it was asked, and all that it says."""

    distribution: Any
    x: np.ndarray
    q: np.ndarray
    values: dict[str, Any]
    beyond: dict[str, Any]
    gradients: Any
    samples: dict[str, Any]


@cache
def case(name: str, dtype: str = "float64") -> Found:
    """Evaluate a distribution; in float32 it draws samples, in float64 it is differentiated."""
    with jax.enable_x64(False):
        start = DISTRIBUTIONS[name](KEY)
    with jax.enable_x64(dtype == "float64"), jax.numpy_dtype_promotion("strict"):
        d = jax.tree.map(lambda a: a.astype(dtype) if eqx.is_inexact_array(a) else a, start)
        own_axes = (1,) * len(d.event_shape)
        q = np.broadcast_to(Q.reshape(-1, *own_axes), (len(Q), *d.event_shape)).astype(dtype)
        x = np.linspace(-3, 4, q.size).reshape(q.shape)
        if name in COLUMNS:
            x = COLUMNS[name](d).ppf(np.asarray(q, np.float64))
        beyond = np.array(BEYOND).reshape(-1, *own_axes)
        beyond = np.broadcast_to(beyond, (len(BEYOND), *d.event_shape))
        points = np.concatenate([x, beyond]).astype(dtype)
        arrays, static = eqx.partition(d, eqx.is_array)
        run = partial(_evaluate, name, dtype, static)
        program = jax.jit(run, compiler_options=FAST_COMPILATION)
        found, gradients, samples = jax.device_get(program(arrays, points, q))
    values = {what: value[: len(Q)] for what, value in found.items()}
    outside = {what: value[len(Q) :] for what, value in found.items()}
    return Found(d, points[: len(Q)], q, values, outside, gradients, samples)


def _evaluate(name, dtype, static, arrays, points, q):
    d = eqx.combine(arrays, static)
    has_quantiles = name in COLUMNS or name in MIXTURES
    found = {"log_prob": d.log_prob(points)}
    if dtype == "float32":
        if name in WITH_TAILS:
            found["log_cdf"] = d.log_cdf(points)
        if has_quantiles:
            found["quantile"] = d.quantile(q)
        return found, None, _samples(d)
    found["prob of one"], found["slope of prob"] = jax.vmap(jax.value_and_grad(d.prob))(points)
    if name in WITH_TAILS:
        tails = "log_cdf", "log_survival_function"
        found |= {what: getattr(d, what)(points) for what in tails}
        found["cdf of one"], found["slope of cdf"] = jax.vmap(jax.value_and_grad(d.cdf))(points)
    if has_quantiles:
        pair = jax.jvp(d.quantile, (q,), (jnp.ones_like(q),))
        found["quantile"], found["slope of quantile"] = pair
    params, rest = eqx.partition(d, trainable(d))

    def loss(params):
        log_prob = eqx.combine(params, rest).log_prob(points[5:15])
        return jnp.sum(log_prob * jnp.arange(10, dtype=log_prob.dtype))

    return found, jax.grad(loss)(params), None


def _samples(d):
    x, log_prob = d.sample_and_log_prob(KEY, N_DRAWN)
    estimates = {name: getattr(d, name)(key=KEY, n_samples=N_DRAWN) for name in MOMENTS}
    return {"x": x, "log_prob": log_prob, **estimates}
