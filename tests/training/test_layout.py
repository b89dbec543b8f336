"""Trained leaves in one vector."""

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.training.layout import Layout

TREE = {"a": jnp.arange(6.0).reshape(2, 3), "b": (jnp.float32(7.0), jnp.zeros((0, 2)))}


def test_a_tree_comes_back_from_its_vector_on_the_host_and_in_a_program():
    layout = Layout.of(TREE)
    vector = layout.host_vector(TREE)
    assert vector.tolist() == [*range(6), 7.0]
    np.testing.assert_array_equal(jax.jit(layout.vector)(TREE), vector)
    for tree in (layout.tree(vector), jax.jit(layout.tree)(vector)):
        assert jax.tree.structure(tree) == jax.tree.structure(TREE)
        for leaf, given in zip(jax.tree.leaves(tree), jax.tree.leaves(TREE), strict=True):
            assert leaf.dtype == given.dtype
            np.testing.assert_array_equal(leaf, given)


def test_leaves_of_several_types_keep_theirs(x64):
    tree = {"a": jnp.ones(2, jnp.float32), "b": jnp.full(1, 0.1, jnp.float64)}
    layout = Layout.of(tree)
    again = layout.tree(layout.host_vector(tree))
    assert [leaf.dtype for leaf in jax.tree.leaves(again)] == [np.float32, np.float64]
    assert again["b"][0] == 0.1


def test_equal_trees_have_equal_layouts():
    assert Layout.of(TREE) == Layout.of(jax.tree.map(lambda leaf: leaf + 1, TREE))
    assert hash(Layout.of(TREE)) == hash(Layout.of(TREE))
    assert Layout.of(TREE) != Layout.of({"a": TREE["a"]})
