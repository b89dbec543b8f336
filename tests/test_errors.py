"""What messages say of names."""

import shutil
import subprocess

import pytest

from fluvial.errors import for_shell

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
