"""Bad input and bad options: exit code 2, one line, nothing written, no input changed."""

import re
import shlex
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.cases import TINY, contents

import fluvial
from fluvial.errors import TrainingError

BAD_TABLES = {
    "empty": ("", "t.csv: empty"),
    "header alone": ("a,b\n", "t.csv: holds a header and no data row"),
    "one row": ("a,b\n1,2\n", "t.csv: one data row is not enough"),
    "text": ("a,b\n1,x\n2,3\n", "column 'b' holds text in 1 of 2 rows.*--exclude b"),
    "dates": ("a,b\n1,2020-01-01\n2,2020-01-02\n", "column 'b' holds dates.*--exclude b"),
    "missing values": (
        "a,b\n1,2\n2,\n3,NaN\n",
        "column 'b' holds missing values in 2 of 3 rows, the first in data row 1",
    ),
    "infinities": (
        "a,b\n1,2\n2,3\n3,-inf\n",
        "column 'b' holds infinite values in 1 of 3 rows, the first in data row 2",
    ),
    "duplicate names": ("a,b,a\n1,2,3\n4,5,6\n", "columns 0 and 2 are both named 'a'"),
    "only constant columns": ("a,b\n1,2\n1,2\n1,2\n", "constant"),
    "ragged rows": ("a,b\n1,2\n3,4,5\n", "data row 1 has 3 cells"),
    "a name that scoring adds": ("a,decision\n1,2\n3,4\n", "'decision'.*--exclude decision"),
}
NOT_WHAT_IT_SAYS = {
    "t.csv": (b"PAR1....PAR1", "Parquet"),
    "t.parquet": (b"a,b\n1,2\n3,4\n", "not a Parquet file"),
    "t.xlsx": (b"", r"\.xlsx"),
    "t": (b"a,b\n1,2\n3,4\n", "no extension"),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_fit_refuses_a_bad_table(refuse, case):
    content, message = BAD_TABLES[case]
    Path("t.csv").write_text(content)
    assert re.search(message, refuse("fit", "t.csv", *TINY))


@pytest.mark.parametrize("name", ["wind speed", "it's", "$HOME;"])
def test_what_a_message_advises_can_be_pasted_into_a_shell(refuse, name):
    Path("t.csv").write_text(f"a,b,{name}\n1,2,x\n3,4,y\n")
    *_, advice = refuse("fit", "t.csv", *TINY).partition("with ")
    assert shlex.split(advice) == ["--exclude", name]


def test_a_table_that_blanks_separate_is_told_from_one_of_text(refuse):
    Path("t.csv").write_text("a b\n1 2\n3 4\n")
    assert refuse("fit", "t.csv", *TINY).endswith("say so with --delimiter space")
    Path("t.csv").write_text("note\nsome text\nmore text\n")
    assert refuse("fit", "t.csv", *TINY).endswith("--exclude note")


@pytest.mark.parametrize("name", NOT_WHAT_IT_SAYS)
def test_a_file_that_is_not_what_its_extension_says(refuse, model, name):
    content, message = NOT_WHAT_IT_SAYS[name]
    Path(name).write_bytes(content)
    assert re.search(message, refuse("fit", name, *TINY))
    assert re.search(message, refuse("score", model, name))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,c\n1,2\n", r"missing: 'b'"),
        ("a,b,c\n1,2,x\n", "column 'c' holds text"),
        ("a,b,c\n1,,2\n", "column 'b' holds missing values in 1 of 1 rows"),
        ("a,b,c\n1,inf,2\n", "column 'b' holds infinite values"),
        ("a,b,c,a\n1,2,3,4\n", "both named 'a'"),
        ("a,b,c,log_prob\n1,2,3,4\n", "has a column 'log_prob' already"),
        ("a,b,c\n", "no data row"),
    ],
)
def test_score_refuses_a_bad_table(refuse, model, content, message):
    Path("t.csv").write_text(content)
    for output in ([], ["-o", "out.csv"]):
        assert re.search(message, refuse("score", model, "t.csv", *output))


def test_rows_in_messages_are_those_of_the_file(refuse, model):
    Path("t.csv").write_text("a,b,c\n" + "1,2,3\n" * 9 + "1,x,3\n")
    assert "data row 9" in refuse("score", model, "t.csv", "--rows", "5:")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[: len(data) // 2], "truncated"),
        (lambda data: data[:100], "truncated"),
        (lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], "altered"),
        (lambda data: b"", "empty"),
        (lambda data: b"a,b\n1,2\n", "not a model file"),
    ],
)
def test_a_damaged_model_is_refused(refuse, directory, model, damage, message):
    Path("m.fluvial").write_bytes(damage(model.read_bytes()))
    for verb in (
        ["info", "m.fluvial"],
        ["sample", "m.fluvial", "-n", 3],
        ["score", "m.fluvial", directory / "train.csv"],
    ):
        assert message in refuse(*verb)


