"""Where a flow takes the points of a grid."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes

from fluvial.bijectors import Bijector, Chain, Invert, Repeat, ScaledCondition
from fluvial.errors import ShapeError
from fluvial.plots._style import GREY, HEAT, axes_or_new, new_axes, several_axes

REACH = 2.0
"""The grid lies between minus and plus this many standard deviations of a standard normal."""


def flow_mapping(
    flow: Any,
    *,
    grid: int = 7,
    layers: bool = False,
    condition: Any = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> Any:
    """Draw where the points of a grid of latents go, from the base to the data.

    Points that were neighbours are joined, and keep the colour of their place in the grid.

    Args:
        flow: a flow of two columns, or a bijector of event shape (2,).
        grid: points a side, at least 2.
        layers: whether a panel is drawn after each layer, the first being the base.
        condition: (*condition_shape) where the flow takes one.
        ax: the axes to draw on, one for the base and one for each layer with `layers`; None makes a
            new figure.

    Returns:
        The axes; a list of them with `layers`.

    Raises:
        ShapeError: where the flow has not two columns, or the axes are not as many as the panels.
        ValueError: where the grid is less than 2.

    Examples:
        >>> flow = fluvial.flows.maf(jax.random.key(0), n_features=2, n_layers=2)
        >>> len(flow_mapping(flow, grid=3, layers=True))
        3
    """
    bijector = getattr(flow, "bijector", flow)
    if bijector.event_shape != (2,) or bijector.latent_shape != (2,):
        raise ShapeError(
            f"a mapping is drawn for two columns, but the event shape is {bijector.event_shape}"
        )
    if grid < 2:
        raise ValueError(f"grid must be at least 2, but is {grid}")
    ends = np.linspace(-REACH, REACH, grid)
    start = np.stack(np.meshgrid(ends, ends), axis=-1)
    if not layers:
        axes = axes_or_new(ax, (5, 5))  # pyright: ignore[reportArgumentType]
        end = np.asarray(bijector.forward(jnp.asarray(start.reshape(-1, 2)), condition))
        _panel(axes, end.reshape(start.shape), "data")
        return axes
    points, places = jnp.asarray(start.reshape(-1, 2)), [start]
    for layer in steps(bijector):
        taken = condition if layer.condition_shape is not None else None
        points = layer.forward(points, taken)
        places.append(np.asarray(points).reshape(start.shape))
    n = len(places)
    if ax is None:
        down = -(-n // 4)
        panels = new_axes(n, (3.2 * min(n, 4), 3.2 * down), n_columns=4)
    else:
        panels = several_axes(ax, n, (0, 0))  # pyright: ignore[reportArgumentType]
    for number, (axes, place) in enumerate(zip(panels, places, strict=True)):
        title = "base" if number == 0 else f"after layer {number}"
        _panel(axes, place, "data" if 0 < number == n - 1 else title)
    return panels


def steps(bijector: Bijector) -> list[Bijector]:
    """Return the layers of a bijector, in the order in which latents pass them.

    Examples:
        >>> [type(step).__name__ for step in steps(Chain([Shift(1.0), Scale(2.0)]))]
        ['Scale', 'Shift']
    """
    if isinstance(bijector, ScaledCondition) and bijector.condition_shape is None:
        return steps(bijector.bijector)
    if isinstance(bijector, Chain):
        return [step for part in reversed(bijector.parts) for step in _whole(part)]
    return _whole(bijector)


def _whole(bijector: Bijector) -> list[Bijector]:
    """Return the layers of a stack; a layer with the linear map beside it is one."""
    if isinstance(bijector, Repeat):
        return list(reversed(bijector.layers))
    if isinstance(bijector, Invert) and isinstance(bijector.bijector, Repeat):
        return [Invert(layer) for layer in bijector.bijector.layers]
    return [bijector]


def _panel(axes: Axes, places: np.ndarray, title: str) -> None:
    n = len(places)
    colours = colormaps[HEAT](np.linspace(0.25, 0.95, n * n)).reshape(n, n, 4)
    for line in (*places, *np.swapaxes(places, 0, 1)):
        axes.plot(*line.T, color=GREY, linewidth=0.6, zorder=1)
    axes.scatter(*places.reshape(-1, 2).T, c=colours.reshape(-1, 4), s=18, zorder=2)
    axes.set_title(title)
    axes.set_xlabel("x0" if title == "data" else "z0")
    axes.set_ylabel("x1" if title == "data" else "z1")
