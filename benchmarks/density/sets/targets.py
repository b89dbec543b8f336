"""Targets whose true density is known."""

import numpy as np
from benchmarks.density.sets.base import DataSet, Rows

from fluvial.evaluation import Target, coccaro, seven_gaussians, target

PLANE_ROWS = (30_720, 3_072)
"""Training and validation rows of the two-dimensional targets."""

SEVEN_ROWS = (27_000, 3_000)
"""Those of the seven Gaussians in ten dimensions."""

COCCARO_ROWS = (50_000, 5_000)
"""Those of Coccaro's mixtures, which are studied with 100,000 training rows."""

TEST_ROWS = 10_000


def _target(name: str, known: Target, n_rows: tuple[int, int], *, samples: bool = False) -> DataSet:
    def rows(_) -> Rows:
        rng, density = np.random.default_rng(1), known.density
        train, validation, test = (density.sample(n, rng) for n in (*n_rows, TEST_ROWS))
        again = density.sample(TEST_ROWS, rng) if samples else None
        return Rows(train, validation, test, density.log_density(test), again)

    return DataSet(name, "targets", rows)


IN_THE_PLANE = {
    "gauss_2": "two_gaussians",
    "gauss_4_diagonal": "four_gaussians_diagonal",
    "gauss_4_row": "four_gaussians_row",
    "gauss_7": "seven_gaussians",
    "gauss_9": "nine_gaussians",
    "uniform_1": "one_box",
    "uniform_3": "three_boxes",
    "uniform_4": "four_boxes",
    "moons": "moons",
}

TARGETS = (
    *(_target(name, target(known), PLANE_ROWS) for name, known in IN_THE_PLANE.items()),
    *(
        _target(f"seven_{gap}", seven_gaussians(gap), SEVEN_ROWS)
        for gap in ("giant", "large", "medium", "small")
    ),
    *(_target(f"coccaro_{n}", coccaro(n), COCCARO_ROWS, samples=True) for n in (16, 64)),
)