def test_a_model_of_the_wrong_kind_is_refused(refuse, directory, numbers):
    density = fluvial.FlowDensity(flow="real_nvp", n_layers=2, hidden_sizes=(8,), max_epochs=1)
    density.fit(pa.table(numbers)).save(Path("d.fluvial"))
    assert "has no threshold" in refuse("threshold", "d.fluvial")
    fluvial.artifacts.write_model("o.fluvial", kind="Other", header={}, arrays={"a": np.ones(1)})
    for verb in (["info", "o.fluvial"], ["sample", "o.fluvial", "-n", 1]):
        assert "holds a Other" in refuse(*verb)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("absent/out.csv", "directory for the output does not exist"),
        ("folder.csv", "is a directory"),
        ("file.txt/out.csv", "does not exist"),
        ("kept.csv", "use --force"),
        ("out.xlsx", "must end in .csv or .parquet"),
        ("t.csv", "is the input itself"),
        ("link.csv", "is the input itself"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_work_starts(
    refuse, monkeypatch, model, output, message
):
    Path("t.csv").write_text("a,b,c\n1,2,3\n2,3,5\n")
    Path("kept.csv").write_text("kept")
    Path("file.txt").write_text("")
    Path("folder.csv").mkdir()
    Path("link.csv").symlink_to("t.csv")
    force = [] if output == "kept.csv" else ["--force"]

    def never(*args, **kwargs):
        raise AssertionError("work started")

    monkeypatch.setattr("fluvial.FlowAnomalyDetector.fit", never)
    monkeypatch.setattr("fluvial.FlowAnomalyDetector.score_samples", never)
    monkeypatch.setattr("fluvial.densities.TableDensity.samples", never)
    assert message in refuse("score", model, "t.csv", "-o", output, *force)
    if "input" not in message:
        assert message in refuse("sample", model, "-n", 2, "-o", output, *force)
    if output != "out.xlsx":
        assert message in refuse("fit", "t.csv", "-o", output, *force)


@pytest.mark.parametrize("name", ["m.csv", "M.Parquet", "m.tsv.gz", "other.csv"])
def test_a_model_is_not_written_under_the_name_of_a_table(refuse, name):
    Path("t.csv").write_text("a,b,c\n1,2,3\n2,3,5\n")
    Path("other.csv").write_text("a\n1\n")
    line = refuse("fit", "t.csv", "-o", name, "--force")
    assert line.endswith(f"writes a model; name it {name.split('.')[0]}.fluvial")


def test_force_replaces_an_output(run, model):
    Path("out.csv").write_text("old")
    assert run("sample", model, "-n", 2, "-o", "out.csv", "--force").exit_code == 0
    assert Path("out.csv").read_text().startswith("a,b,c\n")


def test_the_model_itself_cannot_be_the_output(refuse, model):
    Path("m.csv").write_bytes(model.read_bytes())
    assert "is the input itself" in refuse("sample", "m.csv", "-n", 2, "-o", "m.csv", "--force")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "absent.csv"], "absent.csv': No such file"),
        (["fit", "t.csv", "--columns", "a,z"], "no column 'z'"),
        (["fit", "t.csv", "--exclude", "aa"], "did you mean 'a'"),
        (["fit", "t.csv", "--exclude", "a,b,c"], "no column is left"),
        (["fit", "t.csv", "--rows", "5"], "--rows"),
        (["fit", "t.csv", "--rows", "7:"], "selects none of its 2 rows"),
        (["fit", "t.csv", "--flow", "glove"], "flow must be one of"),
        (["fit", "t.csv", "--n-layers", "0"], "--n-layers"),
        (["fit", "t.csv", "--hidden-sizes", "8,x"], "--hidden-sizes"),
        (["fit", "t.csv", "--hidden-sizes", ""], "--hidden-sizes"),
        (["fit", "t.csv", "--flow", "maf", "--n-bins", "4"], "'--n-bins': n_bins must be None"),
        (["fit", "t.csv", "--learning-rate", "-1"], "--learning-rate"),
        (["fit", "t.csv", "--learning-rate", "nan"], "--learning-rate"),
        (["fit", "t.csv", "--max-seconds", "0"], "--max-seconds"),
        (["fit", "t.csv", "--hidden-sizes", "8,0"], "--hidden-sizes"),
        (["fit", "absent.csv", "--patience", "0"], "--patience"),
        (["fit", "t.csv", "--validation-fraction", "1"], "--validation-fraction"),
        (["fit", "t.csv", "--contamination", "0.6"], "--contamination"),
        (["fit", "t.csv", "--seed", "-1"], "--seed"),
        (["fit", "t.csv", "--patience", "x"], "--patience"),
        (["fit", "t.csv", "--weight-decay", "-1"], "--weight-decay"),
        (["fit", "t.csv", "--min-delta", "inf"], "--min-delta"),
        (["fit", "t.csv", "--scaling", "min-max"], "--scaling"),
        (["fit"], "Missing argument 'INPUT'"),
        (["fit", "t.csv", "--wrong"], "--wrong"),
        (["fit", "t.csv", "again.csv"], "again.csv"),
        (["score", "absent.fluvial", "t.csv"], "absent.fluvial': No such file"),
        (["score", "MODEL", "absent.csv"], "absent.csv': No such file"),
        (["score", "MODEL"], "Missing argument 'INPUT'"),
        (["score", "MODEL", "t.csv", "--rows", "2:1"], "--rows"),
        (["sample", "MODEL"], "-n"),
        (["sample", "MODEL", "-n", "0"], "-n"),
        (["info", "absent.fluvial"], "absent.fluvial': No such file"),
        (["info", "."], "directory"),
        (["fit", "."], "no extension"),
        (["guess"], "guess"),
    ],
)
def test_bad_options_are_refused_in_one_line(refuse, model, arguments, message):
    Path("t.csv").write_text("a,b,c\n1,2,3\n2,3,5\n")
    line = refuse(*(model if argument == "MODEL" else argument for argument in arguments))
    assert message in line


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (TrainingError("the loss is not finite in epoch 7"), 1, "epoch 7"),
        (KeyboardInterrupt(), 130, "interrupted; nothing was written"),
        (MemoryError(), 2, "not enough memory"),
    ],
)
def test_a_fit_that_fails_leaves_nothing_behind(run, monkeypatch, directory, error, code, message):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr("fluvial.FlowAnomalyDetector.fit", fail)
    result = run("fit", directory / "train.csv", "--exclude", "id", "-o", "m.fluvial")
    assert result.exit_code == code
    assert result.stdout == ""
    assert message in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr
    assert contents(Path.cwd()) == {}


