"""Rows of a table as a fitted density reads them, and what each of them is given."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from fluvial.estimators.density import FlowDensity
from fluvial.tables import Condition, read_table
from fluvial.weights import counted_rows


@dataclass(frozen=True)
class GivenRows:
    """Rows, and their conditions where the density has one.

    Attributes:
        rows: `(n, D)`, in the order of the fitted columns.
        condition: `(n, C)`, or None.
    """

    rows: np.ndarray
    condition: np.ndarray | None

    @classmethod
    def read(cls, density: FlowDensity, X: Any, condition: Any = None) -> Self:
        """Read new rows, and a condition of each or one for all.

        Raises:
            DataError: where columns are missing or unknown, or hold what they must not.
            ShapeError: where a condition is missing, not asked for, or of other rows.
        """
        rows = density.schema_.align(X, owner=type(density).__name__)
        given = density._read_condition(condition)
        density.table_density_.check_condition(given, len(rows))
        if given is not None:
            given = np.broadcast_to(given, (len(rows), given.shape[1]))
        return cls(rows, given)

    @property
    def joined(self) -> np.ndarray:
        """Rows with their conditions as further columns, `(n, D + C)`."""
        return self.rows if self.condition is None else np.hstack([self.rows, self.condition])

    def take(self, places: np.ndarray) -> Self:
        """Return some of the rows."""
        given = None if self.condition is None else self.condition[places]
        return type(self)(self.rows[places], given)


def given_rows(
    density: FlowDensity, X: Any, sample_weight: Any, condition: Any = None
) -> tuple[GivenRows, np.ndarray]:
    """Return the rows given to fit, and which of them have a weight, (n,) of bool.

    Args:
        density: what was fitted.
        X: the table given to it.
        sample_weight: the weights given to it, or None. Rows of weight zero may hold anything.
        condition: the conditions given to it, or None.
    """
    if sample_weight is None:
        matrix = density.schema_.align(X, owner=type(density).__name__)
        counted = np.ones(len(matrix), bool)
    else:
        matrix, _ = read_table(X, sample_weight=sample_weight)
        counted = counted_rows(sample_weight, len(matrix))
    given = None
    if condition is not None:
        given = Condition.of(condition, sample_weight=sample_weight).matrix
    return GivenRows(matrix, given), counted
