import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.artifacts import fill_tree, tree_to_arrays
from fluvial.bijectors import Affine, Chain, Inline, LULinear, Repeat, Scale, Shift
from fluvial.distributions import StandardNormal
from fluvial.errors import ModelFileError
from fluvial.flows import Flow


def model(seed=0):
    shifts = jax.random.normal(jax.random.key(seed), (3, 2))
    layers = [Chain([Affine(shift, jnp.exp(shift)), Shift(-shift)]) for shift in shifts]
    return Chain([Repeat(layers), Scale(jnp.array([2.0, -3.0]))])


def test_arrays_fill_a_skeleton():
    original = model()
    skeleton = eqx.filter_eval_shape(model, 1)
    arrays = tree_to_arrays(original)
    assert "parts.0.stacked.parts.0.shift" in arrays
    filled = fill_tree(skeleton, arrays)
    assert eqx.tree_equal(filled, original)
    other = fill_tree(model(1), arrays)
    np.testing.assert_array_equal(
        other.forward(jnp.ones((4, 2))), original.forward(jnp.ones((4, 2)))
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("parts.1.raw_log_scale"), "m lacks 'parts.1.raw_log_scale'"),
        (lambda a: a.update(more=np.ones(1)), "m holds an unknown 'more'"),
        (
            lambda a: a.update({"parts.1.raw_log_scale": np.ones(3, np.float32)}),
            r"'parts.1.raw_log_scale' is float32\[3\], but .* needs float32\[2\]",
        ),
        (
            lambda a: a.update({"parts.1.raw_log_scale": np.ones(2, np.int32)}),
            r"is int32\[2\], but .* needs float32\[2\]",
        ),
        (
            lambda a: a.update({"parts.1.raw_log_scale": np.ones(2)}),
            "float64 is switched off in JAX; switch it on with",
        ),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, message):
    arrays = tree_to_arrays(model())
    change(arrays)
    with pytest.raises(ModelFileError, match=message):
        fill_tree(eqx.filter_eval_shape(model), arrays, what="m")


def test_float64_models_fill_where_float64_is_on():
    with jax.enable_x64(True):
        original = Scale(np.array([2.0, 3.0]))
        filled = fill_tree(eqx.filter_eval_shape(Scale, jnp.ones(2)), tree_to_arrays(original))
        assert eqx.tree_equal(filled, original)
        assert filled.start.value.dtype == jnp.float64


def test_a_part_that_cannot_be_saved_says_why():
    flow = Flow(StandardNormal(2), Chain([Inline(jnp.sinh, jnp.arcsinh), LULinear(2)]))
    with pytest.raises(ModelFileError, match="holds an Inline, whose functions have no name"):
        tree_to_arrays(flow)
