"""Whether normal has moved in a table that is scored some rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fluvial.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

    from fluvial.anomaly import Drift
    from fluvial.cli.model_file import FittedModel
    from fluvial.estimators import FlowAnomalyDetector

MOST_VALUES = 1_000_000
"""Values that are kept, so that memory and time stay flat."""

MOST_ROWS = 20_000
"""Rows that are kept at most."""


class Recent:
    """The first rows of a table, as many as are looked at for drift."""

    def __init__(self):
        self.blocks: list[pa.Table] = []
        self.n_rows = 0

    def add(self, numbers: pa.Table) -> None:
        """Keep some of the next rows."""
        most = min(MOST_ROWS, MOST_VALUES // max(numbers.num_columns, 1))
        room = most - self.n_rows
        if room > 0:
            self.blocks.append(numbers.slice(0, room))
            self.n_rows += self.blocks[-1].num_rows

    def drift(self, fitted: FittedModel, detector: FlowAnomalyDetector) -> Drift | None:
        """Tell whether these rows have moved; None where the model has nothing to compare with."""
        import pyarrow as pa

        if not self.n_rows:
            return None
        try:
            rows, condition = fitted.apart(pa.concat_tables(self.blocks))
            return detector.drift(rows, condition=condition)
        except DataError:
            return None
