"""The registry of bijectors, distributions and flows under test.

Each entry builds its case from a key, with random parameters away from the start: layers start as
the identity or close to it, where a wrong formula looks right. A new bijector, distribution or flow
needs one line here; the files `test_registry.py` in `tests/` do the rest.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array

from fluvial import flows
from fluvial.bijectors import (
    CDF,
    ActNorm,
    Affine,
    AffineLinear,
    BernsteinPolynomial,
    Bijector,
    BlockAutoregressive,
    Blockwise,
    Chain,
    Continuous,
    Contractive,
    Convolution1x1,
    CorrelationCholesky,
    Coupling,
    CubicSpline,
    Cumsum,
    DeepSigmoid,
    DiscreteCosineTransform,
    Exp,
    Expm1,
    ExponentialCDF,
    FillTriangular,
    Gaussianization,
    HeavyTails,
    Householder,
    Identity,
    ImageCoupling,
    Inline,
    Invert,
    LeakyReLU,
    LinearSpline,
    Log,
    Log1p,
    LogisticCDF,
    Logit,
    LULinear,
    MaskedAutoregressive,
    NormalCDF,
    Ordered,
    Orthogonal,
    PerEvent,
    Permutation,
    Planar,
    Power,
    PowerTransform,
    QuadraticSpline,
    Radial,
    RationalQuadraticSpline,
    Reciprocal,
    Repeat,
    Reshape,
    Scale,
    ScaledCondition,
    Shift,
    Sigmoid,
    SinhArcsinh,
    SoftClip,
    SoftmaxCentered,
    Softplus,
    Softsign,
    Split,
    Square,
    Squeeze,
    StudentTCDF,
    SumOfSquares,
    Sylvester,
    Tanh,
    Transpose,
    UnconstrainedMonotonic,
    UniformCDF,
)
from fluvial.bijectors.bijector import Pair
from fluvial.distributions import (
    Beta,
    Distribution,
    Exponential,
    GaussianMixture,
    KernelDensity,
    Laplace,
    Logistic,
    LogNormal,
    Mixture,
    MultivariateNormalDiag,
    MultivariateNormalTriL,
    Normal,
    StandardNormal,
    StudentT,
    TransformedDistribution,
    Uniform,
)
from fluvial.flows import Flow
from fluvial.testing import randomise


class Skewed(PerEvent):
    """A user's own scalar bijector: `x = sinh(arcsinh(z) + shift)`, with heavy tails."""

    shift: Array
    event_shape = ()
    condition_shape = None

    def __init__(self):
        self.shift = jnp.zeros(())

    def _event_forward_and_log_det(self, z, condition) -> Pair:
        return self._moved(z, self.shift)

    def _event_inverse_and_log_det(self, x, condition) -> Pair:
        return self._moved(x, -self.shift)

    def _moved(self, value, shift) -> Pair:
        inner = jnp.arcsinh(value) + shift
        log_det = jnp.log(jnp.cosh(inner)) - jnp.log1p(value * value) / 2
        return jnp.sinh(inner), log_det.astype(jnp.result_type(float))


class Rotated(PerEvent):
    """A user's own conditional bijector: the plane turned by the angle that is the condition."""

    event_shape = (2,)
    condition_shape = ()

    def _event_forward_and_log_det(self, z, condition) -> Pair:
        return self._turned(z, condition, 1)

    def _event_inverse_and_log_det(self, x, condition) -> Pair:
        return self._turned(x, condition, -1)

    def _turned(self, value, angle, sign) -> Pair:
        cos, sin = jnp.cos(angle), sign * jnp.sin(angle)
        turned = jnp.stack([cos * value[0] - sin * value[1], sin * value[0] + cos * value[1]])
        return turned, jnp.zeros((), jnp.result_type(float))


def coupling(key, transformer, n_features, **kwargs) -> Coupling:
    return Coupling(key, transformer, n_features=n_features, hidden_sizes=(6,), **kwargs)


def autoregressive(key, transformer, n_features, hidden_sizes=(6,), **kwargs):
    return MaskedAutoregressive(
        key, transformer, n_features=n_features, hidden_sizes=hidden_sizes, **kwargs
    )


