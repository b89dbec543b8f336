"""What tables are taken, and that they are read right, some rows at a time."""

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.cases import TINY
from tests.cli.test_process import COMMAND, ENVIRONMENT

from fluvial.files import blocks, csv_input


@pytest.fixture
def frame(numbers) -> pd.DataFrame:
    return pd.DataFrame(numbers).round(3)


def scores(run, model, path, *options):
    result = run("score", model, path, "-o", "scores.parquet", "--force", "--json", *options)
    assert result.exit_code == 0, result.output
    return pq.read_table("scores.parquet").column("log_prob").to_pylist(), result


def write_european(frame, path, *, sep=";"):
    frame.to_csv(path, index=False, sep=sep, decimal=",")


def test_every_way_to_write_a_table_gives_the_same_scores(run, model, frame):
    frame.to_csv("plain.csv", index=False)
    expected, _ = scores(run, model, "plain.csv")
    text = Path("plain.csv").read_text()
    Path("t.tsv").write_text(text.replace(",", "\t"))
    Path("t.csv.gz").write_bytes(gzip.compress(text.encode()))
    Path("t.tsv.gz").write_bytes(gzip.compress(text.replace(",", "\t").encode()))
    Path("bars.csv").write_text(text.replace(",", "|"))
    Path("windows.csv").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    Path("separator.csv").write_text("sep=,\n" + text)
    Path("blank.csv").write_text("\n\n" + text)
    Path("excel.csv").write_text("\n".join(line + ",," for line in text.splitlines()))
    frame.to_csv("quoted.csv", index=False, quoting=csv.QUOTE_ALL)
    frame.map(lambda x: f"{x:+} ").to_csv("plus.csv", index=False)
    write_european(frame, "european.csv")
    frame.to_parquet("t.parquet", index=False)
    for part in (0, 1):
        Path(f"data/part={part}").mkdir(parents=True)
        half = frame.iloc[60 * part : 60 * part + 60]
        half.to_parquet(f"data/part={part}/t.parquet", index=False)
    Path("scores.parquet").unlink()
    found = {str(path): scores(run, model, path) for path in sorted(Path().iterdir())}
    assert len(found) > 13
    for path, (log_prob, result) in found.items():
        assert log_prob == expected, path
        warned = [line for line in result.stderr.splitlines() if "warning" in line]
        assert len(warned) == (path == "data"), result.stderr


@pytest.mark.parametrize("name", ["t.tsv", "t.csv.gz", "european.csv", "excel.csv", "data"])
def test_fit_takes_them_too(run, frame, name):
    frame.to_csv("t.csv", index=False)
    text = Path("t.csv").read_text()
    if name == "data":
        Path(name).mkdir()
        frame.to_parquet("data/t.parquet", index=False)
    elif name == "european.csv":
        write_european(frame, name)
    elif name == "excel.csv":
        Path(name).write_text("\n".join(line + ",," for line in text.splitlines()))
    elif name == "t.tsv":
        Path(name).write_text(text.replace(",", "\t"))
    else:
        Path(name).write_bytes(gzip.compress(text.encode()))
    first = json.loads(run("fit", "t.csv", *TINY, "--json", "-o", "t.fluvial").stdout)
    result = run("fit", name, *TINY, "--json", "--force")
    second = json.loads(result.stdout)
    assert second["file"] == name.split(".")[0] + ".fluvial"
    assert second["columns"] == ["a", "b", "c"]
    assert second["threshold"] == first["threshold"]
    if name == "excel.csv":
        assert "columns 3, 4 have no name, and are left out" in result.stderr
        named = run("fit", name, *TINY, "--json", "--force", "--columns", "a,b,c")
        assert json.loads(named.stdout)["threshold"] == first["threshold"]


def test_standard_input(run, directory, model, tmp_path):
    whole = (directory / "train.csv").read_bytes()
    run("score", model, directory / "train.csv", "-o", "s.csv")

    def piped(*arguments):
        command = [*COMMAND, *map(str, arguments)]
        return subprocess.run(
            command, input=whole, capture_output=True, env=ENVIRONMENT, cwd=tmp_path
        )

    ended = piped("score", model, "-")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == Path("s.csv").read_bytes()
    ended = piped("fit", "-", "-o", "p.fluvial", "--exclude", "id", "--json", *TINY)
    facts = json.loads(run("info", model, "--json").stdout)
    assert json.loads(ended.stdout)["threshold"] == facts["threshold"]
    ended = piped("fit", "-", "--exclude", "id")
    assert ended.returncode == 2
    assert b"-o" in ended.stderr


