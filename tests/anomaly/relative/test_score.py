"""The relative score against slow oracles and closed forms."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import logsumexp
from scipy.stats import kstest

from fluvial.anomaly.relative import RelativeScore
from fluvial.anomaly.relative.score import PARTS
from fluvial.errors import DataError, ModelFileError


def table(n, seed):
    """Rows of four columns: two that depend on each other, a heavy tail, and few values."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=n)
    return np.column_stack(
        [first, first + rng.normal(size=n), rng.standard_t(2, size=n), rng.poisson(1, size=n)]
    )


ROWS, NEW = table(400, 0), table(1000, 1)
FAR = NEW[:3] + np.array([[0, 0, 1e3, 0], [0, 0, 1e30, 0], [0, 0, 1e300, 0]])


@pytest.fixture(scope="module")
def score():
    return RelativeScore.fit(ROWS, np.random.RandomState(0))


def test_distances_and_kernels_are_those_of_an_oracle(score):
    found = score.strangeness(NEW)
    images, references = score.standard.images(NEW), score.standard.images(ROWS)
    order = score.memory.places_of(ROWS)[1]
    np.testing.assert_array_equal(np.sort(order), np.arange(400))
    halves = [
        cdist(images[:, some], references[:, some]).min(axis=1) / np.sqrt(len(some))
        for some in score.subsets
    ]
    np.testing.assert_allclose(
        found["nearest_in_halves"], np.mean(halves, axis=0), rtol=1e-4, atol=1e-5
    )
    gaps = cdist(images / score.widths, references / score.widths, "sqeuclidean")
    np.testing.assert_allclose(
        found["column_kernels"], -np.asarray(logsumexp(-gaps / 2, axis=1)), rtol=1e-3, atol=1e-3
    )
    known = np.zeros(1000, bool)
    by_ranks = cdist(score.ranks.images(NEW, known), score.ranks.images(ROWS, known[:400]))
    np.testing.assert_allclose(found["nearest"], by_ranks.min(axis=1) / 2, rtol=1e-4, atol=1e-5)
    kernels = -np.asarray(logsumexp(-((by_ranks / score.bandwidth) ** 2) / 2, axis=1))
    np.testing.assert_allclose(found["kernels"], kernels, rtol=1e-3, atol=1e-3)


def test_a_row_that_was_fitted_to_is_judged_by_the_others(score):
    images = score.standard.images(ROWS)
    gaps = cdist(images / score.widths, images / score.widths, "sqeuclidean")
    np.fill_diagonal(gaps, np.inf)
    np.testing.assert_allclose(
        score.strangeness(ROWS)["column_kernels"],
        -np.asarray(logsumexp(-gaps / 2, axis=1)),
        rtol=1e-3,
        atol=1e-3,
    )


def test_a_row_scores_the_same_alone_and_in_any_company(score):
    scores = score.score(NEW)
    np.testing.assert_array_equal(score.score(NEW[::-1]), scores[::-1])
    np.testing.assert_array_equal(score.score(NEW[7:8]), scores[7:8])
    again = RelativeScore.fit(ROWS, np.random.RandomState(0))
    np.testing.assert_array_equal(again.score(NEW), scores)


def test_new_rows_are_about_as_strange_as_those_that_were_left_out(score):
    left_out = np.sort(score.score(ROWS))
    p_values = (np.searchsorted(left_out, score.score(table(1000, 2))) + 0.5) / 401
    assert kstest(p_values, "uniform").statistic < 0.08
    assert (p_values < 0.05).mean() < 0.08


def test_far_rows_are_finite_and_keep_their_order(score):
    scores = score.score(FAR)
    assert np.isfinite(scores).all()
    assert (np.diff(scores) < 0).all()
    assert scores.max() < score.score(ROWS).min()
    assert np.isfinite(score.score(-FAR)).all()


def test_the_ranks_know_no_unit(score):
    # Powers of ten: the standardised columns differ, the images by ranks do not.
    known = np.zeros(400, bool)
    stretched = RelativeScore.fit(10**ROWS, np.random.RandomState(0))
    np.testing.assert_allclose(
        stretched.ranks.images(10**ROWS, known), score.ranks.images(ROWS, known), atol=1e-9
    )


def test_constants_and_copies_are_left_out(score):
    wide = np.column_stack([ROWS, np.full(400, 2.5), ROWS[:, 1]])
    fitted = RelativeScore.fit(wide, np.random.RandomState(0))
    new = np.column_stack([NEW, np.full(1000, 2.5), NEW[:, 1]])
    np.testing.assert_array_equal(fitted.score(new), score.score(NEW))
    new[0, 4], new[1, 5] = 2.6, -9.0
    lost = score.score(NEW)[:2] - fitted.score(new)[:2]
    np.testing.assert_allclose(lost, 1e6)
    with pytest.raises(DataError, match="all columns are constant"):
        RelativeScore.fit(np.ones((5, 2)), np.random.RandomState(0))


def test_two_rows_and_one_column_are_enough():
    for rows in (np.array([[0.0], [1.0]]), np.array([[0.0, 1e36], [1.0, -1e36]])):
        scores = RelativeScore.fit(rows, np.random.RandomState(0)).score(rows * 3)
        assert np.isfinite(scores).all()


def test_a_model_file_holds_all(score):
    arrays = score.to_arrays()
    again = RelativeScore.from_arrays(arrays, n_columns=4)
    assert set(again.surprises) == set(PARTS)
    for rows in (ROWS, NEW, FAR):
        np.testing.assert_array_equal(again.score(rows), score.score(rows))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("references", np.full((400, 4), np.nan)),
        ("references", np.zeros((400, 3))),
        ("bandwidth", np.array([0.0])),
        ("widths", np.array([1.0, -1.0, 1.0, 1.0])),
        ("subsets", np.zeros((4, 4), bool)),
        ("subsets", np.ones((4, 9), bool)),
        ("memory.places", np.full(400, 400)),
        ("memory.keys", np.zeros(400, np.uint64)),
        ("standard.scale", np.zeros(4)),
        ("ranks.sizes", np.array([1, 1, 1, 1])),
        ("ranks.ends", np.zeros((4, 3))),
        ("tree.pairs", np.array([[0, 0]])),
        ("tree.tables", np.full(3, -1.0)),
        ("frequencies.places", np.array([9])),
        ("frequencies.n_rows", np.array([0])),
        ("surprise.pairs.scale", np.array([0.0])),
        ("surprise.kernels.strangeness", np.array([2.0, 1.0])),
    ],
)
def test_what_no_score_has_is_refused(score, name, value):
    arrays = score.to_arrays()
    assert name in arrays
    with pytest.raises(ModelFileError):
        RelativeScore.from_arrays({**arrays, name: value}, n_columns=4)


def test_a_part_without_its_surprise_is_refused(score):
    arrays = {n: a for n, a in score.to_arrays().items() if not n.startswith("surprise.values")}
    with pytest.raises(ModelFileError, match="needs the surprise of each of its parts"):
        RelativeScore.from_arrays(arrays, n_columns=4)
    with pytest.raises(ModelFileError, match="serves no 5"):
        RelativeScore.from_arrays(score.to_arrays(), n_columns=5)
