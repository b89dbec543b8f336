"""What the verbs do when all is well."""

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.cases import TINY, contents

import fluvial
from fluvial.artifacts import model_file

ADDED = ["log_prob", "score", "decision", "p_value", "is_anomaly"]


@pytest.fixture(scope="module")
def detector(model):
    loaded = fluvial.load(model)
    assert isinstance(loaded, fluvial.FlowAnomalyDetector)
    return loaded


def read_csv(text):
    header, *rows = csv.reader(io.StringIO(text))
    return header, [list(column) for column in zip(*rows, strict=True)]


def test_scores_are_the_estimators_own(run, directory, model, detector):
    run("score", model, directory / "train.csv", "-o", "s.csv")
    header, columns = read_csv(Path("s.csv").read_text())
    assert header == ["id", "a", "b", "c", *ADDED]
    rows = pa.table([[float(v) for v in column] for column in columns[1:4]], names=list("abc"))
    assert [float(v) for v in columns[4]] == detector.density_.score_samples(rows).tolist()
    assert [float(v) for v in columns[5]] == detector.score_samples(rows).tolist()
    assert [float(v) for v in columns[6]] == detector.decision_function(rows).tolist()
    assert [float(v) for v in columns[7]] == detector.p_values(rows).tolist()
    assert [v == "true" for v in columns[8]] == (detector.predict(rows) == -1).tolist()


def test_a_csv_files_cells_stay_the_text_they_are(run, model):
    lines = ['z,"a,b",b,a,c,when', '007,"x ""y""",1.50,+2e0,1,2020-01-01', ",plain,-0.5,.25,3,"]
    Path("in.csv").write_text("\n".join(lines) + "\n")
    result = run("score", model, "in.csv", "-o", "out.csv")
    assert result.exit_code == 0, result.output
    written = Path("out.csv").read_text().splitlines()
    assert written[0] == lines[0] + "," + ",".join(ADDED)
    assert all(new.startswith(old + ",") for new, old in zip(written, lines, strict=True))


def test_a_parquet_files_columns_keep_their_types(run, model):
    table = pa.table(
        {
            "when": pa.array([0, 1], pa.timestamp("ms", "UTC")),
            "a": pa.array([0.5, 1.5], pa.float32()),
            "b": pa.array([1, 2], pa.int16()),
            "c": pa.array([True, False]),
            "tag": pa.array(["x", None]).dictionary_encode(),
        }
    )
    pq.write_table(table, "in.parquet")
    run("score", model, "in.parquet", "-o", "out.parquet")
    scored = pq.read_table("out.parquet")
    assert scored.drop_columns(ADDED).equals(table)
    assert [str(scored.schema.field(name).type) for name in ADDED] == ["double"] * 4 + ["bool"]


def test_all_pairs_of_formats_give_the_same_scores(run, directory, model):
    scores = []
    for i, source in enumerate(("train.csv", "train.parquet")):
        for target in ("csv", "parquet"):
            path = Path(f"{i}.{target}")
            assert run("score", model, directory / source, "-o", path).exit_code == 0
            if target == "csv":
                header, columns = read_csv(path.read_text())
                scores.append([float(v) for v in columns[header.index("log_prob")]])
            else:
                scores.append(pq.read_table(path).column("log_prob").to_pylist())
    assert all(score == scores[0] for score in scores)


def test_a_code_stays_text_from_csv_to_parquet(run, directory, model):
    run("score", model, directory / "train.csv", "-o", "s.parquet")
    table = pq.read_table("s.parquet")
    assert table.column("id")[7].as_py() == "007"
    assert [str(table.schema.field(name).type) for name in "abc"] == ["double", "double", "int64"]


def test_columns_are_found_by_name(run, directory, model):
    table = pq.read_table(directory / "train.parquet")
    pq.write_table(table.select(["c", "a", "id", "b"]), "turned.parquet")
    first = run("score", model, directory / "train.parquet", "-o", "1.parquet", "--json")
    second = run("score", model, "turned.parquet", "-o", "2.parquet", "--json")
    assert first.stderr == second.stderr == ""
    scores = [pq.read_table(f"{i}.parquet").column("log_prob") for i in (1, 2)]
    assert scores[0].equals(scores[1])


