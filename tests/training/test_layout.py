"""Trained leaves in blocks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.training.layout import LARGE, Layout

TREE = {"a": jnp.arange(6.0).reshape(2, 3), "b": (jnp.float32(7.0), jnp.zeros((0, 2)))}


LARGE_LEAF = jnp.arange(float(LARGE)).reshape(2, -1)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (TREE, [[*range(6), 7.0]]),
        ({"a": LARGE_LEAF, "b": jnp.ones(())}, [[1.0], LARGE_LEAF]),
        ((LARGE_LEAF, jnp.ones(2), LARGE_LEAF + 1), [[1.0, 1.0], LARGE_LEAF, LARGE_LEAF + 1]),
        ([LARGE_LEAF], [LARGE_LEAF]),
    ],
    ids=["small leaves", "a large and a small one", "between large ones", "a large leaf alone"],
)
def test_a_tree_comes_back_from_its_blocks_on_the_host_and_in_a_program(tree, expected):
    layout = Layout.of(tree)
    blocks = layout.host_blocks(tree)
    for of_program in (blocks, jax.jit(layout.blocks)(tree)):
        for block, given in zip(of_program, expected, strict=True):
            np.testing.assert_array_equal(block, given)
    for again in (layout.tree(blocks), jax.jit(layout.tree)(blocks)):
        assert jax.tree.structure(again) == jax.tree.structure(tree)
        for leaf, given in zip(jax.tree.leaves(again), jax.tree.leaves(tree), strict=True):
            assert leaf.dtype == given.dtype
            np.testing.assert_array_equal(leaf, given)


def test_marks_lie_where_the_numbers_do():
    tree = {"a": LARGE_LEAF, "b": jnp.ones(2), "c": jnp.zeros(1)}
    ((small, large),) = Layout.of(tree).marks({"a": True, "b": False, "c": True})
    assert small.tolist() == [False, False, True]
    assert large.shape == LARGE_LEAF.shape
    assert large.all()


def test_leaves_of_several_types_keep_theirs(x64):
    tree = {"a": jnp.ones(2, jnp.float32), "b": jnp.full(1, 0.1, jnp.float64)}
    layout = Layout.of(tree)
    again = layout.tree(layout.host_blocks(tree))
    assert [leaf.dtype for leaf in jax.tree.leaves(again)] == [np.float32, np.float64]
    assert again["b"][0] == 0.1


def test_equal_trees_have_equal_layouts():
    assert Layout.of(TREE) == Layout.of(jax.tree.map(lambda leaf: leaf + 1, TREE))
    assert hash(Layout.of(TREE)) == hash(Layout.of(TREE))
    assert Layout.of(TREE) != Layout.of({"a": TREE["a"]})


def test_small_leaves_are_alone_where_asked():
    tree = {"a": jnp.ones((2, 3)), "b": jnp.zeros(2)}
    layout = Layout.of(tree, {"a": True, "b": False})
    vector, alone = layout.host_blocks(tree)
    assert vector.tolist() == [0.0, 0.0]
    np.testing.assert_array_equal(alone, np.ones((2, 3)))
    assert layout.tree((vector, alone))["a"].shape == (2, 3)
