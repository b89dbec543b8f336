"""The trained leaves of a model in one vector.

The optimizer, the copies that training keeps and the choices between them are then a few operations
on one array each, where a tree would need them once a leaf: that halves what is compiled for a
small flow, and the time of its steps.
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.shapes import Shape


@dataclass(frozen=True)
class Layout:
    """Where the leaves of a tree of arrays lie in a vector.

    Attributes:
        structure: of the tree.
        shapes: of its leaves, in order.
        dtypes: of its leaves; the vector has their common one.

    Examples:
        >>> layout = Layout.of({"a": jnp.ones((2, 2)), "b": jnp.zeros(1)})
        >>> layout.tree(layout.vector({"a": jnp.ones((2, 2)), "b": jnp.zeros(1)}))["b"]
        Array([0.], dtype=float32)
    """

    structure: Any
    shapes: tuple[Shape, ...]
    dtypes: tuple[np.dtype, ...]

    @classmethod
    def of(cls, tree: Any) -> "Layout":
        """Return that of a tree of arrays."""
        leaves, structure = jax.tree.flatten(tree)
        shapes = tuple(leaf.shape for leaf in leaves)
        return cls(structure, shapes, tuple(np.dtype(leaf.dtype) for leaf in leaves))

    @property
    def dtype(self) -> np.dtype:
        """Of the vector."""
        return jnp.result_type(*self.dtypes)

    def vector(self, tree: Any) -> Array:
        """Return the leaves of a tree of this structure, one after the other."""
        leaves = self.structure.flatten_up_to(tree)
        return jnp.concatenate([jnp.ravel(leaf).astype(self.dtype) for leaf in leaves])

    def host_vector(self, tree: Any) -> np.ndarray:
        """Return the same in NumPy, so that nothing is compiled."""
        leaves = self.structure.flatten_up_to(tree)
        return np.concatenate([np.ravel(np.asarray(leaf, self.dtype)) for leaf in leaves])

    def marks(self, *trees: Any) -> list[np.ndarray]:
        """Return for each tree of booleans, one a leaf, that of each number of the vector, (p,)."""
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        return [np.repeat(self.structure.flatten_up_to(tree), sizes) for tree in trees]

    def tree(self, vector: Any) -> Any:
        """Return the tree of a vector, an array of JAX or of NumPy; its leaves are alike."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        starts = [0, *ends[:-1]]
        places = zip(starts, ends, self.shapes, self.dtypes, strict=True)
        leaves = [
            vector[start:end].reshape(shape).astype(dtype) for start, end, shape, dtype in places
        ]
        return jax.tree.unflatten(self.structure, leaves)