def test_columns_left_out_at_fitting_may_be_missing_and_unknown_ones_are_warned_of(run, model):
    Path("in.csv").write_text("a,b,c,d\n1,1,1,text\n")
    result = run("score", model, "in.csv", "-o", "out.csv")
    assert result.exit_code == 0
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("fluvial: warning: ")
    assert "'d'" in result.stderr
    assert Path("out.csv").read_text().splitlines()[1].startswith("1,1,1,text,")


def test_without_output_the_table_alone_is_on_stdout(run, directory, model):
    result = run("score", model, directory / "train.csv", "--json")
    run("score", model, directory / "train.csv", "-o", "s.csv")
    assert result.stdout == Path("s.csv").read_text()
    assert json.loads(result.stderr.splitlines()[-1])["rows"] == 120
    result = run("sample", model, "-n", 3, "--seed", 1)
    run("sample", model, "-n", 3, "--seed", 1, "-o", "n.csv")
    assert result.stdout == Path("n.csv").read_text()


def test_rows_are_a_half_open_range_of_data_rows(run, directory, model):
    run("score", model, directory / "train.csv", "-o", "all.csv")
    run("score", model, directory / "train.csv", "-o", "some.csv", "--rows", "7:10")
    everything, some = (Path(name).read_text().splitlines() for name in ("all.csv", "some.csv"))
    assert some == [everything[0], *everything[8:11]]


def test_samples_are_the_estimators_own_and_follow_the_seed(run, model, detector):
    run("sample", model, "-n", 50, "--seed", 3, "-o", "1.parquet")
    run("sample", model, "-n", 50, "--seed", 4, "-o", "2.parquet")
    first, second = (pq.read_table(f"{i}.parquet") for i in (1, 2))
    assert first.column_names == ["a", "b", "c"]
    expected = detector.density_.sample(50, random_state=3)
    assert np.array_equal(np.stack([c.to_numpy() for c in first.columns], axis=-1), expected)
    assert not first.equals(second)


def test_a_sample_without_a_seed_tells_the_one_that_repeats_it(run, model):
    seeds = []
    for name in ("1.csv", "2.csv"):
        result = run("sample", model, "-n", 5, "-o", name, "--json")
        seeds.append(json.loads(result.stdout)["seed"])
    assert seeds[0] != seeds[1]
    run("sample", model, "-n", 5, "-o", "3.csv", "--seed", seeds[0])
    assert Path("3.csv").read_bytes() == Path("1.csv").read_bytes()


@pytest.mark.parametrize("verb", ["fit", "score", "sample", "info"])
def test_json_has_the_keys_of_the_text(run, directory, model, verb):
    options = {
        "fit": [directory / "train.csv", "--exclude", "id", *TINY, "-o", "m.fluvial", "--force"],
        "score": [model, directory / "train.csv", "-o", "s.csv", "--force"],
        "sample": [model, "-n", 2, "-o", "n.csv", "--force"],
        "info": [model],
    }[verb]
    text = run(verb, *options).stdout
    machine = json.loads(run(verb, *options, "--json").stdout)
    assert list(machine) == [line.split()[0] for line in text.splitlines()]
    documented = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text()
    assert all(f"`{key}`" in documented for key in machine)


def test_info_tells_what_was_fitted(run, model, detector):
    facts = json.loads(run("info", model, "--json").stdout)
    expected = {
        "file": str(model),
        "kind": "FlowAnomalyDetector",
        "columns": ["a", "b", "c"],
        "columns_left_out": ["id"],
        "rows": 120,
        "rows_held_out": 12,
        "flow": "real_nvp",
        "n_layers": 2,
        "hidden_sizes": [8],
        "n_bins": None,
        "members": None,
        "epochs": 2,
        "held_out_nats": detector.density_.held_out_score_,
        "threshold": detector.offset_,
    }
    assert facts | expected == facts
    assert len(facts["sha256"]) == 64


def test_fit_takes_columns_rows_and_seed(run, directory):
    train = directory / "train.csv"
    common = ["fit", train, *TINY, "--columns", "c,a", "--rows", "20:", "--json"]
    results = [
        run(*common, "-o", f"{i}.fluvial", "--seed", seed) for i, seed in enumerate((1, 1, 2))
    ]
    facts = [json.loads(result.stdout) for result in results]
    assert facts[0]["columns"] == ["c", "a"]
    assert sorted(facts[0]["columns_left_out"]) == ["b", "id"]
    assert facts[0]["rows"] == 100
    nats = [each["held_out_nats"] for each in facts]
    assert nats[0] == nats[1] != nats[2]


