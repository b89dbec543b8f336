"""Which columns pass a coupling, and on which columns those of an autoregressive layer depend."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.bijectors import Affine, Coupling, MaskedAutoregressive, Shift
from fluvial.errors import ShapeError
from fluvial.networks import MADE, GraphMLP, shift_and_log_scale
from fluvial.testing import check_bijector, randomise

KEY = jax.random.key(5)


@pytest.mark.parametrize(
    ("arguments", "passing"),
    [
        ({}, [0, 1]),
        ({"mask": "halves"}, [0, 1]),
        ({"mask": "checkerboard"}, [0, 2, 4]),
        ({"mask": [False, True, False, True, False]}, [1, 3]),
        ({"num_masked": 3}, [0, 1, 2]),
        ({"num_masked": -1}, [4]),
        ({"num_masked": 0}, []),
        ({"fraction_masked": 0.6}, [0, 1, 2]),
        ({"fraction_masked": -0.5}, [3, 4]),
    ],
)
def test_the_masked_columns_pass_and_set_the_others(arguments, passing):
    def network(x):
        moved = jnp.ones((len(x), 5 - len(passing)))
        return jnp.stack([moved, moved * x.sum(axis=1, keepdims=True)], axis=2)

    layer = Coupling(None, Affine(), n_features=5, conditioner=network, **arguments)
    z = np.arange(1.0, 6.0)
    raw = z[passing].sum()
    wanted = 1 + z * np.exp(raw / (1 + raw / 7))
    wanted[passing] = z[passing]
    x, log_det = layer.forward_and_log_det(z)
    np.testing.assert_allclose(x, wanted, rtol=1e-5)
    assert log_det == pytest.approx((5 - len(passing)) * raw / (1 + raw / 7), rel=1e-5)
    np.testing.assert_allclose(layer.inverse(x), z, rtol=1e-5)


@pytest.mark.parametrize(
    "arguments",
    [
        {"num_masked": 3},
        {"num_masked": -3},
        {"fraction_masked": 1.0},
        {"mask": [True] * 3},
        {"mask": [True, False]},
        {"mask": "quarters"},
        {"mask": "halves", "n_identity": 1},
    ],
)
def test_masks_that_leave_nothing_or_contradict_are_refused(arguments):
    with pytest.raises(ValueError, match="mask"):
        Coupling(KEY, Affine(), n_features=3, hidden_sizes=(4,), **arguments)


def test_one_column_moves_under_every_mask():
    layer = Coupling(KEY, Shift(1.0), n_features=1, hidden_sizes=(4,), mask="checkerboard")
    assert layer.forward(jnp.zeros(1))[0] != 0


def test_a_layer_over_a_graph_depends_on_the_parents_alone():
    """Of columns in no order: 3 -> 0 -> 2, and 1 by itself; both directions, exactly."""
    adjacency = np.zeros((4, 4))
    adjacency[0, 3] = adjacency[2, 0] = 1
    layer = MaskedAutoregressive(
        KEY,
        Affine(),
        n_features=4,
        hidden_sizes=(6, 6),
        adjacency=adjacency,
        condition_shape=(1,),
        activation="tanh",
    )
    layer = randomise(layer, KEY)
    x, condition = jax.random.normal(KEY, (4,)), jnp.ones(1)
    depends = np.asarray(jax.jacfwd(layer.inverse)(x, condition)) != 0
    np.testing.assert_array_equal(depends, (adjacency != 0) | np.eye(4, dtype=bool))
    assert np.all(jax.jacfwd(lambda c: layer.inverse(x, c))(condition) != 0)
    check_bijector(layer, KEY, n=3)


def test_graphs_with_cycles_or_of_other_columns_are_refused():
    make = {"n_features": 2, "hidden_sizes": (4,)}
    with pytest.raises(ValueError, match="cycle: column 0"):
        MaskedAutoregressive(KEY, Affine(), adjacency=[[0, 1], [1, 0]], **make)
    with pytest.raises(ShapeError, match="3 columns"):
        MaskedAutoregressive(KEY, Affine(), adjacency=np.zeros((3, 3)), **make)
    with pytest.raises(ValueError, match="2 sets of parents"):
        GraphMLP(KEY, parents=((), (0,)), n_parameters=2, hidden_sizes=(1,))


def test_an_own_network_is_held_to_the_graph():
    network = GraphMLP(KEY, parents=((), (0,), (1,)), n_parameters=2, hidden_sizes=(6,))
    layer = {"transformer": Affine(), "n_features": 3, "network": randomise(network, KEY)}
    MaskedAutoregressive(None, **layer)
    chain = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    MaskedAutoregressive(None, **layer, adjacency=chain)
    with pytest.raises(ValueError, match="column 2 depend on column 1"):
        MaskedAutoregressive(None, **layer, adjacency=[[0, 0, 0], [1, 0, 0], [1, 0, 0]])


ORDERS = {
    "left-to-right": [0, 1, 2],
    "right-to-left": [2, 1, 0],
    "given": [1, 2, 0],
}


@pytest.mark.parametrize("name", ORDERS)
def test_made_depends_on_the_columns_before(name):
    order = np.argsort([3, 1, 2]) if name == "given" else np.array(ORDERS[name])
    made = MADE(
        KEY,
        n_features=3,
        n_params=2,
        hidden_sizes=(16, 16),
        activation="sigmoid",
        input_order=[3, 1, 2] if name == "given" else name,
    )
    made = randomise(made, KEY)
    x = jax.random.normal(KEY, (3,))
    assert made(jnp.ones((4, 5, 3))).shape == (4, 5, 3, 2)
    depends = np.any(jax.jacfwd(made)(x) != 0, axis=1)
    before = np.argsort(order)[:, None] > np.argsort(order)[None, :]
    np.testing.assert_array_equal(depends, before)
    layer = MaskedAutoregressive(None, Affine(), n_features=3, network=made)
    check_bijector(layer, KEY, n=3)


def test_made_has_random_orders_and_refuses_what_is_none():
    made: Any = {"n_features": 4, "n_params": 1}
    drawn = {MADE(jax.random.key(k), **made, input_order="random").order for k in range(4)}
    assert len(drawn) > 1
    orders: tuple[Any, ...] = ("downwards", [1, 1, 2, 3])
    for order in orders:
        with pytest.raises(ValueError, match="input_order"):
            MADE(KEY, **made, input_order=order)
    with pytest.raises(ShapeError, match="4"):
        MADE(KEY, **made)(jnp.ones(3))


def test_an_activation_may_be_any_function():
    made = {"n_features": 2, "n_params": 1, "hidden_sizes": (3,)}
    named, own = (MADE(KEY, **made, activation=a) for a in ("sigmoid", jax.nn.sigmoid))
    np.testing.assert_array_equal(named(jnp.ones(2)), own(jnp.ones(2)))


def test_shift_and_log_scale_are_those_of_the_text():
    """`x2 = z2 exp(log_scale) + shift`, by one function or two, None meaning zero."""
    z = jnp.array([0.5, -1.0, 2.0])
    affine = Affine(log_scale_bound=np.inf)

    def shift(x):
        return jnp.concatenate([2 * x, x], axis=1)

    def log_scale(x):
        return jnp.concatenate([x, -x], axis=1)

    for given, wanted in (
        (
            shift_and_log_scale(lambda x: (shift(x), log_scale(x))),
            [1 - np.e**0.5, 0.5 + 2 / np.e**0.5],
        ),
        (
            shift_and_log_scale(shift=shift, log_scale=log_scale),
            [1 - np.e**0.5, 0.5 + 2 / np.e**0.5],
        ),
        (shift_and_log_scale(lambda x: (shift(x), None)), [0.0, 2.5]),
        (shift_and_log_scale(log_scale=log_scale), [-(np.e**0.5), 2 / np.e**0.5]),
    ):
        layer = Coupling(None, affine, n_features=3, num_masked=1, conditioner=given)
        np.testing.assert_allclose(layer.forward(z)[1:], wanted, rtol=1e-5, atol=1e-6)
    additive = shift_and_log_scale(shift=shift)
    layer = Coupling(None, Shift(0.0), n_features=3, num_masked=1, conditioner=additive)
    assert layer.forward_and_log_det(z)[1] == 0


def test_pairs_that_are_none_are_refused():
    wrong: tuple[Any, ...] = (
        lambda x: (None, None),
        lambda x: x,
        lambda x: (x, x[:, :1]),
        lambda x: (x, x, x),
    )
    for function in wrong:
        with pytest.raises(ShapeError):
            Coupling(None, Affine(), n_features=4, conditioner=shift_and_log_scale(function))
    with pytest.raises(ShapeError, match="take Affine"):
        Coupling(None, Shift(0.0), n_features=2, conditioner=shift_and_log_scale(lambda x: (x, x)))
    with pytest.raises(TypeError, match="either one function"):
        shift_and_log_scale()
