"""Figures as SVG inside a page, in the page's own colour of text."""

import io
import re
import warnings
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from fluvial.report.elements import Markup

INK = "#010203"
"""Stands for the colour of the page's text, which a light and a dark page have each their own."""

MOST_POINTS, MOST_MARKS = 3_000, 300
"""Points of a line and marks of a cloud that are drawn as pixels, lest the page grow large."""

SETTINGS: Any = {
    "font.size": 10,
    "svg.fonttype": "none",
    "svg.hashsalt": "fluvial",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "savefig.dpi": 200,
    "axes.labelpad": 6,
} | dict.fromkeys(
    ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK
)


def drawn(draw: Callable[[Axes], Any], *, size: tuple[float, float]) -> Markup:
    """Return what is drawn on axes, as SVG.

    Args:
        draw: takes the axes.
        size: width and height in inches; a page shows an inch as 96 pixels where it has room.
    """
    with mpl.rc_context(SETTINGS), warnings.catch_warnings():
        # A name may hold characters that the font lacks; the browser has others.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        draw(axes)
        _as_pixels(axes)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return _for_a_page(buffer.getvalue())


def _as_pixels(axes: Axes) -> None:
    for line in axes.lines:
        line.set_rasterized(len(line.get_xdata()) > MOST_POINTS)  # pyright: ignore[reportArgumentType]
    for cloud in axes.collections:
        cloud.set_rasterized(len(cloud.get_offsets()) > MOST_MARKS)  # pyright: ignore[reportArgumentType]


def _for_a_page(svg: str) -> Markup:
    """Leave the head of the file out, let the page scale it, and take the page's colour."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    return Markup(svg.replace(INK, "currentColor"))
