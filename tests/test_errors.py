"""What messages say of names and rows."""

import pickle
import shutil
import subprocess

import pytest

from fluvial.errors import DataError, RowError, for_shell

NAMES = [
    "a",
    "wind speed",
    "two  blanks",
    "line\nend",
    "tab\t'q'",
    "it's",
    "$(ls)",
    "é\\ ü",
    "",
    "-a",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_shell_reads_a_name_as_it_is(name):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no Bash")
    told = for_shell(name)
    assert told.isprintable()
    assert "  " not in told
    read = subprocess.run([bash, "-c", f"printf %s {told}"], capture_output=True, check=True)
    assert read.stdout.decode() == name


def test_an_error_tells_its_row_from_where_rows_count():
    error = RowError("{row} is odd; drop it", 3)
    assert isinstance(error, DataError)
    assert str(error) == "row 3 is odd; drop it"
    in_file = error.of_file("{row}.csv: column 'a'", 290)
    assert str(in_file) == "{row}.csv: column 'a': data row 293 is odd; drop it"
    assert str(pickle.loads(pickle.dumps(in_file))) == str(in_file)
