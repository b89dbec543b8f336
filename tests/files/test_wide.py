"""Work grows in proportion to the number of columns of a file: it is counted."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.counting import FEW, MANY, CountedName, n_calls

from fluvial.cli.selection import choose_columns, match_columns
from fluvial.files.column_names import refuse_duplicates
from fluvial.files.numeric import numeric_columns
from fluvial.files.table_file import Header, open_table
from fluvial.files.type_guess import guess_types


def read_all(path):
    source = open_table(path)
    kept, left_out = choose_columns(path, source.header, exclude=["c1"])
    table = source.read(columns=kept)
    match_columns(path, source.header, features=kept, left_out=left_out)
    numeric_columns(table, kept, advice="")
    if table.is_text:
        guess_types(table)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_reading_and_typing_take_calls_in_proportion_to_the_columns(tmp_path, suffix):
    counts = []
    for width in (FEW, MANY):
        path = tmp_path / f"{width}{suffix}"
        table = pa.table({f"c{i}": [i + 0.5, float(i)] for i in range(width)})
        if suffix == ".csv":
            rows = [",".join(map(repr, row.values())) for row in table.to_pylist()]
            path.write_text("\n".join([",".join(table.column_names), *rows]))
        else:
            pq.write_table(table, path)
        read_all(path)
        counts.append(n_calls(read_all, path))
    assert counts[1] < 1.5 * counts[0] * MANY / FEW


def test_names_are_looked_up_and_not_searched(tmp_path):
    names: list[str] = [CountedName(f"c{i}") for i in range(MANY)]
    path, header, backwards = tmp_path, Header(names, []), names[::-1]
    CountedName.n_comparisons = 0
    refuse_duplicates(path, names)
    assert len(choose_columns(path, header, columns=backwards, exclude=names[5:])[0]) == 5
    match_columns(path, header, features=backwards, left_out=[])
    assert CountedName.n_comparisons < 20 * MANY
