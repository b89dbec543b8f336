"""The Kullback-Leibler divergence of one distribution from another."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, ArrayLike

from fluvial.distributions._columns import wide
from fluvial.distributions._estimate import N_SAMPLES, checked_n_samples, mean_of
from fluvial.distributions.adapter import as_distribution
from fluvial.distributions.distribution import Distribution
from fluvial.distributions.exponential import Exponential
from fluvial.distributions.laplace import Laplace
from fluvial.distributions.log_normal import LogNormal
from fluvial.distributions.multivariate_normal import MultivariateNormalTriL
from fluvial.distributions.normal import MultivariateNormalDiag, Normal, StandardNormal
from fluvial.distributions.uniform import Uniform
from fluvial.errors import ClosedFormError, ShapeError


def kl_divergence(
    p: Any,
    q: Any,
    *,
    key: Array | None = None,
    n_samples: int = N_SAMPLES,
    condition: ArrayLike | None = None,
) -> Any:
    """Return the Kullback-Leibler divergence `E_p[log p(x) - log q(x)]`, in nats.

    Closed forms are known between normals of any kind, and within `Laplace`, `LogNormal`,
    `Exponential` and `Uniform`. It is zero where the two are equal, and infinite where `p` has a
    share outside the support of `q`.

    Args:
        p: a distribution; where the samples come from.
        q: a distribution of the same event shape.
        key: of `jax.random`, for an estimate by Monte Carlo; None for the closed form.
        n_samples: of the estimate, at least 2.
        condition: for those of the two that declare one; an estimate is made for each.

    Returns:
        (), or the leading axes of the condition; with a key an `Estimate` of two such arrays.

    Raises:
        ShapeError: where the event shapes differ, or the condition has not the declared shape.
        ClosedFormError: where there is no closed form and no key is given.
        ValueError: where `n_samples` is less than 2.

    Examples:
        >>> round(float(kl_divergence(Normal(0.0, 1.0), Normal(1.0, 2.0))), 4)
        0.4431
        >>> mixture = Mixture([Normal(-1.0, 1.0), Normal(1.0, 1.0)], [0.5, 0.5])
        >>> value, error = kl_divergence(mixture, Normal(0.0, 1.0), key=jax.random.key(0))
        >>> bool(value > 5 * error)
        True
    """
    p, q = as_distribution(p), as_distribution(q)
    if p.event_shape != q.event_shape:
        raise ShapeError(
            f"the distributions have different event shapes: {p.event_shape} and {q.event_shape}"
        )
    if key is None:
        if condition is not None or p.condition_shape is not None or q.condition_shape is not None:
            raise _no_closed_form(p, q)
        return _in_closed_form(p, q)
    # Where neither declares a condition the first refuses it.
    of_p = condition if p.condition_shape is not None or q.condition_shape is None else None
    of_q = None if q.condition_shape is None else condition
    x, log_p = p.sample_and_log_prob(key, checked_n_samples(n_samples), of_p)
    if of_p is None and of_q is not None and q.condition_shape is not None:
        of_batch = (1,) * (jnp.ndim(of_q) - len(q.condition_shape))
        x, log_p = x.reshape(n_samples, *of_batch, *p.event_shape), log_p.reshape(-1, *of_batch)
    return mean_of(log_p - q.log_prob(x, of_q))


def _in_closed_form(p: Distribution, q: Distribution) -> Array:
    if isinstance(p, NORMALS) and isinstance(q, NORMALS):
        return _of_normals(p, q)
    for kind, formula in FORMULAS.items():
        if isinstance(p, kind) and isinstance(q, kind):
            return jnp.sum(formula(p, q))
    raise _no_closed_form(p, q)


def _no_closed_form(p: Distribution, q: Distribution) -> ClosedFormError:
    names = f"{type(p).__name__} and {type(q).__name__}"
    return ClosedFormError(
        f"the divergence of {names} has no closed form; give a key for an estimate"
    )


NORMALS = (StandardNormal, Normal, MultivariateNormalDiag, MultivariateNormalTriL)


def _of_normals(p: Any, q: Any) -> Array:
    if MultivariateNormalTriL in (type(p), type(q)):
        (of_p, a), (of_q, b) = _mean_and_factor(p), _mean_and_factor(q)
        whitened = solve_triangular(b, jnp.column_stack([a, of_p - of_q]), lower=True)
        log_ratio = jnp.log(jnp.diagonal(b)) - jnp.log(jnp.diagonal(a))
        return jnp.sum(log_ratio) + (jnp.sum(whitened**2) - len(a)) / 2
    (of_p, a), (of_q, b) = _mean_and_deviation(p), _mean_and_deviation(q)
    ratio = a / b
    return jnp.sum((ratio**2 + ((of_p - of_q) / b) ** 2 - 1) / 2 - jnp.log(ratio))


def _mean_and_deviation(normal: Any) -> tuple[Array, Array]:
    if isinstance(normal, StandardNormal):
        return jnp.zeros(normal.event_shape), jnp.ones(normal.event_shape)
    return wide(normal.loc), wide(normal.scale)


def _mean_and_factor(normal: Any) -> tuple[Array, Array]:
    if isinstance(normal, MultivariateNormalTriL):
        return wide(normal.loc), wide(normal.scale_tril)
    mean, deviation = _mean_and_deviation(normal)
    return mean, jnp.diag(deviation)


def _of_laplace(p: Laplace, q: Laplace) -> Array:
    distance, a, b = jnp.abs(wide(p.loc) - wide(q.loc)), wide(p.scale), wide(q.scale)
    return (a * jnp.exp(-distance / a) + distance) / b + jnp.log(b / a) - 1


def _of_log_normals(p: LogNormal, q: LogNormal) -> Array:
    return _of_normals(Normal(p.loc, p.scale), Normal(q.loc, q.scale))


def _of_exponentials(p: Exponential, q: Exponential) -> Array:
    ratio = wide(q.rate) / wide(p.rate)
    return ratio - 1 - jnp.log(ratio)


def _of_uniforms(p: Uniform, q: Uniform) -> Array:
    widths = [wide(d.high) - wide(d.low) for d in (p, q)]
    within = (p.low >= q.low) & (p.high <= q.high)
    return jnp.where(within, jnp.log(widths[1] / widths[0]), jnp.inf)


FORMULAS: dict[type, Callable[[Any, Any], Array]] = {
    Laplace: _of_laplace,
    LogNormal: _of_log_normals,
    Exponential: _of_exponentials,
    Uniform: _of_uniforms,
}
"""From a class to the divergence of each value of two of its kind."""
