"""Invertible maps with log determinants."""

from fluvial.bijectors._transformer import n_parameters as n_parameters
from fluvial.bijectors.affine import Affine as Affine, Scale as Scale, Shift as Shift
from fluvial.bijectors.autoregressive import MaskedAutoregressive as MaskedAutoregressive
from fluvial.bijectors.bijector import Bijector as Bijector, PerEvent as PerEvent
from fluvial.bijectors.compose import Chain as Chain, Invert as Invert, Repeat as Repeat
from fluvial.bijectors.condition import ScaledCondition as ScaledCondition
from fluvial.bijectors.coupling import Coupling as Coupling
from fluvial.bijectors.elementwise import Elementwise as Elementwise
from fluvial.bijectors.linear import LULinear as LULinear, Permutation as Permutation
from fluvial.bijectors.spline import RationalQuadraticSpline as RationalQuadraticSpline
