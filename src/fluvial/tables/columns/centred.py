"""Columns that are moved to a centre and divided by a scale, each by itself, and kept as these."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from fluvial.errors import ModelFileError
from fluvial.tables.columns.contract import ColumnGroup
from fluvial.tables.stored import column_numbers


@dataclass(frozen=True)
class CentredColumns(ColumnGroup):
    """What such kinds of columns share.

    Attributes:
        centre: `(D,)`, in the units of the table.
        scale: `(D,)`, positive, in the units of the table.
    """

    centre: np.ndarray
    scale: np.ndarray

    _stored_as: ClassVar[str] = ""
    """What the names of the arrays begin with in a model file, another for each kind."""

    @property
    def n_columns(self) -> int:
        """The number of columns."""
        return len(self.centre)

    @property
    def n_encoded(self) -> int:
        """The number of columns that a flow sees: as many."""
        return len(self.centre)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return centres and scales."""
        return {f"{self._stored_as}centre": self.centre, f"{self._stored_as}scale": self.scale}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Return the columns that `to_arrays` described.

        Raises:
            ModelFileError: where a centre is not finite, or a scale not positive and finite.
        """
        centre = column_numbers(arrays, f"{cls._stored_as}centre")
        scale = column_numbers(arrays, f"{cls._stored_as}scale", n_columns=len(centre))
        if not (scale > 0).all():
            raise ModelFileError(f"scales must be positive, but one is {scale.min()}")
        return cls(centre, scale)
