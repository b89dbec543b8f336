"""Maps of each value by itself: what is derived where a subclass does not write it."""

import equinox as eqx
import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.bijectors import Affine, Coupling, Elementwise, Invert, MaskedAutoregressive
from fluvial.bijectors.elementwise import aligned
from fluvial.testing import check_bijector, randomise

KEY = jax.random.key(5)


class Sinh(Elementwise):
    """`x = sinh(rate * z) + shift`; a negative rate makes it fall."""

    rate: jax.Array
    shift: jax.Array
    event_shape = ()

    def _forward(self, z):
        return jnp.sinh(self.rate * z) + self.shift


class Cubic(Elementwise):
    """`x = z + (bend * z)^3`."""

    bend: jax.Array
    event_shape = ()

    def _forward(self, z):
        return z + (self.bend * z) ** 3


class Logistic(Elementwise):
    """From the real line to (0, 1)."""

    event_shape = ()

    def _forward(self, z):
        return jax.nn.sigmoid(z)


class Logit(Elementwise):
    """From (0, 1) to the real line: NaN outside."""

    event_shape = ()

    def _forward(self, z):
        return jnp.log(z) - jnp.log1p(-z)


class Steps(Elementwise):
    """A mixture of K rising curves with trained weights and places."""

    raw_weights: jax.Array
    places: jax.Array
    event_shape: tuple = eqx.field(static=True)

    def __init__(self, n: int, shape: tuple = ()):
        self.raw_weights = jnp.zeros((n, *shape))
        self.places = jnp.linspace(-1.0, 1.0, n).reshape(n, *(1,) * len(shape)) + jnp.zeros(shape)
        self.event_shape = shape

    def _forward(self, z):
        weights, places = jnp.exp(aligned(self.raw_weights, z)), aligned(self.places, z)
        return z + jnp.sum(weights * jnp.tanh(z - places), axis=0)


def closed_form(name, x):
    """Return the inverse of each map by its formula, in NumPy."""
    if name == "cubic":  # 8 z^3 + z = x, by Cardano's hyperbolic formula
        return 2 * np.sinh(np.arcsinh(1.5 * x * np.sqrt(24.0)) / 3) / np.sqrt(24.0)
    return {
        "rising": lambda: np.arcsinh(x - 0.3) / 0.7,
        "falling": lambda: np.arcsinh(x - 0.3) / -0.7,
        "logistic": lambda: np.log(x) - np.log1p(-x),
        "logit": lambda: 1 / (1 + np.exp(-x)),
    }[name]()


MAPS = {
    "rising": lambda: Sinh(jnp.array(0.7), jnp.array(0.3)),
    "falling": lambda: Sinh(jnp.array(-0.7), jnp.array(0.3)),
    "cubic": lambda: Cubic(jnp.array(2.0)),
    "logistic": Logistic,
    "logit": Logit,
}
REAL_LINE = np.array([-1e6, -31.0, -1.0, -1e-3, 0.0, 1e-9, 0.4, 2.0, 700.0, 1e12])
UNIT = np.array([1e-12, 1e-3, 0.25, 0.5, 0.75, 0.999])
NEAR = np.array([-30.0, -3.0, -0.2, 0.0, 1e-3, 1.0, 12.0])
VALUES = {"logistic": UNIT, "logit": NEAR}

maps = pytest.mark.parametrize("name", MAPS)


@maps
@pytest.mark.parametrize("double", [True, False])
def test_the_root_is_the_closed_form(name, double):
    with jax.enable_x64(double):
        x = jnp.asarray(VALUES.get(name, REAL_LINE), jnp.result_type(float))
        z = eqx.filter_jit(MAPS[name]().inverse)(x)
        assert z.dtype == x.dtype
        wanted = closed_form(name, np.asarray(x, np.float64))
        # What remains is the rounding of `function(z)` itself, relative to the slope.
        tolerance = 1e-12 if double else 2e-5
        np.testing.assert_allclose(z, wanted, rtol=tolerance, atol=tolerance)


