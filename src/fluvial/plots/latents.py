"""Where rows lie in the latent space."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from numpy.typing import ArrayLike

from fluvial.errors import ShapeError
from fluvial.plots._style import BLUE, GREY, axes_or_new, checked_rows


def latent(
    model: Any, X: ArrayLike, *, columns: tuple[int, int] = (0, 1), ax: Axes | None = None
) -> Axes:
    """Draw the latents of rows, with circles that hold 39, 86 and 99 % of a standard normal.

    Args:
        model: an estimator with `transform`, or a flow or distribution with a `bijector`.
        X: (n, D) rows, in the units that the model takes.
        columns: which two latents are drawn.
        ax: the axes to draw on; None makes a new figure.

    Returns:
        The axes.

    Raises:
        ShapeError: where there are no such columns.

    Examples:
        >>> flow = fluvial.flows.maf(jax.random.key(0), n_features=2, n_layers=2)
        >>> latent(flow, np.zeros((5, 2))).get_xlabel()
        'z0'
    """
    inverse = getattr(model, "transform", None)
    z = np.asarray(model.bijector.inverse(X) if inverse is None else inverse(X))
    z = checked_rows(z, "the latents")
    if max(columns) >= z.shape[1]:
        raise ShapeError(f"there are {z.shape[1]} latents, so none of number {max(columns)}")
    axes = axes_or_new(ax, (5, 5))
    size = float(np.clip(5000 / max(len(z), 1), 1, 15))
    points = z[:, list(columns)]
    axes.scatter(*points.T, s=size, color=BLUE, alpha=0.5, linewidths=0, label="rows")
    for radius in (1, 2, 3):
        label = "radius 1, 2, 3" if radius == 1 else None
        axes.add_patch(Circle((0, 0), radius, fill=False, color=GREY, linestyle="--", label=label))
    axes.set_aspect("equal")
    axes.set_xlabel(f"z{columns[0]}")
    axes.set_ylabel(f"z{columns[1]}")
    axes.legend(loc="upper right", markerscale=2, framealpha=0.85, edgecolor="none")
    return axes
