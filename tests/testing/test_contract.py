"""The check itself: it passes what is right and names what is wrong."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.cases import Rotated

from fluvial.bijectors import Affine, Bijector, Elementwise, LULinear, PerEvent, Shift
from fluvial.bijectors.elementwise import aligned
from fluvial.distributions import Uniform
from fluvial.errors import ShapeError
from fluvial.parameters import Fixed
from fluvial.testing import BijectorCheckError, check_bijector, randomise

KEY = jax.random.key(0)


class Exp(PerEvent):
    """`x = exp(power * z)`, right where no fault is asked for."""

    power: jax.Array
    fault: str = eqx.field(static=True, default="")
    event_shape = ()
    condition_shape = None

    def _event_forward_and_log_det(self, z, condition):
        x = jnp.exp(self.power * z)
        log_det = jnp.log(self.power) + self.power * z
        return x, -log_det if self.fault in ("log det", "both log dets") else log_det

    def _event_inverse_and_log_det(self, x, condition):
        if self.fault == "not finite":
            return jnp.log(-x), x
        z = jnp.log(x) / self.power
        log_det = -jnp.log(self.power) - jnp.log(x)
        if self.fault == "inverse":
            z = z + 1
        if self.fault == "gradient":
            # Right in value, but its derivative is 0 / 0.
            power = self.power - jax.lax.stop_gradient(self.power)
            z = z + jnp.where(power == 0, 0.0, jnp.sqrt(power)) + jnp.sqrt(power)
        return z, -log_det if self.fault == "both log dets" else log_det


class Stretch(Elementwise):
    """`exp(log_scale) z + tanh(sum(weights) + z) / 10`; with a fault right for one row alone."""

    log_scale: jax.Array
    weights: jax.Array
    fault: str = eqx.field(static=True, default="")
    event_shape = ()

    def _forward(self, z):
        if self.fault == "mixes":
            return jnp.exp(jnp.mean(self.log_scale)) * z
        if self.fault == "breaks":
            total = self.weights @ jnp.ones((3, *z.shape))
        else:
            total = jnp.sum(aligned(self.weights, z), axis=0)
        return jnp.exp(self.log_scale) * z + 0.1 * jnp.tanh(total + z)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("mixes", "with parameters for each row.* the forward of a row depends on the rows beside"),
        ("breaks", "fails with parameters for each row"),
    ],
)
def test_rows_with_parameters_of_their_own_are_compared_with_one_at_a_time(fault, message):
    parameters = jnp.array(0.3), jnp.array([0.1, 0.2, 0.4])
    check_bijector(Stretch(*parameters), KEY)
    with pytest.raises(BijectorCheckError, match=message):
        check_bijector(Stretch(*parameters, fault), KEY)


def test_what_is_right_passes():
    check_bijector(Exp(jnp.array(0.7)), KEY)
    check_bijector(Affine(1.0, -2.0), KEY)
    check_bijector(Exp(jnp.array(0.7)), KEY, base=Uniform(1.0, 2.0), n=2)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("inverse", r"inverse\(forward\(z\)\) is not z"),
        ("log det", "log det of forward is not that of its Jacobian by automatic"),
        ("both log dets", "log det of forward is not that of its Jacobian by automatic"),
        ("not finite", "inverse gives values that are not finite: 8 of 8"),
        ("gradient", "inverse has a gradient of power that is not finite"),
    ],
)
def test_what_is_wrong_is_named(fault, message):
    with pytest.raises(BijectorCheckError, match=message):
        check_bijector(Exp(jnp.array(0.7), fault), KEY)


class WrongDerivative(PerEvent):
    """A map whose rule of differentiation is wrong, and its log det with it."""

    event_shape = ()
    condition_shape = None

    def _event_forward_and_log_det(self, z, condition):
        return _twice(z), jnp.log(jnp.full((), 3.0))

    def _event_inverse_and_log_det(self, x, condition):
        return x / 2, -jnp.log(jnp.full((), 2.0))


@jax.custom_jvp
def _twice(z):
    return 2 * z


@_twice.defjvp
def _(primals, tangents):
    return _twice(*primals), 3 * tangents[0]


def test_central_differences_find_a_wrong_derivative():
    with pytest.raises(BijectorCheckError, match="by central differences"):
        check_bijector(WrongDerivative(), KEY)


class Centred(Bijector):
    """A map that looks at the whole batch."""

    event_shape = ()
    condition_shape = None

    def _forward_and_log_det(self, z, condition):
        return z + jnp.mean(z), jnp.zeros(len(z))

    def _inverse_and_log_det(self, x, condition):
        return x - jnp.mean(x) / 2, jnp.zeros(len(x))


def test_a_row_that_depends_on_its_company_is_found():
    with pytest.raises(BijectorCheckError, match="forward of a row depends on the rows beside it"):
        check_bijector(Centred(), KEY)


@pytest.mark.parametrize("still", [LULinear(2), Shift(jnp.zeros(2))])
def test_the_identity_is_refused_and_passes_when_moved(still):
    with pytest.raises(BijectorCheckError, match="moves none of its points"):
        check_bijector(still, KEY)
    check_bijector(randomise(still, KEY), KEY)


def test_conditions_are_drawn_or_given():
    check_bijector(Rotated(), KEY)
    check_bijector(Rotated(), KEY, n=3, condition=jnp.ones(3))
    with pytest.raises(ShapeError, match=r"\(4,\).*\(3,\)"):
        check_bijector(Rotated(), KEY, n=3, condition=jnp.ones(4))
    with pytest.raises(ValueError, match="at least 2"):
        check_bijector(Rotated(), KEY, n=1)


def test_the_error_is_an_assertion_error():
    assert issubclass(BijectorCheckError, AssertionError)


def test_randomise_moves_all_that_is_trained_and_nothing_else():
    model = {"trained": jnp.zeros(3), "fixed": Fixed(jnp.zeros(3)), "whole": jnp.arange(3)}
    moved = randomise(model, KEY, 0.1)
    assert np.all(moved["trained"] != 0)
    np.testing.assert_array_equal(moved["fixed"].value, 0)
    np.testing.assert_array_equal(moved["whole"], model["whole"])
    assert bool(eqx.tree_equal(moved, randomise(model, KEY, 0.1)))