def spline(n_bins=4, interval=3.0, shape=()) -> RationalQuadraticSpline:
    return RationalQuadraticSpline(n_bins, interval, shape=shape)


def layers(key, n):
    return [Chain([LULinear(2), Permutation.random(k, 2)]) for k in jax.random.split(key, n)]


TRIL3 = jnp.tril(jnp.ones((3, 3)), -1)


def _sinh(z, rate):
    return jnp.sinh(rate * z)


def _turn(z, angle):
    """The plane turned, and stretched by 2 in one direction."""
    first, second = z[:, 0], 2 * z[:, 1]
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    return jnp.stack([cos * first - sin * second, sin * first + cos * second], axis=1)


def _turn_back(x, angle):
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    first, second = cos * x[:, 0] + sin * x[:, 1], cos * x[:, 1] - sin * x[:, 0]
    return jnp.stack([first, second / 2], axis=1)


# From a key to the bijector as it starts; BIJECTORS has it with random parameters.
_STARTS: dict[str, Callable[[Array], Bijector]] = {
    "shift": lambda key: Shift(jnp.ones(3)),
    "scale": lambda key: Scale(jnp.array([0.5, -2.0, 3.0])),
    "affine": lambda key: Affine(jnp.ones((2, 1)), jnp.array([1.0, -3.0])),
    "affine-scalar": lambda key: Affine(1.0, 2.0),
    "exp": lambda key: Exp(),
    "log": lambda key: Log(),
    "expm1": lambda key: Expm1(),
    "log1p": lambda key: Log1p(),
    "sigmoid": lambda key: Sigmoid(-3.0, 2.0),
    "logit": lambda key: Logit(),
    "tanh": lambda key: Tanh(),
    "softsign": lambda key: Softsign(),
    "softplus": lambda key: Softplus(),
    "reciprocal": lambda key: Reciprocal(),
    "square": lambda key: Square(),
    "power": lambda key: Power(-1.5),
    "power-transform": lambda key: PowerTransform(0.7),
    "sinh-arcsinh": lambda key: SinhArcsinh(0.3, 1.2),
    "soft-clip": lambda key: SoftClip(-1.0, 2.0, 0.5),
    "leaky-relu": lambda key: LeakyReLU(0.3),
    "inline": lambda key: Inline(_sinh, parameters=0.7),
    "inline-vector": lambda key: Inline(_turn, _turn_back, jnp.array(0.3), event_shape=(2,)),
    "each-value": lambda key: Chain([Exp(), LULinear(2), Identity()]),
    "permutation": lambda key: Permutation([2, 0, 3, 1]),
    "permutation-random": lambda key: Permutation.random(key, 5),
    "permutation-reverse": lambda key: Permutation.reverse(3),
    "scaled-condition": lambda key: ScaledCondition(
        autoregressive(key, Affine(), 2, (8,), condition_shape=(1,))
    ).scaled_to(jnp.array([[3.0], [7.0]])),
    "lu-linear": lambda key: LULinear(4),
    "lu-linear-of-one": lambda key: LULinear(1),
    "spline": lambda key: spline(8, 2.0, (3,)),
    "spline-scalar": lambda key: spline(5, 1.5),
    "spline-of-two-bins": lambda key: spline(2, 2.0, (2, 2)),
    "spline-circular": lambda key: RationalQuadraticSpline(3, 4.0, boundary="circular"),
    "linear-spline": lambda key: LinearSpline(3, 4.0, boundary="circular"),
    "quadratic-spline": lambda key: QuadraticSpline(3, 2.0),
    "cubic-spline": lambda key: CubicSpline(3, 4.0, boundary="interval"),
    "bernstein": lambda key: BernsteinPolynomial(3, 2.0),
    "sum-of-squares": lambda key: SumOfSquares(2, 1),
    "heavy-tails": lambda key: HeavyTails(0.4, 0.2),
    "blockwise": lambda key: Blockwise([Exp(), LULinear(2), Shift(0.5)], [2, 2, 1]),
    "split": lambda key: Split([Reshape((2, 1)), Exp()], [1, 2], event_shape=(2, 3)),
    "reshape": lambda key: Chain([Reshape((3, 2)), LULinear(6)]),
    "transpose": lambda key: Transpose((2, 1, 3), (2, 0, 1)),
    "squeeze": lambda key: Invert(Squeeze((2, 4, 1))),
    "cosine": lambda key: DiscreteCosineTransform(5),
    "cosine-of-one": lambda key: Chain([Affine(jnp.ones(1), 2.0), DiscreteCosineTransform(1, 3)]),
    "cdf": lambda key: CDF(Normal(0.3, 2.0, trainable=True)),
    "normal-cdf": lambda key: NormalCDF(0.5, 2.0),
    "exponential-cdf": lambda key: ExponentialCDF(0.7),
    "logistic-cdf": lambda key: LogisticCDF(0.5, 2.0),
    "student-t-cdf": lambda key: StudentTCDF(3.0, 0.5, 2.0),
    "uniform-cdf": lambda key: UniformCDF(-1.0, 3.0),
    "gaussianization": lambda key: Gaussianization(2),
    "affine-linear": lambda key: AffineLinear(
        jnp.ones(3), jnp.eye(3) + TRIL3, scale_perturb_factor=jnp.ones((3, 2))
    ),
    "affine-linear-diagonal": lambda key: AffineLinear(
        0.5, scale_diag=[1.0, -2.0], scale_perturb_factor=[[1.0], [0.0]]
    ),
    "affine-linear-of-one": lambda key: AffineLinear(
        jnp.ones(1), [[2.0]], scale_perturb_factor=[[0.5]]
    ),
    "householder": lambda key: Householder(3, 4),
    "orthogonal": lambda key: Orthogonal(3),
    "convolution-1x1": lambda key: Convolution1x1(key, (2, 1, 3)),
    "image-coupling": lambda key: ImageCoupling(
        key, (2, 2, 2), hidden_channels=2, condition_shape=(1, 1, 1), activation="tanh"
    ),
    "act-norm": lambda key: ActNorm((2, 1, 2)),
    "act-norm-of-one": lambda key: ActNorm(1),
    "cumsum": lambda key: Cumsum((2, 3), axis=0),
    "ordered": lambda key: Ordered(3),
    "softmax-centered": lambda key: SoftmaxCentered(4),
    "softmax-centered-of-two": lambda key: SoftmaxCentered(2),
    "fill-triangular": lambda key: FillTriangular(3, upper=True),
    "correlation-cholesky": lambda key: CorrelationCholesky(3),
    "correlation-cholesky-of-two": lambda key: CorrelationCholesky(2),
    "planar": lambda key: Planar(key, 3),
    "radial": lambda key: Radial(key, 3),
    "planar-of-one": lambda key: Planar(key, 1),
    "radial-of-one": lambda key: Radial(key, 1),
    "sylvester": lambda key: Sylvester(key, 3, 2),
    "sylvester-of-one": lambda key: Sylvester(key, 1),
    "contractive": lambda key: Contractive(
        key, n_features=2, hidden_sizes=(6,), condition_shape=(1,)
    ),
    "contractive-of-one": lambda key: Contractive(key, n_features=1, hidden_sizes=(6,)),
    "continuous": lambda key: Continuous(
        key, n_features=2, hidden_sizes=(4,), condition_shape=(1,)
    ),
    "deep-sigmoid": lambda key: DeepSigmoid(3),
    "unconstrained-monotonic": lambda key: UnconstrainedMonotonic(3, shape=(2,)),
    "block-autoregressive": lambda key: BlockAutoregressive(
        key, n_features=2, hidden_sizes=(3,), condition_shape=(1,)
    ),
    "block-autoregressive-of-one": lambda key: BlockAutoregressive(
        key, n_features=1, hidden_sizes=(3,)
    ),
    "autoregressive-deep-sigmoid": lambda key: autoregressive(key, Invert(DeepSigmoid(2)), 2),
    "own": lambda key: Skewed(),
    "own-conditional": lambda key: Rotated(),
    "chain": lambda key: Chain([Affine(jnp.ones(2), 2.0), LULinear(2), Rotated()]),
    "invert": lambda key: Invert(Chain([LULinear(3), spline(shape=(3,))])),
    "repeat": lambda key: Repeat(layers(key, 5)),
    "coupling-affine": lambda key: coupling(key, Affine(), 3),
    "coupling-of-a-mask": lambda key: coupling(key, Affine(), 3, mask=[False, True, False]),
    "coupling-spline": lambda key: coupling(key, spline(), 3, activation="tanh"),
    "coupling-of-one": lambda key: coupling(key, Affine(), 1),
    "coupling-of-one-conditional": lambda key: coupling(key, spline(), 1, condition_shape=(2,)),
    "coupling-of-all": lambda key: coupling(key, Affine(), 3, n_identity=0, condition_shape=(2, 1)),
    "coupling-of-own": lambda key: coupling(key, Skewed(), 4, n_identity=1),
    "autoregressive-affine": lambda key: autoregressive(key, Affine(), 4, (8, 6)),
    "autoregressive-spline": lambda key: autoregressive(key, Invert(spline()), 3),
    "autoregressive-chain": lambda key: autoregressive(key, Chain([Affine(), spline(3)]), 2),
    "autoregressive-own": lambda key: autoregressive(key, Skewed(), 3),
    "autoregressive-of-one": lambda key: autoregressive(key, Affine(), 1),
    "autoregressive-narrow": lambda key: autoregressive(key, Affine(), 5, (2, 3)),
    "autoregressive-conditional": lambda key: autoregressive(
        key, Affine(), 3, (8, 8), condition_shape=(2,), activation="silu"
    ),
    "autoregressive-residual": lambda key: autoregressive(
        key, Affine(), 3, (8, 8), residual=True, condition_shape=()
    ),
    "autoregressive-inverted": lambda key: Invert(autoregressive(key, Affine(), 3, (8, 8))),
    "circular-spline-flow": lambda key: (
        flows.circular_spline_flow(
            key, n_features=1, n_layers=1, hidden_sizes=(4,), n_bins=3, condition_shape=(1,)
        ).bijector
    ),
    "glow": lambda key: (
        flows.glow(
            key,
            image_shape=(2, 2, 1),
            n_scales=1,
            n_layers=1,
            hidden_channels=2,
            condition_shape=(1,),
        ).bijector
    ),
}

