"""Rows to train on: two moons, correlated normal columns, bent columns."""

import numpy as np

KERNEL_ROWS, KERNEL_COLUMNS, KERNEL_BANDWIDTH = 30_000, 8, 0.3
"""The kernel density of W7: stored rows, columns, bandwidth."""


def table(n_rows: int, n_features: int, *, seed: int = 0) -> np.ndarray:
    """Return float32 rows of about unit variance, the same for every library.

    Args:
        n_rows: rows.
        n_features: columns.
        seed: another one draws other rows from the same distribution.
    """
    mixing_rng, rng = np.random.default_rng(n_features), np.random.default_rng(seed)
    if n_features == 2:
        return _moons(rng, n_rows)
    mixing = mixing_rng.normal(size=(n_features, n_features)) / np.sqrt(n_features)
    rows = rng.normal(size=(n_rows, n_features)) @ (np.eye(n_features) + mixing)
    return (rows / np.sqrt(1 + (mixing**2).sum(axis=0))).astype(np.float32)


def curved(n_rows: int, n_features: int, *, seed: int = 0) -> np.ndarray:
    """Return rows of bent and bounded columns with noise, the last one skewed."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(n_rows, n_features)) @ rng.normal(size=(n_features, n_features))
    rows = np.tanh(mixed) + 0.2 * rng.normal(size=mixed.shape)
    rows[:, -1] = np.exp(rows[:, -1])
    return rows.astype(np.float32)


def _moons(rng: np.random.Generator, n_rows: int) -> np.ndarray:
    angle = rng.uniform(0, np.pi, n_rows)
    lower = rng.random(n_rows) < 0.5
    x = np.where(lower, 1 - np.cos(angle), np.cos(angle))
    y = np.where(lower, 0.5 - np.sin(angle), np.sin(angle))
    rows = np.stack([x - 0.5, y - 0.25], axis=1) + 0.05 * rng.normal(size=(n_rows, 2))
    return rows.astype(np.float32)
