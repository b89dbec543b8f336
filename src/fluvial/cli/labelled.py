"""Tables with labels and times beside the columns of a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from fluvial.anomaly.labels import anomalous
from fluvial.anomaly.times import checked_times
from fluvial.cli.class_column import class_column
from fluvial.cli.selection import apart, named_column, needed_columns
from fluvial.errors import DataError, RowError, quoted
from fluvial.files.numeric import numeric_columns
from fluvial.files.table_file import Header, TableFile, open_table
from fluvial.files.text_cells import first_no_date, parse_dates
from fluvial.tables import sliding_windows

if TYPE_CHECKING:
    import pyarrow as pa

    from fluvial.files.row_range import RowRange

ADVICE = "correct or remove those rows"

LABELS = "labels are numbers: 0 for normal rows and 1 for anomalies, or 1 and -1"
"""What a message says where a column of labels holds something else."""

TIMES = (
    "times are numbers, or dates of ISO 8601 such as 2026-01-31T12:00:00, all with a zone or all "
    "without"
)
"""What a message says where a column of times holds something else."""


class Columns(Protocol):
    """Which columns of a file are wanted: those of a model, say."""

    @property
    def features(self) -> list[str] | None:
        """In their order; None takes all but an index."""
        ...

    @property
    def condition(self) -> Sequence[str]:
        """Those of a condition, if there is one."""
        ...

    @property
    def left_out(self) -> list[str]:
        """Those that may be there or not."""
        ...

    @property
    def window(self) -> int:
        """Rows of a window; 1 takes rows as they are."""
        ...


@dataclass(frozen=True)
class Labelled:
    """Rows for a model, or windows of them, and what is known of them.

    Of a window it is what is known of its last row.

    Args:
        numbers: the columns that the model uses, but for those of its condition.
        condition: these; None where it has none.
        labels: `(n,)`; None where no column was named.
        times: `(n,)`; None where no column was named.
        classes: `(n,)` as they stand in the file; None where no column was named.
        first_row: the place of the first row in the file, or of the first window's last; data rows
            count from 0.
        source: what messages call the file.
    """

    numbers: pa.Table
    condition: pa.Table | None
    labels: np.ndarray | None
    times: np.ndarray | None
    first_row: int
    source: str
    classes: pa.ChunkedArray | None = None

    @contextmanager
    def of_file(self) -> Iterator[None]:
        """Let errors of the block tell the file and its own row, where they tell a row."""
        try:
            yield
        except RowError as error:
            raise error.of_file(self.source, self.first_row) from None

    def check(self, label: str | None, time: str | None, *, both: bool) -> None:
        """Refuse labels and times that cannot be used.

        Args:
            label: their column.
            time: the column of the times.
            both: whether there must be rows of both kinds.

        Raises:
            DataError: naming the file, the column and the row.
        """
        n_rows = self.numbers.num_rows
        if label is not None:
            with self._of_column(label):
                anomalous(self.labels, n_rows, both=both)
        if time is not None:
            with self._of_column(time):
                checked_times(self.times, n_rows)

    @contextmanager
    def _of_column(self, name: str) -> Iterator[None]:
        where = f"{self.source}: column {quoted(name)}"
        try:
            yield
        except RowError as error:
            raise error.of_file(where, self.first_row) from None
        except DataError as error:
            raise DataError(f"{where}: {error}") from None


def read_labelled(
    path: Path,
    fitted: Columns,
    *,
    label: str | None = None,
    time: str | None = None,
    classes: str | None = None,
    both: bool = True,
    rows: RowRange | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
) -> Labelled:
    """Read the columns that a model uses, and those that hold labels and times.

    Args:
        path: the file.
        fitted: the columns that are wanted, such as a model's.
        label: the column of the labels: 0 for normal rows.
        time: the column of the times, numbers or dates; a date counts in seconds.
        classes: the column of the classes that a model knows.
        both: whether there must be normal rows and anomalies, where there are labels.
        rows: the data rows to read.
        delimiter: between the cells of CSV; found by looking where it is None.
        decimal: the decimal mark of CSV, likewise.

    Raises:
        typer.BadParameter: where a column that an option names is not there.
        DataError: where columns are missing, or hold what they must not.
        OSError: where the file cannot be read.
    """
    source = open_table(path, delimiter=delimiter, decimal=decimal)
    names = source.header.names
    beside = [
        named_column(option, name, names)
        for option, name in (("--label", label), ("--time", time))
        if name is not None
    ]
    if classes is not None:
        if classes not in names:
            raise DataError(
                f"{source.name}: there is no column {quoted(classes)}, which holds the classes that"
                " the model knows"
            )
        beside.append(classes)
    others = [name for name in names if name not in beside]
    given = fitted.condition
    used = [name for name in beside if name in [*(fitted.features or []), *given]]
    if used:
        raise DataError(f"{source.name}: the model uses {used[0]!r}, which is no label or time")
    header = Header(others, [name for name in source.header.index if name in others])
    wanted = None if fitted.features is None else [*fitted.features, *given]
    features, _ = needed_columns(source.name, header, features=wanted, left_out=fitted.left_out)
    table = source.read(rows=rows, columns=list(dict.fromkeys([*features, *beside])))
    labels = None if label is None else _numbers(table, label, LABELS)
    times = None if time is None else _times(table, time)
    of_rows = None if classes is None else class_column(table, classes)
    numbers = numeric_columns(table, features, advice=ADVICE)
    if fitted.window == 1:
        parts = apart(numbers, given)
        read = Labelled(*parts, labels, times, table.first_row, source.name, of_rows)
    else:
        windows, first = sliding_windows(numbers, fitted.window), fitted.window - 1
        labels = None if labels is None else labels[first:]
        times = None if times is None else times[first:]
        read = Labelled(windows, None, labels, times, table.first_row + first, source.name)
    read.check(label, time, both=both)
    return read


def _numbers(table: TableFile, name: str, advice: str) -> np.ndarray:
    column = numeric_columns(table, [name], advice=advice).column(0)
    return np.asarray(column.to_numpy(), np.float64)


def _times(table: TableFile, name: str) -> np.ndarray:
    """Return numbers as they are, and dates and durations as NumPy's."""
    import pyarrow as pa

    column = table.columns.column(name)
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_duration(kind):
        return column.to_numpy()
    if table.is_text:
        dates = parse_dates(column)
        if dates is not None:
            return dates.to_numpy()
        row = first_no_date(column)
        if row is not None:
            raise DataError(
                f"{table.path}: column {quoted(name)} holds dates, but {column[row].as_py()!r:.40} "
                f"in data row {table.first_row + row}; {TIMES}"
            )
    return _numbers(table, name, TIMES)