def test_a_european_table_is_written_as_it_was(run, model, frame):
    write_european(frame, "e.csv")
    assert run("score", model, "e.csv", "-o", "s.csv").exit_code == 0
    lines, scored = (Path(name).read_text().splitlines() for name in ("e.csv", "s.csv"))
    assert scored[0] == lines[0] + ";log_prob;score;decision;p_value;is_anomaly"
    assert all(new.startswith(old + ";") for new, old in zip(scored, lines, strict=True))
    expected, _ = scores(run, model, "e.csv")
    assert pd.read_csv("s.csv", sep=";", decimal=",").log_prob.tolist() == expected
    run("score", model, "s.csv", "-o", "again.csv")  # is refused: it is scored already
    pd.read_csv("s.csv", sep=";", decimal=",")[["a", "b", "c"]].to_csv(
        "t.tsv", sep="\t", index=False
    )
    run("score", model, "t.tsv", "-o", "from-tabs.csv")
    assert Path("from-tabs.csv").read_text().startswith("a,b,c,log_prob")
    run("score", model, "e.csv", "-o", "to.tsv")
    assert Path("to.tsv").read_text().startswith("a\tb\tc\tlog_prob")


def test_marks_can_be_given(run, refuse, model, frame):
    write_european(frame, "t.csv", sep=":")
    expected, _ = scores(run, model, "t.csv", "--delimiter", ":")
    frame.to_csv("p.csv", index=False)
    assert scores(run, model, "p.csv")[0] == expected
    write_european(frame, "b.csv", sep="\t")
    for name in ("tab", "\\t", "\t"):
        found = scores(run, model, "b.csv", "--delimiter", name, "--decimal", ",")
        assert found[0] == expected
    for value in ("ab", "", "1", '"', "-", "é"):
        assert "--delimiter" in refuse("score", model, "p.csv", "--delimiter", value)
    assert "--decimal" in refuse("fit", "p.csv", "--decimal", ";", "-o", "x.fluvial")


@pytest.mark.parametrize(
    "cell",
    [
        *("0xFFFFFFFFFFFFFFFF", "0x10", "0X1f", "-0x1", "1,234", "1'234", "1 234", "1_000", "12%"),
        *(
            "$5",
            "5 kg",
            "--1",
            "+-1",
            "1e",
            "yes",
            "T",
            "#DIV/0!",
            "1d5",
            "0b1",
            "½",
            "−1",
        ),
    ],
)
def test_what_is_no_number_is_refused_rather_than_misread(refuse, model, cell):
    Path("t.csv").write_text(f'a,b,c\n1,"{cell}",3\n2,3,4\n')
    assert "column 'b' holds text in 1 of 2 rows" in refuse("score", model, "t.csv")


def test_a_decimal_comma_that_may_be_thousands_is_pointed_at(refuse, run, model):
    Path("t.csv").write_text("a;b;c\n1,234;2;3\n")
    assert "('1,234')" in (line := refuse("score", model, "t.csv"))
    assert line.endswith("where that is a decimal comma, say so with --decimal ,")
    Path("p.csv").write_text("a,b,c\n1.234,2,3\n")
    assert scores(run, model, "t.csv", "--decimal", ",")[0] == scores(run, model, "p.csv")[0]


@pytest.mark.parametrize("skipped", ["", "NA", "NULL", "nan", "inf", "-Infinity", "\\N", "#N/A"])
def test_rows_that_cannot_be_scored_can_be_passed_over(run, refuse, model, skipped):
    lines = ["a,b,c", "1,2,3", f"1,{skipped},3", ",,", "0,1,2"]
    Path("t.csv").write_text("\n".join(lines) + "\n")
    refuse("score", model, "t.csv")
    result = run("score", model, "t.csv", "-o", "s.csv", "--skip-invalid", "--json")
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert (facts["rows"], facts["skipped"]) == (4, 2)
    scored = Path("s.csv").read_text().splitlines()
    assert scored[2:4] == [lines[2] + ",,,,,", lines[3] + ",,,,,"]
    Path("whole.csv").write_text("\n".join([lines[0], lines[1], lines[4]]) + "\n")
    expected, whole = scores(run, model, "whole.csv")
    found, _ = scores(run, model, "t.csv", "--skip-invalid")
    assert found == [expected[0], None, None, expected[1]]
    assert facts["mean_log_prob"] == pytest.approx(np.mean(expected), rel=1e-12)
    assert facts["anomalies"] == json.loads(whole.stdout)["anomalies"]
    anomalous = pq.read_table("scores.parquet").column("is_anomaly").to_pylist()
    assert anomalous[1:3] == [None, None]


