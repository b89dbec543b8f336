"""Checks of the contracts, for bijectors of one's own and for those of Fluvial."""

from fluvial.testing.contract import (
    BijectorCheckError as BijectorCheckError,
    check_bijector as check_bijector,
)
from fluvial.testing.randomise import randomise as randomise
