"""A density that was fitted to one fold."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fluvial.densities.specification import Specification
from fluvial.training import History

ENDED_EARLY = ("interrupted", "max_seconds")
"""Why training ended that would have gone on."""


@dataclass(frozen=True)
class Fitted:
    """A member that was fitted to a fold.

    Attributes:
        distribution: in scaled units.
        specification: what it is, as a model file holds it.
        held_out: log density (m,) of the rows that chose, None without them.
        plain: the same without the noise of rounded columns.
        history: the training of a flow.
    """

    distribution: Any
    specification: Specification
    held_out: np.ndarray | None
    plain: np.ndarray | None
    history: History | None = None