def test_what_nobody_foresaw_is_not_hidden(run, monkeypatch, model):
    def fail(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("fluvial.densities.TableDensity.samples", fail)
    with pytest.raises(ZeroDivisionError):
        run("sample", model, "-n", 2)


def fitted(run, content, *options):
    """Fit a table, and give the warnings."""
    Path("t.csv").write_text(content)
    result = run("fit", "t.csv", *TINY, "--quiet", "--force", *options)
    assert result.exit_code == 0, result.output
    return result.stderr.splitlines()


def rows(*columns):
    return "\n".join(",".join(map(repr, row)) for row in zip(*columns, strict=True)) + "\n"


@pytest.fixture
def some() -> list[float]:
    return np.random.default_rng(0).normal(size=60).tolist()


def test_warnings_are_one_line_each_and_the_fit_goes_on(run, some):
    other = some[::-1]
    large = [2**53 + i for i in range(60)]
    for content, message in (
        ("a,b,k\n" + rows(some, other, [7.5] * 60), "'k'"),
        ("a,b,k\n" + rows(some, other, some), "'k'"),
        ("a,b,k\n" + rows(some, other, large), r"2\^53.*'k'"),
        ("a,b,c,d\n1,2,1,0\n2,1,5,7\n3,7,2,1\n", "3 rows"),
    ):
        (line,) = fitted(run, content)
        assert line.startswith("fluvial: warning: ")
        assert re.search(message, line), line


def test_the_summary_shows_names_that_are_empty(run, some):
    Path("t.csv").write_text("a,b,,\n" + rows(some, some[::-1], some, some))
    result = run("fit", "t.csv", *TINY, "--quiet")
    assert re.search(r"^columns_left_out +'', ''$", result.stdout, re.MULTILINE)


def test_an_index_that_pandas_wrote_is_left_out_with_a_warning(run, some):
    (line,) = fitted(run, ",a,b\n" + rows(list(range(60)), some, some[::-1]))
    assert "column 0 has no name" in line


@pytest.mark.parametrize(
    "columns",
    [
        lambda x: {"a": x},
        lambda x: {"a": x, "flag": x > 0},
        lambda x: {"a": x * 1e300, "b": -x * 1e-300},
        lambda x: {"a": np.where(x > 1, 1e300, x), "b": x[::-1]},
    ],
)
def test_what_simply_works(run, some, columns):
    table = pa.table(columns(np.array(some)))
    pq.write_table(table, "t.parquet")
    result = run("fit", "t.parquet", *TINY, "--quiet")
    warned = [line for line in result.stderr.splitlines() if "can only be a Gaussian" not in line]
    assert (result.exit_code, warned) == (0, [])
    assert run("score", "t.fluvial", "t.parquet", "-o", "s.parquet").exit_code == 0
    scored = pq.read_table("s.parquet")
    assert np.isfinite(scored.column("log_prob").to_numpy()).all()
    assert scored.select(table.column_names).equals(table)
    assert run("sample", "t.fluvial", "-n", 5).stdout.count("\n") == 6
