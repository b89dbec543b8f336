"""The picture of the README: `python docs/images/three_questions.py` draws three_questions.png."""

from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from fluvial import FlowDensity, plots
from fluvial.evaluation import target

ENDS = ((-1.9, 2.9), (-1.5, 2.0))


def draw() -> None:
    """Fit the default to two moons; draw its density, rows that do not belong, and new rows."""
    rows = target("moons").sample(2_000, random_state=0)
    odd = np.random.default_rng(1).uniform(*np.transpose(ENDS), (12, 2))
    density = FlowDensity(random_state=0).fit(rows)
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.1), layout="constrained")
    plots.density_2d(density, limits=ENDS, n=120, ax=axes[0])
    plots.density_2d(samples=np.concatenate([rows[:600], odd]), limits=ENDS, ax=axes[1])
    strange = density.score_samples(odd) < np.quantile(density.score_samples(rows), 0.002)
    axes[1].collections[0].set_color("#0072B2")
    axes[1].scatter(*odd[strange].T, s=90, facecolors="none", edgecolors="#D55E00", linewidths=1.8)
    plots.density_2d(samples=density.sample(600, random_state=2), limits=ENDS, ax=axes[2])
    titles = ("How likely is this row?", "Which rows do not belong?", "More rows like these?")
    for each, title in zip(axes, titles, strict=True):
        each.set_title(title)
        each.set(xlabel="", ylabel="", xticks=[], yticks=[])
    figure.axes[3].set_ylabel("")
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=72, facecolor="white")


if __name__ == "__main__":
    draw()
