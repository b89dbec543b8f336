"""What a study writes: a page of Markdown and figures beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.speed.report import table
from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart with every common kind of colour blindness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#808080")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


class Page:
    """Lines and figures of one study.

    Args:
        folder: where they are written.
        name: of the study, with which the files' names begin.
    """

    def __init__(self, folder: Path, name: str):
        self._folder = folder
        self._name = name
        self._lines: list[str] = []

    def say(self, line: str) -> None:
        """Add a paragraph."""
        self._lines += [line, ""]

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table."""
        self._lines += [*table(tuple(header), [tuple(row) for row in rows]), ""]

    def figure(self, name: str, figure: Figure) -> None:
        """Write a figure, and show it on the page."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = f"{self._name}-{name}.png"
        figure.savefig(self._folder / file, dpi=120)
        self.say(f"![{name}]({file})")

    def write(self) -> str:
        """Write the page, and return its text."""
        self._folder.mkdir(parents=True, exist_ok=True)
        page = "\n".join(self._lines).rstrip() + "\n"
        (self._folder / f"{self._name}.md").write_text(page)
        return page


def panels(n: int, *, across: int = 3, size: tuple[float, float] = (3.6, 3.0)) -> Any:
    """Return a figure and the axes of n panels, row by row."""
    across = min(n, across)
    down = -(-n // across)
    figure = Figure(figsize=(size[0] * across, size[1] * down), layout="constrained")
    axes = np.ravel(figure.subplots(down, across, squeeze=False))
    for unused in axes[n:]:
        unused.set_visible(False)
    return figure, list(axes[:n])


def line(axes: Any, x: Sequence[float], y: Sequence[float], which: int, label: str) -> None:
    """Draw one line with marks, in the colour of its number."""
    axes.plot(
        x, y, label=label, markersize=4, linewidth=1.4,
        color=COLOURS[which % len(COLOURS)], marker=MARKERS[which % len(MARKERS)],
    )  # fmt: skip
