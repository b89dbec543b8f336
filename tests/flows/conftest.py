"""Strict promotion of types: no test here may mix them without saying so."""

from collections.abc import Iterator

import jax
import pytest


@pytest.fixture(autouse=True)
def strict_promotion() -> Iterator[None]:
    """Refuse operations on arrays of different types."""
    with jax.numpy_dtype_promotion("strict"):
        yield
