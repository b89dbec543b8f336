import inspect
import pickle
import typing

import jax
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.estimators.cases import TINY, fresh, table

from fluvial.cli import fit_options
from fluvial.errors import DataError, DataWarning, ShapeError, TrainingError
from fluvial.estimators import FlowAnomalyDetector, FlowDensity
from fluvial.flows.recipes import RECIPES

PARAMETERS = [
    "flow",
    "n_layers",
    "hidden_sizes",
    "n_bins",
    "batch_size",
    "max_epochs",
    "max_seconds",
    "learning_rate",
    "validation_fraction",
    "patience",
    "verbose",
    "random_state",
]
LATER = ["effort", "weight_decay", "min_delta", "scaling"]


def test_the_constructors_are_as_declared():
    assert list(inspect.signature(FlowDensity).parameters) == [*PARAMETERS, *LATER]
    names = [*PARAMETERS, "contamination", "effort", "score", *LATER[1:]]
    assert list(inspect.signature(FlowAnomalyDetector).parameters) == names
    defaults = FlowAnomalyDetector().get_params()
    assert (defaults["verbose"], defaults["random_state"]) == (0, None)
    assert defaults["contamination"] is None
    shared = {name: defaults[name] for name in [*PARAMETERS, *LATER]}
    assert FlowDensity().get_params() == {**shared, "flow": "auto"}


def test_scores_are_finite_floats_in_the_units_of_the_columns(density, rows):
    scores = density.score_samples(rows)
    assert (scores.shape, scores.dtype) == ((300,), np.float64)
    assert np.isfinite(scores).all()
    assert density.score(rows) == np.mean(scores)
    units = np.array([1000.0, 1e-3, 64.0])
    other = fresh(density).fit(rows * units)
    np.testing.assert_allclose(
        other.score_samples(rows * units), scores - np.log(units).sum(), rtol=0, atol=1e-2
    )


def test_scores_are_the_change_of_variables(density, rows):
    """Against central differences of the latents, which know nothing of the log det."""
    at = rows[:40]
    step = 1e-2 * density.scaler_.scale
    slopes = [
        (density.transform(at + move) - density.transform(at - move)) / (2 * move.sum())
        for move in np.diag(step)
    ]
    jacobian = np.stack(slopes, axis=-1)
    latents = density.transform(at)
    base = -0.5 * (latents**2 + np.log(2 * np.pi)).sum(axis=1)
    expected = base + np.linalg.slogdet(jacobian * step)[1] - np.log(step).sum()
    np.testing.assert_allclose(density.score_samples(at), expected, atol=0.02)


def test_one_column_integrates_to_one():
    x = np.random.default_rng(0).gamma(2, size=(300, 1)) * 1e-5
    density = FlowDensity(**{**TINY, "flow": "neural_spline_flow", "max_epochs": 20}).fit(x)
    grid = np.linspace(-3e-3, 3e-3, 40_001)
    values = np.exp(density.score_samples(grid[:, None]))
    np.testing.assert_allclose(np.trapezoid(values, grid), 1, atol=2e-3)
    assert density.score(x) > np.log(1e5) - 2.5
    assert density.sample(5).shape == (5, 1)


def test_latents_go_back_to_rows(density, rows):
    latents = density.transform(rows)
    assert (latents.shape, latents.dtype) == ((300, 3), np.float64)
    assert np.abs(latents.mean(axis=0)).max() < 0.5
    np.testing.assert_allclose(density.inverse_transform(latents), rows, rtol=1e-3, atol=1e-3)
    with pytest.raises(ShapeError, match=r"Z has shape \(300, 2\), but latents have 3"):
        density.inverse_transform(latents[:, :2])


def test_samples_are_like_the_rows(density, rows):
    drawn = density.sample(3000, random_state=1)
    assert (drawn.shape, drawn.dtype) == ((3000, 3), np.float64)
    apart = np.abs(np.median(drawn, axis=0) - np.median(rows, axis=0)) / density.scaler_.scale
    assert apart.max() < 0.5
    np.testing.assert_array_equal(density.sample(3000, random_state=1), drawn)
    np.testing.assert_array_equal(density.sample(7, random_state=1), drawn[:7])
    assert (density.sample(7, random_state=2) != drawn[:7]).all()
    assert density.sample().shape == (1, 3)
    with pytest.raises(ValueError, match="at least 1, but is 0"):
        density.sample(0)


def test_a_seed_reproduces_bit_by_bit(density, rows):
    again = fresh(density).fit(rows)
    np.testing.assert_array_equal(again.score_samples(rows), density.score_samples(rows))
    other = fresh(density, random_state=1).fit(rows)
    assert (other.score_samples(rows) != density.score_samples(rows)).any()
    assert (other.held_out_indices_ != density.held_out_indices_).any()


