"""Autoregressive flows whose conditionals are monotone networks or polynomials."""

from typing import Any

from jaxtyping import Array

from fluvial.bijectors import (
    BernsteinPolynomial,
    DeepSigmoid,
    Invert,
    SumOfSquares,
    UnconstrainedMonotonic,
)
from fluvial.flows._layers import Linear, autoregressive_flow
from fluvial.flows.flow import Flow
from fluvial.networks import Activation
from fluvial.shapes import Shape


def naf(
    key: Array,
    *,
    n_features: int,
    n_layers: int = 3,
    hidden_sizes: tuple[int, ...] = (128, 128),
    n_units: int = 8,
    residual: bool = False,
    linear: Linear = "reverse",
    condition_shape: Shape | None = None,
    activation: Activation = "relu",
    base: Any = None,
) -> Flow:
    """Build a neural autoregressive flow: each column by a monotone network.

    `z[i] = logit(sum_k w_k sigmoid(a_k x[i] + b_k))`, with w, a and b from a masked network of the
    columns before. A density costs one pass; a sample goes column by column, each by a root search,
    and costs tens of passes of the small networks. For densities with several modes and smooth
    tails; `neural_spline_flow` samples faster.

    Args:
        key: a random key.
        n_features: columns D.
        n_layers: autoregressive layers.
        hidden_sizes: units of each hidden layer (of each residual block) of each network.
        n_units: sigmoid units of each monotone network.
        residual: whether the networks are residual.
        linear: the map between layers: "reverse", "permutation", "lu" or None.
        condition_shape: shape of a condition, or None.
        activation: a name of `fluvial.networks.ACTIVATIONS`, or any function.
        base: the distribution of the latents; a standard normal where it is None.

    Raises:
        ValueError: where a size is below one.

    Examples:
        >>> flow = naf(jax.random.key(0), n_features=3, n_layers=1, hidden_sizes=(8,))
        >>> flow.log_prob(jnp.zeros((5, 3))).shape
        (5,)

    References:
        Huang et al. 2018, arXiv 1804.00779, equations 5-8.
    """
    return autoregressive_flow(
        key,
        Invert(DeepSigmoid(n_units)),
        n_features=n_features,
        n_layers=n_layers,
        hidden_sizes=hidden_sizes,
        linear=linear,
        condition_shape=condition_shape,
        activation=activation,
        base=base,
        residual=residual,
    )


def umnn(
    key: Array,
    *,
    n_features: int,
    n_layers: int = 3,
    hidden_sizes: tuple[int, ...] = (128, 128),
    n_units: int = 8,
    residual: bool = False,
    linear: Linear = "reverse",
    condition_shape: Shape | None = None,
    activation: Activation = "relu",
    base: Any = None,
) -> Flow:
    """Build a flow of unconstrained monotonic networks: integrals of positive ones.

    `z[i] = b + integral from 0 to x[i] of f(t) dt`, f a positive network whose weights are set by a
    masked network of the columns before. A density costs one pass and 24 evaluations of f for each
    value; a sample some 30 times as much, by root searches. Slopes stay within exp(-3) and exp(3),
    so the density integrates to one whatever the weights are.

    Args:
        key: a random key.
        n_features: columns D.
        n_layers: autoregressive layers.
        hidden_sizes: units of each hidden layer (of each residual block) of each network.
        n_units: hidden units of each positive network.
        residual: whether the networks are residual.
        linear: the map between layers: "reverse", "permutation", "lu" or None.
        condition_shape: shape of a condition, or None.
        activation: a name of `fluvial.networks.ACTIVATIONS`, or any function.
        base: the distribution of the latents; a standard normal where it is None.

    Raises:
        ValueError: where a size is below one.

    Examples:
        >>> flow = umnn(jax.random.key(0), n_features=3, n_layers=1, hidden_sizes=(8,))
        >>> flow.log_prob(jnp.zeros((5, 3))).shape
        (5,)

    References:
        Wehenkel and Louppe 2019, arXiv 1908.05164, sections 3 and 4.
    """
    return autoregressive_flow(
        key,
        Invert(UnconstrainedMonotonic(n_units)),
        n_features=n_features,
        n_layers=n_layers,
        hidden_sizes=hidden_sizes,
        linear=linear,
        condition_shape=condition_shape,
        activation=activation,
        base=base,
        residual=residual,
    )


