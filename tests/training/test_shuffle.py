"""The random order of an epoch."""

import jax
import numpy as np
import pytest

from fluvial.training.shuffle import random_order

order_of = jax.jit(random_order, static_argnums=2)


@pytest.mark.parametrize(
    ("n", "size"),
    [(1, 64), (2, 64), (63, 64), (64, 64), (65, 80), (1_000, 1_024), (5, 4_097), (70_000, 73_728)],
)
def test_every_row_comes_once(n, size):
    for seed in range(3):
        order = np.asarray(order_of(jax.random.key(seed), np.int32(n), size))
        assert order.shape == (size,)
        assert np.array_equal(np.sort(order[:n]), np.arange(n))


def test_places_and_neighbours_are_uniform():
    """Each row comes at each place, and after each other row, equally often: chi-squared."""
    n, draws = 7, 20_000
    keys = jax.random.split(jax.random.key(0), draws)
    orders = np.asarray(jax.vmap(lambda key: random_order(key, np.int32(n), 64))(keys))[:, :n]
    places, pairs = np.zeros((n, n)), np.zeros((n, n))
    for place in range(n):
        places[place] = np.bincount(orders[:, place], minlength=n)
    for left, right in zip(orders[:, :-1].T, orders[:, 1:].T, strict=True):
        np.add.at(pairs, (left, right), 1)
    expected = draws / n
    assert ((places - expected) ** 2 / expected).sum() < 36 + 5 * np.sqrt(2 * 36)
    pairs, expected = pairs[~np.eye(n, dtype=bool)], draws * (n - 1) / (n * (n - 1))
    assert ((pairs - expected) ** 2 / expected).sum() < 41 + 5 * np.sqrt(2 * 41)


def test_large_orders_look_random():
    """Neighbours, and the order of the next epoch, do not depend on each other."""
    n = 50_000
    first, second = (
        np.asarray(order_of(jax.random.key(seed), np.int32(n), 53_248))[:n] for seed in (1, 2)
    )
    for left, right in ((first[:-1], first[1:]), (first, second), (first, np.arange(n))):
        assert abs(np.corrcoef(left, right)[0, 1]) < 5 / np.sqrt(n)
        # Also of the lowest bits, which a weak hash leaves in their pattern.
        assert abs(np.corrcoef(left % 8, right % 8)[0, 1]) < 5 / np.sqrt(n)