@maps
def test_the_derivatives_of_the_root_are_central_differences(x64, name):
    """For the value and for every parameter, of the latent and of its log det."""
    bijector = jax.tree.map(lambda a: a.astype(float), MAPS[name]())
    x = jnp.asarray(VALUES.get(name, NEAR)[1:], float)
    inputs, rebuild = jax.flatten_util.ravel_pytree((bijector, x))

    def found(inputs):
        bijector, x = rebuild(inputs)
        return jnp.concatenate(bijector.inverse_and_log_det(x))

    jacobian = jax.jit(jax.jacfwd(found))(inputs)
    np.testing.assert_allclose(jax.jit(jax.jacrev(found))(inputs), jacobian, rtol=1e-12)
    steps = 1e-6 * jnp.minimum(1, jnp.abs(inputs)) + 1e-9
    columns = [
        (found(inputs + step * unit) - found(inputs - step * unit)) / (2 * step)
        for step, unit in zip(steps, jnp.eye(len(inputs)), strict=True)
    ]
    np.testing.assert_allclose(jacobian, jnp.stack(columns, axis=1), rtol=2e-5, atol=1e-6)


def test_what_cannot_be_reached_is_nan_and_not_wrong():
    x = jnp.array([-0.5, 1.5, jnp.nan, 0.5])
    np.testing.assert_array_equal(jnp.isnan(Logistic().inverse(x)), [True, True, True, False])


@maps
def test_the_check_of_the_contract_takes_them(name):
    if name == "logit":
        check_bijector(Invert(MAPS["logistic"]()), KEY, base=_unit())
    else:
        check_bijector(MAPS[name](), KEY)


def _unit():
    from fluvial.distributions import Uniform

    return Uniform(0.1, 0.9)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_parameters_with_axes_of_their_own_keep_the_contract(shape):
    check_bijector(randomise(Steps(4, shape), KEY), KEY)


@pytest.mark.parametrize("transformer", [Steps(3), Sinh(jnp.array(0.5), jnp.array(0.0))])
def test_a_map_without_inverse_is_a_transformer(transformer):
    coupling = Coupling(KEY, transformer, n_features=3, hidden_sizes=(4,))
    check_bijector(randomise(coupling, KEY, 0.3), KEY, n=3)
    layer = MaskedAutoregressive(KEY, Invert(transformer), n_features=2, hidden_sizes=(4,))
    check_bijector(randomise(layer, KEY, 0.3), KEY, n=3)


def test_parameters_are_aligned_with_values():
    values = jnp.zeros((5, 2))
    assert aligned(jnp.zeros((4, 2)), values).shape == (4, 1, 2)
    assert aligned(jnp.zeros((4, 3)), jnp.zeros(3)).shape == (4, 3)
    assert aligned(jnp.zeros(4), jnp.zeros(3)).shape == (4, 1)
    assert aligned(jnp.zeros((4, 6, 2)), values, 2).shape == (4, 6, 1, 2)


def test_what_has_a_formula_is_not_searched_for():
    for bijector, searches in ((Affine(1.0, 2.0), False), (Logistic(), True)):
        program = str(jax.make_jaxpr(bijector.inverse)(jnp.ones(3)))
        assert any(loop in program for loop in ("while", "scan")) == searches


class Stretch(Elementwise):
    """`x = exp(rate) z`, whose slope is the same for all values."""

    rate: jax.Array
    event_shape: tuple = eqx.field(static=True, default=(3,))

    def _forward(self, z):
        return jnp.exp(self.rate) * z

    def _log_slope(self, z, x):
        return self.rate


@pytest.mark.parametrize("n", [1, 3, 4])
def test_a_slope_without_the_axes_of_the_values_counts_for_each(n):
    stretch = Stretch(jnp.array([0.1, 0.2, 0.6]))
    _, log_det = stretch.forward_and_log_det(jnp.ones((n, 3)))
    np.testing.assert_allclose(log_det, np.full(n, 0.9), rtol=1e-6)
    _, log_det = stretch.inverse_and_log_det(jnp.ones((n, 3)))
    np.testing.assert_allclose(log_det, np.full(n, -0.9), rtol=1e-6)


@pytest.mark.parametrize("layer", [Coupling, MaskedAutoregressive])
def test_a_transformer_without_parameters(layer):
    made = layer(KEY, Logistic(), n_features=3, hidden_sizes=(4,))
    z = jax.random.normal(KEY, (5, 3))
    x = made.forward(z)
    np.testing.assert_allclose(x[:, -1], jax.nn.sigmoid(z[:, -1]), rtol=1e-6)
    np.testing.assert_allclose(made.inverse(x), z, rtol=1e-4, atol=1e-4)
