"""The contracts' signatures hold at run time: jaxtyping's shapes, checked by beartype.

Nothing is computed: shapes and types are those of abstract values.
"""

import jax
import jax.numpy as jnp
import pytest
from beartype import beartype
from jaxtyping import TypeCheckError, jaxtyped
from tests.cases import BIJECTORS, FLOWS, random_condition

from fluvial.bijectors import Bijector
from fluvial.distributions import Distribution, StandardNormal

KEY = jax.random.key(0)
N = 4

checked = jaxtyped(typechecker=beartype)


def by_contract(contract, name, instance):
    """Return a private method of an instance, checked by the annotations of the contract."""
    *arguments, result = getattr(contract, name).__annotations__.values()

    def call(first, second, third=None):
        given = (first, second, third)[: len(arguments)]
        return getattr(instance, name)(*given)

    names = ("first", "second", "third")
    call.__annotations__ = dict(zip(names, arguments, strict=False)) | {"return": result}
    return checked(call)


@pytest.mark.parametrize("name", BIJECTORS)
def test_bijectors_keep_their_signatures(name):
    bijector = BIJECTORS[name](KEY)
    condition = random_condition(KEY, bijector, (N,))
    for direction, shape in (("forward", bijector.latent_shape), ("inverse", bijector.event_shape)):
        rows = jnp.ones((N, *shape))
        method = by_contract(Bijector, f"_{direction}_and_log_det", bijector)
        jax.eval_shape(method, rows, condition)
        for name in (direction, f"{direction}_and_log_det"):
            function = checked(getattr(Bijector, name))
            jax.eval_shape(lambda x, f=function: f(bijector, x, condition), rows)
        function = checked(getattr(Bijector, f"{direction}_log_det_jacobian"))
        jax.eval_shape(lambda x, f=function: f(bijector, x, None, condition), rows)


@pytest.mark.parametrize("name", list(FLOWS)[::4])
def test_distributions_keep_their_signatures(name):
    flow = FLOWS[name](KEY)
    condition = random_condition(KEY, flow, (N,))
    rows = jnp.ones((N, *flow.event_shape))
    jax.eval_shape(by_contract(Distribution, "_log_prob", flow), rows, condition)
    jax.eval_shape(lambda x: checked(Distribution.log_prob)(flow, x, condition), rows)
    for method in ("_sample", "_sample_and_log_prob"):
        call = by_contract(Distribution, method, flow)
        jax.eval_shape(lambda key, call=call: call(key, N, condition), KEY)
    for function in (Distribution.sample, Distribution.sample_and_log_prob):
        jax.eval_shape(lambda key, f=function: checked(f)(flow, key, (3,), condition), KEY)


def test_a_wrong_shape_is_found():
    log_prob = by_contract(Distribution, "_log_prob", StandardNormal(2))
    assert log_prob(jnp.ones((N, 2)), None).shape == (N,)
    broken = by_contract(Distribution, "_log_prob", Broken())
    with pytest.raises(TypeCheckError):
        broken(jnp.ones((N, 2)), None)


class Broken:
    def _log_prob(self, x, condition):
        return x
