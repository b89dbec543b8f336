"""Neural spline flows."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
from jaxtyping import Array

from fluvial.bijectors import (
    Bijector,
    Coupling,
    CubicSpline,
    Invert,
    LinearSpline,
    MaskedAutoregressive,
    QuadraticSpline,
    RationalQuadraticSpline,
    n_parameters,
)
from fluvial.distributions import Uniform
from fluvial.flows._layers import (
    Linear,
    build_flow,
    check_every_column_moves,
    check_sizes,
)
from fluvial.flows.flow import Flow
from fluvial.networks import Activation, PeriodicMLP
from fluvial.networks.random import Key
from fluvial.shapes import Shape, condition_size

Spline = Literal["rational_quadratic", "cubic", "quadratic", "linear"]

SPLINES: dict[str, Callable[..., Bijector]] = {
    "cubic": CubicSpline,
    "linear": LinearSpline,
    "quadratic": QuadraticSpline,
    "rational_quadratic": RationalQuadraticSpline,
}
"""The families of splines."""


def neural_spline_flow(
    key: Array,
    *,
    n_features: int,
    n_layers: int = 5,
    hidden_sizes: tuple[int, ...] = (128, 128),
    n_bins: int = 8,
    interval: float = 5.0,
    coupling: bool = False,
    residual: bool = False,
    linear: Linear = "lu",
    condition_shape: Shape | None = None,
    activation: Activation = "relu",
    base: Any = None,
    spline: Spline = "rational_quadratic",
) -> Flow:
    """Build a neural spline flow, autoregressive or coupling.

    Each layer maps a column by a monotone spline whose widths, heights and slopes a network sets
    from the columns before it (or from those that pass). A density costs one pass, and a
    sample about one more, or one in all by couplings. The first choice for tables: it
    follows sharp edges and many modes. Cubic splines are smoother and sampled by root searches;
    quadratic and linear ones are cheaper and coarser.

    Values outside `[-interval, interval]` pass a layer's splines unchanged: scale the data first.

    Args:
        key: a random key.
        n_features: columns D.
        n_layers: spline layers.
        hidden_sizes: units of each hidden layer (of each residual block) of each network.
        n_bins: bins of each spline.
        interval: half-width of the interval in which the splines act, in units of the data.
        coupling: couplings (both directions in one pass) instead of autoregressive layers.
        residual: whether the networks of autoregressive layers are residual.
        linear: the map before each layer: "lu" (a random permutation and an LU map),
            "permutation", "reverse" or None.
        condition_shape: shape of a condition, or None.
        activation: a name of `fluvial.networks.ACTIVATIONS`, or any function.
        base: the distribution of the latents; a standard normal where it is None.
        spline: "rational_quadratic", "cubic", "quadratic" or "linear".

    Raises:
        ValueError: where a size is below one, where a column would never be transformed, or where
            residual couplings are asked for, or `spline` is unknown.

    Examples:
        >>> flow = neural_spline_flow(jax.random.key(0), n_features=3, n_layers=2, n_bins=4)
        >>> flow.log_prob(jax.numpy.zeros((5, 3))).shape
        (5,)

    References:
        Durkan et al. 2019, arXiv 1906.04032, sections 3 and 4; Durkan et al. 2019, arXiv
        1906.02145, for cubic, and Müller et al. 2019, arXiv 1808.03856, for quadratic and linear
        splines.
    """
    check_sizes(n_features=n_features, n_layers=n_layers, linear=linear)
    if spline not in SPLINES:
        raise ValueError(f"spline must be one of {sorted(SPLINES)}, but is {spline!r}")
    # The spline's direct formula serves the density, its root the samples.
    transformer = Invert(SPLINES[spline](n_bins, interval))
    make_layer = partial(
        Coupling if coupling else MaskedAutoregressive,
        transformer=transformer,
        n_features=n_features,
        hidden_sizes=tuple(hidden_sizes),
        condition_shape=condition_shape,
        activation=activation,
    )
    if coupling:
        check_every_column_moves(n_features=n_features, n_layers=n_layers, linear=linear)
        if residual:
            raise ValueError("residual networks serve autoregressive layers, not couplings")
    else:
        make_layer = partial(make_layer, residual=residual)
    return build_flow(
        key,
        make_layer,
        n_features=n_features,
        n_layers=n_layers,
        n_identity=n_features // 2 if coupling else 0,
        linear=linear,
        base=base,
    )


def circular_spline_flow(
    key: Array,
    *,
    n_features: int,
    n_layers: int = 4,
    hidden_sizes: tuple[int, ...] = (128, 128),
    n_bins: int = 8,
    linear: Linear = "reverse",
    condition_shape: Shape | None = None,
    activation: Activation = "relu",
    base: Any = None,
) -> Flow:
    """Build a flow of angles in [-pi, pi]: couplings with circular splines, on a torus.

    Each coupling maps angles by a spline of the circle onto itself, whose two ends are one point,
    and a turn; its network sees the other angles by cosine and sine. The density is periodic, with
    no seam. Both directions cost one pass. Angles outside [-pi, pi] have no density: take the
    remainder first.

    Args:
        key: a random key.
        n_features: angles D.
        n_layers: couplings, at least 2 (1 at D = 1).
        hidden_sizes: units of each hidden layer of each coupling's network.
        n_bins: bins of each spline.
        linear: the map between couplings: "reverse", "permutation" or None.
        condition_shape: shape of a condition, or None.
        activation: a name of `fluvial.networks.ACTIVATIONS`, or any function.
        base: the distribution of the latents, angles too; uniform where it is None.

    Raises:
        ValueError: where an angle would never be transformed, a size is below one, or `linear` is
            "lu".

    Examples:
        >>> flow = circular_spline_flow(jax.random.key(0), n_features=2, n_layers=2)
        >>> flow.log_prob(jnp.zeros(2)).round(2).tolist()
        -3.68...

    References:
        Rezende et al. 2020, arXiv 2002.02428, section 2.1.
    """
    check_sizes(n_features=n_features, n_layers=n_layers, linear=linear)
    if linear == "lu":
        raise ValueError("a linear map takes angles off the circle; choose another linear=")
    check_every_column_moves(n_features=n_features, n_layers=n_layers, linear=linear)
    transformer = Invert(RationalQuadraticSpline(n_bins, math.pi, boundary="circular"))
    n_identity = n_features // 2

    def make_layer(key: Key) -> Bijector:
        network = PeriodicMLP(
            key,
            n_identity,
            n_parameters(transformer) * (n_features - n_identity),
            hidden_sizes=tuple(hidden_sizes),
            condition_size=condition_size(condition_shape),
            activation=activation,
        )
        return Coupling(
            None,
            transformer,
            n_features=n_features,
            conditioner=network,
            condition_shape=condition_shape,
        )

    if base is None:
        base = Uniform(np.full(n_features, -math.pi), np.full(n_features, math.pi))
    return build_flow(
        key,
        make_layer,
        n_features=n_features,
        n_layers=n_layers,
        n_identity=n_identity,
        linear=linear,
        base=base,
    )