def test_a_score_does_not_depend_on_its_company(density):
    rows = table(2500, seed=3)
    scores = density.score_samples(rows)
    order = np.random.default_rng(0).permutation(2500)
    np.testing.assert_array_equal(density.score_samples(rows[order]), scores[order])
    for some in (slice(7, 8), slice(1000, 1100), slice(0, 1025)):
        np.testing.assert_array_equal(density.score_samples(rows[some]), scores[some])
        np.testing.assert_array_equal(density.transform(rows[some]), density.transform(rows)[some])


def test_long_tables_are_scored_part_by_part(density, monkeypatch):
    rows = table(2500, seed=3)
    scores, latents = density.score_samples(rows), density.transform(rows)
    monkeypatch.setattr("fluvial.densities.table_density.ROWS_AT_ONCE", 1000)
    np.testing.assert_array_equal(density.score_samples(rows), scores)
    np.testing.assert_array_equal(density.transform(rows), latents)


def test_pickling_keeps_scores(density, rows):
    again = pickle.loads(pickle.dumps(density))
    np.testing.assert_array_equal(again.score_samples(rows), density.score_samples(rows))
    np.testing.assert_array_equal(again.sample(3, 0), density.sample(3, 0))


def test_rows_of_any_magnitude_score_finitely(density, rows):
    far = np.vstack([np.tile(rows[0], (5, 1)), -rows[:1]])
    far[:5, 0] = [1e3, 1e6, 1e100, 1e300, -1.7e308]
    far[5] = [1.7e308, -1.7e308, 1.7e308]
    scores = density.score_samples(far)
    assert np.isfinite(scores).all()
    assert (np.diff(scores[:4]) < 0).all()
    assert scores.max() < density.score_samples(rows).min()


@pytest.mark.parametrize("magnitude", [1e300, 1e-300])
def test_tables_of_any_magnitude_are_learned(magnitude, density, rows):
    values = (rows - [0, 1e6, 0]) / [1, 50, 1e-4] * magnitude
    fitted = fresh(density).fit(values)
    scores = fitted.score_samples(values)
    assert np.isfinite(scores).all()
    assert fitted.score(values) == pytest.approx(-3 * np.log(magnitude) - 4, abs=2)
    assert np.isfinite(fitted.sample(500, 0)).all()


def test_an_outlier_does_not_ruin_the_others(density, rows):
    ruined = np.vstack([rows, [[1e300, -1e300, 1e300]]])
    scores = fresh(density).fit(ruined).score_samples(rows)
    assert scores.mean() > density.score(rows) - 2


def test_constants_and_copies(density, rows):
    wide = np.column_stack([rows[:, 0], np.full(300, 5.0), rows[:, 1:], rows[:, 0]])
    with pytest.warns(DataWarning) as caught:
        fitted = fresh(density).fit(wide)
    assert {str(w.message).split(" and")[0] for w in caught} == {"constant", "copies"}
    np.testing.assert_array_equal(fitted.score_samples(wide), density.score_samples(rows))
    np.testing.assert_array_equal(fitted.transform(wide), density.transform(rows))
    assert list(fitted.get_feature_names_out()) == [f"flowdensity{i}" for i in range(3)]
    drawn = fitted.sample(10, random_state=0)
    assert (drawn[:, 1] == 5).all()
    np.testing.assert_array_equal(drawn[:, 4], drawn[:, 0])
    wide[3, 1] += 1
    lost = fitted.score_samples(wide)[3] - density.score_samples(rows)[3]
    assert lost == pytest.approx(-1e6)


def test_preprocessing_sees_training_rows_alone(density, rows):
    held_out = density.held_out_indices_
    assert len(held_out) == 30
    training = np.delete(rows, held_out, axis=0)
    np.testing.assert_array_equal(density.scaler_.centre, np.median(training, axis=0))
    assert density.held_out_score_ == pytest.approx(density.score(rows[held_out]))
    assert len(density.history_.validation_loss) == len(density.history_.train_loss) == 5


def test_without_held_out_rows(density, rows):
    fitted = fresh(density, validation_fraction=0).fit(rows)
    assert len(fitted.held_out_indices_) == 0
    assert fitted.held_out_score_ is None
    assert not fitted.history_.validation_loss