LOC, SCALE = jnp.array([0.5, -1.0]), jnp.array([0.3, 2.0])
TRIL = jnp.array([[1.0, 0.0], [0.5, 0.2]])

_DISTRIBUTION_STARTS: dict[str, Callable[[Array], Distribution]] = {
    "standard-normal": lambda key: StandardNormal(2),
    "normal": lambda key: Normal(LOC, SCALE, trainable=True),
    "multivariate-normal-diag": lambda key: MultivariateNormalDiag(LOC, SCALE, trainable=True),
    "multivariate-normal": lambda key: MultivariateNormalTriL(LOC, TRIL, trainable=True),
    "multivariate-normal-of-one": lambda key: MultivariateNormalTriL(
        LOC[:1], 2 * TRIL[:1, :1], trainable=True
    ),
    "laplace": lambda key: Laplace(0.5, 0.3, trainable=True),
    "logistic": lambda key: Logistic(LOC, SCALE, trainable=True),
    "student-t": lambda key: StudentT(jnp.array([3.0, 12.0]), LOC, SCALE, trainable=True),
    "uniform": lambda key: Uniform(LOC, LOC + SCALE, trainable=True),
    "exponential": lambda key: Exponential(SCALE, trainable=True),
    "log-normal": lambda key: LogNormal(LOC, SCALE / 2, trainable=True),
    "beta": lambda key: Beta(jnp.array([0.6, 2.5]), jnp.array([1.5, 7.0]), trainable=True),
    "gaussian-mixture": lambda key: GaussianMixture(
        [0.2, 0.8], jnp.stack([LOC, -LOC]), scale_trils=jnp.stack([TRIL, 2 * TRIL]), trainable=True
    ),
    "gaussian-mixture-of-one": lambda key: GaussianMixture(
        [0.2, 0.8], LOC[:, None], scale_trils=jnp.array([[[1.0]], [[0.3]]]), trainable=True
    ),
    "mixture": lambda key: Mixture(
        [Normal(LOC, SCALE), Laplace(-LOC, 0.7)], [0.3, 0.7], trainable=True
    ),
    "mixture-scalar": lambda key: Mixture(
        [Normal(2.0, 0.5), Exponential(trainable=True)], [0.3, 0.7], trainable=True
    ),
    "kernel-density": lambda key: KernelDensity(jax.random.normal(key, (7, 2)), SCALE),
    "transformed": lambda key: TransformedDistribution(StandardNormal(2), Affine(LOC, -SCALE)),
}

