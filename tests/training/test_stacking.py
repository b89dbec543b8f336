import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from fluvial.errors import DataError, ShapeError
from fluvial.training import stack


def log_densities(n=2000, seed=0):
    """Rows of a known mixture, and the log densities of its three parts and of a bad member."""
    rng = np.random.default_rng(seed)
    part = rng.choice(3, size=n, p=[0.6, 0.3, 0.1])
    x = rng.normal(np.array([0.0, 3.0, -6.0])[part], np.array([1.0, 0.5, 2.0])[part])
    members = [(0, 1), (3, 0.5), (-6, 2), (40, 1)]
    return np.stack([norm.logpdf(x, *member) for member in members], axis=1)


def test_the_weights_of_a_known_mixture_are_found():
    weights = stack(log_densities(20_000))
    np.testing.assert_allclose(weights, [0.6, 0.3, 0.1, 0.0], atol=0.015)
    assert weights[3] == 0
    assert weights.sum() == pytest.approx(1)


def test_no_direct_optimiser_finds_better_weights():
    log_probs = log_densities(500, seed=1)[:, :3] + np.array([0.3, -0.2, 0.5])

    def loss(logits):
        weights = np.exp(logits - logits.max())
        return -np.mean(np.log(np.exp(log_probs) @ weights / weights.sum()))

    found = minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-9})
    weights = stack(log_probs)
    assert loss(np.log(weights)) <= found.fun + 1e-7
    best = np.exp(found.x - found.x.max())
    np.testing.assert_allclose(weights, best / best.sum(), atol=1e-3)


def largest_gain(log_probs, weights, shares):
    """At the best weights no member's mean of p_k(x) / p(x) is above one."""
    relative = np.exp(log_probs - log_probs.max(axis=1, keepdims=True))
    return (shares / shares.sum() / (relative @ weights) @ relative).max()


@pytest.mark.parametrize("n_members", [40, 100])
def test_members_that_are_nearly_alike_are_weighted_to_the_end(n_members):
    x = 1.5 * np.random.default_rng(1).normal(size=500)
    log_probs = norm.logpdf(x[:, None], np.linspace(-4, 4, n_members))
    weights = stack(log_probs, smallest=0.0)
    assert largest_gain(log_probs, weights, np.ones(500)) < 1 + 2e-8


@pytest.mark.parametrize("seed", range(20))
def test_rows_of_any_weight_and_members_of_any_kind_are_weighted_to_the_end(seed):
    rng = np.random.default_rng(seed)
    n, n_members = rng.integers(2, 200), rng.integers(2, 40)
    log_probs = 10 ** rng.uniform(-4, 4) * rng.normal(size=(n, n_members))
    log_probs[rng.random(log_probs.shape) < 0.3] = -np.inf
    log_probs[:, 0] = np.maximum(log_probs[:, 0], -5)
    shares = 10 ** rng.uniform(-8, 3, size=n)
    weights = stack(log_probs, smallest=0.0, sample_weight=shares)
    assert largest_gain(log_probs, weights, shares) < 1 + 2e-8


def test_ties_share_and_small_members_go():
    one = np.linspace(-3, -1, 7)[:, None]
    np.testing.assert_allclose(stack(np.hstack([one, one])), [0.5, 0.5])
    assert stack(np.hstack([one, one - 5])).tolist() == [1, 0]
    assert stack(one).tolist() == [1]
    shares = np.log([[1.0, 1e-3]] * 97 + [[1e-3, 1.0]] * 3)
    np.testing.assert_allclose(stack(shares), [0.97, 0.03], atol=2e-3)
    assert stack(shares, smallest=0.05).tolist() == [1, 0]


def test_log_densities_of_any_magnitude_serve():
    weights = stack([[-1e6, -1e6 - 1], [5e5, 5e5 - 1], [-np.inf, -3.0], [-2.0, -np.inf]])
    assert np.isfinite(weights).all()
    assert (weights > 0).all()


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ([1.0, 2.0], ShapeError, r"must have shape \(n, K\), but have shape \(2,\)"),
        (np.empty((0, 2)), ShapeError, "must have shape"),
        ([[0.0, np.nan]], DataError, "nan in row 0 of member 1"),
        ([[np.inf, 0.0]], DataError, "inf in row 0 of member 0"),
        ([[0.0, 0.0], [-np.inf, -np.inf]], DataError, "no member gives row 1 any density"),
    ],
)
def test_what_cannot_be_weighted_is_refused(values, error, message):
    with pytest.raises(error, match=message):
        stack(values)


def test_a_weighted_row_counts_as_its_copies():
    log_probs = log_densities(200, seed=2)
    copies = np.random.default_rng(0).integers(0, 4, 200)
    spoilt = np.where(copies[:, None], log_probs, -np.inf)
    weights = stack(spoilt, sample_weight=0.1 * copies)
    np.testing.assert_allclose(weights, stack(np.repeat(log_probs, copies, axis=0)), atol=1e-6)
    np.testing.assert_allclose(stack(log_probs, sample_weight=[5] * 200), stack(log_probs))


def test_bad_sample_weights_are_refused():
    with pytest.raises(DataError, match="is -1 in row 2"):
        stack(np.zeros((3, 2)), sample_weight=[1, 1, -1])
    with pytest.raises(ShapeError, match="one weight for each of the 3 rows"):
        stack(np.zeros((3, 2)), sample_weight=[1, 1])
