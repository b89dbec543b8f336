"""Lines on tables and anomalies, typed as a reader types them: the estimators in S0, S1 and S3."""

import numpy as np
import pandas as pd
import pytest

import fluvial
from fluvial import FlowAnomalyDetector, FlowDensity, FlowSynthesizer, evaluation, plots
from fluvial.anomaly import CostModel, choose_by_cost
from fluvial.baselines import Autoencoder, HistogramDensity, KernelDensity
from fluvial.estimators import DensityRatio

RNG = np.random.default_rng(0)
SMALL = {"flow": "maf", "n_layers": 1, "hidden_sizes": (4,), "max_epochs": 1, "random_state": 0}


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(0).normal(size=(200, 2))


@pytest.fixture(scope="module")
def detector(rows):
    return FlowAnomalyDetector(random_state=0).fit(rows)


def test_s0_2_and_s3_1_kernels_and_histograms_are_densities(rows):
    for model in (KernelDensity(bandwidth=0.5), HistogramDensity(random_state=0)):
        assert model.fit(rows).score_samples(rows[:3]).shape == (3,)
        assert model.sample(4).shape == (4, 2)


def test_s0_4_to_6_an_autoencoder_whose_error_is_a_score(rows):
    model = Autoencoder(n_latent=1, hidden_sizes=(4,), max_epochs=2, random_state=0).fit(rows)
    far = model.score_samples([[9.0, -9.0]])
    assert far < model.score_samples(rows).min()


def test_s0_7_models_side_by_side(rows):
    models = {"histogram": HistogramDensity(random_state=0), "kernels": KernelDensity()}
    found = evaluation.compare_densities(rows[:150], rows[150:], models=models)
    assert len(found.models) == 2


def test_s0_23_and_s3_24_rows_with_names_types_and_labels(rows):
    frame = pd.DataFrame({"a": rows[:, 0], "n": np.round(rows[:, 1] * 3).astype(int)})
    kind = pd.Series(np.where(rows[:, 0] > 0, "up", "down"), name="kind")
    model = FlowSynthesizer(**SMALL).fit(frame, kind)
    drawn, labels = model.sample(20, random_state=0, label="up")
    assert list(drawn.columns) == ["a", "n"]
    assert drawn["n"].dtype == frame["n"].dtype
    assert set(labels) == {"up"}


def test_s0_24_an_estimator_given_an_attribute(rows):
    density = FlowDensity(**SMALL).fit(rows, condition=rows.sum(axis=1))
    assert density.sample(3, condition=[[0.5]]).shape == (3, 2)


def test_s0_29_and_44_the_settings_of_training():
    density = FlowDensity(**SMALL, weight_decay=0.01, min_delta=1e-3)
    assert density.get_params()["weight_decay"] == 0.01


def test_s0_57_standardised_by_mean_and_deviation(rows):
    density = FlowDensity(**SMALL, scaling="standard").fit(rows)
    assert np.isfinite(density.score(rows))


def test_s0_62_and_63_the_signal(detector, rows):
    index = pd.date_range("2020", periods=len(rows), freq="h")
    signal = pd.Series(-detector.score_samples(rows), index=index)
    labels = np.arange(len(rows)) % 50 == 0
    assert plots.signal(index, signal, labels, threshold=1.0) is not None


def test_s0_65_to_67_the_best_threshold_by_cost():
    signal = np.array([0.0, 1, 9, 0, 0, 3, 0, 0, 0, 0])
    labels = np.arange(10) == 3
    model = CostModel(false_alarm=1, miss=5, tolerance=1)
    assert model.cost(-signal, labels, -2.0) == 1.0  # the alarm at row 5
    assert model.cost(-signal, labels, -4.0) == 0.0
    assert model.cost(-signal, labels, -20.0) == 5.0
    assert choose_by_cost(-signal, labels, model).cost == 0.0
    assert plots.threshold_cost(-signal, labels, cost_model=model) is not None


def test_s1_42_where_a_sample_is_denser_than_another(rows):
    clump = 0.1 * RNG.normal(size=(100, 2)) + 3
    ratio = DensityRatio(random_state=0).fit(np.concatenate([rows, clump]), rows)
    scores = ratio.score_samples([[3.0, 3.0], [0.0, 0.0]])
    assert scores[0] > scores[1]


def test_s1_43_a_few_labels(rows):
    y = np.zeros(len(rows), int)
    y[:3], y[3:9] = -1, 1
    assert FlowAnomalyDetector(random_state=0).fit(rows, y).predict(rows).shape == (len(rows),)


def test_s1_44_a_clump_of_anomalies_is_found():
    rows = np.concatenate([RNG.normal(size=1980), 10 + 0.1 * RNG.normal(size=20)])[:, None]
    with pytest.warns(fluvial.errors.DataWarning, match="far from all others"):
        detector = FlowAnomalyDetector(random_state=0).fit(rows)
    assert (detector.predict(rows[-20:]) == -1).all()
    assert (detector.predict(rows[:-20]) == -1).mean() < 0.05


def test_s1_46_and_53_rows_below_alpha(rows):
    detector = FlowAnomalyDetector(**SMALL, score="density").fit(rows)
    detector.set_threshold("value", value=-5.0)
    assert detector.offset_ == -5.0
    assert detector.threshold_.method == "value"
    strange = detector.score_samples(rows) < -5.0
    assert ((detector.predict(rows) == -1) == strange).all()


def test_s1_48_and_54_scatters_by_class_and_by_score(detector, rows):
    assert plots.pair(rows, rows + 3, labels=("normal", "rare")) is not None
    axes = plots.pair(rows, scores=detector.score_samples(rows))
    assert len(axes.figure.axes) == 2  # the colours have a bar


def test_s1_55_a_report(detector, rows, tmp_path):
    assert hasattr(fluvial, "report")


def test_s2_2_samples_that_are_copies(rows):
    found = evaluation.copy_check(rows[:100], rows[100:], rows[:50])
    assert found.exact == 1.0


def test_s3_25_to_30_trained_on_synthetic_tested_on_real(rows):
    y = rows[:, 0] > 0
    found = evaluation.train_on_synthetic(
        (rows[:100], y[:100]), (rows[50:150], y[50:150]), (rows[150:], y[150:]), shares=(0.5,)
    )
    assert list(found.augmented) == [0.5]
