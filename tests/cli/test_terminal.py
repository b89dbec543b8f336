"""Names that come from files, on terminals and pipes."""

import json
from pathlib import Path

import pytest
from tests.cli.cases import TINY
from tests.estimators import stored_models
from typer.testing import CliRunner

from fluvial.artifacts import model_file, read_model
from fluvial.cli import app

NAMES = ["größe", "\x1b[2Jcls", "left\u202eright", "\udce9"]
SHOWN = ["größe", "\\x1b[2Jcls", "left\\u202eright", "\\udce9"]


@pytest.fixture
def named(tmp_path):
    """A model file with names that a terminal must not obey, or cannot show."""
    path = tmp_path / "named.fluvial"
    stored_models.save("detector", path)
    file = read_model(path)
    entries = stored_models.entries_of(file)
    entries["schema"] |= {"names": NAMES, "named": True}
    entries["notes"]["columns_left_out"] = ["\x1b]0;title\x07"]
    entries["libraries"]["jax"] = "\x1b[31m0"
    stored_models.write_content(path, entries, file.arrays)
    return path


def in_ascii(*arguments):
    """Run the command line with an stdout that cannot write umlauts."""
    return CliRunner(charset="ascii").invoke(app, [str(a) for a in arguments])


def test_info_shows_names_without_what_a_terminal_obeys(run, named):
    result = run("info", named)
    assert result.exit_code == 0
    assert all(line.isprintable() for line in result.stdout.splitlines())
    assert ", ".join(SHOWN) in result.stdout
    facts = json.loads(run("info", named, "--json").stdout)
    assert (facts["columns"], facts["columns_left_out"]) == (NAMES, ["\x1b]0;title\x07"])


def test_streams_that_cannot_encode_a_name_get_it_escaped(run, named, directory):
    result = in_ascii("info", named)
    assert result.exit_code == 0
    assert "gr\\xf6\\xdfe, \\x1b[2Jcls" in result.stdout
    text = (directory / "train.csv").read_text().replace("id,a,b,c", "id,größe,b,c", 1)
    Path("other.csv").write_text(text)
    fit = ["fit", "other.csv", "-o", "m.fluvial", "--exclude", "id", *TINY]
    result = in_ascii(*fit)
    assert result.exit_code == 0, result.output
    assert "gr\\xf6\\xdfe, b, c" in result.stdout
    result = in_ascii(*fit, "--force", "--json")
    assert json.loads(result.stdout)["columns"] == ["größe", "b", "c"]


def test_errors_show_names_without_what_a_terminal_obeys(refuse, run, named, directory):
    line = refuse("score", named, directory / "train.csv")
    assert line.isprintable()
    assert "\\x1b[2Jcls" in line
    drawn = run("sample", named, "-n", 2, "-o", "drawn.csv")
    assert drawn.exit_code == 0, drawn.output


def test_the_same_fit_gives_the_same_bytes(run, monkeypatch, tmp_path, directory):
    def read(*arguments):
        pytest.fail("the file that was written is read again")

    monkeypatch.setattr(model_file, "_check_sum", read)
    for name in ("one", "two"):
        told = run("fit", directory / "train.csv", "--exclude", "id", "--json", *TINY, "-o", name)
        assert told.exit_code == 0, told.output
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    one, two = (tmp_path / name for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    facts, again = json.loads(told.stdout), json.loads(run("info", two, "--json").stdout)
    assert facts.pop("seconds") > 0
    assert facts | {"file": again["file"]} == again


def test_infinite_seconds_are_no_limit(run, directory):
    fit = ["fit", directory / "train.csv", "--exclude", "id", *TINY, "-o", "m.fluvial"]
    result = run(*fit, "--max-seconds", "inf")
    assert result.exit_code == 0, result.output
    assert read_model("m.fluvial").header["parameters"]["max_seconds"] is None
    assert run("info", "m.fluvial").exit_code == 0
