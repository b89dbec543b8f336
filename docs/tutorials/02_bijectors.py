r"""
2. Bijectors: the building blocks
=================================

A bijector is an invertible map that knows what it does to volumes. Flows are made of nothing else.
This tutorial goes through what every bijector can do, how they are put together, how they make
distributions, how to write one, and how a chain of them is trained.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from matplotlib import pyplot as plt

from fluvial import plots, training
from fluvial.bijectors import (
    AffineLinear,
    Chain,
    Elementwise,
    Exp,
    Inline,
    Invert,
    LeakyReLU,
    NormalCDF,
    PerEvent,
    Scale,
    Shift,
)
from fluvial.distributions import Normal, StandardNormal, TransformedDistribution
from fluvial.testing import BijectorCheckError, check_bijector

# %%
# Forward and inverse
# -------------------
#
# `forward` maps latents z to data x, and `inverse` maps back.

scale, shift = Scale(2.0), Shift(1.0)
print("doubled", scale.forward(jnp.array([1.0, 2.0, 3.0])))
print("halved ", scale.inverse(jnp.array([5.0, 3.0, 1.0])))

# %%
# A chain applies the last listed first, as in :math:`f(g(z))`. Calling one bijector with another
# makes the same chain, and calling it with values is its `forward`.

both = Chain([shift, scale])
print("doubled, then shifted", both.forward(jnp.array([1.0, 2.0, 3.0])))
print("the same             ", shift(scale)(jnp.array([1.0, 2.0, 3.0])))
print("and back             ", both.inverse(jnp.array([2.0, 5.0, 8.0])))

# %%
# Log determinants
# ----------------
#
# How much a map stretches is the absolute determinant of its Jacobian, and its logarithm is what
# one adds up. Both directions return it beside the value; one is minus the other, and that of a
# chain is the sum over its parts.

z = jnp.array([0.3, -1.2])
for name, bijector in (("Scale", Scale(jnp.full(2, 2.0))), ("Exp", Inline(jnp.exp, jnp.log))):
    x, forward = bijector.forward_and_log_det(z)
    back, inverse = bijector.inverse_and_log_det(x)
    print(name, "forward", forward, "inverse", inverse)

# %%
# The first bijector has event shape (2,): it maps two values as one event, with one log det, which
# is :math:`2 \log 2 = 1.386`. The second has event shape (): the two values are a batch of two
# events, with a log det each.
#
# In two dimensions: :math:`(1.5 z_1 + 1, 3 z_2 + 1)` makes areas 9/2 times as large, and
# :math:`\log 4.5 = 1.504`. With correlations the determinant of a triangular matrix is the product
# of its diagonal, whatever stands below it:

stretch = AffineLinear(shift=[1.0, 1.0], scale_diag=[1.5, 3.0])
sheared = AffineLinear(shift=[1.0, 1.0], scale_tril=[[1.5, 0.0], [2.0, 3.0]])
print("log dets", stretch.forward_and_log_det(z)[1], sheared.forward_and_log_det(z)[1])
plots.flow_mapping(sheared, layers=True)
plt.show()

# %%
# The square grid of latents became a parallelogram, every cell of it 4.5 times as large.
#
# Distributions
# -------------
#
# A base and a bijector make a distribution: its samples are mapped forward, its densities go back.
# The log det counts what the map has stretched. Doubling a normal halves its density:

normal = Normal(0.0, 1.0)
doubled = TransformedDistribution(normal, scale)
at = jnp.array([0.0, 0.5, 1.0])
print("log density of the base  ", normal.log_prob(at).round(4))
print("after doubling, at 2 z   ", doubled.log_prob(2 * at).round(4))
print("by hand                  ", (normal.log_prob(at) - jnp.log(2.0)).round(4))

# %%
# Probabilities of intervals stay, so that the CDF of the result is that of the base at z. Any
# monotone map does so, and `bijector(distribution)` is a short way to write it.

log_normal = Exp()(normal)
print("cdf of the base          ", normal.cdf(at).round(4))
print("cdf after exp, at exp(z) ", log_normal.cdf(jnp.exp(at)).round(4))
print("median of the log-normal ", log_normal.quantile(0.5))

# %%
# One of your own
# ---------------
#
# A map of each value needs one method. What is not written is derived: the inverse by a root
# search, the log det by automatic differentiation.


class Cubic(Elementwise):
    """x = z + rate z^3 with a trained, positive rate."""

    log_rate: jax.Array
    event_shape = ()

    def _forward(self, z):
        return z + jnp.exp(self.log_rate) * z**3


cubic = Cubic(jnp.array(-1.0))
print("there and back:", cubic.inverse(cubic.forward(1.7)))
errors = check_bijector(cubic, jax.random.key(0))
print(f"worst of {len(errors)} checks: {max(errors.values()):.0e}")

# %%
# `check_bijector` compares, in double precision and at random points, both round trips, and the
# log dets with the Jacobian by automatic differentiation and by differences. Where a formula
# exists it is faster, and where it is wrong the check says so. This map of two columns is written
# with both directions, and with a sign error on demand:


class Twist(PerEvent):
    """(z1, z2) to (z1, e^z1 z2): a coupling with an exponential in place of a network."""

    sign: float = 1.0
    event_shape = (2,)

    def _event_forward_and_log_det(self, z, condition):
        return jnp.array([z[0], jnp.exp(z[0]) * z[1]]), z[0]

    def _event_inverse_and_log_det(self, x, condition):
        return jnp.array([x[0], jnp.exp(-x[0]) * x[1]]), -self.sign * x[0]


print(f"right: worst error {max(check_bijector(Twist(), jax.random.key(0)).values()):.0e}")
try:
    check_bijector(Twist(sign=-1.0), jax.random.key(0))
except BijectorCheckError as error:
    print("wrong:", str(error).splitlines()[0].split(":")[0])

# %%
# A chain that learns
# -------------------
#
# Every array of a bijector is trained unless it is wrapped in `fluvial.parameters.Fixed`. An
# affine map with a leaky rectifier behind it is a bit of a neural network, made of bijectors. The
# rows come from just such a chain, whose rectifier has slope 0.3 below zero.

truth = TransformedDistribution(
    StandardNormal(2),
    Chain(
        [
            LeakyReLU(jnp.full(2, 0.3)),
            AffineLinear([1.0, -1.0], scale_tril=[[1.5, 0.0], [0.7, 0.8]]),
        ]
    ),
)
rows = truth.sample(jax.random.key(0), (1_000,))
fresh = truth.sample(jax.random.key(1), (5_000,))
best = truth.log_prob(fresh).mean()


def start():
    """Return the same chain before anything is known of the rows."""
    affine = AffineLinear([0.0, 0.0], scale_tril=np.eye(2))
    return TransformedDistribution(StandardNormal(2), Chain([LeakyReLU(jnp.full(2, 0.9)), affine]))


# %%
# Adam at two learning rates, each for 100 epochs of 10 steps:

figure, axes = plt.subplot_mosaic(
    [["loss", "loss"], ["truth", "fitted"]], figsize=(8, 6.5), layout="constrained"
)
fitted = {}
for rate, colour in ((1e-4, "#808080"), (1e-2, "#0072B2")):
    fitted[rate], history = training.fit(
        jax.random.key(2), start(), rows, batch_size=100, max_epochs=100, validation_fraction=0,
        optimizer=optax.adam(rate), schedule="constant", show_progress=False,
    )  # fmt: skip
    axes["loss"].plot(history.train_loss, color=colour, label=f"rate {rate:g}")
    short = best - fitted[rate].log_prob(fresh).mean()
    slopes = fitted[rate].bijector.parts[0].alpha
    print(f"rate {rate:g}: {short:.3f} nats short on fresh rows, slopes {slopes.round(2)}")
axes["loss"].axhline(-truth.log_prob(rows).mean(), color="#D55E00", ls=":", label="truth")
axes["loss"].set(xlabel="epoch", ylabel="loss (nats a row)")
axes["loss"].legend(frameon=False)
plots.density_2d(truth, samples=rows, limits=((-2, 6), (-3, 2)), ax=axes["truth"])
plots.density_2d(fitted[1e-2], limits=((-2, 6), (-3, 2)), ax=axes["fitted"])
axes["truth"].set_title("truth, and the rows")
axes["fitted"].set_title("fitted at rate 0.01")
plt.show()

# %%
# A step of Adam moves a parameter by about the learning rate at most. At 0.0001 a thousand steps
# move it by 0.1, and no parameter arrives, however steadily the loss falls. At 0.01 the chain ends
# within a few hundredths of a nat of the truth. Look at where a loss ends, and not only whether it
# falls.
#
# Exercises
# ---------
#
# 1. What is the log det of `Chain([Scale(2.0), Exp(), Shift(1.0)])` at z = 0, in both directions?
# 2. Write the map :math:`x = \sinh(z)` with `Inline`, and give its log density at 1 on a standard
#    normal.
# 3. Which bijector makes a standard normal uniform? Check it with 10,000 rows.
#
# Solutions
# ---------
#
# 1. The shift adds nothing, the exponential z + 1 = 1, the scale log 2.

chain = Chain([Scale(2.0), Exp(), Shift(1.0)])
x, forward = chain.forward_and_log_det(0.0)
print(f"forward {forward:.4f}, inverse {chain.inverse_and_log_det(x)[1]:.4f}, "
      f"1 + log 2 = {1 + np.log(2):.4f}")  # fmt: skip

# %%
# 2. The log det is :math:`-\log\cosh z`; it need not be written.

hyperbolic = TransformedDistribution(normal, Inline(jnp.sinh, jnp.arcsinh))
z = np.arcsinh(1.0)
by_hand = normal.log_prob(z) - np.log(np.cosh(z))
print(f"log density at 1: {hyperbolic.log_prob(1.0):.4f}, by hand {by_hand:.4f}")

# %%
# 3. Its own CDF, here inverted twice to show that `Invert` undoes itself. A tenth of the rows lies
#    in each tenth of the interval, up to chance.

uniform = Invert(Invert(NormalCDF())).forward(normal.sample(jax.random.key(3), (10_000,)))
print("rows in each tenth:", np.histogram(uniform, 10, (0, 1))[0])
