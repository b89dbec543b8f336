"""Neural spline flows."""

from functools import partial
from typing import Any

from jaxtyping import Array

from fluvial.bijectors import Coupling, Invert, MaskedAutoregressive, RationalQuadraticSpline
from fluvial.flows._layers import (
    Linear,
    build_flow,
    check_every_column_moves,
    check_sizes,
)
from fluvial.flows.flow import Flow
from fluvial.shapes import Shape


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
    activation: str = "relu",
    base: Any = None,
) -> Flow:
    """Build a neural spline flow: rational-quadratic splines, autoregressive or coupling.

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
        activation: name of the activation, see `fluvial.networks.ACTIVATIONS`.
        base: the distribution of the latents; a standard normal where it is None.

    Raises:
        ValueError: where a size is below one, where a column would never be transformed, or where
            residual couplings are asked for.

    Examples:
        >>> flow = neural_spline_flow(jax.random.key(0), n_features=3, n_layers=2, n_bins=4)
        >>> flow.log_prob(jax.numpy.zeros((5, 3))).shape
        (5,)

    References:
        Durkan et al. 2019, arXiv 1906.04032, sections 3 and 4.
    """
    check_sizes(n_features=n_features, n_layers=n_layers, linear=linear)
    # The spline's direct formula serves the density, its root the samples.
    transformer = Invert(RationalQuadraticSpline(n_bins, interval))
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
