"""The user's rows: checked, split, padded to a few sizes and put on the device."""

from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.errors import DataError, ShapeError
from fluvial.networks.random import permutation
from fluvial.weights import checked_weights

SMALLEST = 64
"""Fewer rows are padded to this many."""

VALIDATION_BLOCK = 256
"""Held-out rows whose losses are computed at once."""


class PaddedRows(NamedTuple):
    """Rows on the device, padded; rows from `n` on have weight zero.

    Attributes:
        x: (padded, *event_shape).
        condition: (padded, *condition_shape), or None.
        weight: (padded,), of mean one over the true rows.
        n: number of true rows, a scalar array.
    """

    x: Array
    condition: Array | None
    weight: Array
    n: Any


class Dataset(NamedTuple):
    """Rows in NumPy: x (n, ...), condition (n, ...) or None, weight (n,)."""

    x: np.ndarray
    condition: np.ndarray | None
    weight: np.ndarray

    def take(self, index: np.ndarray) -> "Dataset":
        condition = None if self.condition is None else self.condition[index]
        return Dataset(self.x[index], condition, self.weight[index])


def padded_size(n: int) -> int:
    """Return the size that n rows are padded to: 4, 5, 6 or 7 times a power of two.

    At most a quarter is padding, and few sizes mean few compilations.
    """
    n = max(n, SMALLEST)
    unit = 1 << max((n - 1).bit_length() - 3, 0)
    return -(-n // unit) * unit


def checked_dataset(
    flow, X: ArrayLike, condition: ArrayLike | None, sample_weight: ArrayLike | None, dtype
) -> Dataset:
    """Check the rows against a flow, and leave out those of weight zero.

    Raises:
        ShapeError: where an array has not the declared shape or the row counts differ.
        DataError: where there is no row, a value is not finite, or the weights make no sense.
    """
    x = _checked("X", X, flow.event_shape, dtype)
    n = len(x)
    if n == 0:
        raise DataError("X has no rows; training needs at least one")
    if flow.condition_shape is None:
        if condition is not None:
            raise ShapeError(
                "the flow takes no condition (condition_shape is None), but got one of shape "
                f"{np.shape(condition)}"
            )
    elif condition is None:
        raise ShapeError(f"the flow needs a condition of shape (n, *{flow.condition_shape})")
    else:
        condition = _checked("condition", condition, flow.condition_shape, dtype)
        if len(condition) != n:
            raise ShapeError(f"X has {n} rows, but condition has {len(condition)}")
    if sample_weight is None:
        return Dataset(x, condition, np.ones(n, dtype))
    weight = checked_weights(sample_weight, n)
    dataset = Dataset(x, condition, np.maximum(weight, np.finfo(dtype).tiny).astype(dtype))
    return dataset if weight.all() else dataset.take(np.flatnonzero(weight))


def split(key: Array, dataset: Dataset, fraction: float) -> tuple[Dataset, Dataset | None]:
    """Split off the held-out rows at random: at least one where there are two rows or more.

    Args:
        key: draws them.
        dataset: all rows.
        fraction: the share of the held-out rows, in [0, 1).
    """
    n = len(dataset.x)
    held_out = min(max(round(n * fraction), 1), n - 1) if fraction > 0 else 0
    if held_out == 0:
        return dataset, None
    order = np.asarray(permutation(key, n))
    return dataset.take(np.sort(order[held_out:])), dataset.take(np.sort(order[:held_out]))


def on_device(dataset: Dataset, dtype, *, multiple: int = 1) -> PaddedRows:
    """Pad rows and put it on the device.

    Raises:
        DataError: where all weights are zero.
    """
    n = len(dataset.x)
    total = float(dataset.weight.sum())
    if total == 0:
        raise DataError("all sample weights of the training or of the held-out rows are zero")
    size = -(-padded_size(n) // multiple) * multiple
    weight = dataset.weight * (n / total)
    condition = None if dataset.condition is None else _pad(dataset.condition, size)
    return PaddedRows(
        _pad(dataset.x, size), condition, _pad(weight.astype(dtype), size), np.asarray(n, np.int32)
    )


def _pad(array: np.ndarray, size: int) -> Array:
    out = np.zeros((size, *array.shape[1:]), array.dtype)
    out[: len(array)] = array
    return jax.device_put(out)


def _checked(name: str, value: ArrayLike, shape: tuple[int, ...], dtype) -> np.ndarray:
    array = np.asarray(value)
    if array.ndim != 1 + len(shape) or array.shape[1:] != shape:
        raise ShapeError(f"{name} must have shape (n, *{shape}), but has {array.shape}")
    with np.errstate(over="ignore"):
        array = array.astype(dtype)
    bad = ~np.isfinite(array).all(axis=tuple(range(1, array.ndim)))
    if bad.any():
        raise DataError(
            f"{name} has a value that is not finite in {dtype} in {bad.sum()} of {len(array)} "
            f"rows, the first in row {int(np.argmax(bad))}; drop or fill these rows, or rescale"
        )
    return array