_FLOW_STARTS: dict[str, Callable[..., Flow]] = {
    "nice": lambda key: flows.nice(key, n_features=2, n_layers=3, hidden_sizes=(8,)),
    "real-nvp": lambda key: flows.real_nvp(key, n_features=2, n_layers=3, hidden_sizes=(8,)),
    "real-nvp-conditional": lambda key: flows.real_nvp(
        key, n_features=2, n_layers=2, hidden_sizes=(8,), condition_shape=(2,)
    ),
    "real-nvp-of-one": lambda key: flows.real_nvp(key, n_features=1, n_layers=1, hidden_sizes=(8,)),
    "maf": lambda key: flows.maf(key, n_features=2, n_layers=3, hidden_sizes=(8, 8)),
    "maf-conditional": lambda key: flows.maf(
        key, n_features=2, n_layers=2, hidden_sizes=(8,), condition_shape=(), linear="lu"
    ),
    "maf-of-one": lambda key: flows.maf(key, n_features=1, n_layers=2, hidden_sizes=(4,)),
    "iaf": lambda key: flows.iaf(key, n_features=2, n_layers=2, hidden_sizes=(8,)),
    "iaf-conditional": lambda key: flows.iaf(
        key, n_features=2, n_layers=1, hidden_sizes=(8,), condition_shape=(1,)
    ),
    "spline-flow": lambda key: flows.neural_spline_flow(
        key, n_features=2, n_layers=2, hidden_sizes=(8, 8), n_bins=3, residual=True
    ),
    "spline-flow-conditional": lambda key: flows.neural_spline_flow(
        key, n_features=2, n_layers=1, hidden_sizes=(8,), n_bins=4, condition_shape=(2,)
    ),
    "spline-flow-of-one": lambda key: flows.neural_spline_flow(
        key, n_features=1, n_layers=1, hidden_sizes=(4,), n_bins=5
    ),
    "spline-coupling-flow": lambda key: flows.neural_spline_flow(
        key, n_features=2, n_layers=3, hidden_sizes=(8,), n_bins=4, coupling=True
    ),
    "spline-coupling-flow-of-one": lambda key: flows.neural_spline_flow(
        key, n_features=1, n_layers=1, hidden_sizes=(4,), coupling=True, linear="permutation"
    ),
    "nice-volume-preserving": lambda key: flows.nice(
        key, n_features=2, n_layers=3, hidden_sizes=(8,), mask="checkerboard", scale=False
    ),
    "made-mixture": lambda key: flows.made(
        key, n_features=2, hidden_sizes=(8,), n_components=2, condition_shape=(1,)
    ),
    "spline-flow-cubic": lambda key: flows.neural_spline_flow(
        key, n_features=2, n_layers=1, hidden_sizes=(8,), n_bins=3, spline="cubic"
    ),
    "naf": lambda key: flows.naf(key, n_features=2, n_layers=1, hidden_sizes=(8,), n_units=3),
    "nice-of-one-conditional": lambda key: flows.nice(
        key, n_features=1, n_layers=1, hidden_sizes=(8,), condition_shape=(1,)
    ),
    "made-of-one": lambda key: flows.made(key, n_features=1, hidden_sizes=(8,)),
    "iaf-of-one": lambda key: flows.iaf(key, n_features=1, n_layers=1, hidden_sizes=(8,)),
    "naf-of-one-conditional": lambda key: flows.naf(
        key, n_features=1, n_layers=1, hidden_sizes=(8,), n_units=3, condition_shape=(1,)
    ),
    "umnn-conditional": lambda key: flows.umnn(
        key, n_features=2, n_layers=1, hidden_sizes=(8,), n_units=2, condition_shape=(1,)
    ),
    "umnn": lambda key: flows.umnn(key, n_features=1, n_layers=1, hidden_sizes=(8,), n_units=3),
    "sos": lambda key: flows.sos(
        key, n_features=1, n_layers=1, hidden_sizes=(8,), n_squares=2, degree=1
    ),
    "sos-conditional": lambda key: flows.sos(
        key,
        n_features=2,
        n_layers=1,
        hidden_sizes=(8,),
        n_squares=2,
        degree=1,
        condition_shape=(1,),
    ),
    "bernstein-conditional": lambda key: flows.bernstein(
        key, n_features=2, n_layers=1, hidden_sizes=(8,), degree=4, condition_shape=(1,)
    ),
    "bernstein": lambda key: flows.bernstein(key, n_features=1, n_layers=1, hidden_sizes=(8,)),
    "bnaf": lambda key: flows.bnaf(key, n_features=2, n_layers=1, hidden_sizes=(3,)),
    "bnaf-of-one-conditional": lambda key: flows.bnaf(
        key, n_features=1, n_layers=1, hidden_sizes=(3,), condition_shape=(1,)
    ),
    "gaussianization-flow-of-one": lambda key: flows.gaussianization_flow(
        key, n_features=1, n_layers=1, n_components=2
    ),
    "gaussianization-flow-conditional": lambda key: flows.gaussianization_flow(
        key, n_features=2, n_layers=1, n_components=2, hidden_sizes=(4,), condition_shape=(1,)
    ),
    "planar-flow": lambda key: flows.planar_flow(key, n_features=2, n_layers=2),
    "planar-flow-of-one": lambda key: flows.planar_flow(key, n_features=1, n_layers=2),
    "radial-flow": lambda key: flows.radial_flow(key, n_features=2, n_layers=2),
    "radial-flow-of-one": lambda key: flows.radial_flow(key, n_features=1, n_layers=2),
    "sylvester-flow": lambda key: flows.sylvester_flow(
        key, n_features=2, n_layers=1, fast="samples"
    ),
    "sylvester-flow-of-one": lambda key: flows.sylvester_flow(key, n_features=1, n_layers=1),
    "residual-flow-of-one-conditional": lambda key: flows.residual_flow(
        key, n_features=1, n_layers=1, hidden_sizes=(8,), condition_shape=(1,)
    ),
    "residual-flow": lambda key: flows.residual_flow(
        key, n_features=2, n_layers=1, hidden_sizes=(8,)
    ),
}


def _randomised(start, scale: float):
    def build(key: Array):
        of_start, of_noise = jax.random.split(key)
        return randomise(start(of_start), of_noise, scale)

    return build


BIJECTORS: dict[str, Callable[[Array], Bijector]] = {
    name: _randomised(start, 0.5) for name, start in _STARTS.items()
}
"""From a name to a builder of a bijector with random parameters."""

DISTRIBUTIONS: dict[str, Callable[[Array], Distribution]] = {
    name: _randomised(start, 0.3) for name, start in _DISTRIBUTION_STARTS.items()
}
"""From a name to a builder of a distribution with random parameters."""

FLOWS: dict[str, Callable[[Array], Flow]] = {
    name: _randomised(start, 0.2) for name, start in _FLOW_STARTS.items()
}
"""From a name to a builder of a flow with random parameters."""

FLOW_STARTS = _FLOW_STARTS
"""From a name to a builder of a flow as it starts."""


def random_condition(key: Array, model, batch: tuple[int, ...]) -> Array | None:
    """Draw a condition for every event of a batch, None where the model declares none."""
    if model.condition_shape is None:
        return None
    return jax.random.normal(key, batch + model.condition_shape)
