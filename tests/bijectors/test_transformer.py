"""The fast way, parameters of all rows at once, gives the numbers of one row at a time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.bijectors import Affine, Invert, RationalQuadraticSpline, Scale, Shift
from fluvial.bijectors._transformer import Transformer
from fluvial.networks.linear import MANY_COLUMNS


class OneByOne:
    """A subclass may do anything: this one says that it must be applied row by row."""

    _takes_row_parameters = False


class OwnAffine(OneByOne, Affine):
    pass


class OwnScale(OneByOne, Scale):
    pass


class OwnShift(OneByOne, Shift):
    pass


class OwnSpline(OneByOne, RationalQuadraticSpline):
    pass


PAIRS = {
    "affine": (Affine(0.3, -1.5), OwnAffine(0.3, -1.5)),
    "scale": (Scale(0.7), OwnScale(0.7)),
    "shift": (Shift(0.7), OwnShift(0.7)),
    "spline": (RationalQuadraticSpline(4, 2.0), OwnSpline(4, 2.0)),
    "inverse": (Invert(RationalQuadraticSpline(4, 2.0)), Invert(OwnSpline(4, 2.0))),
}


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("method", ["_forward_and_log_det", "_inverse_and_log_det"])
@pytest.mark.parametrize("n_columns", [3, MANY_COLUMNS])
@pytest.mark.parametrize("name", PAIRS)
def test_all_rows_at_once_give_what_each_row_gives(name, n_columns, method):
    fast, slow = (Transformer(template) for template in PAIRS[name])
    rng = np.random.default_rng(0)
    values = jnp.asarray(rng.normal(size=(7, n_columns)))
    raw = [jnp.asarray(rng.normal(size=(size, n_columns, 7))) for size in fast.sizes]

    def everything(transformer, raw, values):
        return transformer.apply_to_columns(method, raw, values)

    def loss(transformer, raw, values):
        out, log_det = everything(transformer, raw, values)
        return jnp.sum(jnp.sin(out)) + jnp.sum(jnp.cos(log_det))

    found, expected = (everything(each, raw, values) for each in (fast, slow))
    assert [part.shape for part in found] == [(7, n_columns), (7,)]
    gradients = [jax.grad(loss, argnums=(1, 2))(each, raw, values) for each in (fast, slow)]
    for a, b in zip(
        jax.tree.leaves((found, gradients[0])),
        jax.tree.leaves((expected, gradients[1])),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
