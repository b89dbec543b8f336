"""Standard streams that are closed or full: the exit code is right, and nothing is cut silently."""

import os
import subprocess

import pytest
from tests.cli.test_process import COMMAND, ENVIRONMENT

pytestmark = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")


def shell(cwd, redirections, *arguments, **variables):
    command = " ".join([*COMMAND, *map(str, arguments), redirections])
    return subprocess.run(
        ["sh", "-c", command],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=ENVIRONMENT | variables,
        timeout=120,
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("redirection", "why"), [(">/dev/full", "No space left on device"), (">&-", "is closed")]
)
def test_a_table_that_stdout_does_not_take_is_an_error(
    model, tmp_path, redirection, why, unbuffered
):
    ended = shell(tmp_path, redirection, "sample", model, "-n", 5000, PYTHONUNBUFFERED=unbuffered)
    error = f"fluvial: error: 'stdout': {why}; the table on stdout is not whole\n"
    assert (ended.returncode, ended.stderr) == (2, error)


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_errors_never_go_to_stdout(tmp_path, redirection):
    ended = shell(tmp_path, redirection, "info", "absent.fluvial")
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", "")


def test_a_table_is_whole_where_stderr_takes_nothing(model, tmp_path):
    for redirection in ("2>&-", "2>/dev/full", "<&- 2>&-"):
        ended = shell(tmp_path, redirection, "sample", model, "-n", 3000)
        assert ended.returncode == 0
        assert len(ended.stdout.splitlines()) == 3001


def test_a_file_is_written_though_nobody_listens(model, tmp_path):
    ended = shell(tmp_path, "<&- >&- 2>&-", "sample", model, "-n", 30, "-o", "all.csv")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    lines = (tmp_path / "all.csv").read_text().splitlines()
    # No message has ended up in the file, whose descriptor could have been that of a stream.
    assert len(lines) == 31
    assert {line.count(",") for line in lines} == {2}


def test_a_summary_that_is_cut_is_told(model, tmp_path):
    ended = shell(tmp_path, ">/dev/full", "sample", model, "-n", 3, "-o", "few.csv")
    error = "fluvial: error: 'stdout': No space left on device; few.csv is written\n"
    assert (ended.returncode, ended.stderr) == (2, error)
    ended = shell(tmp_path, ">&-", "info", model)
    assert (ended.returncode, ended.stderr) == (2, "fluvial: error: 'stdout': is closed\n")


def test_a_slow_reader_that_does_not_block_gets_all(model, tmp_path):
    code = (
        "import fcntl, os, sys; flags = fcntl.fcntl(1, fcntl.F_GETFL);"
        "fcntl.fcntl(1, fcntl.F_SETFL, flags | os.O_NONBLOCK); os.execv(sys.argv[1], sys.argv[1:])"
    )
    command = [COMMAND[0], "-c", code, *COMMAND, "sample", str(model), "-n", "20000"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT, cwd=tmp_path
    ) as process:
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert out.count(b"\n") == 20001
