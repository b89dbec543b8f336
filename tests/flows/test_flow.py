"""A `Flow` is a `TransformedDistribution` that compiles."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.bijectors import Affine, Scale
from fluvial.distributions import StandardNormal, TransformedDistribution
from fluvial.errors import ShapeError
from fluvial.flows import Flow

KEY = jax.random.key(3)
KINDS = (Flow, TransformedDistribution)


def test_a_flow_is_a_transformed_distribution_and_overrides_none_of_its_methods():
    assert issubclass(Flow, TransformedDistribution)
    own = {name for name, value in vars(Flow).items() if callable(value) and name[:2] != "__"}
    assert not own


def test_both_give_the_same_numbers():
    base, bijector = StandardNormal(2), Affine(jnp.array([1.0, -2.0]), jnp.array([3.0, 0.5]))
    one, other = (kind(base, bijector) for kind in KINDS)
    x, log_prob = one.sample_and_log_prob(KEY, (5,))
    for got, wanted in zip(other.sample_and_log_prob(KEY, (5,)), (x, log_prob), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-6)
    np.testing.assert_allclose(other.log_prob(x), one.log_prob(x), rtol=1e-6)
    np.testing.assert_allclose(one.sample(KEY, (5,)), x, rtol=1e-6)


def test_a_flow_compiles_once_for_a_shape(count_compilations):
    x = jnp.ones((5, 2))
    flows = [Flow(StandardNormal(2), Scale(scale * jnp.ones(2))) for scale in (1.0, 2.0)]
    flows[0].log_prob(x)
    with count_compilations() as compiled:
        for flow in flows:
            flow.log_prob(x)
    assert compiled.count == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_base_of_another_shape_is_refused(kind):
    with pytest.raises(ShapeError, match=r"the base has event_shape \(3,\)"):
        kind(StandardNormal(3), Scale(jnp.ones(2)))
