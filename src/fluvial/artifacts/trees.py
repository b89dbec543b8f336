"""From the arrays of an Equinox tree to a flat dictionary, and back into a skeleton."""

from collections.abc import Mapping
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.errors import ModelFileError

Tree = TypeVar("Tree")


def tree_to_arrays(tree: Any) -> dict[str, np.ndarray]:
    """Return every array of a tree under the path that leads to it.

    Args:
        tree: an Equinox module, or any tree; leaves that are not arrays are left out.

    Raises:
        ModelFileError: where a part of the tree says that it cannot be saved, and why.

    Examples:
        >>> sorted(tree_to_arrays({"a": {"b": jnp.ones(2)}, "c": 3}))
        ['a.b']
    """
    for node in jax.tree.leaves(tree, is_leaf=_is_refused):
        if _is_refused(node):
            raise ModelFileError(f"the model cannot be saved: {node.cannot_be_saved}")
    arrays, _ = _arrays_and_structure(tree)
    return {path: np.asarray(leaf) for path, leaf in arrays.items()}


def fill_tree(skeleton: Tree, arrays: Mapping[str, np.ndarray], *, what: str = "the file") -> Tree:
    """Return a skeleton with its arrays in place.

    Args:
        skeleton: the tree, with arrays or `jax.ShapeDtypeStruct`s where arrays belong, as
            `equinox.filter_eval_shape` gives it.
        arrays: the arrays by path, as `tree_to_arrays` gives them.
        what: what messages call the holder of the arrays.

    Raises:
        ModelFileError: where an array is missing, unknown, or of another shape or dtype than the
            skeleton declares; where it is float64 and JAX has float64 switched off.

    Examples:
        >>> skeleton = {"a": jax.ShapeDtypeStruct((2,), jnp.float32)}
        >>> fill_tree(skeleton, {"a": np.zeros(2, np.float32)})["a"].shape
        (2,)
    """
    places, structure = _arrays_and_structure(skeleton)
    missing, unknown = sorted(places.keys() - arrays), sorted(arrays.keys() - places.keys())
    if missing or unknown:
        lacks = f" lacks {missing[0]!r}" if missing else ""
        holds = f" holds an unknown {unknown[0]!r}" if unknown else ""
        more = len(missing) + len(unknown) - bool(missing) - bool(unknown)
        raise ModelFileError(
            f"{what}{lacks}{' and' * bool(lacks and holds)}{holds}"
            f"{f' ({more} more such arrays)' if more else ''}: its arrays are not those of the "
            "model it describes"
        )
    filled = {path: _filled(arrays[path], place, path, what) for path, place in places.items()}
    return _with_arrays(skeleton, filled, structure)


def _filled(array: np.ndarray, place: Any, path: str, what: str) -> jax.Array:
    if array.dtype == np.float64 and not jax.config.read("jax_enable_x64"):
        raise ModelFileError(
            f"{what} holds a float64 model, but float64 is switched off in JAX; switch it on with "
            "jax.config.update('jax_enable_x64', True) or JAX_ENABLE_X64=1 before loading"
        )
    if array.shape != tuple(place.shape) or array.dtype != place.dtype:
        raise ModelFileError(
            f"{what}: {path!r} is {array.dtype}{list(array.shape)}, but the model it describes "
            f"needs {np.dtype(place.dtype)}{list(place.shape)}"
        )
    return jnp.asarray(array)


def _is_refused(node: Any) -> bool:
    return hasattr(node, "cannot_be_saved")


def _is_place(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray | jax.ShapeDtypeStruct)


def _arrays_and_structure(tree: Any) -> tuple[dict[str, Any], Any]:
    pairs, structure = jax.tree_util.tree_flatten_with_path(tree)
    named = {
        jax.tree_util.keystr(path, simple=True, separator="."): leaf
        for path, leaf in pairs
        if _is_place(leaf)
    }
    return named, structure


def _with_arrays(skeleton: Tree, filled: dict[str, jax.Array], structure: Any) -> Tree:
    pairs, _ = jax.tree_util.tree_flatten_with_path(skeleton)
    leaves = [
        filled[jax.tree_util.keystr(path, simple=True, separator=".")] if _is_place(leaf) else leaf
        for path, leaf in pairs
    ]
    return jax.tree_util.tree_unflatten(structure, leaves)
