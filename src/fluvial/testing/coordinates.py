"""Maps onto surfaces as maps onto the coordinates of these surfaces."""

from jaxtyping import Array

from fluvial.bijectors import Bijector
from fluvial.bijectors._surface import OntoSurface
from fluvial.bijectors.bijector import Pair
from fluvial.shapes import Shape


class InCoordinates(Bijector):
    """A map onto a surface whose data are coordinates: as many numbers as the latents.

    Args:
        bijector: the map onto the surface.
    """

    bijector: OntoSurface
    condition_shape = None

    def __init__(self, bijector: OntoSurface):
        self.bijector = bijector

    @property
    def event_shape(self) -> Shape:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.bijector.latent_shape

    def _forward_and_log_det(self, z: Array, condition: Array | None) -> Pair:
        x, log_det = self.bijector._forward_and_log_det(z, condition)
        return self.bijector.coordinates(x), log_det

    def _inverse_and_log_det(self, x: Array, condition: Array | None) -> Pair:
        return self.bijector._inverse_and_log_det(self.bijector.from_coordinates(x), condition)
