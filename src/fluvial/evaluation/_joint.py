"""A conditional density, judged on rows and conditions together."""

from typing import Any

import numpy as np

from fluvial.errors import DataError, ShapeError, listed
from fluvial.evaluation.densities import with_names_of


class Joint:
    """Rows and their conditions, as what compares samples with rows takes them.

    A row is one of the table with its condition behind it, (D + C,). Samples are drawn given the
    conditions of the held-out rows, each as often as another but for the remainder, so that rows
    and samples differ where the density given the condition is wrong, and nowhere else.

    Args:
        density: a conditional `FlowDensity`.
        given: (n, C) conditions of the held-out rows.
    """

    def __init__(self, density: Any, given: np.ndarray):
        self._density, self._given = density, given

    def score_samples(self, rows: np.ndarray) -> np.ndarray:
        """Return the log density (n,) of rows given their conditions."""
        x, condition = self._apart(rows)
        return self._density.score_samples(x, condition=condition)

    def transform(self, rows: np.ndarray) -> np.ndarray:
        """Return the latents (n, D) of rows given their conditions."""
        x, condition = self._apart(rows)
        return self._density.transform(x, condition=condition)

    def sample(self, n: int, random_state: int | None = None) -> np.ndarray:
        """Draw rows with conditions."""
        given = np.resize(self._given, (n, self._given.shape[1]))
        condition = self._named(given)
        x = self._density.sample(n, random_state=random_state, condition=condition)
        return np.hstack([x, given])

    def _apart(self, rows: np.ndarray) -> tuple[Any, Any]:
        x, given = np.split(rows, [rows.shape[1] - self._given.shape[1]], axis=1)
        return with_names_of(self._density, x), self._named(given)

    def _named(self, given: np.ndarray) -> Any:
        schema = self._density.condition_.schema
        return dict(zip(schema.names, given.T, strict=True)) if schema.named else given


def with_condition(density: Any, rows: np.ndarray, condition: Any, *, what: str) -> np.ndarray:
    """Return rows (n, D) with their conditions behind them; without a condition the rows alone.

    Args:
        density: a fitted `FlowDensity`.
        rows: in its order.
        condition: of these rows, as the density takes it; None where it has none.
        what: what messages call it.

    Raises:
        DataError: where it is missing or not asked for, and as the density.
        ShapeError: where there is not one for each row.
    """
    columns = getattr(density, "condition_", None)
    if columns is None:
        if condition is not None:
            raise DataError(f"the density was fitted without a condition; leave {what} out")
        return rows
    if condition is None:
        raise DataError(
            f"the density is conditional on {listed(list(columns.names))}: give {what}, one row of "
            "it for each row"
        )
    given = columns.read(condition, owner=type(density).__name__)
    if len(given) != len(rows):
        raise ShapeError(f"{what} has {len(given)} rows for {len(rows)}; give one for each row")
    return np.hstack([rows, given])
