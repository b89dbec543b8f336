"""The trained leaves of a model in few arrays: the small ones in one vector, each large one alone.

The optimizer, the copies that training keeps and the choices between them are then a few operations
on few arrays, where a tree would need them once a leaf: that halves what is compiled for a small
flow, and the time of its steps. Large leaves would be copied into a vector and out of it again at
every step, which takes longer than it spares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.shapes import Shape

LARGE = 20_000
"""Numbers from which on a leaf is a block of its own."""

Blocks = tuple[Any, ...]
"""Parameters: the vector of all small leaves, where there are any, and each large leaf as it is."""


@dataclass(frozen=True)
class Layout:
    """Where the leaves of a tree of arrays lie in blocks.

    Attributes:
        structure: of the tree.
        shapes: of its leaves, in order.
        dtypes: of its leaves; the blocks have their common one.
        alone: for each leaf, whether it is a block of its own.

    Examples:
        >>> layout = Layout.of({"a": jnp.ones((2, 2)), "b": jnp.zeros(1)})
        >>> layout.tree(layout.blocks({"a": jnp.ones((2, 2)), "b": jnp.zeros(1)}))["b"]
        Array([0.], dtype=float32)
    """

    structure: Any
    shapes: tuple[Shape, ...]
    dtypes: tuple[np.dtype, ...]
    alone: tuple[bool, ...]

    @classmethod
    def of(cls, tree: Any, alone: Any = None) -> "Layout":
        """Return that of a tree of arrays.

        Args:
            tree: of arrays.
            alone: a tree of booleans, which leaves are to be blocks of their own however small.
        """
        leaves, structure = jax.tree.flatten(tree)
        shapes = tuple(leaf.shape for leaf in leaves)
        asked = [False] * len(leaves) if alone is None else structure.flatten_up_to(alone)
        is_alone = (mark or leaf.size >= LARGE for leaf, mark in zip(leaves, asked, strict=True))
        dtypes = tuple(np.dtype(leaf.dtype) for leaf in leaves)
        return cls(structure, shapes, dtypes, tuple(is_alone))

    @property
    def dtype(self) -> np.dtype:
        """Of the blocks."""
        return jnp.result_type(*self.dtypes)

    @property
    def sizes(self) -> list[int]:
        """Numbers of each leaf."""
        return [int(np.prod(shape)) for shape in self.shapes]

    def blocks(self, tree: Any) -> tuple[Array, ...]:
        """Return the blocks of a tree of this structure."""
        leaves = self.structure.flatten_up_to(tree)
        return self._joined([leaf.astype(self.dtype) for leaf in leaves], jnp.concatenate)

    def host_blocks(self, tree: Any) -> tuple[np.ndarray, ...]:
        """Return the same in NumPy, so that nothing is compiled."""
        leaves = self.structure.flatten_up_to(tree)
        return self._joined([np.asarray(leaf, self.dtype) for leaf in leaves], np.concatenate)

    def marks(self, *trees: Any) -> list[Blocks]:
        """Return for each tree of booleans, one a leaf, that of each number of the blocks."""
        all_marks = []
        for tree in trees:
            leaves = zip(self.structure.flatten_up_to(tree), self.shapes, strict=True)
            filled = [np.full(shape, mark) for mark, shape in leaves]
            all_marks.append(self._joined(filled, np.concatenate))
        return all_marks

    def _joined(self, leaves: Sequence[Any], concatenate: Any) -> Blocks:
        marked = list(zip(leaves, self.alone, strict=True))
        joined = [leaf.ravel() for leaf, is_alone in marked if not is_alone]
        others = [leaf for leaf, is_alone in marked if is_alone]
        return (concatenate(joined), *others) if joined else tuple(others)

    def tree(self, blocks: Blocks) -> Any:
        """Return the tree of blocks, arrays of JAX or of NumPy; its leaves are alike."""
        others = iter(blocks)
        vector = None if all(self.alone) else next(others)
        start = 0
        leaves = []
        numbers = zip(self.sizes, self.shapes, self.dtypes, self.alone, strict=True)
        for size, shape, dtype, is_alone in numbers:
            if vector is None or is_alone:
                leaf = next(others)
            else:
                leaf = vector[start : start + size].reshape(shape)
                start += size
            leaves.append(leaf.astype(dtype))
        return jax.tree.unflatten(self.structure, leaves)
