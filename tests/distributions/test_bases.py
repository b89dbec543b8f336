"""The bases against scipy: densities, samples, normalization, what is trained."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from fluvial.distributions import (
    DiagonalNormal,
    GaussianMixture,
    Mixture,
    StandardNormal,
    StudentT,
    Uniform,
)
from fluvial.errors import ShapeError
from fluvial.testing import randomise
from fluvial.training import trainable

KEY = jax.random.key(5)
LOC, SCALE = np.array([0.5, -1.0]), np.array([0.3, 2.0])
WEIGHTS = np.array([0.2, 0.8])
MEANS = np.array([[0.0, 1.0], [2.0, -1.0]])
TRILS = np.array([[[1.0, 0.0], [0.5, 0.2]], [[0.3, 0.0], [-1.0, 2.0]]])
COVARIANCES = TRILS @ np.swapaxes(TRILS, 1, 2)


def mixture_of_scipy(x):
    parts = [
        stats.multivariate_normal(m, c).pdf(x) for m, c in zip(MEANS, COVARIANCES, strict=True)
    ]
    return np.log(WEIGHTS @ np.array(parts))


# name: (builder, log density by scipy, cumulative distribution of the first column)
BASES = {
    "standard-normal": (
        lambda **kwargs: StandardNormal(2),
        lambda x: stats.norm.logpdf(x).sum(-1),
        stats.norm().cdf,
    ),
    "diagonal-normal": (
        lambda **kwargs: DiagonalNormal(LOC, SCALE, **kwargs),
        lambda x: stats.norm.logpdf(x, LOC, SCALE).sum(-1),
        stats.norm(LOC[0], SCALE[0]).cdf,
    ),
    "student-t": (
        lambda **kwargs: StudentT(np.array([3.0, 1.5]), LOC, SCALE, **kwargs),
        lambda x: stats.t.logpdf(x, [3.0, 1.5], LOC, SCALE).sum(-1),
        stats.t(3.0, LOC[0], SCALE[0]).cdf,
    ),
    "uniform": (
        lambda **kwargs: Uniform(LOC, LOC + SCALE, **kwargs),
        lambda x: stats.uniform.logpdf(x, LOC, SCALE).sum(-1),
        stats.uniform(LOC[0], SCALE[0]).cdf,
    ),
    "gaussian-mixture": (
        lambda **kwargs: GaussianMixture(WEIGHTS, MEANS, COVARIANCES, **kwargs),
        mixture_of_scipy,
        lambda x: WEIGHTS[0] * stats.norm.cdf(x) + WEIGHTS[1] * stats.norm.cdf(x, 2.0, 0.3),
    ),
    "mixture": (
        lambda **kwargs: Mixture(
            [StandardNormal(2), DiagonalNormal(LOC, SCALE)], [1.0, 3.0], **kwargs
        ),
        lambda x: np.log(
            0.25 * stats.norm.pdf(x).prod(-1) + 0.75 * stats.norm.pdf(x, LOC, SCALE).prod(-1)
        ),
        lambda x: 0.25 * stats.norm.cdf(x) + 0.75 * stats.norm.cdf(x, LOC[0], SCALE[0]),
    ),
}
names = pytest.mark.parametrize("name", BASES)
trained_names = pytest.mark.parametrize("name", [n for n in BASES if n != "standard-normal"])


@names
def test_log_prob_is_that_of_scipy(x64, name):
    build, expected, _ = BASES[name]
    x = np.concatenate([LOC + SCALE * np.random.default_rng(0).uniform(size=(20, 2)), MEANS])
    np.testing.assert_allclose(build().log_prob(x), expected(x), rtol=1e-10)


@names
def test_samples_have_the_distribution(name):
    build, _, cumulative = BASES[name]
    base = build()
    x, log_prob = base.sample_and_log_prob(KEY, (4000,))
    assert x.dtype == jnp.float32
    assert stats.kstest(np.asarray(x[:, 0], np.float64), cumulative).pvalue > 1e-3
    np.testing.assert_allclose(base.log_prob(x), log_prob, rtol=1e-6)


def integral(name, base):
    """Integrate the density over the plane on a grid that is denser near the middle."""
    if name == "uniform":
        line = np.linspace(-5, 5, 2001)
    else:
        reach = np.arcsinh(400.0 if name == "student-t" else 20.0)
        line = np.sinh(np.linspace(-reach, reach, 701))
    grid = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1)
    lengths = np.gradient(line)
    return lengths @ np.exp(np.asarray(base.log_prob(grid), np.float64)) @ lengths


@names
def test_the_density_integrates_to_one(name):
    heavy_or_cornered = name in ("student-t", "uniform")
    total = integral(name, BASES[name][0]())
    np.testing.assert_allclose(total, 1, atol=0.02 if heavy_or_cornered else 1e-3)


@names
def test_terms_are_float64_and_samples_float32_for_a_float32_base(name):
    base = BASES[name][0]()
    with jax.enable_x64(True):
        x, log_prob = base.sample_and_log_prob(KEY, (3,))
        assert x.dtype == jnp.float32
        assert log_prob.dtype == jnp.float64
        wide = base.log_prob(x.astype(jnp.float64))
        np.testing.assert_allclose(log_prob, wide, rtol=1e-12)
    np.testing.assert_array_equal(base.sample(KEY, (3,)), x)


@names
def test_nothing_is_trained_unless_asked(name):
    assert not any(jax.tree.leaves(trainable(BASES[name][0]())))


@trained_names
def test_what_is_trained_moves_the_density_with_finite_gradients(x64, name):
    base, fixed = (BASES[name][0](trainable=flag) for flag in (True, False))
    x = fixed.sample(KEY, (10,))
    np.testing.assert_allclose(base.log_prob(x), fixed.log_prob(x), rtol=1e-12)
    params, rest = eqx.partition(base, trainable(base))
    assert jax.tree.leaves(params)

    @jax.jit
    @jax.grad
    def gradients(params):
        return jnp.sum(eqx.combine(params, rest).log_prob(x) * jnp.arange(1.0, 11.0))

    found = jax.tree.leaves(gradients(params))
    assert all(np.all(np.isfinite(leaf)) for leaf in found)
    moving = [np.any(leaf != 0) for leaf in found]
    # The density of a uniform does not change where its ends move together.
    assert np.sum(moving) == len(moving) - (name == "uniform")
    with_noise = randomise(base, KEY, 0.1)
    assert np.all(with_noise.log_prob(x) != base.log_prob(x))


@trained_names
def test_a_moved_density_still_integrates_to_one(name):
    base = randomise(BASES[name][0](trainable=True), KEY, 0.5)
    np.testing.assert_allclose(integral(name, base), 1, atol=0.03)


def test_a_uniform_keeps_its_ends_to_the_last_bit_and_is_minus_infinity_outside():
    low, high = np.array([[-0.1, 0.3], [0.7, 1e7]], np.float32)
    base = Uniform(low, high)
    np.testing.assert_array_equal(base.low, low)
    np.testing.assert_array_equal(base.high, high)
    assert np.all(np.isfinite(base.log_prob(np.stack([low, high]))))
    beyond = np.stack([np.nextafter(low, np.float32(-np.inf)), np.nextafter(high, np.float32(1e9))])
    assert np.all(base.log_prob(beyond) == -np.inf)
    assert np.isnan(base.log_prob(np.array([np.nan, 0.5])))


@pytest.mark.parametrize("trainable", [False, True])
def test_outside_a_uniform_the_gradient_is_zero_and_infinities_are_outside(trainable):
    base = Uniform(jnp.zeros(()), 2.0, trainable=trainable)
    x = jnp.array([0.0, 1.0, 2.0, -1.0, 3.0, 3e38, jnp.inf, -jnp.inf])
    value, gradient = jax.vmap(jax.value_and_grad(base.log_prob))(x)
    np.testing.assert_allclose(value, [-np.log(2)] * 3 + [-np.inf] * 5, rtol=1e-6)
    np.testing.assert_array_equal(gradient, 0)


@pytest.mark.parametrize("scale", [1e-37, 1e-25, 1e25, 1e37])
def test_any_scale_that_float32_holds_is_right(scale):
    x = (np.array([-0.5, 0.0, 1.0]) * scale).astype(np.float32)
    scale = np.float32(scale)
    wide, of_scale = x.astype(float), float(scale)
    for base, expected in (
        (DiagonalNormal(0.0, scale), stats.norm.logpdf(wide, 0, of_scale)),
        (StudentT(3.0, 0.0, scale), stats.t.logpdf(wide, 3.0, 0, of_scale)),
        (Uniform(-scale, scale), np.full(3, -np.log(2) - np.log(of_scale))),
    ):
        np.testing.assert_allclose(base.log_prob(x), expected, rtol=1e-6)
        assert np.all(np.isfinite(jax.grad(lambda x, b=base: b.log_prob(x).sum())(x)))


def test_a_nan_stays_a_nan():
    for build, _, _ in BASES.values():
        assert np.isnan(build().log_prob(jnp.array([jnp.nan, 0.0])))


def test_scale_trils_are_the_factors_of_the_covariances(x64):
    x = np.random.default_rng(0).normal(size=(5, 2))
    by_factors = GaussianMixture(WEIGHTS, MEANS, scale_trils=TRILS)
    np.testing.assert_allclose(by_factors.log_prob(x), mixture_of_scipy(x), rtol=1e-10)
    by_covariances = GaussianMixture(WEIGHTS, MEANS, COVARIANCES)
    np.testing.assert_allclose(by_covariances.scale_trils, TRILS, atol=1e-12)
    np.testing.assert_allclose(by_covariances.weights, WEIGHTS)


def test_a_component_of_weight_zero_is_never_drawn_and_keeps_gradients_finite():
    mixture = GaussianMixture([1.0, 0.0], MEANS * 100, COVARIANCES)
    x = mixture.sample(KEY, (200,))
    assert np.all(np.abs(x[:, 0]) < 50)
    gradient = jax.grad(lambda x: mixture.log_prob(x).sum())(x)
    assert np.all(np.isfinite(gradient))


def test_float_parameters_of_one_column():
    assert DiagonalNormal(0.0, 1.0).event_shape == StudentT(3.0).event_shape == ()
    assert float(Uniform(1, 3).log_prob(2)) == pytest.approx(-np.log(2))
    assert GaussianMixture([1.0], np.zeros((1, 1)), np.ones((1, 1, 1))).event_shape == (1,)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: DiagonalNormal(0.0, 0.0), "scale must be positive"),
        (lambda: DiagonalNormal(0.0, np.nan), "scale must be positive"),
        (lambda: StudentT(-1.0), "df must be positive"),
        (lambda: StudentT(1.0, 0.0, np.inf), "scale must be positive"),
        (lambda: Uniform(1.0, 1.0), "below high"),
        (lambda: Uniform(-np.inf, 1.0), "finite"),
        (lambda: Uniform(-3e38, 3e38), "range of float32"),
        (lambda: Uniform(0.0, 1e-40), "range of float32"),
        (lambda: GaussianMixture([1.0, -1.0], MEANS, COVARIANCES), "not negative"),
        (lambda: GaussianMixture([0.0, 0.0], MEANS, COVARIANCES), "not all zero"),
        (lambda: GaussianMixture([0.0, 1.0], MEANS, COVARIANCES, trainable=True), "positive"),
        (lambda: GaussianMixture(WEIGHTS, MEANS, -COVARIANCES), r"\[0, 1\] are not positive def"),
        (lambda: GaussianMixture(WEIGHTS, MEANS, TRILS), "symmetric"),
        (lambda: GaussianMixture(WEIGHTS, MEANS), "either"),
        (lambda: GaussianMixture(WEIGHTS, MEANS, COVARIANCES, scale_trils=TRILS), "either"),
        (lambda: Mixture([StandardNormal(2)], [-1.0]), "not negative"),
    ],
)
def test_parameters_out_of_range_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: GaussianMixture([1.0], MEANS, COVARIANCES), r"\(1,\).*\(2,\)"),
        (lambda: GaussianMixture(WEIGHTS, MEANS, COVARIANCES[:1]), r"\(1, 2, 2\).*\(2, 2, 2\)"),
        (lambda: GaussianMixture(WEIGHTS, MEANS[0], COVARIANCES), r"\(K, D\).*\(2,\)"),
        (lambda: Mixture([StandardNormal(2)], [0.5, 0.5]), r"1 distributions.*\(2,\)"),
        (lambda: Mixture([], []), "at least one"),
        (lambda: Mixture([StandardNormal(2), StandardNormal(3)], [1, 1]), r"\(2,\).*\(3,\)"),
    ],
)
def test_shapes_that_do_not_agree_are_refused(build, message):
    with pytest.raises(ShapeError, match=message):
        build()


def test_bases_can_be_built_under_jit():
    x = jnp.zeros((3, 2))

    @jax.jit
    def log_probs(loc, scale, weights, trils):
        return (
            DiagonalNormal(loc, scale).log_prob(x),
            Uniform(loc - scale, loc + scale).log_prob(x),
            GaussianMixture(weights, MEANS, scale_trils=trils).log_prob(x),
        )

    for got in log_probs(jnp.zeros(2), jnp.ones(2), jnp.array(WEIGHTS), jnp.array(TRILS)):
        assert np.all(np.isfinite(got))