def test_fit_is_the_estimators_fit(run, directory, numbers):
    options = {"flow": "maf", "n_layers": 1, "hidden_sizes": (8,), "max_epochs": 2}
    fit = ["fit", directory / "train.parquet", "--exclude", "id", "-o", "m.fluvial"]
    for name, value in options.items():
        fit += ["--" + name.replace("_", "-"), "8" if value == (8,) else value]
    run(*fit, "--contamination", 0.1, "--seed", 5, "--batch-size", 32)
    here = fluvial.FlowAnomalyDetector(
        **options, contamination=0.1, random_state=5, batch_size=32
    ).fit(pa.table(numbers))
    there = fluvial.load("m.fluvial")
    assert (
        there.score_samples(pa.table(numbers)).tolist()
        == here.score_samples(pa.table(numbers)).tolist()
    )
    assert json.loads(run("info", "m.fluvial", "--json").stdout)["threshold"] == here.offset_


def test_the_model_goes_beside_the_input_by_default(run, directory):
    Path("data").mkdir()
    Path("data/some.table.CSV").write_bytes((directory / "train.csv").read_bytes())
    assert run("fit", "data/some.table.CSV", "--columns", "a,b", *TINY).exit_code == 0
    assert sorted(path.name for path in Path("data").iterdir()) == [
        "some.table.CSV",
        "some.table.fluvial",
    ]


def test_progress_goes_to_stderr_and_quiet_silences_it(run, directory):
    fit = ["fit", directory / "train.csv", "--exclude", "id", *TINY, "--force", "-o", "m.fluvial"]
    loud, quiet = run(*fit), run(*fit, "--quiet")
    assert "epoch" in loud.stderr
    # Losses are of scaled columns; the last line tells what the summary does.
    assert loud.stderr.splitlines()[-1].startswith("losses are of scaled columns")
    (held_out,) = re.findall(r"rows have (\S+) nats a row", loud.stderr)
    (in_summary,) = re.findall(r"held_out_nats +(\S+)", loud.stdout)
    assert float(held_out) == pytest.approx(float(in_summary), abs=1e-4)
    assert quiet.stderr == ""
    assert "held_out_nats" in loud.stdout


def test_a_training_that_fails_says_so_once(run, directory):
    fit = ["fit", directory / "train.csv", "--exclude", "id", *TINY, "-o", "m.fluvial"]
    failed = run(*fit, "--learning-rate", "1e30")
    assert failed.exit_code == 1
    told = [line for line in failed.stderr.splitlines() if "not finite" in line]
    assert len(told) == 1
    assert told[0].startswith("fluvial: error: training failed: ")


def test_a_density_saved_in_python_can_be_sampled_and_described(run, numbers):
    matrix = np.stack(list(numbers.values()), axis=-1)
    density = fluvial.FlowDensity(flow="real_nvp", n_layers=2, hidden_sizes=(8,), max_epochs=1)
    density.fit(matrix).save(Path("d.fluvial"))
    assert run("sample", "d.fluvial", "-n", 2).stdout.startswith("x0,x1,x2\n")
    assert json.loads(run("info", "d.fluvial", "--json").stdout)["threshold"] is None


def test_inputs_are_never_changed(run, directory, model):
    before = contents(directory)
    run("fit", directory / "train.csv", "--exclude", "id", *TINY, "-o", "m.fluvial")
    run("score", model, directory / "train.csv", "-o", "s.csv")
    run("score", model, directory / "train.parquet", "-o", "s.parquet")
    run("sample", model, "-n", 5, "-o", "n.csv")
    run("info", model)
    assert contents(directory) == before


@pytest.mark.parametrize("verb", ["score", "sample", "info"])
def test_a_model_file_is_hashed_once_a_command(run, monkeypatch, directory, model, verb):
    check, n_checks = model_file._check_sum, []

    def count(*arguments):
        n_checks.append(1)
        check(*arguments)

    monkeypatch.setattr(model_file, "_check_sum", count)
    more = {"score": [directory / "train.csv"], "sample": ["-n", 2], "info": []}
    assert run(verb, model, *more[verb]).exit_code == 0
    assert len(n_checks) == 1