def test_a_table_without_any_whole_row(run, model):
    table = pa.table({"a": [None, np.nan], "b": [1.0, np.inf], "c": [True, None]})
    pq.write_table(table, "t.parquet")
    result = run("score", model, "t.parquet", "-o", "s.parquet", "--skip-invalid", "--json")
    facts = json.loads(result.stdout)
    assert (facts["skipped"], facts["anomalies"], facts["mean_log_prob"]) == (2, 0, None)
    written = pq.read_table("s.parquet").select(["a", "b", "c"])
    assert str(written.to_pydict()) == str(table.to_pydict())  # NaN is not equal to NaN


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_scores_do_not_depend_on_the_rows_read_at_once(run, model, monkeypatch, suffix):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(5000, 3)), columns=list("abc"))
    frame.insert(0, "id", [f"{i:05}\n" for i in range(5000)])
    frame.to_csv("t.csv", index=False)
    frame.to_parquet("t.parquet", index=False, row_group_size=700)
    outputs = []
    for i, cells in enumerate((2**21, 4 * 1024)):
        monkeypatch.setattr(blocks, "CELLS_A_BLOCK", cells)
        monkeypatch.setattr(csv_input, "BYTES_A_READING", 2**18 if i else 2**21)
        for target in ("csv", "parquet"):
            result = run("score", model, f"t.{suffix}", "-o", f"{i}.{target}")
            assert result.exit_code == 0, result.output
        outputs.append((Path(f"{i}.csv").read_bytes(), pq.read_table(f"{i}.parquet")))
    assert outputs[0][0] == outputs[1][0]
    assert outputs[0][1].equals(outputs[1][1])
    assert outputs[0][1].column("id")[7].as_py() == "00007\n"


@pytest.mark.parametrize("output", ["s.csv", "s.parquet", None])
@pytest.mark.parametrize(
    ("line", "message"), [("1,2", "data row 4000"), ("1,x,3", "data row 4000")]
)
def test_an_error_far_behind_leaves_nothing(refuse, model, monkeypatch, output, line, message):
    monkeypatch.setattr(blocks, "CELLS_A_BLOCK", 3 * 1024)
    monkeypatch.setattr(csv_input, "BYTES_A_READING", 5000)
    lines = ["a,b,c", *["1,2,3"] * 4000, line, *["1,2,3"] * 50]
    Path("t.csv").write_text("\n".join(lines))
    assert message in refuse("score", model, "t.csv", *(["-o", output] if output else []))


def test_an_output_inside_the_folder_that_is_read_is_refused(refuse, model, frame):
    Path("data").mkdir()
    frame.to_parquet("data/t.parquet", index=False)
    assert "the folder that is read" in refuse("score", model, "data", "-o", "data/s.parquet")


PEAK = """
import re
from fluvial.cli import main
try:
    main()
except SystemExit as end:
    assert end.code == 0
print(re.search("VmHWM:(.*)kB", open("/proc/self/status").read())[1])
"""
"""Runs the command line, and prints the most memory that the process held, in kibibytes."""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at memory as Linux tells it")
def test_memory_does_not_grow_with_the_rows(directory, model, tmp_path):
    rows = (directory / "train.csv").read_text().splitlines()
    peaks = []
    for n in (2000, 16000):
        path = tmp_path / f"{n}.csv"
        path.write_text("\n".join([rows[0], *rows[1:] * n]) + "\n")
        command = [
            sys.executable,
            "-c",
            PEAK,
            "score",
            model,
            path,
            "-o",
            tmp_path / f"{n}.out.csv",
        ]
        ended = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, env=ENVIRONMENT
        )
        assert ended.returncode == 0, ended.stderr
        peaks.append(1024 * int(ended.stdout.splitlines()[-1]))
    # They took 139 bytes a row when they were held all at once.
    assert peaks[1] - peaks[0] < 1_680_000 * 50, peaks
