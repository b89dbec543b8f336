"""Lines that introductions to bijectors show, typed as a reader types them: S2 and S4."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy import stats

from fluvial import bijectors as fb, distributions as fd, flows, training
from fluvial.errors import DomainError, ShapeError
from fluvial.networks import MADE, MLP, shift_and_log_scale
from fluvial.parameters import soft_clip
from fluvial.testing import check_bijector

KEY = jax.random.key(0)
HALVES = jnp.array([0.0, 0.5, 1.0])
NORMAL_CDF = [0.5, 0.6914625, 0.8413447]


def close(found, expected, tolerance=1e-5):
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), atol=tolerance)


def test_s2_5_the_inverse_cdf_of_the_exponential():
    u = fd.Uniform().sample(KEY, (1000,))
    x = fb.ExponentialCDF(2.0).inverse(u)
    close(x, -jnp.log(1 - u) / 2)
    assert stats.kstest(np.asarray(x), stats.expon(scale=0.5).cdf).pvalue > 0.01


def test_s2_6_a_cdf_is_a_flow():
    x = fd.Normal().sample(KEY, (1000,))
    u = fb.NormalCDF().forward(x)
    assert stats.kstest(np.asarray(u), "uniform").pvalue > 0.01
    close(fb.NormalCDF().inverse(u), x, 1e-4)


@pytest.mark.parametrize(
    "bijector",
    [
        fb.Exp(),
        fb.Log(),
        fb.Expm1(),
        fb.Log1p(),
        fb.Sigmoid(),
        fb.Tanh(),
        fb.Softplus(),
        fb.Softsign(),
        fb.NormalCDF(),
        fb.Power(2.0),
        fb.PowerTransform(0.5),
        fb.Reciprocal(),
        fb.Square(),
        fb.Identity(),
        fb.SinhArcsinh(0.3, 1.2),
        fb.SoftClip(0.0, 1.0),
    ],
    ids=lambda bijector: type(bijector).__name__,
)
def test_s2_7_elementwise_maps(bijector):
    z = jnp.array([0.25, 0.5, 0.75])
    close(bijector.inverse(bijector.forward(z)), z)
    slope = jax.vmap(jax.grad(bijector.forward))(z)
    close(bijector.forward_log_det_jacobian(z), jnp.log(jnp.abs(slope)))


def test_s2_7_maps_of_vectors():
    close(fb.DiscreteCosineTransform(4).forward_log_det_jacobian(jnp.ones(4)), 0.0)
    assert fb.FillTriangular(3).forward(jnp.arange(1.0, 7.0)).shape == (3, 3)
    assert fb.Reshape((2, 2)).forward(jnp.ones(4)).shape == (2, 2)
    close(fb.Blockwise([fb.Exp(), fb.Identity()], [1, 1]).forward(jnp.zeros(2)), [1.0, 0.0])
    close(fb.SoftmaxCentered(3).forward(jnp.zeros(2)), jnp.full(3, 1 / 3))
    close(fb.Cumsum(3).forward(jnp.ones(3)), [1.0, 2.0, 3.0])
    assert fb.Transpose((2, 3)).forward(jnp.ones((2, 3))).shape == (3, 2)


def test_s2_8_the_inverse_of_the_normal_cdf_makes_normals():
    x = fb.NormalCDF().inverse(fd.Uniform().sample(KEY, (1000,)))
    assert stats.kstest(np.asarray(x), "norm").pvalue > 0.01


def test_s2_10_the_normal_through_its_cdf_and_a_uniform():
    normal = fd.TransformedDistribution(fd.Uniform(), fb.Invert(fb.NormalCDF()))
    close(normal.log_prob(2.01), -2.938989)
    close(fd.Normal().log_prob(2.01), -2.938989)


def test_s2_14_to_16_a_map_that_doubles_halves_the_density():
    doubled = fd.TransformedDistribution(fd.Normal(), fb.Affine(shift=0.0, scale=2.0))
    close(fd.Normal().log_prob(HALVES), [-0.9189385, -1.0439385, -1.4189385])
    close(doubled.log_prob(2 * HALVES), [-1.6120857, -1.7370857, -2.1120857])


def test_s2_17_and_18_a_transformed_distribution_by_keywords_and_its_cdf():
    normal = fd.Normal(loc=0.0, scale=1.0)
    doubled = fd.TransformedDistribution(
        distribution=normal, bijector=fb.Affine(shift=0.0, scale=2.0)
    )
    close(normal.cdf(HALVES), NORMAL_CDF)
    close(doubled.cdf(2 * HALVES), NORMAL_CDF)


def test_s2_21_and_22_a_diagonal_normal():
    assert fd.MultivariateNormalDiag(loc=[0.0, 0.0]).event_shape == (2,)
    wide = fd.MultivariateNormalDiag(loc=[1.0, 1.0], scale_identity_multiplier=2.0)
    close(wide.log_prob(jnp.zeros(2)), 2 * stats.norm.logpdf(0.0, 1, 2))


def test_s2_24_to_26_an_affine_map():
    tril = fb.FillTriangular(2).forward(jnp.array([1.0, 2.0, 3.0]))
    close(jnp.triu(tril, 1), jnp.zeros((2, 2)))
    tril = jnp.array([[2.0, 0.0], [1.0, 3.0]])
    affine = fb.AffineLinear(shift=[1.0, -1.0], scale_tril=tril)
    z = jnp.array([0.3, 0.7])
    close(affine.forward(z), tril @ z + jnp.array([1.0, -1.0]))
    close(affine.forward_log_det_jacobian(z), jnp.log(6.0))
    factor = jnp.array([[0.5], [0.2]])
    perturbed = fb.AffineLinear(scale_identity_multiplier=1.0, scale_perturb_factor=factor)
    close(perturbed.forward(z), (jnp.eye(2) + factor @ factor.T) @ z)


def test_s2_28_sigmoid_and_tanh():
    close(fb.Sigmoid().forward(0.0), 0.5)
    close(fb.Tanh().forward(0.5), np.tanh(0.5))


def leaky_relu(z, alpha):
    return jnp.where(z >= 0, z, alpha * z)


def test_s2_29_and_30_a_bijector_of_functions_with_a_trained_slope():
    alpha = jnp.array(0.5)
    inline = fb.Inline(leaky_relu, lambda x, alpha: jnp.where(x >= 0, x, x / alpha), alpha)
    for bijector in (inline, fb.LeakyReLU(0.5)):
        close(bijector.forward(jnp.array([-2.0, 1.0])), [-1.0, 1.0])
        close(bijector.forward_log_det_jacobian(-2.0), jnp.log(0.5))
        assert len(jax.tree.leaves(training.partition(bijector)[0])) == 1


def test_s2_31_number_of_axes_of_an_event():
    assert fb.AffineLinear(scale_tril=jnp.eye(2)).forward_min_event_ndims == 1
    assert fb.Exp().forward_min_event_ndims == 0


def test_s2_34_a_chain_that_learns_at_one_rate_and_not_at_the_other():
    def chain(slope, shift, scale_tril):
        maps = [fb.LeakyReLU(jnp.full(2, slope)), fb.AffineLinear(shift, scale_tril)]
        return fb.Chain(maps)(fd.StandardNormal(2))

    truth = chain(0.3, [2.0, -1.0], [[1.5, 0.0], [0.7, 0.8]])
    rows = truth.sample(KEY, (1000,))
    short = {}
    for rate in (1e-4, 1e-2):
        fitted, _ = training.fit(
            KEY,
            chain(0.9, [0.0, 0.0], np.eye(2)),
            rows,
            optimizer=optax.adam(rate),
            schedule="constant",
            batch_size=100,
            max_epochs=100,
            validation_fraction=0,
            show_progress=False,
        )
        short[rate] = float(training.loss(fitted, rows) - training.loss(truth, rows))
    assert short[1e-2] < 0.05 < 0.5 < short[1e-4]


def test_s3_4_the_volume_of_an_affine_map():
    affine = fb.Affine(jnp.array([1.0, 0.0]), jnp.array([1.5, 3.0]))
    close(affine.forward(jnp.array([2.0, 2.0])), [4.0, 6.0])
    close(affine.forward_log_det_jacobian(jnp.zeros(2)), np.log(4.5))


def test_s4_6_to_9_and_12_scale_and_shift():
    scale, shift = fb.Scale(2.0), fb.Shift(1.0)
    close(scale.forward(jnp.array([1.0, 2.0, 3.0])), [2.0, 4.0, 6.0])
    close(scale.inverse(jnp.array([5.0, 3.0, 1.0])), [2.5, 1.5, 0.5])
    both = fb.Chain([shift, scale])
    close(both.forward(jnp.array([1.0, 2.0, 3.0])), [3.0, 5.0, 7.0])
    close(both.inverse(jnp.array([2.0, 5.0, 8.0])), [0.5, 2.0, 3.5])


def test_s4_10_and_11_maps_are_called():
    shift, scale = fb.Shift(1.0), fb.Scale(2.0)
    scale_and_shift = shift(scale)
    assert isinstance(scale_and_shift, fb.Chain)
    close(scale_and_shift(jnp.array([1.0, 2.0, 3.0])), [3.0, 5.0, 7.0])
    close(scale_and_shift.inverse(jnp.array([2.0, 5.0, 8.0])), [0.5, 2.0, 3.5])
    with pytest.raises(TypeError, match="distribution"):
        shift("text")


def test_s4_13_normals_are_drawn_with_a_key():
    assert fd.Normal(0, 1).sample(KEY, 3).shape == (3,)
    with pytest.raises(TypeError, match=r"jax\.random\.key"):
        fd.Normal(0, 1).sample(3)  # pyright: ignore[reportArgumentType]


def test_s4_14_to_17_densities_of_a_transformed_normal():
    normal, exp = fd.Normal(loc=0.0, scale=1.0), fb.Exp()
    log_normal = fd.TransformedDistribution(normal, exp)
    z = jnp.array([0.3, -0.7])
    x = exp.forward(z)
    expected = stats.lognorm.logpdf(np.asarray(x), 1)
    close(normal.log_prob(z) - exp.forward_log_det_jacobian(z, event_ndims=0), expected)
    log_det = exp.inverse_log_det_jacobian(x, event_ndims=0)
    close(normal.log_prob(exp.inverse(x)) + log_det, expected)
    close(log_normal.log_prob(x), expected)
    close(fb.Scale(2.0).forward_log_det_jacobian(jnp.ones(3), event_ndims=1), 3 * np.log(2))
    with pytest.raises(ShapeError):
        fb.LULinear(2).forward_log_det_jacobian(jnp.ones(2), event_ndims=0)


def test_s4_18_and_19_a_map_called_with_a_distribution():
    log_normal = fb.Exp()(fd.Normal(0.0, 1.0))
    assert isinstance(log_normal, fd.TransformedDistribution)
    close(log_normal.log_prob(2.0), stats.lognorm.logpdf(2.0, 1))


def test_s4_20_and_21_shapes_of_events_and_batches():
    wide = fd.TransformedDistribution(fd.Normal(0.0, 1.0), fb.Exp(), event_shape=(3,))
    assert wide.sample(KEY, (4,)).shape == (4, 3)
    assert wide.log_prob(jnp.ones((4, 3))).shape == (4,)
    assert fb.Exp()(fd.StandardNormal(3)).event_shape == (3,)
    with pytest.raises(TypeError, match="event_shape="):
        fd.TransformedDistribution(fd.Normal(0.0, 1.0), fb.Exp(), batch_shape=(3,))


class MySigmoid(fb.Bijector):
    event_shape = ()

    def _forward(self, z):
        return jax.nn.sigmoid(z)

    def _inverse(self, x):
        return jnp.log(x) - jnp.log1p(-x)

    def _forward_log_det_jacobian(self, z):
        return -jax.nn.softplus(-z) - jax.nn.softplus(z)


def test_s4_24_and_25_a_sigmoid_of_ones_own_derives_the_other_log_det():
    close(MySigmoid().inverse_log_det_jacobian(0.2), -np.log(0.2 * 0.8))
    check_bijector(MySigmoid(), KEY)
    expected = stats.norm.logpdf(np.log(0.3 / 0.7)) - np.log(0.3 * 0.7)
    close(MySigmoid()(fd.Normal()).log_prob(0.3), expected)


def test_s4_26_and_27_values_outside_are_told_with_the_name_of_the_class():
    with pytest.raises(DomainError, match="Exp"):
        fb.Exp().inverse(jnp.array([0.5, -1.0]))
    assert fb.Exp()(fd.Normal()).log_prob(-1.0) == -jnp.inf


def test_s4_28_a_scalar_map_says_so():
    assert MySigmoid().forward_min_event_ndims == 0


def made(**options):
    return MADE(
        KEY, n_features=3, n_params=2, hidden_sizes=(16, 16), activation="sigmoid", **options
    )


def test_s4_31_to_34_a_made():
    network = made()
    x = jax.random.normal(KEY, (2, 3))
    assert network(x).shape == (2, 3, 2)
    jacobian = jax.jacobian(network)(x[0])
    assert np.count_nonzero(np.triu(np.abs(jacobian).sum(axis=1))) == 0
    assert MADE(KEY, n_features=3, n_params=2, activation=jnp.sin)(x).shape == (2, 3, 2)


def test_s4_35_a_flow_of_a_made():
    layer = fb.MaskedAutoregressive(None, fb.Affine(), n_features=3, network=made())
    maf = fd.TransformedDistribution(fd.Normal(0.0, 1.0), layer, event_shape=(3,))
    assert maf.sample(KEY, (5,)).shape == (5, 3)
    assert maf.log_prob(jnp.zeros((5, 3))).shape == (5,)


def before(x):
    return jnp.cumsum(x, axis=-1) - x


def test_s4_36_forward_is_the_loop_over_columns():
    layer = fb.MaskedAutoregressive(None, fb.Affine(), n_features=3, network=made())
    z = jax.random.normal(KEY, (3,))
    x = jnp.zeros(3)
    for column in range(3):
        shift, raw_log_scale = made()(x)[column]
        scale = jnp.exp(soft_clip(raw_log_scale, 7.0))
        x = x.at[column].set(z[column] * scale + shift)
    close(layer.forward(z), x)


def test_s4_43_another_size_is_refused():
    layer = fb.Coupling(KEY, fb.Affine(), n_features=3, num_masked=2, hidden_sizes=(4,))
    with pytest.raises(ShapeError, match=r"\(4,\).*\(3,\)"):
        layer.forward(jnp.ones(4))


def test_s4_37_and_52_a_network_of_ones_own_is_checked():
    layer = fb.MaskedAutoregressive(
        None,
        fb.Affine(log_scale_bound=jnp.inf),
        n_features=3,
        network=shift_and_log_scale(lambda x: (before(x), jnp.tanh(before(x)))),
    )
    z = jnp.array([0.5, -1.0, 2.0])
    x = layer.forward(z)
    close(x, z * jnp.exp(jnp.tanh(before(x))) + before(x), 1e-4)
    with pytest.raises(ValueError, match="column"):
        fb.MaskedAutoregressive(
            None, fb.Affine(), n_features=3, network=shift_and_log_scale(lambda x: (x, None))
        )


def test_s4_38_a_maf_over_a_scalar_base():
    layer = fb.MaskedAutoregressive(KEY, fb.Affine(), n_features=3, hidden_sizes=(16, 16))
    maf = fd.TransformedDistribution(fd.Normal(0.0, 1.0), layer, event_shape=[3])
    assert maf.event_shape == (3,)


def test_s4_41_42_and_45_a_real_nvp_of_a_function():
    shift_and_log_scale_fn = shift_and_log_scale(lambda x: (2 * x, -x))
    affine = fb.Affine(log_scale_bound=jnp.inf)
    layer = fb.Coupling(
        None, affine, n_features=2, num_masked=1, conditioner=shift_and_log_scale_fn
    )
    close(layer.forward(jnp.array([0.5, 3.0])), [0.5, 3 * np.exp(-0.5) + 1])
    shift, log_scale = shift_and_log_scale_fn(jnp.array([[0.5]]))
    close([shift, log_scale], [[[1.0]], [[-0.5]]])
    built = fb.Coupling(KEY, affine, n_features=3, num_masked=2, hidden_sizes=(32, 32))
    assert isinstance(built.conditioner, MLP)
    shift, log_scale = built.conditioner(jnp.array([[1.0, 2.0]]))[0]
    expected = [1.0, 2.0, 3 * jnp.exp(log_scale) + shift]
    close(built.forward(jnp.array([1.0, 2.0, 3.0])), expected)


def test_s4_44_nice_preserves_volume():
    x = jnp.ones((3, 4))
    layer = fb.Coupling(KEY, fb.Shift(0.0), n_features=4, hidden_sizes=(8,))
    assert not layer.forward_log_det_jacobian(x).any()
    nice = flows.nice(KEY, n_features=4, n_layers=2, hidden_sizes=(8,), scale=False)
    assert not nice.bijector.forward_log_det_jacobian(x).any()


def test_s4_47_to_50_real_nvp_layers_with_permutations():
    def real_nvp(key):
        return fb.Coupling(
            key, fb.Affine(), n_features=3, fraction_masked=0.5, hidden_sizes=(32, 32)
        )

    permute = fb.Permute([1, 2, 0])
    first, second, third = map(real_nvp, jax.random.split(KEY, 3))
    chain = fb.Chain([first, permute, second, permute, third])
    flow = fd.TransformedDistribution(fd.MultivariateNormalDiag(loc=[0.0, 0.0, 0.0]), chain)
    assert flow.sample(KEY, (5,)).shape == (5, 3)


def test_s4_51_what_is_trained():
    params, _ = training.partition(flows.real_nvp(KEY, n_features=3, n_layers=2))
    assert all(jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in jax.tree.leaves(params))
