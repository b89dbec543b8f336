"""Models side by side: their figures against scikit-learn's, paired errors against the formula."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from fluvial.baselines import HistogramDensity, KernelDensity, NearestNeighbors
from fluvial.errors import DataError
from fluvial.evaluation import compare_densities, compare_detectors

MODELS = {
    "kernels": KernelDensity(random_state=0),
    "bins": HistogramDensity(random_state=0),
    "near": NearestNeighbors(n_neighbors=2),
}


@pytest.fixture(scope="module")
def tables():
    """A relation that breaks in every fifth test row."""
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(2, 200, 2))
    for rows in (train, test):
        rows[:, 1] += 2 * rows[:, 0]
    test[::5, 1] -= 4 * test[::5, 0]
    return train, test, (np.arange(200) % 5 == 0).astype(int)


def test_the_figures_are_those_of_each_model(tables):
    train, test, y = tables
    found = compare_detectors(train, test, y, models=MODELS)
    assert [each.name for each in found.models] == list(MODELS)
    assert (found.rows, found.anomalies) == (200, 40)
    for each in found.models:
        strange = -MODELS[each.name].fit(train).score_samples(test)
        assert each.auroc == pytest.approx(roc_auc_score(y, strange))
        assert each.average_precision == pytest.approx(average_precision_score(y, strange))
        # Hanley and McNeil 1982, equation 2, for rows that do not depend on each other.
        a, n, m = each.auroc, 40, 160
        q, r = a / (2 - a), 2 * a * a / (1 + a)
        variance = (a * (1 - a) + (n - 1) * (q - a * a) + (m - 1) * (r - a * a)) / (n * m)
        assert each.auroc_standard_error == pytest.approx(np.sqrt(variance), rel=0.5)
    assert found.models[0].auroc > found.models[1].auroc  # the relation


def covariances(y, one, other):
    """Of the AUROCs of two scores: DeLong, DeLong and Clarke-Pearson 1988, equation 5."""
    found = [s[y == 1][:, None] > s[y == 0][None] for s in (one, other)]
    of_anomalies, of_normal = (np.cov([each.mean(axis=axis) for each in found]) for axis in (1, 0))
    return of_anomalies / (y == 1).sum() + of_normal / (y == 0).sum()


def test_differences_of_rankings_are_paired(tables):
    train, test, y = tables
    first, second, _ = compare_detectors(train, test, y, models=MODELS).models
    assert first.auroc_difference == first.auroc_difference_standard_error == 0
    assert first.average_precision_difference == 0
    assert second.auroc_difference == pytest.approx(second.auroc - first.auroc)
    gain = second.average_precision - first.average_precision
    assert second.average_precision_difference == pytest.approx(gain)
    one, other = (-MODELS[name].fit(train).score_samples(test) for name in ("kernels", "bins"))
    c = covariances(y, one, other)
    expected = np.sqrt(c[0, 0] + c[1, 1] - 2 * c[0, 1])
    assert second.auroc_difference_standard_error == pytest.approx(expected, rel=0.4)
    assert second.average_precision_difference_standard_error is not None
    assert second.average_precision_difference_standard_error > 0


def test_the_same_model_twice_differs_by_nothing(tables):
    train, test, y = tables
    models = {"one": KernelDensity(random_state=0), "two": KernelDensity(random_state=0)}
    second = compare_detectors(train, test, y, models=models).models[1]
    assert second.auroc_difference == second.auroc_difference_standard_error == 0
    assert second.auroc_standard_error is not None
    assert second.auroc_standard_error > 0


def test_differences_are_paired(tables):
    train, test, _ = tables
    models = {name: MODELS[name] for name in ("bins", "kernels")}
    found = compare_densities(train, test, models=models)
    first, second = (models[name].fit(train).score_samples(test) for name in models)
    gain = second - first
    other = found.models[1]
    assert other.log_prob == pytest.approx(second.mean())
    assert other.difference == pytest.approx(gain.mean())
    assert other.difference_standard_error == pytest.approx(gain.std(ddof=1) / np.sqrt(200))
    assert found.models[0].difference == found.models[0].difference_standard_error == 0


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "labels are needed"),
        (np.zeros(200), "both kinds are needed"),
        (np.zeros(3), "labels of shape"),
    ],
)
def test_labels_are_refused_before_the_fit(tables, y, message):
    train, test, _ = tables
    with pytest.raises(DataError, match=message):
        compare_detectors(train, test, y, models={"none": None})


def test_columns_must_agree(tables):
    train, test, y = tables
    with pytest.raises(ValueError, match="features"):
        compare_detectors(train, test[:, :1], y, models=MODELS)
    with pytest.raises(DataError, match="at least 2 are needed"):
        compare_densities(train, test[:1], models=MODELS)
