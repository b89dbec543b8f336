"""The change of variables in one dimension, as a picture."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from fluvial.bijectors import Bijector
from fluvial.distributions import TransformedDistribution
from fluvial.errors import ShapeError
from fluvial.plots._style import BLUE, GREY, VERMILION, range_of, several_axes

N = 400
N_STRETCHES = 8
"""Stretches of the latents whose mass is followed."""


def change_of_variables_1d(
    base: Any,
    bijector: Bijector,
    *,
    samples: ArrayLike | None = None,
    limits: tuple[float, float] = (-3.0, 3.0),
    ax: Sequence[Axes] | None = None,
) -> list[Axes]:
    """Draw a base density, a map, and the density that comes of it, with the mass of stretches.

    The latents are cut into stretches of equal width. A stretch that the map widens is lowered in
    the density of the result, since its area, the probability, stays.

    Args:
        base: a distribution of event shape ().
        bijector: a monotone map of event shape ().
        samples: (m,) numbers whose histogram is drawn behind the result.
        limits: of the latents.
        ax: three axes to draw on; None makes a new figure.

    Returns:
        The axes of the base, of the map, and of the result.

    Raises:
        ShapeError: where the base or the map is not of event shape (), or axes are not three.

    Examples:
        >>> axes = change_of_variables_1d(Normal(0.0, 1.0), Exp())
        >>> [each.get_title() for each in axes]
        ['base density', 'map', 'density of the result']
    """
    for name, shape in (("base", base.event_shape), ("bijector", bijector.event_shape)):
        if shape != ():
            raise ShapeError(f"the {name} must have event shape (), but has {shape}")
    of_base, of_map, of_result = several_axes(ax, 3, (12, 4))
    z = np.linspace(*limits, N)
    x = np.asarray(bijector.forward(jnp.asarray(z)), np.float64)
    p_z = np.exp(np.asarray(base.log_prob(jnp.asarray(z)), np.float64))
    result = TransformedDistribution(base, bijector)
    with np.errstate(over="ignore"):
        p_x = np.exp(np.asarray(result.log_prob(jnp.asarray(x)), np.float64))
    if samples is not None:
        values = np.asarray(samples, np.float64).ravel()
        of_result.hist(values, bins="auto", density=True, color=GREY, alpha=0.4, label="samples")
    edges = np.linspace(0, N - 1, N_STRETCHES + 1).astype(int)
    for number, (start, end) in enumerate(pairwise(edges)):
        part, colour = slice(start, end + 1), (BLUE, VERMILION)[number % 2]
        of_base.fill_between(z[part], p_z[part], color=colour, alpha=0.5, linewidth=0)
        of_map.plot(z[part], x[part], color=colour, linewidth=2)
        of_result.fill_between(x[part], p_x[part], color=colour, alpha=0.5, linewidth=0)
    of_base.plot(z, p_z, color=GREY)
    of_result.plot(x, p_x, color=GREY, label="density")
    of_result.set_ylim(0, range_of(0.0, _usual_top(p_x))[1])
    _label(of_base, "base density", "z", "density")
    _label(of_map, "map", "z", "x = forward(z)")
    _label(of_result, "density of the result", "x", "density")
    if samples is not None:
        of_result.legend(frameon=False)
    return [of_base, of_map, of_result]


def _label(axes: Axes, title: str, across: str, up: str) -> None:
    axes.set_title(title)
    axes.set_xlabel(across)
    axes.set_ylabel(up)


def _usual_top(density: np.ndarray) -> float:
    """Return the top of a density; where it rises without end, of most of it."""
    finite = density[np.isfinite(density)]
    return float(min(finite.max(), 5 * np.quantile(finite, 0.9))) or 1.0
