"""What draws synthetic labelled rows: a density a class, or one given the class."""

from collections.abc import Callable
from typing import Any

import numpy as np
from benchmarks.studies.labelled import Labelled
from benchmarks.studies.plain import epochs_of

from fluvial import FlowDensity, FlowSynthesizer

Draw = Callable[[np.ndarray, int], np.ndarray]
"""From the classes (n,) of rows and a seed to the rows (n, D)."""

MAF, DEFAULT, CONDITIONAL = "MAF a class", "default a class", "one conditional flow"
GENERATORS = (MAF, DEFAULT, CONDITIONAL)


def fitted(name: str, training: Labelled, settings: dict[str, Any], seed: int) -> Draw:
    """Fit a generator.

    Args:
        name: one of `GENERATORS`.
        training: rows with classes 0 and 1.
        settings: `layers` of each MAF, `steps` of flows, `effort` and `max_seconds` of the default.
        seed: of fits.
    """
    if name == CONDITIONAL:
        epochs = epochs_of(settings["steps"], len(training.rows), 256)
        flow = FlowSynthesizer("neural_spline_flow", max_epochs=epochs, random_state=seed)
        flow.fit(training.rows, training.labels)
        return lambda labels, random_state: np.asarray(
            flow.sample(len(labels), random_state=random_state, label=labels)[0], np.float64
        )
    densities = [
        density_of(name, training.rows[training.labels == k], settings, seed) for k in (0, 1)
    ]

    def draw(labels: np.ndarray, random_state: int) -> np.ndarray:
        rows = np.empty((len(labels), training.rows.shape[1]))
        for k, density in enumerate(densities):
            places = np.flatnonzero(labels == k)
            if len(places):
                rows[places] = density.sample(len(places), random_state=random_state)
        return rows

    return draw


def density_of(name: str, rows: np.ndarray, settings: dict[str, Any], seed: int) -> FlowDensity:
    """Return the density of rows: a plain MAF, the conditional flow's recipe, or the default."""
    if name == DEFAULT:
        limits = {"effort": settings["effort"], "max_seconds": settings["max_seconds"]}
        return FlowDensity(random_state=seed, **limits).fit(rows)
    epochs = epochs_of(settings["steps"], len(rows), 256)
    if name == CONDITIONAL:
        return FlowDensity("neural_spline_flow", max_epochs=epochs, random_state=seed).fit(rows)
    layers = settings["layers"]
    return FlowDensity("maf", n_layers=layers, max_epochs=epochs, random_state=seed).fit(rows)
