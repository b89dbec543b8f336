"""Maps onto surfaces: their data have more numbers than freedom.

The simplex, the correlation matrices, the triangular matrices. A density on such a surface is one
of coordinates, as many numbers as the latents have, from which the rest follows; the log det is
that of the map from the latents to the coordinates.
"""

from abc import abstractmethod

from jaxtyping import Array

from fluvial.bijectors.bijector import Bijector


class OntoSurface(Bijector):
    """A map from vectors onto a surface with coordinates."""

    @abstractmethod
    def coordinates(self, x: Array) -> Array:
        """Return the coordinates (n, k) of data (n, *event_shape)."""

    @abstractmethod
    def from_coordinates(self, coordinates: Array) -> Array:
        """Return the data (n, *event_shape) with coordinates (n, k)."""
