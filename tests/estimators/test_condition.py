"""Conditional densities: p(X | condition), against what is known of it."""

import inspect
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from tests.estimators.cases import TINY

from fluvial.artifacts import read_model
from fluvial.densities import Checkpoint
from fluvial.errors import DataError, ModelFileError, ShapeError
from fluvial.estimators import FlowDensity, load
from fluvial.flows.recipes import RECIPES

NOISE = 0.5


def linear(n, seed=0):
    """y | x ~ N(2x, 0.5^2), with x in units of its own."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return (2 * x + NOISE * rng.normal(size=n))[:, None], 2000 + 5 * x


def exact(y, condition):
    z = (y[:, 0] - 2 * (condition - 2000) / 5) / NOISE
    return -0.5 * z**2 - np.log(NOISE * np.sqrt(2 * np.pi))


@pytest.fixture(scope="module")
def regression():
    y, condition = linear(1500)
    settings = {"n_layers": 2, "hidden_sizes": (16,), "n_bins": 4, "learning_rate": 0.01}
    model = FlowDensity("neural_spline_flow", max_epochs=60, random_state=0, **settings)
    return model.fit(y, condition=condition)


@pytest.fixture(scope="module")
def people():
    """Two columns whose centre depends on a number and a truth value."""
    rng = np.random.default_rng(0)
    given = pd.DataFrame({"age": rng.integers(20, 70, 200), "smokes": rng.random(200) < 0.5})
    rows = rng.normal(size=(200, 2)) + given.to_numpy(float) / [10, 1]
    return pd.DataFrame(rows, columns=["height", "weight"]), given


@pytest.fixture(scope="module")
def of_people(people):
    rows, given = people
    return FlowDensity(**TINY).fit(rows, condition=given)


def test_it_is_close_to_the_truth(regression):
    y, condition = linear(2000, seed=1)
    lost = exact(y, condition) - regression.score_samples(y, condition=condition)
    assert abs(lost.mean()) < 0.08
    # What the joint Gaussian says of y given the condition is the truth here.
    assert abs(regression.gains_["gaussian"]["gain"]) < 0.1
    assert regression.score(y, condition=condition[::-1]) < exact(y, condition).mean() - 1


def test_it_integrates_to_one_at_any_condition(regression):
    grid = np.linspace(-30, 30, 6001)
    for condition in (1992.0, 2000.0, 2007.0):
        scores = regression.score_samples(grid[:, None], condition=[[condition]])
        np.testing.assert_allclose(np.trapezoid(np.exp(scores), grid), 1, atol=2e-3)


def test_samples_follow_their_conditions(regression):
    at = np.repeat([1995.0, 2005.0], 1500)
    drawn = regression.sample(3000, 0, condition=at)
    for expected, part in ((-2, drawn[:1500]), (2, drawn[1500:])):
        np.testing.assert_allclose([part.mean(), part.std()], [expected, NOISE], atol=0.15)
    np.testing.assert_array_equal(regression.sample(1100, 0, condition=at[:1100]), drawn[:1100])
    alike = regression.sample(1500, 0, condition=[[1995.0]])
    np.testing.assert_array_equal(alike, drawn[:1500])


def test_latents_need_the_condition_and_come_back(of_people, people):
    rows, given = people
    latents = of_people.transform(rows, condition=given)
    back = of_people.inverse_transform(latents, condition=given)
    np.testing.assert_allclose(back, rows, atol=1e-3)
    assert np.abs(of_people.transform(rows, condition=given[::-1]) - latents).max() > 0.01


def test_columns_of_a_table_are_found_by_name(of_people, people):
    rows, given = people
    scores = of_people.score_samples(rows, condition=given)
    turned = pl.from_pandas(given[["smokes", "age"]])
    np.testing.assert_array_equal(of_people.score_samples(rows, condition=turned), scores)
    assert of_people.condition_.names == ("age", "smokes")
    assert "condition     age, smokes" in of_people.summary()


def test_weights_are_rows_that_are_there_several_times(of_people, people):
    rows, given = people
    twice = np.arange(len(rows)) % 2
    weighted = FlowDensity(**TINY).fit(rows, None, 1 + twice, condition=given)
    places = np.repeat(np.arange(len(rows)), 1 + twice)
    copied = FlowDensity(**TINY).fit(rows.iloc[places], condition=given.iloc[places])
    np.testing.assert_array_equal(
        weighted.score_samples(rows, condition=given), copied.score_samples(rows, condition=given)
    )


def test_it_is_stored(of_people, people, tmp_path):
    rows, given = people
    of_people.save(tmp_path / "m.fluvial")
    again = load(tmp_path / "m.fluvial")
    assert isinstance(again, FlowDensity)
    np.testing.assert_array_equal(
        again.score_samples(rows, condition=given), of_people.score_samples(rows, condition=given)
    )
    np.testing.assert_array_equal(
        again.sample(200, 1, condition=given), of_people.sample(200, 1, condition=given)
    )


def test_a_file_whose_condition_does_not_fit_is_refused(of_people, tmp_path):
    from tests.estimators.stored_models import entries_of, write_content

    of_people.save(tmp_path / "m.fluvial")
    file = read_model(tmp_path / "m.fluvial")
    for change, message in (
        (
            lambda e: e.pop("condition"),
            "a flow has a condition of 2 columns",
        ),
        (lambda e: e["condition"]["names"].pop(), "the schema must have one type for each"),
        (
            lambda e: e["specification"]["arguments"].update(condition_shape=[2, 2]),
            "must be null or one size",
        ),
    ):
        entries = entries_of(file)
        change(entries)
        write_content(tmp_path / "bad.fluvial", entries, file.arrays)
        with pytest.raises(ModelFileError, match=message):
            load(tmp_path / "bad.fluvial")


def test_a_checkpoint_knows_the_condition(of_people, people, tmp_path):
    rows, given = people
    path = tmp_path / "c"
    FlowDensity(**TINY).fit(rows, condition=given, checkpoint=Checkpoint(path, after=0))
    resumed = Checkpoint(path, resume=True)
    again = FlowDensity(**TINY).fit(rows, condition=given, checkpoint=resumed)
    np.testing.assert_array_equal(
        again.score_samples(rows, condition=given), of_people.score_samples(rows, condition=given)
    )
    renamed = given.rename(columns={"age": "years"})
    with pytest.raises(ModelFileError, match="of another fit, with other condition;"):
        FlowDensity(**TINY).fit(rows, condition=renamed, checkpoint=resumed)


def test_auto_is_of_flows_alone(people, tmp_path):
    rows, given = people
    small = {**TINY, "flow": "auto", "max_epochs": 3, "n_layers": 1, "n_bins": 4}
    auto = FlowDensity(**small, effort="fast").fit(rows, condition=given)
    assert {member["name"] for member in auto.members_} == {"neural_spline_flow"}
    assert sum(member["weight"] for member in auto.members_) == pytest.approx(1)
    assert auto.gains_.keys() == {"gaussian"}
    auto.save(tmp_path / "m.fluvial")
    again: Any = load(tmp_path / "m.fluvial")
    whole = auto.sample(200, 1, condition=given)
    np.testing.assert_array_equal(again.sample(200, 1, condition=given), whole)
    few = auto.sample(50, 1, condition=given[:50])
    np.testing.assert_array_equal(few, whole[:50])
    np.testing.assert_allclose(whole.mean(axis=0), rows.mean(axis=0), atol=1)


def test_what_makes_no_condition_is_refused_at_fit(people):
    rows, given = people
    for condition, error, message in (
        (given[:-1], ShapeError, "condition has 199 rows, but the table has 200"),
        (np.ones(200), DataError, "condition: column 0 is 1 in all rows"),
        (given.assign(sex="m"), DataError, "condition: column 'sex' holds text.*encode it"),
        (given.assign(age=np.nan), DataError, "condition: column 'age' holds 200 missing"),
    ):
        with pytest.raises(error, match=message):
            FlowDensity(**TINY).fit(rows, condition=condition)
    with pytest.raises(ValueError, match="flow='classical' takes no condition"):
        FlowDensity("classical").fit(rows, condition=given)


def test_a_condition_is_given_where_there_is_one_and_nowhere_else(of_people, people, density):
    rows, given = people
    for condition, error, message in (
        (None, ShapeError, r"is conditional: give condition=, 'age', 'smokes' .* \(200, 2\)"),
        (given[:5], ShapeError, "condition has 5 rows, but must have 200"),
        (given.to_numpy()[:, :1], ShapeError, r"condition has shape \(200, 1\), but FlowDensity"),
        (given[["age"]], DataError, "condition: columns that FlowDensity .* missing: 'smokes'"),
    ):
        with pytest.raises(error, match=message):
            of_people.score_samples(rows, condition=condition)
    with pytest.raises(ShapeError, match="condition has 5 rows, but must have 3"):
        of_people.sample(3, condition=given[:5])
    with pytest.raises(ShapeError, match="was fitted without a condition"):
        density.score_samples(np.zeros((1, 3)), condition=[[1.0]])


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_takes_a_condition(name):
    assert "condition_shape" in inspect.signature(RECIPES[name].build).parameters
