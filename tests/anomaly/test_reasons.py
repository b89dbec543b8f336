"""Why rows are flagged, by scores whose reasons are known."""

import numpy as np
import pytest

from fluvial.anomaly.path import nearest_normal, path_parts
from fluvial.anomaly.reasons import METHODS, Explainer
from fluvial.anomaly.replacement import quantile_values, replace_each
from fluvial.errors import DataError

CORRELATED = np.array([[1.0, 0.95, 0.3], [0.95, 1.0, 0.3], [0.3, 0.3, 1.0]])
PRECISION = np.linalg.inv(CORRELATED)
NORMAL = np.random.default_rng(0).multivariate_normal(np.zeros(3), CORRELATED, size=400)


def gaussian(rows):
    return -0.5 * np.einsum("ij,jk,ik->i", rows, PRECISION, rows)


@pytest.fixture(scope="module")
def explainer():
    threshold = float(np.quantile(gaussian(NORMAL), 0.01))
    return Explainer(gaussian, NORMAL, threshold, ("a", "b", "c"))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("column", range(3))
def test_the_column_that_is_off_comes_first(explainer, method, column):
    rows = NORMAL[:5].copy()
    rows[:, column] += 9
    for place, found in enumerate(explainer.explain(rows, range(5), method)):
        assert found.row == place
        assert found.reasons[0].column == "abc"[column]
        assert found.score == pytest.approx(gaussian(rows[place : place + 1])[0])


def test_two_columns_that_are_off_come_first_together(explainer):
    row = np.array([[8.0, 0.0, -7.0]])
    found = explainer.explain(row, [0])[0]
    assert {each.column for each in found.reasons[:2]} == {"a", "c"}
    assert set(found.normal_row) == {"a", "c"}
    assert found.score_then >= explainer.threshold


def test_a_broken_correlation_is_named_and_mended(explainer):
    # Neither value is strange by itself.
    row = np.array([[1.5, -1.5, 0.0]])
    found = explainer.explain(row, [0])[0]
    assert found.reasons[0].column in "ab"
    assert found.reasons[2].column == "c"
    first = found.reasons[0]
    other = row[0]["ab".index(first.column) - 1]
    # The best value is the conditional mean given the others.
    assert first.normal_value == pytest.approx(0.95 * other, abs=0.4)
    assert first.score_then == pytest.approx(found.score_then)
    assert first.value == row[0]["ab".index(first.column)]
    assert first.column in found.in_words()


def test_parts_fall_and_scores_then_are_scores(explainer):
    rows = np.array([[5.0, -1.0, 2.0], [0.0, 0.0, 6.0]])
    for row, found in zip(rows, explainer.explain(rows, [3, 8]), strict=True):
        parts = [each.part for each in found.reasons]
        assert parts == sorted(parts, reverse=True)
        for each in found.reasons:
            changed = row.copy()
            changed["abc".index(each.column)] = each.normal_value
            assert each.score_then == pytest.approx(gaussian(changed[None])[0])
        mended = row.copy()
        for name, value in found.normal_row.items():
            mended["abc".index(name)] = value
        assert found.score_then == pytest.approx(gaussian(mended[None])[0])


def test_parts_of_a_path_sum_to_its_whole_gain():
    row = np.array([4.0, -3.0, 2.0])
    target = nearest_normal(row, NORMAL)
    parts = path_parts(gaussian, row, NORMAL)
    whole = gaussian(target[None])[0] - gaussian(row[None])[0]
    assert parts.sum() == pytest.approx(whole, rel=1e-9)
    # Against the integral of the gradient, by the trapezoid rule on a fine grid.
    t = (np.arange(10_000) + 0.5) / 10_000
    points = row + t[:, None] * (target - row)
    gradients = -points @ PRECISION
    np.testing.assert_allclose(parts, gradients.mean(axis=0) * (target - row), rtol=1e-3)


def test_surprise_is_the_mean_over_the_values_tried():
    values, row = quantile_values(NORMAL), np.array([[3.0, 0.0, 1.0]])
    own = gaussian(row)
    found = replace_each(gaussian, row, own, values, row, n_closely=3)
    for j in range(3):
        tried = np.repeat(row, len(values), axis=0)
        tried[:, j] = values[:, j]
        scores = np.append(gaussian(tried), own)
        expected = np.log(np.mean(np.exp(scores))) - own[0]
        assert found.surprises[0, j] == pytest.approx(expected)
    assert (found.scores >= own).all()


def test_many_columns_are_looked_at_in_two_steps():
    rng = np.random.default_rng(1)
    normal, rows = rng.normal(size=(100, 60)), rng.normal(size=(3, 60))
    rows[:, 41] = 30.0
    calls = []

    def score(x):
        calls.append(len(x))
        return -0.5 * (x**2).sum(axis=1)

    explainer = Explainer(score, normal, -80.0, tuple(map(str, range(60))))
    for found in explainer.explain(rows, range(3)):
        assert found.reasons[0].column == "41"
        assert len(found.reasons) == 60
    assert sum(calls) < 3 * 60 * 15


def test_what_cannot_be_explained_is_refused(explainer):
    with pytest.raises(ValueError, match="method must be one of"):
        explainer.explain(NORMAL[:1], [0], "luck")
    with pytest.raises(DataError, match="reasons need 5 normal rows"):
        Explainer(gaussian, NORMAL[:4], 0.0, ("a", "b", "c"))