def test_progress_is_shown_only_when_asked_for(density, rows, capfd):
    fresh(density).fit(rows)
    assert capfd.readouterr() == ("", "")
    fresh(density, verbose=1).fit(rows)
    out, err = capfd.readouterr()
    assert out == ""
    assert "epochs" in err


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1.0, 2.0]], "n_samples=1"),
        (np.ones((5, 2)), "all columns are constant"),
        ([[1.0, np.nan], [2.0, 3.0]], "column 1 holds 1 missing value"),
        ([[1.0, np.inf], [2.0, 3.0]], "column 1 holds 1 infinite value"),
        ([["a"], ["b"]], "column 0 holds text"),
    ],
)
def test_unusable_tables_are_refused(values, message):
    with pytest.raises(DataError, match=message):
        FlowDensity(**TINY).fit(values)


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        ("flow", "glow2", r"flow must be one of \['auto', 'bernstein'"),
        ("effort", "huge", r"effort must be one of \['fast', 'balanced', 'thorough'\]"),
        ("n_layers", 0, "n_layers must be a whole number of at least 1 or None, but is 0"),
        ("n_layers", 1.5, "n_layers must be a whole number"),
        ("hidden_sizes", (), "hidden_sizes must be one or more sizes"),
        ("hidden_sizes", 8, "hidden_sizes must be one or more sizes"),
        ("hidden_sizes", (8, -1), "every entry of hidden_sizes must be"),
        ("n_bins", 4, "flow='maf' has no bins"),
        ("batch_size", True, "batch_size must be a whole number of at least 1, but is True"),
        ("max_epochs", None, "max_epochs must be a whole number"),
        ("max_seconds", 0, r"max_seconds must lie in \(0, inf\]"),
        ("learning_rate", -1, r"learning_rate must lie in \(0, inf\), but is -1"),
        ("learning_rate", "high", r"learning_rate must lie in"),
        ("validation_fraction", 1, r"validation_fraction must lie in \[0, 1\)"),
        ("patience", 0, "patience must be a whole number"),
        ("verbose", -1, "verbose must be 0 or a positive"),
        ("weight_decay", -0.1, r"weight_decay must lie in \[0, inf\), but is -0.1"),
        ("scaling", "min-max", r"scaling must be one of \['robust', 'standard', None\]"),
        ("min_delta", float("nan"), r"min_delta must lie in \[0, inf\), but is nan"),
    ],
)
def test_unusable_hyper_parameters_are_refused(rows, parameter, value, message):
    with pytest.raises(ValueError, match=message):
        FlowDensity(**{**TINY, parameter: value}).fit(rows)


def test_weight_decay_shrinks_the_networks_and_min_delta_ends_training(density, rows):
    def size(fitted):
        leaves = jax.tree.leaves(fitted.distribution_)
        return sum(float(np.square(leaf).sum()) for leaf in leaves if leaf.ndim >= 2)

    decayed = fresh(density, weight_decay=20.0).fit(rows)
    assert size(decayed) < 0.8 * size(density)
    usual = fresh(density, weight_decay=1e-4, min_delta=0.0).fit(rows)
    np.testing.assert_array_equal(usual.score_samples(rows), density.score_samples(rows))
    lazy = fresh(density, patience=1, min_delta=100.0, max_epochs=9).fit(rows)
    assert (lazy.history_.stop_reason, density.history_.stop_reason) == ("patience", "max_epochs")


def test_it_works_in_pipelines_and_searches(rows):
    pipeline = make_pipeline(StandardScaler(), FlowDensity(**TINY)).fit(rows)
    assert pipeline.score_samples(rows).shape == (300,)
    search = GridSearchCV(FlowDensity(**TINY), {"learning_rate": [1e-6, 1e-2]}, cv=2).fit(rows)
    assert search.best_params_ == {"learning_rate": 1e-2}
    np.testing.assert_array_equal(
        search.best_estimator_.score_samples(rows), search.score_samples(rows)
    )


def test_float64_where_the_user_switches_it_on(density, rows):
    with jax.enable_x64(True):
        double = fresh(density).fit(rows)
        inside = double.score_samples(rows)
    leaves = jax.tree.leaves(double.distribution_)
    assert {leaf.dtype.name for leaf in leaves if leaf.dtype.kind == "f"} == {"float64"}
    np.testing.assert_array_equal(double.score_samples(rows), inside)
    back = double.inverse_transform(double.transform(rows))
    np.testing.assert_allclose(back, rows, rtol=1e-9)
    np.testing.assert_allclose(inside.mean(), density.score(rows), atol=1)


def test_a_fit_that_fails_leaves_the_last_one_whole(density, rows, monkeypatch):
    def diverge(*args, **kwargs):
        raise TrainingError("diverged")

    fitted = fresh(density).fit(rows)
    monkeypatch.setattr("fluvial.densities.fitting.training.fit", diverge)
    with pytest.raises(TrainingError):
        fitted.fit(table(50)[:, :2])
    np.testing.assert_array_equal(fitted.score_samples(rows), density.score_samples(rows))
    unfitted = fresh(density)
    with pytest.raises(TrainingError):
        unfitted.fit(rows)
    with pytest.raises(NotFittedError):
        unfitted.score_samples(rows)


def test_the_docstring_and_the_help_list_every_recipe():
    help_text = typing.get_args(fit_options.Recipe)[1].help
    for name in RECIPES:
        assert f'"{name}"' in str(FlowDensity.__doc__)
        assert name in help_text