def sos(
    key: Array,
    *,
    n_features: int,
    n_layers: int = 3,
    hidden_sizes: tuple[int, ...] = (128, 128),
    n_squares: int = 3,
    degree: int = 2,
    residual: bool = False,
    linear: Linear = "reverse",
    condition_shape: Shape | None = None,
    activation: Activation = "relu",
    base: Any = None,
) -> Flow:
    """Build a sum-of-squares polynomial flow.

    `z[i] = b + integral from 0 to x[i] of the sum of squared polynomials`, their coefficients from
    a masked network of the columns before. A density costs one pass; a sample needs root searches.
    A polynomial grows fast: tails far from the rows are lighter than a Gaussian. Scale the data
    first.

    Args:
        key: a random key.
        n_features: columns D.
        n_layers: autoregressive layers.
        hidden_sizes: units of each hidden layer (of each residual block) of each network.
        n_squares: squared polynomials of each sum.
        degree: of each of them.
        residual: whether the networks are residual.
        linear: the map between layers: "reverse", "permutation", "lu" or None.
        condition_shape: shape of a condition, or None.
        activation: a name of `fluvial.networks.ACTIVATIONS`, or any function.
        base: the distribution of the latents; a standard normal where it is None.

    Raises:
        ValueError: where a size is below one.

    Examples:
        >>> flow = sos(jax.random.key(0), n_features=3, n_layers=1, hidden_sizes=(8,))
        >>> flow.log_prob(jnp.zeros((5, 3))).shape
        (5,)

    References:
        Jaini et al. 2019, arXiv 1905.02325, equations 4-6.
    """
    return autoregressive_flow(
        key,
        Invert(SumOfSquares(n_squares, degree)),
        n_features=n_features,
        n_layers=n_layers,
        hidden_sizes=hidden_sizes,
        linear=linear,
        condition_shape=condition_shape,
        activation=activation,
        base=base,
        residual=residual,
    )


def bernstein(
    key: Array,
    *,
    n_features: int,
    n_layers: int = 3,
    hidden_sizes: tuple[int, ...] = (128, 128),
    degree: int = 10,
    interval: float = 5.0,
    residual: bool = False,
    linear: Linear = "reverse",
    condition_shape: Shape | None = None,
    activation: Activation = "relu",
    base: Any = None,
) -> Flow:
    """Build a flow of Bernstein polynomials.

    Each column is mapped on `[-interval, interval]` by a polynomial with rising coefficients, set
    by a masked network of the columns before, and is unchanged outside. A density costs one pass; a
    sample needs root searches. The polynomials are stable at any degree; splines follow sharp edges
    better.

    Args:
        key: a random key.
        n_features: columns D.
        n_layers: autoregressive layers.
        hidden_sizes: units of each hidden layer (of each residual block) of each network.
        degree: of the polynomials.
        interval: half-width of the interval, in units of the data.
        residual: whether the networks are residual.
        linear: the map between layers: "reverse", "permutation", "lu" or None.
        condition_shape: shape of a condition, or None.
        activation: a name of `fluvial.networks.ACTIVATIONS`, or any function.
        base: the distribution of the latents; a standard normal where it is None.

    Raises:
        ValueError: where a size is below one.

    Examples:
        >>> flow = bernstein(jax.random.key(0), n_features=3, n_layers=1, hidden_sizes=(8,))
        >>> flow.log_prob(jnp.zeros((5, 3))).shape
        (5,)

    References:
        Ramasinghe et al. 2021, arXiv 2102.03509, section 4.
    """
    return autoregressive_flow(
        key,
        Invert(BernsteinPolynomial(degree, interval)),
        n_features=n_features,
        n_layers=n_layers,
        hidden_sizes=hidden_sizes,
        linear=linear,
        condition_shape=condition_shape,
        activation=activation,
        base=base,
        residual=residual,
    )
