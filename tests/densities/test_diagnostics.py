from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from tests.densities.test_stacking import TINY as AUTO
from tests.estimators.cases import TINY, table

from fluvial.densities.diagnostics import gaussian_log_prob, warn_of_effort, warn_of_fit
from fluvial.densities.hyperparameters import Hyperparameters
from fluvial.errors import DataWarning
from fluvial.estimators import FlowDensity, load
from fluvial.tables import TableScaler


def test_the_gaussian_is_scipys():
    rows = table(500)[:, [0, 2]] * [1, 1e4]
    normal: Any = stats.multivariate_normal
    expected = normal(rows.mean(axis=0), np.cov(rows.T, bias=True)).logpdf(rows)
    np.testing.assert_allclose(gaussian_log_prob(rows, rows), expected, atol=1e-4)


def test_the_summary_tells_what_was_done(tmp_path):
    rows = np.column_stack([table(300), np.round(table(300, 1)[:, 0], 1), np.ones(300)])
    with pytest.warns(DataWarning, match="constant"):
        fitted = FlowDensity(**TINY).fit(rows)
    lines = fitted.summary().splitlines()
    assert lines[0].startswith("flow          maf(n_layers=2, hidden_sizes=[8]")
    assert lines[1] == "rows          300 given, 30 of them held out"
    assert f"held out      {fitted.held_out_score_:.4f} +- " in fitted.summary()
    assert "  x3: centre " in fitted.summary()
    assert "noise of its step 0.1 in training" in fitted.summary()
    assert fitted.summary(figures=False).splitlines()[-1] == "  x4: constant 1, left out"
    np.testing.assert_allclose(fitted.rounding_steps_, [0, 0, 0, 0.1, 0], atol=1e-9)
    fitted.save(tmp_path / "m.fluvial")
    assert load(tmp_path / "m.fluvial").summary() == fitted.summary()


def test_gains_are_differences_of_held_out_means():
    rows = table(300)
    fitted = FlowDensity(**TINY).fit(rows)
    held_out, _ = fitted.scaler_.transform(rows[fitted.held_out_indices_])
    seen = np.delete(rows, fitted.held_out_indices_, axis=0)
    scaled, _ = fitted.scaler_.transform(seen)
    own = np.asarray(fitted.distribution_.log_prob(held_out), float)
    expected = own - gaussian_log_prob(scaled, held_out)
    found = fitted.gains_["gaussian"]
    assert found["gain"] == pytest.approx(expected.mean(), abs=1e-4)
    assert found["standard_error"] == pytest.approx(expected.std(ddof=1) / 30**0.5, rel=1e-3)


def test_a_flow_that_gains_nothing_and_discrete_columns_are_warned_of():
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.normal(size=1200) * 10 ** rng.choice(2, 1200), rng.choice(3, 1200)])
    with pytest.warns(DataWarning) as caught:
        fitted = FlowDensity(**{**AUTO, "max_epochs": 1, "learning_rate": 1e-6}).fit(rows)
    messages = " ".join(str(w.message) for w in caught)
    assert "the flow gained nothing: it has" in messages
    assert "discrete than continuous: column 1;" in messages
    assert "gaussian_mixture(n_components=" in fitted.summary()
    assert "nats a row than the Gaussian mixture alone" in fitted.summary()
    assert set(fitted.gains_) == {"gaussian", "gaussian_mixture"}


def test_training_rows_far_above_held_out_ones_are_warned_of(density, rows):
    last = density.history_.best_epoch - 1
    losses = list(density.history_.validation_loss)
    losses[last] = density.history_.train_loss[last] + 1.2
    # Of the flow of a mixture alone, which is fitted longest.
    fitted = replace(density.table_density_, specification={"type": "mixture", "parts": []})
    history = replace(density.history_, validation_loss=tuple(losses))
    warn_of_fit(replace(fitted, history=history), rows[:9], None)
    losses[last] += 0.2
    history = replace(density.history_, validation_loss=tuple(losses))
    with pytest.warns(DataWarning, match=r"trained on score 1.4 nats above held-out rows"):
        warn_of_fit(replace(fitted, history=history), rows[:9], None)


def test_an_effort_that_does_nothing_is_warned_of(rows):
    warn_of_effort(Hyperparameters(flow="maf"))
    warn_of_effort(Hyperparameters(flow="auto", effort="fast"))
    with pytest.warns(DataWarning, match="'fast' does nothing with flow='maf'.*'auto' alone"):
        FlowDensity(**TINY, effort="fast").fit(rows)


def test_a_flow_that_can_only_be_a_gaussian_is_warned_of(density, rows):
    def of_columns(n: int, recipe: str):
        specification = {"type": "flow", "recipe": recipe}
        scaler = TableScaler.fit(rows[:, :n])
        return replace(density.table_density_, specification=specification, scaler=scaler)

    warn_of_fit(of_columns(1, "neural_spline_flow"), rows, None)
    warn_of_fit(of_columns(2, "real_nvp"), rows, None)
    with pytest.warns(DataWarning, match="'real_nvp' can only be a Gaussian .*'neural_spline"):
        warn_of_fit(of_columns(1, "real_nvp"), rows, None)
