"""Maps of vectors against formulas in NumPy, SciPy and NumPyro, in float64."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from fluvial.artifacts import fill_tree, tree_to_arrays
from fluvial.bijectors import (
    ActNorm,
    AffineLinear,
    Chain,
    Convolution1x1,
    CorrelationCholesky,
    Cumsum,
    FillTriangular,
    Householder,
    Invert,
    LULinear,
    Ordered,
    Orthogonal,
    Permutation,
    Permute,
    Planar,
    Radial,
    Repeat,
    SoftmaxCentered,
    Sylvester,
)
from fluvial.distributions import StandardNormal, TransformedDistribution
from fluvial.errors import DomainError, ShapeError
from fluvial.testing import randomise

pytestmark = pytest.mark.usefixtures("x64")

KEY = jax.random.key(8)
RNG = np.random.default_rng(0)
Z = RNG.normal(size=(6, 3))
TIGHT: Any = {"rtol": 1e-11, "atol": 1e-12}


def test_an_affine_map_is_the_matrix_that_it_says():
    tril, v = np.tril(RNG.normal(size=(3, 3))) + 2 * np.eye(3), RNG.normal(size=(3, 2))
    shift = np.array([1.0, -2.0, 0.5])
    affine = AffineLinear(shift, tril, None, 0.5, v)
    matrix = (tril + 0.5 * np.eye(3)) @ (np.eye(3) + v @ v.T)
    np.testing.assert_allclose(affine.scale, matrix, **TIGHT)
    x, log_det = affine.forward_and_log_det(Z)
    np.testing.assert_allclose(x, Z @ matrix.T + shift, **TIGHT)
    np.testing.assert_allclose(log_det, np.linalg.slogdet(matrix)[1], **TIGHT)
    density = TransformedDistribution(StandardNormal(3), affine)
    covariance: Any = matrix @ matrix.T
    wanted = stats.multivariate_normal.logpdf(Z, shift, covariance)
    np.testing.assert_allclose(density.log_prob(Z), wanted, **TIGHT)


def test_affine_maps_of_a_diagonal_and_a_multiplier_stay_diagonal():
    affine = AffineLinear(scale_diag=[1.0, -2.0, 3.0], scale_identity_multiplier=1.0)
    np.testing.assert_allclose(affine.forward(Z), Z * [2.0, -1.0, 4.0], **TIGHT)
    moved = randomise(affine, KEY).scale
    np.testing.assert_array_equal(moved, np.diag(np.diagonal(moved)))
    np.testing.assert_array_equal(np.sign(np.diagonal(moved)), [1, -1, 1])


def test_with_a_diagonal_of_ones_it_is_the_sum_of_both_matrices():
    v = RNG.normal(size=(3, 1))
    affine = AffineLinear(scale_perturb_factor=v)
    np.testing.assert_allclose(affine.scale, np.eye(3) + v @ v.T, **TIGHT)
    for wild in (1e3, 1e6):
        far = eqx.tree_at(
            lambda a: (a.perturbation, a.raw_log_diagonal), affine, (wild * v, 0 * Z[0] - wild)
        )
        assert np.all(np.isfinite(far.inverse_and_log_det(Z)[1]))


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"shift": 1.0},
        {"shift": [1.0, 2.0], "scale_diag": [1.0, 2.0, 3.0]},
        {"scale_tril": [[1.0, 0.0]]},
    ],
)
def test_affine_maps_of_no_size_or_two_are_refused(arguments):
    with pytest.raises(ShapeError, match="columns"):
        AffineLinear(**arguments)


def test_affine_maps_with_a_zero_on_the_diagonal_are_refused():
    with pytest.raises(ValueError, match="not zero"):
        AffineLinear(scale_diag=[1.0, 0.0])


def test_permute_is_permutation():
    assert Permute is Permutation
    assert Permute([1, 2, 0]).forward(jnp.array([7.0, 8.0, 9.0])).tolist() == [8.0, 9.0, 7.0]


def test_reflections_are_those_of_their_matrices():
    vectors = RNG.normal(size=(4, 3))
    matrix = np.eye(3)
    for v in vectors:
        matrix = (np.eye(3) - 2 * np.outer(v, v) / (v @ v)) @ matrix
    x, log_det = Householder(vectors).forward_and_log_det(Z)
    np.testing.assert_allclose(x, Z @ matrix.T, **TIGHT)
    np.testing.assert_array_equal(log_det, 0)
    np.testing.assert_array_equal(Householder(np.zeros((1, 3))).forward(Z), Z)
    np.testing.assert_allclose(Householder(3, 6).forward(Z), Z, **TIGHT)


def test_a_cayley_map_is_a_rotation():
    layer = randomise(Orthogonal(4), KEY, 2.0)
    q = np.asarray(layer.weight)
    np.testing.assert_allclose(q.T @ q, np.eye(4), **TIGHT)
    assert np.linalg.det(q) == pytest.approx(1)
    lower = np.zeros((4, 4))
    lower[np.tril_indices(4, -1)] = layer.raw
    skew = lower - lower.T
    np.testing.assert_allclose(q, np.linalg.inv(np.eye(4) - skew) @ (np.eye(4) + skew), **TIGHT)
    assert Orthogonal(1).forward(jnp.ones(1)) == 1


def test_a_convolution_mixes_the_channels_of_each_pixel():
    images = RNG.normal(size=(5, 2, 4, 3))
    layer = Convolution1x1(KEY, (2, 4, 3))
    np.testing.assert_allclose(layer.weight.T @ layer.weight, np.eye(3), **TIGHT)
    layer = randomise(layer, KEY)
    x, log_det = layer.forward_and_log_det(images)
    weight = np.asarray(layer.weight)
    np.testing.assert_allclose(x, np.einsum("ij,nhwj->nhwi", weight, images), **TIGHT)
    np.testing.assert_allclose(log_det, 8 * np.linalg.slogdet(weight)[1], **TIGHT)
    np.testing.assert_array_equal(Convolution1x1(None, (3,)).forward(Z), Z)


def test_a_convolution_of_vectors_is_a_linear_map():
    layer = randomise(Convolution1x1(KEY, (3,)), KEY)
    lu = LULinear(3)
    assert layer.event_shape == lu.event_shape
    np.testing.assert_allclose(layer.forward(Z), Z @ np.asarray(layer.weight).T, **TIGHT)


def test_an_act_norm_standardises_the_rows_that_start_it_and_keeps_its_start():
    rows = RNG.normal(size=(50, 2, 3)) * [1.0, 5.0, 0.1] + [3.0, 0.0, -7.0]
    rows[..., 2] = 4.0
    layer = ActNorm((2, 3)).initialise(rows)
    z = np.asarray(layer.inverse(rows)).reshape(-1, 3)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(z.std(axis=0), [1, 1, 0], atol=1e-12)
    # Saved and loaded it has the same state, and nothing initialises it again.
    loaded = fill_tree(ActNorm((2, 3)), tree_to_arrays(layer))
    other = 100 * rows
    np.testing.assert_array_equal(loaded.inverse(other), layer.inverse(other))
    again = loaded.initialise(other)
    assert not np.array_equal(again.inverse(rows), layer.inverse(rows))


def test_act_norms_are_initialised_one_after_another_within_compositions():
    rows = RNG.normal(size=(200, 3)) * [1.0, 5.0, 0.1] + 3
    step = [Chain([ActNorm(3), randomise(LULinear(3), k)]) for k in jax.random.split(KEY, 2)]
    started: Any = Repeat(step).initialise(rows)
    first, second = started.layers
    z = first.inverse(rows)
    np.testing.assert_allclose(second.parts[0].inverse(z).std(axis=0), 1, rtol=1e-6)
    inverted = Invert(Invert(ActNorm(3))).initialise(rows)
    np.testing.assert_allclose(inverted.inverse(rows).std(axis=0), 1, rtol=1e-6)


def test_sums_are_those_of_numpy():
    x, log_det = Cumsum((3, 2), axis=0).forward_and_log_det(Z.reshape(-1, 3, 2))
    np.testing.assert_allclose(x, np.cumsum(Z.reshape(-1, 3, 2), axis=1), **TIGHT)
    np.testing.assert_array_equal(log_det, 0)


def test_ordered_vectors_are_those_of_numpyro():
    transforms = pytest.importorskip("numpyro.distributions.transforms")
    wanted = transforms.OrderedTransform()
    x, log_det = Ordered(3).forward_and_log_det(Z)
    np.testing.assert_allclose(x, wanted(Z), **TIGHT)
    np.testing.assert_allclose(log_det, wanted.log_abs_det_jacobian(Z, x), **TIGHT)
    with pytest.raises(DomainError, match="Ordered"):
        Ordered(2).inverse(jnp.array([1.0, 0.5]))
    density = TransformedDistribution(StandardNormal(2), Ordered(2))
    assert density.log_prob(jnp.array([1.0, 0.5])) == -np.inf
    assert np.all(jax.grad(lambda x: density.log_prob(x))(jnp.array([1.0, 0.5])) == 0)


def test_shares_are_a_softmax_with_a_zero_and_have_its_determinant():
    z = RNG.normal(size=(5, 2))
    x, log_det = SoftmaxCentered(3).forward_and_log_det(z)
    powers = np.exp(np.pad(z, ((0, 0), (0, 1))))
    wanted = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(x, wanted, **TIGHT)
    matrices = [np.diag(p[:2]) - np.outer(p[:2], p[:2]) for p in wanted]
    np.testing.assert_allclose(log_det, np.linalg.slogdet(matrices)[1], **TIGHT)


def test_the_shares_of_gammas_have_a_dirichlet_density():
    """The latents of a Dirichlet with two shares are logits of a beta."""
    latents = TransformedDistribution(StandardNormal(1), SoftmaxCentered(2))
    grid = np.linspace(0.01, 0.99, 9)
    x = np.stack([grid, 1 - grid], axis=1)
    logit = np.log(grid / (1 - grid))
    wanted = stats.norm.logpdf(logit) - np.log(grid * (1 - grid))
    np.testing.assert_allclose(latents.log_prob(x), wanted, **TIGHT)
    for outside in ([0.5, 0.6], [1.2, -0.2]):
        assert latents.log_prob(jnp.array(outside)) == -np.inf
        with pytest.raises(DomainError, match="SoftmaxCentered"):
            SoftmaxCentered(2).inverse(jnp.array(outside))


def test_triangles_are_filled_as_in_tensorflow_probability():
    lower = FillTriangular(3).forward(jnp.arange(1.0, 7.0))
    assert lower.tolist() == [[4, 0, 0], [6, 5, 0], [3, 2, 1]]
    upper = FillTriangular(3, upper=True).forward(jnp.arange(1.0, 7.0))
    assert upper.tolist() == [[1, 2, 3], [0, 5, 6], [0, 0, 4]]
    assert FillTriangular(3).inverse(lower).tolist() == [1, 2, 3, 4, 5, 6]


def test_factors_of_correlations_are_those_of_tensorflow_probability():
    """Its documentation maps 2, 2, 1 to these rows; products have a diagonal of ones."""
    layer = CorrelationCholesky(3)
    factor = layer.forward(jnp.array([2.0, 2.0, 1.0]))
    root = 1 / np.sqrt(2)
    wanted = [[1, 0, 0], [root, root, 0], [2 / 3, 2 / 3, 1 / 3]]
    np.testing.assert_allclose(factor, wanted, **TIGHT)
    factors, log_det = layer.forward_and_log_det(Z)
    correlations = np.asarray(factors @ jnp.swapaxes(factors, 1, 2))
    np.testing.assert_allclose(np.diagonal(correlations, axis1=1, axis2=2), 1, **TIGHT)
    rows = [np.pad(Z[:, 2:], ((0, 0), (0, 1))), Z[:, [1, 0]]]
    lengths = [np.sqrt(1 + np.sum(row**2, axis=1)) for row in rows]
    np.testing.assert_allclose(log_det, -3 * np.log(lengths[0]) - 4 * np.log(lengths[1]), **TIGHT)
    with pytest.raises(DomainError, match="CorrelationCholesky"):
        layer.inverse(jnp.eye(3) * 2)


def test_a_planar_layer_is_its_formula():
    layer = randomise(Planar(KEY, 3), KEY, 1.5)
    w, u, b = (np.asarray(p) for p in (layer.w, layer.u, layer.b))
    along = np.log1p(np.exp(w @ u + np.log(np.expm1(0.999)))) - 0.999
    u = u + (along - w @ u) * w / (w @ w)
    x, log_det = layer.forward_and_log_det(Z)
    bent = np.tanh(Z @ w + b)
    np.testing.assert_allclose(x, Z + np.outer(bent, u), **TIGHT)
    matrices = [np.eye(3) + np.outer(u, w) * (1 - h**2) for h in bent]
    np.testing.assert_allclose(log_det, np.linalg.slogdet(matrices)[1], **TIGHT)


def test_a_radial_layer_is_its_formula():
    layer = randomise(Radial(KEY, 3), KEY, 1.5)
    alpha, beta = (float(p) for p in layer._alpha_beta)
    away = Z - np.asarray(layer.centre)
    r = np.linalg.norm(away, axis=1)
    x, log_det = layer.forward_and_log_det(Z)
    np.testing.assert_allclose(x, Z + beta * away / (alpha + r)[:, None], **TIGHT)
    matrices = [
        np.eye(3) * (1 + beta / (alpha + d)) - beta * np.outer(a, a) / (d * (alpha + d) ** 2)
        for a, d in zip(away, r, strict=True)
    ]
    np.testing.assert_allclose(log_det, np.linalg.slogdet(matrices)[1], **TIGHT)
    np.testing.assert_array_equal(layer.inverse(layer.centre), layer.centre)


def test_a_sylvester_layer_is_its_formula():
    layer = randomise(Sylvester(KEY, 3, 2), KEY)
    q, mixed = layer._parts()
    q, r, s, b = (np.asarray(p) for p in (q, mixed.outer, mixed.inner, mixed.b))
    np.testing.assert_allclose(q.T @ q, np.eye(2), **TIGHT)
    assert np.all(np.tril(r, -1) == 0)
    assert np.all(np.tril(s, -1) == 0)
    x, log_det = layer.forward_and_log_det(Z)
    bent = np.tanh(Z @ q @ s.T + b)
    np.testing.assert_allclose(x, Z + bent @ r.T @ q.T, **TIGHT)
    matrices = [np.eye(3) + q @ r @ np.diag(1 - h**2) @ s @ q.T for h in bent]
    np.testing.assert_allclose(log_det, np.linalg.slogdet(matrices)[1], **TIGHT)


@pytest.mark.parametrize("kind", [Planar, Radial, Sylvester])
def test_layers_are_invertible_however_far_training_goes(kind):
    """Also where the paper's formulas press a direction together entirely."""
    for key in jax.random.split(KEY, 3):
        layer = randomise(kind(key, 3), key, 20.0)
        x, log_det = layer.forward_and_log_det(Z)
        back, log_det_back = layer.inverse_and_log_det(x)
        np.testing.assert_allclose(back, Z, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(log_det_back, -log_det, rtol=1e-5, atol=1e-5)


ONE_COLUMN = {
    "affine": lambda: AffineLinear(scale_tril=[[2.0]], scale_perturb_factor=[[1.0]]),
    "householder": lambda: Householder([[2.0]]),
    "orthogonal": lambda: Orthogonal(1),
    "convolution": lambda: Convolution1x1(KEY, (1,)),
    "act-norm": lambda: ActNorm(1),
    "cumsum": lambda: Cumsum(1),
    "ordered": lambda: Ordered(1),
    "triangle": lambda: FillTriangular(1),
    "shares": lambda: SoftmaxCentered(2),
    "correlation": lambda: CorrelationCholesky(2),
    "planar": lambda: Planar(KEY, 1),
    "radial": lambda: Radial(KEY, 1),
    "sylvester": lambda: Sylvester(KEY, 1),
}


@pytest.mark.parametrize("name", ONE_COLUMN)
def test_one_column_is_enough(name):
    layer = randomise(ONE_COLUMN[name](), KEY)
    x, log_det = layer.forward_and_log_det(Z[:, :1])
    back, log_det_back = layer.inverse_and_log_det(x)
    np.testing.assert_allclose(back, Z[:, :1], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(log_det_back, -log_det, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        (Orthogonal, (1,)),
        (Householder, (1, 2)),
        (Ordered, (1,)),
        (Cumsum, (1,)),
        (FillTriangular, (1,)),
    ],
)
def test_of_one_number_there_is_nothing_to_turn_or_to_order(kind, sizes):
    moved = randomise(kind(*sizes), KEY)
    z = jnp.array([[-1.5], [0.0], [2.0]])
    x, log_det = moved.forward_and_log_det(z)
    np.testing.assert_allclose(x.reshape(z.shape), z, atol=1e-12)
    np.testing.assert_allclose(log_det, 0, atol=1e-12)
    np.testing.assert_allclose(moved.inverse(x), z, atol=1e-12)
