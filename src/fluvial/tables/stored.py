"""Arrays of a model file that describe columns, checked before they are used."""

from collections.abc import Mapping

import numpy as np

from fluvial.errors import ModelFileError


def column_numbers(
    arrays: Mapping[str, np.ndarray], name: str, *, n_columns: int | None = None
) -> np.ndarray:
    """Return the float64 numbers of an array, one a column.

    Args:
        arrays: of the file.
        name: of the array.
        n_columns: how many columns there are; any number but zero where it is None.

    Raises:
        KeyError: where there is no such array.
        ModelFileError: where it is of another type or shape, or holds NaN or infinities.

    Examples:
        >>> column_numbers({"centre": np.zeros(2)}, "centre", n_columns=2)
        array([0., 0.])
    """
    array = arrays[name]
    if array.dtype != np.float64 or array.ndim != 1 or len(array) != (n_columns or len(array)):
        wanted = "D" if n_columns is None else n_columns
        raise ModelFileError(
            f"the array {name!r} must be float64[{wanted}], but is {array.dtype}{list(array.shape)}"
        )
    if not len(array):
        raise ModelFileError(f"the array {name!r} is empty")
    if not np.isfinite(array).all():
        raise ModelFileError(f"the array {name!r} must be finite, but holds NaN or infinities")
    return array
