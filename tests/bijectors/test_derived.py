"""What a subclass of Bijector does not write is derived."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.bijectors import Bijector, Chain, Coupling, Inline
from fluvial.distributions import StandardNormal, TransformedDistribution
from fluvial.testing import check_bijector, randomise

KEY = jax.random.key(2)


class OnlyForward(Bijector):
    event_shape = ()

    def _forward(self, z):
        return jnp.sinh(z) + 2 * z


class OnlyInverse(Bijector):
    event_shape = ()

    def _inverse(self, x):
        return jnp.sinh(x) + 2 * x


class WithInverse(Bijector):
    event_shape = ()

    def _forward(self, z):
        return jnp.sinh(z)

    def _inverse(self, x):
        return jnp.arcsinh(x)

    def _inverse_log_det_jacobian(self, x):
        return -0.5 * jnp.log1p(x * x)


class OnlyForwardPair(Bijector):
    event_shape = ()
    condition_shape = None

    def _forward_and_log_det(self, z, condition):
        return 3 * z**3 + z, jnp.log(9 * z**2 + 1)


class GivenCondition(Bijector):
    event_shape = ()
    condition_shape = ()

    def _forward(self, z, condition):
        return jnp.sinh(z) * jnp.exp(condition)


class Plane(Bijector):
    """A map of the plane without a log det."""

    event_shape = (2,)

    def _forward(self, z):
        return jnp.stack([jnp.sinh(z[:, 0]), 2 * z[:, 1] + z[:, 0]], axis=1)

    def _inverse(self, x):
        first = jnp.arcsinh(x[:, 0])
        return jnp.stack([first, (x[:, 1] - first) / 2], axis=1)


@pytest.mark.parametrize(
    "kind", [OnlyForward, OnlyInverse, WithInverse, OnlyForwardPair, GivenCondition, Plane]
)
def test_what_is_derived_keeps_the_contract(kind):
    errors = check_bijector(kind(), KEY, n=3)
    assert max(error for what, error in errors.items() if "differences" not in what) < 1e-6


def test_the_sigmoid_of_the_textbook_makes_a_logit_normal():
    class Sigmoid(Bijector):
        event_shape = ()

        def _forward(self, z):
            return jax.nn.sigmoid(z)

    x = jnp.array([0.2, 0.9])
    z = np.log(x) - np.log1p(-x)
    wanted = -0.5 * z**2 - 0.5 * np.log(2 * np.pi) - np.log(x * (1 - x))
    np.testing.assert_allclose(Sigmoid()(StandardNormal(())).log_prob(x), wanted, rtol=1e-5)


def test_what_cannot_be_derived_says_what_to_write():
    class OneWay(Bijector):
        event_shape = (2,)

        def _forward(self, z):
            return 2 * z

    with pytest.raises(NotImplementedError, match="write _inverse"):
        OneWay().inverse(jnp.ones(2))

    class Wide(OneWay):
        event_shape = (100,)

    with pytest.raises(NotImplementedError, match=r"write _forward_log_det_jacobian.*for 100"):
        Wide().forward_and_log_det(jnp.ones(100))

    class Nothing(Bijector):
        event_shape = ()

    with pytest.raises(TypeError, match="must write _forward"):
        Nothing()


def test_inline_hands_its_parameters_to_every_function():
    rate = {"rate": 0.5}
    stretch = Inline(
        lambda z, p: jnp.exp(p["rate"]) * z,
        lambda x, p: jnp.exp(-p["rate"]) * x,
        rate,
        lambda z, p: jnp.full(z.shape, p["rate"]),
    )
    x, log_det = stretch.forward_and_log_det(2.0)
    np.testing.assert_allclose((x, log_det), (2 * np.exp(0.5), 0.5), rtol=1e-6)
    np.testing.assert_allclose(stretch.inverse_and_log_det(x), (2.0, -0.5), rtol=1e-6)
    gradient = jax.grad(lambda b: TransformedDistribution(StandardNormal(()), b).log_prob(1.0))
    found = gradient(stretch).parameters["rate"]
    np.testing.assert_allclose(found, np.exp(-1.0) - 1, rtol=1e-5)


def test_inline_in_a_chain_and_as_a_transformer():
    plain = Inline(jnp.arctan, jnp.tan)
    layer = Coupling(
        KEY, Inline(lambda z, p: z * jnp.exp(p), parameters=0.1), n_features=2, hidden_sizes=(3,)
    )
    chain = Chain([Inline(jnp.sinh), randomise(layer, KEY)])
    z = jnp.array([[0.3, -0.2]])
    np.testing.assert_allclose(chain.inverse(chain(z)), z, atol=1e-5)
    np.testing.assert_allclose(plain.inverse(plain(z)), z, rtol=1e-5)
