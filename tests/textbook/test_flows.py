"""Lines that introductions to flows show, typed as a reader types them: the core of S0 and S1."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy import stats

from fluvial import bijectors as fb, distributions as fd, evaluation, flows, plots, training
from fluvial.errors import ShapeError
from fluvial.networks import shift_and_log_scale
from fluvial.testing import randomise

KEY = jax.random.key(0)


def close(found, expected, tolerance=1e-5):
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), atol=tolerance)


@pytest.fixture(scope="module")
def real_nvp():
    return flows.real_nvp(KEY, n_features=2, n_layers=4, hidden_sizes=(8,), mask="checkerboard")


@pytest.fixture(scope="module")
def moons():
    return evaluation.target("moons").sample(300, random_state=0)


@pytest.fixture(scope="module")
def history(real_nvp, moons):
    flow, history = training.fit(
        KEY,
        real_nvp,
        moons,
        optimizer=optax.adam(1e-3),
        schedule="constant",
        batch_size=256,
        max_epochs=5,
        patience=40,
        min_delta=1e-4,
        validation_fraction=0,
        keep="best",
        show_progress=False,
    )
    assert training.loss(flow, moons) <= min(history.train_loss) + 0.2
    return history


def test_s0_10_18_20_and_36_density_and_samples_by_hand(real_nvp, moons):
    z, log_det = real_nvp.bijector.inverse_and_log_det(moons)
    close(real_nvp.base.log_prob(z) + log_det, real_nvp.log_prob(moons), 1e-4)
    drawn = real_nvp.bijector.forward(real_nvp.base.sample(KEY, (7,)))
    close(drawn, real_nvp.sample(KEY, (7,)), 1e-4)


def test_s0_34_odd_numbers_of_couplings():
    assert flows.real_nvp(KEY, n_features=2, n_layers=3, hidden_sizes=(4,)).event_shape == (2,)
    with pytest.raises(ValueError, match="layer"):
        flows.real_nvp(KEY, n_features=2, n_layers=1, hidden_sizes=(4,))


def test_s0_8_the_families():
    for make in (flows.planar_flow, flows.radial_flow):
        assert make(KEY, n_features=2, n_layers=1).event_shape == (2,)
    image = flows.glow(KEY, image_shape=(4, 4, 1), n_layers=1, hidden_channels=2)
    assert image.event_shape == (4, 4, 1)
    assert fb.Convolution1x1(KEY, (2, 2, 3)).forward(jnp.ones((2, 2, 3))).shape == (2, 2, 3)


def test_s0_14_26_and_28_two_networks_without_and_with_hidden_layers():
    of_shift, of_scale = jax.random.split(KEY)
    shift = eqx.nn.Linear(1, 1, key=of_shift)
    log_scale = eqx.nn.Sequential([eqx.nn.Linear(1, 1, key=of_scale), eqx.nn.Lambda(jnp.tanh)])
    networks = shift_and_log_scale(
        shift=eqx.filter_vmap(shift), log_scale=eqx.filter_vmap(log_scale)
    )
    affine = fb.Affine(log_scale_bound=jnp.inf)
    layer = fb.Coupling(None, affine, n_features=2, conditioner=networks)
    assert len(jax.tree.leaves(training.partition(layer)[0])) == 4
    z = jnp.array([0.5, 2.0])
    close(layer.forward(z)[1:], 2.0 * jnp.exp(log_scale(z[:1])) + shift(z[:1]))
    bare = fb.Coupling(KEY, fb.Affine(log_scale_bound=1.0), n_features=2, hidden_sizes=())
    assert bare.forward(z).shape == (2,)
    bounded = flows.real_nvp(KEY, n_features=2, n_layers=2, log_scale_bound=1.0)
    assert bounded.event_shape == (2,)


def test_s0_21_and_24_a_flow_given_a_smaller_image_or_an_attribute():
    flow = flows.glow(
        KEY, image_shape=(4, 4, 1), n_layers=1, hidden_channels=2, condition_shape=(2, 2, 1)
    )
    assert flow.sample(KEY, (3,), jnp.ones((2, 2, 1))).shape == (3, 4, 4, 1)


def test_s0_30_and_33_masks_alternate(real_nvp):
    odd = fb.Coupling(
        KEY, fb.Affine(), n_features=4, hidden_sizes=(4,), mask=[True, False, True, False]
    )
    x = jnp.array([1.0, 2.0, 3.0, 4.0])
    close(odd.forward(x)[::2], [1.0, 3.0])
    moved = randomise(real_nvp, KEY)
    maps = [step for layer in moved.bijector.layers for step in layer.parts]
    jacobians = [np.asarray(jax.jacobian(step.forward)(x[:2])) for step in maps]
    kept = [int(np.array_equal(jacobian[1], [0, 1])) for jacobian in jacobians]
    assert kept in ([0, 1, 0, 1], [1, 0, 1, 0])


def test_s0_32_the_base(real_nvp):
    close(real_nvp.base.log_prob(jnp.zeros(2)), -np.log(2 * np.pi))
    wide = fd.MultivariateNormalDiag(jnp.zeros(2), jnp.ones(2))
    close(wide.log_prob(jnp.zeros(2)), -np.log(2 * np.pi))


def test_s0_38_the_loss(real_nvp, moons):
    close(training.loss(real_nvp, moons), -real_nvp.log_prob(moons).mean())


def test_s0_39_and_s1_31_a_loop_of_ones_own(real_nvp, moons):
    params, rest = training.partition(real_nvp)
    optimizer = optax.adam(1e-2)
    state = optimizer.init(params)

    @jax.jit
    def step(params, state, rows):
        def loss(params):
            return training.loss(eqx.combine(params, rest), rows)

        value, gradients = jax.value_and_grad(loss)(params)
        updates, state = optimizer.update(gradients, state)
        return optax.apply_updates(params, updates), state, value

    values = []
    for _ in range(20):
        params, state, value = step(params, state, moons)
        values.append(float(value))
    assert values[-1] < values[0]


def test_s0_44_49_and_61_early_stopping_and_the_picture_of_the_loss(history):
    assert len(history.train_loss) == 5
    assert plots.training_history(history).get_ylabel()


def test_s0_42_51_52_54_and_55_pictures_of_a_flow(real_nvp, moons):
    assert plots.density_2d(samples=moons) is not None
    assert plots.density_2d(real_nvp, n=20) is not None
    assert plots.latent(real_nvp, moons) is not None
    assert plots.pair(moons, np.asarray(real_nvp.sample(KEY, (50,)))) is not None
    assert plots.flow_mapping(real_nvp, grid=7) is not None
    assert len(plots.flow_mapping(real_nvp, grid=7, layers=True)) > 1


def test_s1_9_and_10_losses_on_a_grid():
    x = 1.0 + 0.5 * np.random.default_rng(0).normal(size=1000)

    @jax.jit
    def loss(shift, scale):
        flow = fd.TransformedDistribution(fd.Normal(0.0, 1.0), fb.Affine(shift, scale))
        return -flow.log_prob(x).sum()

    shifts, scales = jnp.linspace(0.5, 1.5, 10), jnp.linspace(0.3, 0.7, 10)
    grid = jax.vmap(lambda a: jax.vmap(lambda b: loss(a, b))(scales))(shifts)
    assert grid.shape == (10, 10)
    assert float(loss(x.mean(), x.std())) <= float(grid.min())


def test_s1_20_to_29_the_objects_of_autoregressive_flows():
    layer = fb.MaskedAutoregressive(KEY, fb.Affine(), n_features=2, hidden_sizes=(4,))
    maps = [layer, fb.Permutation.random(KEY, 2), fb.Invert(layer)]
    flow = flows.Flow(fd.StandardNormal(2), fb.Chain(maps))
    assert flow.log_prob(jnp.zeros((5, 2))).shape == (5,)
    with pytest.raises((TypeError, ShapeError)):
        flows.Flow(fb.Chain(maps), fd.StandardNormal(2))  # pyright: ignore[reportArgumentType]


def test_s1_26_37_and_39_a_maf_of_one_column():
    flow = flows.maf(
        KEY, n_features=1, n_layers=5, hidden_sizes=(4, 4), residual=True, linear="permutation"
    )
    rows = 1 + 0.5 * jax.random.normal(KEY, (500, 1))
    fitted, _ = training.fit(
        KEY,
        flow,
        rows,
        batch_size=len(rows),
        max_epochs=300,
        validation_fraction=0,
        show_progress=False,
    )
    assert training.loss(fitted, rows) < training.loss(flow, rows) - 0.3


def test_s1_12_36_and_38_a_histogram_with_the_density():
    flow = fb.Affine(1.0, 0.5)(fd.Normal())
    axes = plots.change_of_variables_1d(fd.Normal(), fb.Affine(1.0, 0.5), samples=np.ones(10))
    assert len(axes) == 3
    close(flow.prob(1.0), stats.norm.pdf(1.0, 1, 0.5))


def test_s1_22_an_iaf_for_variational_inference():
    _, found = training.fit_variational(
        KEY,
        flows.iaf(KEY, n_features=2, n_layers=1, hidden_sizes=(8,)),
        lambda x: -jnp.sum((x - 1) ** 2, axis=-1) / 2,
        max_epochs=4,
        show_progress=False,
    )
    assert found.log_normaliser.value == pytest.approx(np.log(2 * np.pi), abs=0.2)


def test_s1_40_and_50_two_sample_tests(moons):
    other = evaluation.target("moons").sample(300, random_state=1)
    assert evaluation.mmd(moons, other).p_value is not None
    assert len(evaluation.ks_by_column(moons, other)[1]) == 2
    assert evaluation.energy_distance(moons, other).reference is not None


@pytest.mark.parametrize(
    "name",
    ["gaussian", "two_gaussians", "seven_gaussians", "four_gaussians_diagonal", "ten_gaussians"],
)
def test_s3_11_to_16_targets_and_the_divergence_from_them(name):
    target = evaluation.target(name)
    normal = fd.MultivariateNormalDiag(jnp.zeros(2), jnp.full(2, 5.0))
    found = evaluation.divergence(target, normal, n=500)
    assert found.value > 0
    assert found.standard_error > 0


def test_s3_17_heat_maps_of_target_and_estimate(real_nvp):
    panels = plots.density_2d(real_nvp, target=evaluation.target("moons"), n=20)
    assert len(panels) == 2


def test_s3_20_targets_of_ten_columns():
    assert evaluation.seven_gaussians("medium").sample(5, random_state=0).shape == (5, 10)
