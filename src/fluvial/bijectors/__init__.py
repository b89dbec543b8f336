"""Invertible maps with log determinants."""

from fluvial.bijectors._transformer import n_parameters as n_parameters
from fluvial.bijectors.act_norm import ActNorm as ActNorm
from fluvial.bijectors.affine import Affine as Affine, Scale as Scale, Shift as Shift
from fluvial.bijectors.affine_linear import AffineLinear as AffineLinear
from fluvial.bijectors.autoregressive import MaskedAutoregressive as MaskedAutoregressive
from fluvial.bijectors.bijector import Bijector as Bijector, PerEvent as PerEvent
from fluvial.bijectors.block_autoregressive import BlockAutoregressive as BlockAutoregressive
from fluvial.bijectors.blocks import Blockwise as Blockwise, Split as Split
from fluvial.bijectors.cdf import CDF as CDF
from fluvial.bijectors.cdfs import (
    ExponentialCDF as ExponentialCDF,
    LogisticCDF as LogisticCDF,
    NormalCDF as NormalCDF,
    StudentTCDF as StudentTCDF,
    UniformCDF as UniformCDF,
)
from fluvial.bijectors.compose import Chain as Chain, Invert as Invert, Repeat as Repeat
from fluvial.bijectors.condition import ScaledCondition as ScaledCondition
from fluvial.bijectors.constraints import (
    CorrelationCholesky as CorrelationCholesky,
    Cumsum as Cumsum,
    FillTriangular as FillTriangular,
    Ordered as Ordered,
    SoftmaxCentered as SoftmaxCentered,
)
from fluvial.bijectors.continuous import Continuous as Continuous
from fluvial.bijectors.contractive import Contractive as Contractive
from fluvial.bijectors.cosine import DiscreteCosineTransform as DiscreteCosineTransform
from fluvial.bijectors.coupling import Coupling as Coupling
from fluvial.bijectors.elementwise import Elementwise as Elementwise
from fluvial.bijectors.exponential import (
    Exp as Exp,
    Expm1 as Expm1,
    Log as Log,
    Log1p as Log1p,
)
from fluvial.bijectors.gaussianization import Gaussianization as Gaussianization
from fluvial.bijectors.identity import Identity as Identity
from fluvial.bijectors.images import (
    Convolution1x1 as Convolution1x1,
    ImageCoupling as ImageCoupling,
)
from fluvial.bijectors.inline import Inline as Inline
from fluvial.bijectors.interval import Interval as Interval
from fluvial.bijectors.leaky_relu import LeakyReLU as LeakyReLU
from fluvial.bijectors.linear import (
    LULinear as LULinear,
    Permutation as Permutation,
    Permute as Permute,
)
from fluvial.bijectors.logistic import Logit as Logit, Sigmoid as Sigmoid
from fluvial.bijectors.monotone_networks import (
    DeepSigmoid as DeepSigmoid,
    UnconstrainedMonotonic as UnconstrainedMonotonic,
)
from fluvial.bijectors.planar import Planar as Planar, Radial as Radial, Sylvester as Sylvester
from fluvial.bijectors.polynomials import (
    BernsteinPolynomial as BernsteinPolynomial,
    SumOfSquares as SumOfSquares,
)
from fluvial.bijectors.powers import (
    Power as Power,
    PowerTransform as PowerTransform,
    Reciprocal as Reciprocal,
    Square as Square,
)
from fluvial.bijectors.reshaping import (
    Reshape as Reshape,
    Squeeze as Squeeze,
    Transpose as Transpose,
)
from fluvial.bijectors.rotations import Householder as Householder, Orthogonal as Orthogonal
from fluvial.bijectors.sinh_arcsinh import SinhArcsinh as SinhArcsinh
from fluvial.bijectors.soft_clip import SoftClip as SoftClip
from fluvial.bijectors.spline import RationalQuadraticSpline as RationalQuadraticSpline
from fluvial.bijectors.splines import (
    CubicSpline as CubicSpline,
    LinearSpline as LinearSpline,
    QuadraticSpline as QuadraticSpline,
)
from fluvial.bijectors.squashing import (
    Softplus as Softplus,
    Softsign as Softsign,
    Tanh as Tanh,
)
from fluvial.bijectors.tails import HeavyTails as HeavyTails
