import pickle

import numpy as np
import pytest
from tests.estimators.cases import fresh, table

from fluvial.errors import DataError
from fluvial.estimators import FlowAnomalyDetector


def test_the_threshold_is_the_lowest_percent_of_the_held_out_scores(by_density, rows):
    detector, density = by_density, by_density.density_
    held_out = rows[density.held_out_indices_]
    assert len(held_out) >= 20
    expected = np.quantile(density.score_samples(held_out), 0.01)
    assert detector.offset_ == expected
    np.testing.assert_array_equal(detector.score_samples(rows), density.score_samples(rows))
    np.testing.assert_array_equal(
        detector.decision_function(rows), detector.score_samples(rows) - expected
    )


def test_few_held_out_rows_are_joined_by_all_others(by_density, rows):
    fitted = fresh(by_density, validation_fraction=0.05).fit(rows)
    assert 0 < len(fitted.density_.held_out_indices_) < 20
    assert fitted.offset_ == np.quantile(fitted.score_samples(rows), 0.01)


@pytest.mark.parametrize("contamination", [0.01, 0.1, 0.5])
def test_contamination_is_the_share_that_is_flagged(detector, rows, contamination):
    fitted = fresh(detector, contamination=contamination).fit(rows)
    assert fitted.offset_ == np.quantile(fitted.score_samples(rows), contamination)
    assert (fitted.predict(rows) == -1).mean() == pytest.approx(contamination)


@pytest.mark.parametrize("contamination", [0, 0.51, -0.1, "auto", True])
def test_other_contaminations_are_refused(detector, rows, contamination):
    with pytest.raises(ValueError, match=r"contamination must lie in \(0, 0.5\], but is"):
        fresh(detector, contamination=contamination).fit(rows)


def test_rows_that_do_not_belong_are_flagged(detector):
    normal = table(200, seed=5)
    assert (detector.predict(normal) == 1).mean() > 0.9
    odd = normal[:20].copy()
    odd[:, 1] += 5e4
    odd[1::2, 0] = -1e300
    assert (detector.predict(odd) == -1).all()
    assert detector.predict(normal).dtype.kind == "i"
    np.testing.assert_array_equal(fresh(detector).fit_predict(normal)[:3], [1, 1, 1])


def test_rows_that_break_a_constant_or_a_copy_are_flagged(detector, rows):
    wide = np.column_stack([rows, np.full(300, -2.5), rows[:, 1]])
    with pytest.warns(UserWarning, match="left out"):
        fitted = fresh(detector).fit(wide)
    broken = wide[:2].copy()
    broken[0, 3] = -2.4
    broken[1, 4] *= 1.1
    assert (fitted.predict(wide[:2]) == 1).all()
    assert (fitted.predict(broken) == -1).all()


def test_pickling_keeps_decisions(detector, rows):
    again = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(again.decision_function(rows), detector.decision_function(rows))


def test_errors_of_the_table_come_through(detector):
    with pytest.raises(DataError, match="column 2 holds 1 missing value"):
        detector.predict([[0.0, 1.0, np.nan]])
    with pytest.raises(DataError, match="X has 2 features, but FlowDensity is expecting 3"):
        detector.predict([[0.0, 1.0]])


def test_latents_are_scored_by_their_norm(detector, rows):
    fitted = fresh(detector, score="latent").fit(rows)
    latents = fitted.density_.transform(rows)
    np.testing.assert_allclose(fitted.score_samples(rows), -np.linalg.norm(latents, axis=1))
    for flow in ("classical", "auto"):
        with pytest.raises(ValueError, match="needs the latents of one flow"):
            fresh(detector, score="latent", flow=flow).fit(rows)


def test_typical_rows_have_the_usual_density(by_density, rows):
    fitted = fresh(by_density, score="typicality").fit(rows)
    log_prob = fitted.density_.score_samples(rows)
    usual = fitted.density_.held_out_score_
    np.testing.assert_allclose(fitted.score_samples(rows), -np.abs(log_prob - usual))


@pytest.mark.parametrize("score", ["log_prob", None, 3])
def test_other_scores_are_refused(detector, rows, score):
    with pytest.raises(ValueError, match="score must be one of"):
        fresh(detector, score=score).fit(rows)


def test_the_default_needs_no_flow(rows):
    fitted = FlowAnomalyDetector(random_state=0).fit(rows)
    assert {part["type"] for part in fitted.density_.specification_["parts"]} <= {
        "gaussian_mixture",
        "kernel_density",
    }
    np.testing.assert_array_equal(fitted.ranked_.scores, fitted.score_samples(rows))
    assert fitted.offset_ == np.quantile(fitted.score_samples(rows), 0.01)
    assert fitted.density_.sample(5, random_state=0).shape == (5, 3)
    assert not hasattr(fitted, "score")
    assert fitted.get_params()["score"] == "relative"
    assert "of the score 'relative'" in fitted.summary()
