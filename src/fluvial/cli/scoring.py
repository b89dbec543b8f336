"""From a table in a file to the same table with its scores, some rows after the other."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from fluvial.cli.model_file import FittedModel
from fluvial.cli.scorers import Added, Scorer
from fluvial.cli.selection import REASON, match_columns
from fluvial.cli.windowed import Windowed
from fluvial.files.ahead import ahead
from fluvial.files.dialect import Dialect
from fluvial.files.formats import file_format, is_text
from fluvial.files.numeric import numeric_blocks, valid_rows
from fluvial.files.row_range import RowRange
from fluvial.files.table_file import TableFile, TableInput
from fluvial.files.table_output import table_writer
from fluvial.files.type_guess import TypeGuess

ADVICE = "the model uses this column: correct or remove those rows"


@dataclass
class Scored:
    """What was scored.

    Args:
        unknown_columns: those that the model was not fitted with.
        rows: all that were written.
        skipped: those of them without scores.
        total: of what is averaged, over the rows with scores.
        seconds: for scoring.
    """

    unknown_columns: list[str]
    rows: int = 0
    skipped: int = 0
    total: float = field(default=0.0, repr=False)
    seconds: float = 0.0

    @property
    def mean(self) -> float | None:
        """What is averaged, over the rows with scores; None without such."""
        n = self.rows - self.skipped
        return self.total / n if n else None


def score_table(
    source: TableInput,
    scorer: Scorer,
    fitted: FittedModel,
    *,
    output: Path | None,
    replace: bool,
    rows: RowRange,
    skip_invalid: bool,
) -> Scored:
    """Score a table and write it with its scores.

    Args:
        source: the table.
        scorer: what scores.
        fitted: the model file that it is from.
        output: the file; None for stdout.
        replace: whether a file that exists is replaced, be it one that appears meanwhile.
        rows: the data rows to score and to write.
        skip_invalid: whether rows with missing or infinite values get no scores, rather than being
            refused.

    Raises:
        DataError: where the table cannot be scored; an output file is not written then.
        OSError: where something cannot be read or written.

    Of a model of windows, rows get what the window that ends there has, and the first ones nothing.
    """
    features, unknown = match_columns(
        source.name,
        source.header,
        features=fitted.needed,
        left_out=fitted.left_out,
        added=scorer.added,
    )
    scored = Scored(unknown)

    def read() -> Iterator[tuple[TableFile, pa.Table]]:
        rows_read = source.blocks(rows=rows)
        return numeric_blocks(rows_read, features, advice=ADVICE, skip_invalid=skip_invalid)

    # Once without scoring: what is refused is refused at once, before anything is written.
    windowed = Windowed(fitted.window)
    typed = _types(source, output, (block for block, _ in read()))
    writer = table_writer(output, dialect=_dialect(source, output), replace=replace)
    with writer as write, ahead(read()) as blocks:
        for block, numbers in blocks:
            start = time.perf_counter()
            given, valid = windowed.following(numbers)
            if skip_invalid:
                is_valid = valid_rows(given)
                valid[valid] = is_valid
                given = given.filter(pa.array(is_valid))
            added: Added = dict.fromkeys(scorer.added)
            if given.num_rows:
                added = scorer.columns(given)
                scored.total += float(np.asarray(added[scorer.averaged], float).sum())
            scored.rows += len(valid)
            scored.skipped += int((~valid).sum())
            scored.seconds += time.perf_counter() - start
            write(_beside(typed(block, numbers), added, valid))
    return scored


def _beside(table: pa.Table, added: Added, valid: np.ndarray) -> pa.Table:
    """Put columns of the valid rows beside a table; the other rows get none."""
    places = np.where(valid, np.cumsum(valid) - 1, 0)
    types = {"is_anomaly": pa.bool_(), REASON: pa.string()}
    for name, values in added.items():
        kind = types.get(name, pa.float64())
        column = pa.nulls(len(valid), kind)
        if values is not None:
            column = pa.array(values, kind).take(pa.array(places, mask=~valid))
        table = table.append_column(name, [column])
    return table


def _types(
    source: TableInput, output: Path | None, blocks: Iterable[TableFile]
) -> Callable[[TableFile, pa.Table], pa.Table]:
    """Read all the rows, and return what gives the columns of some the types that they need."""
    if not source.is_text or output is None or is_text(file_format(output, role="the output")):
        for _ in blocks:
            pass
        return lambda block, numbers: block.columns
    # A CSV file's cells stay the text they are; Parquet needs types, and all rows decide on them.
    return TypeGuess(blocks).apply


def _dialect(source: TableInput, output: Path | None) -> Dialect:
    """The marks of the input, as its cells are written unchanged; but no tabs in a .csv file."""
    dialect = source.dialect
    if output is not None and source.name.lower().endswith((".tsv", ".tsv.gz")):
        return Dialect(decimal=dialect.decimal)
    return dialect
