"""Snapshots of a training run, from which another process goes on bit by bit as the first would.

The state on the device holds all that training needs (parameters, optimizer, random key, order of
the rows, step), and how many steps a segment takes changes nothing. A snapshot is that state and
the losses so far, as arrays by name.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import jax
import numpy as np
from jaxtyping import Array

from fluvial.errors import ModelFileError
from fluvial.training.log import Log
from fluvial.training.state import DONE, State, is_key

LOSSES = "losses."
"""Stands before the names of what was recorded of each epoch."""


class Snapshots(Protocol):
    """Where the snapshots of one training run are kept; the last one counts."""

    @property
    def where(self) -> str:
        """What messages call it."""
        ...

    def load(self) -> Mapping[str, np.ndarray] | None:
        """Return the arrays of the last snapshot, None where there is none."""
        ...

    def is_due(self) -> bool:
        """Whether it is time for the next one."""
        ...

    def save(self, arrays: dict[str, np.ndarray]) -> None:
        """Keep a snapshot."""
        ...


def snapshot(state: State, log: Log) -> dict[str, np.ndarray]:
    """Return the state of a run that has not ended, and what was recorded of it, as arrays.

    They are copies: the buffers of the state are used again by the next segment.
    """
    arrays = {name: np.array(_plain(leaf)) for name, leaf in _named(state)[0].items()}
    curves = {LOSSES + name: np.array(curve, np.float64) for name, curve in _curves(log).items()}
    return arrays | curves


def restored(arrays: Mapping[str, np.ndarray], start: State) -> tuple[State, Log]:
    """Return the state and the log that a snapshot holds.

    Args:
        arrays: as `snapshot` gives them.
        start: the state before the first step of the same run, on the device.

    Raises:
        ModelFileError: where they are no snapshot of this run; the message does not say where.
    """
    places, structure = _named(start)
    log = Log()
    curves = _curves(log)
    if arrays.keys() != places.keys() | {LOSSES + name for name in curves}:
        raise ModelFileError("its arrays are not those of the state of this training")
    leaves = [_filled(arrays[name], place, name) for name, place in places.items()]
    state: State = jax.tree_util.tree_unflatten(structure, leaves)
    # The epoch of the start, which only scores it, is recorded by none.
    n_epochs = max(int(state.epoch), 0)
    for name, curve in curves.items():
        found = arrays[LOSSES + name]
        lengths = (0, n_epochs) if name == "validation" else (n_epochs,)
        good = found.dtype == np.float64 and found.ndim == 1 and len(found) in lengths
        if not good or not np.isfinite(found).all():
            raise ModelFileError(f"{LOSSES + name!r} must be {n_epochs} finite float64 numbers")
        curve += found.tolist()
    n_rows = len(start.order)
    order = arrays["order"]
    if n_rows and not (order.min() >= 0 and order.max() < max(2 * n_rows, 4)):
        raise ModelFileError(f"the order of the rows is none of {n_rows} rows")
    if int(state.phase) == DONE or int(state.step) < 0:
        raise ModelFileError("its training has ended, or is at a step that does not exist")
    log.best_epoch = int(state.best_epoch)
    return state, log


def _curves(log: Log) -> dict[str, list[float]]:
    return {"train": log.train, "validation": log.validation, "rate": log.rate}


def _named(state: State) -> tuple[dict[str, Array], Any]:
    pairs, structure = jax.tree_util.tree_flatten_with_path(state)
    named = {jax.tree_util.keystr(path, simple=True, separator="."): leaf for path, leaf in pairs}
    return named, structure


def _plain(leaf: Array) -> Array:
    return jax.random.key_data(leaf) if is_key(leaf) else leaf


def _filled(array: np.ndarray, place: Array, name: str) -> Array:
    """Return an array in a buffer of its own, in the place of one of the start."""
    plain = _plain(place)
    if array.shape != plain.shape or array.dtype != plain.dtype:
        raise ModelFileError(
            f"{name!r} is {array.dtype}{list(array.shape)}, but this training needs "
            f"{plain.dtype}{list(plain.shape)}"
        )
    # NumPy's memory must not be what the next segment writes to.
    leaf = jax.device_put(array, may_alias=False)
    if not is_key(place):
        return leaf
    return jax.random.wrap_key_data(leaf, impl=jax.random.key_impl(place))
