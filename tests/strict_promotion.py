"""Strict promotion of types, for the `conftest.py` of rooms that must not mix them unsaid."""

from collections.abc import Iterator

import jax
import pytest


@pytest.fixture(autouse=True)
def strict_promotion() -> Iterator[None]:
    """Refuse operations on arrays of different types."""
    with jax.numpy_dtype_promotion("strict"):
        yield
