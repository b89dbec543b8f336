import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from tests.estimators.cases import TINY, fresh

import fluvial
from fluvial.artifacts import read_model, write_model
from fluvial.errors import ModelFileError
from fluvial.estimators import FlowAnomalyDetector, FlowDensity, load

IN_A_FRESH_PROCESS = """
import sys
import numpy as np
import fluvial

model = fluvial.load(sys.argv[1])
density = getattr(model, "density_", model)
rows = np.load(sys.argv[2])
np.savez(sys.argv[3], scores=model.score_samples(rows), drawn=density.sample(5, random_state=3))
"""


def test_a_fresh_process_scores_bit_equal(detector, rows, tmp_path):
    path = tmp_path / "m.fluvial"
    detector.save(path)
    np.save(tmp_path / "rows.npy", rows)
    command = [sys.executable, "-W", "error", "-c", IN_A_FRESH_PROCESS]
    command += [str(tmp_path / name) for name in ("m.fluvial", "rows.npy", "out.npz")]
    source = Path(fluvial.__file__).parents[1]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    out = np.load(tmp_path / "out.npz")
    np.testing.assert_array_equal(out["scores"], detector.score_samples(rows))
    np.testing.assert_array_equal(out["drawn"], detector.density_.sample(5, random_state=3))


def test_everything_is_restored(detector, rows, tmp_path):
    detector.save(tmp_path / "m.fluvial")
    again = fluvial.load(tmp_path / "m.fluvial")
    assert isinstance(again, FlowAnomalyDetector)
    assert again.get_params() == detector.get_params()
    assert again.offset_ == detector.offset_
    one, other = again.density_, detector.density_
    assert one.get_params() == other.get_params()
    for name in ("schema_", "history_", "specification_", "held_out_score_", "n_samples_fit_"):
        assert getattr(one, name) == getattr(other, name)
    np.testing.assert_array_equal(one.held_out_indices_, other.held_out_indices_)
    assert vars(again).keys() == vars(detector).keys()
    assert vars(one).keys() == vars(other).keys()
    np.testing.assert_array_equal(again.predict(rows), detector.predict(rows))
    np.testing.assert_array_equal(one.transform(rows), other.transform(rows))


@pytest.mark.parametrize("flow", ["neural_spline_flow", "iaf", "real_nvp", "nice"])
def test_every_recipe_is_saved_and_loaded(flow, rows, tmp_path):
    fitted = FlowDensity(**{**TINY, "flow": flow, "max_epochs": 1}).fit(rows)
    fitted.save(tmp_path / "m.fluvial")
    again = load(tmp_path / "m.fluvial")
    assert isinstance(again, FlowDensity)
    np.testing.assert_array_equal(again.score_samples(rows), fitted.score_samples(rows))
    np.testing.assert_array_equal(again.sample(9, 0), fitted.sample(9, 0))


def test_parameters_of_any_kind_are_saved(density, tmp_path):
    odd = fresh(density)
    vars(odd).update({k: v for k, v in vars(density).items() if k.endswith("_")})
    odd.set_params(
        random_state=np.random.RandomState(0), n_layers=np.int64(2), hidden_sizes=[np.int32(8)]
    )
    odd.save(tmp_path / "m.fluvial")
    loaded = load(tmp_path / "m.fluvial").get_params()
    assert (loaded["random_state"], loaded["n_layers"], loaded["hidden_sizes"]) == (None, 2, (8,))


@pytest.mark.parametrize("made", [FlowDensity, FlowAnomalyDetector])
def test_infinite_seconds_are_no_limit(made, rows, tmp_path):
    fitted = made(**{**TINY, "max_epochs": 1}, max_seconds=np.inf).fit(rows)
    fitted.save(tmp_path / "m.fluvial")
    again = load(tmp_path / "m.fluvial")
    assert again.get_params() == fitted.get_params() | {"max_seconds": None}
    np.testing.assert_array_equal(again.score_samples(rows), fitted.score_samples(rows))


def test_the_same_fit_gives_the_same_bytes(density, rows, tmp_path):
    again = fresh(density).fit(rows)
    assert again.history_.seconds != density.history_.seconds
    for name, fitted in (("one", density), ("two", again)):
        fitted.save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    loaded: Any = load(tmp_path / "one")
    assert loaded.history_.seconds is None


def test_parameters_that_could_not_be_loaded_are_not_saved(density, tmp_path):
    odd = fresh(density, learning_rate=-1)
    odd.table_density_ = density.table_density_
    with pytest.raises(ValueError, match="learning_rate must lie in"):
        odd.save(tmp_path / "m.fluvial")
    assert not (tmp_path / "m.fluvial").exists()


def test_names_and_notes_are_in_the_header(density, rows, tmp_path):
    import polars as pl

    named = fresh(density).fit(pl.DataFrame(rows, schema=["a", "b", "ü"]))
    named.save(tmp_path / "m.fluvial", notes={"left_out": ["time"]})
    file = read_model(tmp_path / "m.fluvial")
    assert file.header["notes"] == {"left_out": ["time"]}
    assert file.header["schema"]["names"] == ["a", "b", "ü"]
    assert file.header["training"]["n_samples_fit"] == 300
    assert list(load(tmp_path / "m.fluvial").feature_names_in_) == ["a", "b", "ü"]


def test_files_that_hold_no_estimator_are_refused(density, tmp_path):
    path = tmp_path / "m.fluvial"
    write_model(path, kind="Scaler", header={}, arrays={})
    with pytest.raises(ModelFileError, match="holds a Scaler, but a DensityRatio or a FlowAnomaly"):
        load(path)
    write_model(path, kind="FlowDensity", header={}, arrays={})
    with pytest.raises(ModelFileError, match="lacks what a FlowDensity needs: KeyError"):
        load(path)
    density.save(path)
    file, arguments = read_model(path), density.specification_["arguments"]
    for change, message in (
        ({"type": "oracle"}, r"unknown type of distribution 'oracle'; .* knows \['flow', 'gauss"),
        ({"type": "flow", "recipe": "build", "arguments": {}}, "unknown recipe 'build'"),
        (
            {"type": "flow", "recipe": "maf", "arguments": {"wings": 2}},
            "describes no flow of this version: .*wings",
        ),
        (
            {**density.specification_, "arguments": {**arguments, "hidden_sizes": [9]}},
            r"but the model it describes needs float32\[",
        ),
        (
            {**density.specification_, "arguments": {**arguments, "hidden_sizes": [8, 8]}},
            "lacks 'bijector.* more such arrays",
        ),
    ):
        header = {**file.header, "specification": change}
        write_model(path, kind="FlowDensity", header=header, arrays=file.arrays)
        with pytest.raises(ModelFileError, match=message):
            load(path)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "absent.fluvial")
    with pytest.raises(NotFittedError):
        FlowDensity().save(path)


def precisions(model):
    leaves = jax.tree.leaves(model.distribution_)
    return {leaf.dtype.name for leaf in leaves if leaf.dtype.kind == "f"}


def test_precision_is_that_of_the_model(density, rows, tmp_path):
    single, double = tmp_path / "single.fluvial", tmp_path / "double.fluvial"
    density.save(single)
    with jax.enable_x64(True):
        fitted = fresh(density, max_epochs=1).fit(rows)
        fitted.save(double)
        again = load(double).score_samples(rows)
        np.testing.assert_array_equal(again, fitted.score_samples(rows))
        in_double: Any = load(single)
    assert precisions(in_double) == {"float32"}
    np.testing.assert_array_equal(in_double.score_samples(rows), density.score_samples(rows))
    np.testing.assert_array_equal(in_double.sample(3, 0), density.sample(3, 0))
    with pytest.raises(ModelFileError, match="float64 model, but float64 is switched off"):
        load(double)


def test_files_of_earlier_versions_rank_by_the_density(by_density, rows, tmp_path):
    path = tmp_path / "m.fluvial"
    by_density.save(path)
    file = read_model(path)
    header = {**file.header, "parameters": {**file.header["parameters"]}}
    del header["parameters"]["score"]
    write_model(path, kind=file.kind, header=header, arrays=file.arrays)
    again: Any = load(path)
    assert again.get_params()["score"] == "density"
    np.testing.assert_array_equal(again.score_samples(rows), by_density.score_samples(rows))


@pytest.mark.parametrize("score", ["latent", "typicality"])
def test_other_scores_are_saved(score, rows, tmp_path):
    fitted = FlowAnomalyDetector(**TINY, score=score).fit(rows)
    fitted.save(tmp_path / "m.fluvial")
    again: Any = load(tmp_path / "m.fluvial")
    np.testing.assert_array_equal(again.score_samples(rows), fitted.score_samples(rows))
    np.testing.assert_array_equal(again.p_values(rows), fitted.p_values(rows))
