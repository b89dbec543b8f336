r"""
3. Real NVP from scratch
========================

A Real NVP is a stack of couplings: half of the columns pass, and set the scale and the shift of
the others. Here it is written by hand, 25 lines for the layer and some 15 for the training, then
again in three lines; both reach the same loss. After that come the two moons: what the flow
learns, and what standardising, bounded scales, weight decay, batch size and depth do to it,
measured.
"""

import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from matplotlib import pyplot as plt

from fluvial import flows, plots, training
from fluvial.bijectors import Bijector, Chain
from fluvial.distributions import StandardNormal
from fluvial.evaluation import target
from fluvial.testing import check_bijector, randomise

# %%
# The layer
# ---------
#
# A mask says which columns pass: those with 1. Of them a network computes, for every other column,
# a log scale s and a shift t. The scale is bounded by a hyperbolic tangent, so that no layer
# stretches more than e-fold. Forward, from latents to data,
#
# .. math:: x = m z + (1 - m)\left(z\, e^{s(m z)} + t(m z)\right),
#
# and the columns that pass are the same on both sides, so that the inverse needs no inverse of a
# network. The Jacobian is triangular, and its log determinant the sum of s over the transformed
# columns.


class MaskedCoupling(Bijector):
    """Columns whose mask is 1 pass and set the affine map of the others."""

    network: eqx.nn.MLP
    mask: tuple[float, ...] = eqx.field(static=True)
    event_shape: tuple[int, ...] = eqx.field(static=True)

    def __init__(self, key, mask, width=32):
        self.mask, self.event_shape = tuple(mask), (len(mask),)
        self.network = eqx.nn.MLP(len(mask), 2 * len(mask), width, 2, key=key)

    def _scale_and_shift(self, value):
        moves = 1 - jnp.array(self.mask)
        out = jax.vmap(self.network)(value * jnp.array(self.mask))
        s, t = jnp.split(out, 2, axis=-1)
        return moves * jnp.tanh(s), moves * t

    def _forward_and_log_det(self, z, condition):
        s, t = self._scale_and_shift(z)
        return z * jnp.exp(s) + t, s.sum(-1)

    def _inverse_and_log_det(self, x, condition):
        s, t = self._scale_and_shift(x)
        return (x - t) * jnp.exp(-s), -s.sum(-1)


# %%
# The columns that pass have s = 0 and t = 0, so that one line serves all columns. Is it right? The
# checks of the package tell, in double precision, with parameters at random places:

layer = randomise(MaskedCoupling(jax.random.key(0), (1.0, 0.0, 1.0)), jax.random.key(1))
errors = check_bijector(layer, jax.random.key(2))
print(f"{len(errors)} checks passed, worst error {max(errors.values()):.0e}")

# %%
# The rows: two moons
# -------------------
#
# `fluvial.evaluation.target` draws them and knows their true density. They are standardised: each
# column gets mean 0 and standard deviation 1.

moons = target("moons")
raw = moons.sample(3_000, random_state=0)
centre, spread = raw.mean(axis=0), raw.std(axis=0)


def standardised(rows):
    return jnp.asarray((rows - centre) / spread, jnp.float32)


rows = standardised(raw)
fresh_raw = moons.sample(5_000, random_state=1)
fresh = standardised(fresh_raw)
# What the truth loses on fresh rows, in the same units: no model does better but by chance.
best = -(moons.log_prob(fresh_raw) + np.log(spread).sum()).mean()
print(f"loss of the truth on fresh rows {best:.3f} nats")

# %%
# Training by hand
# ----------------
#
# Ten couplings whose masks alternate, a standard normal as the base, and minus the mean log
# density as the loss. `training.partition` separates what is trained from what is not.


def by_hand(key, n_layers=10):
    keys = jax.random.split(key, n_layers)
    layers = [MaskedCoupling(k, (float(i % 2), float((i + 1) % 2))) for i, k in enumerate(keys)]
    return flows.Flow(StandardNormal(2), Chain(layers))


def loss(params, rest, rows):
    return -eqx.combine(params, rest).log_prob(rows).mean()


def fit(flow, rows, epochs=200, batch_size=256, rate=1e-3):
    params, rest = training.partition(flow)
    optimizer, losses = optax.adam(rate), []
    state = optimizer.init(params)

    @jax.jit
    def step(params, state, batch):
        gradient = jax.grad(loss)(params, rest, batch)
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(params, updates), state

    for epoch in range(epochs):
        order = np.random.default_rng(epoch).permutation(len(rows))
        for batch in np.array_split(order, len(rows) // batch_size):
            params, state = step(params, state, rows[batch])
        losses.append(float(loss(params, rest, rows)))
    return eqx.combine(params, rest), losses


began = time.perf_counter()
mine, losses = fit(by_hand(jax.random.key(0)), rows)
print(f"loss {losses[0]:.3f} after the first epoch, {losses[-1]:.3f} after the last; ", end="")
print(f"{-mine.log_prob(fresh).mean():.3f} on fresh rows, {time.perf_counter() - began:.0f} s")

# %%
# The same in three lines
# -----------------------

settings = {"hidden_sizes": (32, 32), "log_scale_bound": 1.0, "mask": "checkerboard"}
options = {"learning_rate": 6e-3, "show_progress": False}

flow = flows.real_nvp(jax.random.key(0), n_features=2, n_layers=10, **settings)
flow, history = training.fit(jax.random.key(1), flow, rows, max_epochs=200, **options)
print(f"{-flow.log_prob(fresh).mean():.3f} on fresh rows, {history.seconds:.0f} s")

# %%
# Both arrive at the same loss, some hundredths of a nat above the truth. The second keeps the
# epoch that is best on held-out rows, and its learning rate, six times as high, falls to zero.

figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
plots.training_history(losses, ax=axes[0])
axes[0].set_title("by hand")
plots.training_history(history, ax=axes[1])
axes[1].set_title("training.fit")
for each in axes:
    each.axhline(best, color="#009E73", ls=":")
    each.set_ylim(best - 0.1, 2.6)
plt.show()

# %%
# What it learned
# ---------------
#
# The green line is the truth. In the latent space the rows should look like a standard normal,
# with 39, 86 and 99 % of them within the three circles. The heat map is the density, and below are
# fresh rows beside rows that were drawn.

limits = ((-2.4, 2.4), (-2.8, 2.8))
drawn = np.asarray(flow.sample(jax.random.key(2), (2_000,)))
figure, axes = plt.subplots(2, 2, figsize=(8.5, 8), layout="constrained")
plots.latent(flow, fresh[:2_000], ax=axes[0, 0])
plots.density_2d(flow, limits=limits, ax=axes[0, 1])
plots.density_2d(samples=np.asarray(fresh[:2_000]), limits=limits, ax=axes[1, 0])
plots.density_2d(samples=drawn, limits=limits, ax=axes[1, 1])
titles = ("latents of fresh rows", "density", "fresh rows", "samples")
for each, title in zip(axes.flat, titles, strict=True):
    each.set_title(title)
plt.show()

# %%
# A grid of latents on its way through the ten couplings, drawn after each two, which have moved
# both columns: together they pull the grid apart and bend it into the moons.

_, axes = plt.subplots(3, 2, figsize=(7, 9.5), layout="constrained")
plots.flow_mapping(flow, layers=True, ax=axes)
plt.show()

# %%
# The bridge
# ----------
#
# A flow is continuous, so that it cannot cut its base into two pieces. A thin bridge of density
# remains between the moons. How much mass lies there, and wherever else the truth has next to
# none? Count the samples that are less likely under the truth than 99.9 % of its own rows: of the
# truth it is 0.1 %.

floor = np.quantile(moons.log_prob(moons.sample(200_000, random_state=2)), 0.001)


def bridge(flow, n=20_000):
    samples = np.asarray(flow.sample(jax.random.key(5), (n,)), np.float64) * spread + centre
    return float(np.mean(moons.log_prob(samples) < floor))


print(f"mass astray {bridge(flow):.2%}, by hand {bridge(mine):.2%}")

# %%
# What the settings do
# --------------------
#
# One change at a time, each with 100 epochs of `training.fit` and six couplings; the loss is that
# of the same fresh rows, less that of the truth. One seed each: a difference of a few hundredths
# means nothing.


def shortfall(rows=rows, fresh=fresh, *, epochs=100, n_layers=6, units=0.0, **changes):
    flow = flows.real_nvp(
        jax.random.key(0), n_features=2, n_layers=n_layers,
        **settings | {k: v for k, v in changes.items() if k in settings},
    )  # fmt: skip
    flow, history = training.fit(
        jax.random.key(1), flow, rows, max_epochs=epochs, validation_fraction=0,
        **options | {k: v for k, v in changes.items() if k not in settings},
    )  # fmt: skip
    return float(-flow.log_prob(fresh).mean() + units - best), flow, history


far = (raw * [1.0, 100.0]).astype(np.float32)
far_fresh = (fresh_raw * [1.0, 100.0]).astype(np.float32)
# Their densities are in other units: the difference is the logarithm of the change of volume.
units = -np.log(100.0) - np.log(spread).sum()
results = {"as it is": shortfall()[0]}
results["second column x 100, not standardised"] = shortfall(far, far_fresh, units=units)[0]
results["the same, bound 7"] = shortfall(far, far_fresh, log_scale_bound=7.0, units=units)[0]
for bound in (0.3, 3.0, 7.0):
    results[f"bound {bound:g} on the log scale"] = shortfall(log_scale_bound=bound)[0]
for decay in (0.01, 1.0):
    results[f"weight decay {decay:g}"] = shortfall(weight_decay=decay)[0]
for name, value in results.items():
    print(f"{name:40s}{value:9.3f}")

figure, axes = plt.subplots(figsize=(7.5, 4), layout="constrained")
axes.barh([*results], [*results.values()], color="#0072B2")
axes.invert_yaxis()
axes.set(xlabel="nats short of the truth on fresh rows")
plt.show()

# %%
# A column a hundred times as wide as the other costs a third of a nat if it is not standardised and
# scales are bounded by e-fold; a wide bound makes up for most of it. On standardised rows the bound
# matters less: a tight one needs more layers, a wide one is less steady. A little weight decay does
# next to nothing here, much of it harms.
#
# Depth
# -----
#
# Each coupling moves one column. How many are enough?

depths = {}
for n_layers in (2, 4, 10, 16):
    short, found, _ = shortfall(n_layers=n_layers)
    depths[n_layers] = found
    print(f"{n_layers:2d} couplings: {short:.3f} nats short, mass astray {bridge(found):.2%}")

figure, axes = plt.subplots(2, 2, figsize=(8.5, 7.5), layout="constrained")
for each, (n_layers, found) in zip(axes.flat, depths.items(), strict=True):
    plots.density_2d(found, limits=limits, ax=each, n=120)
    each.set_title(f"{n_layers} couplings")
plt.show()

# %%
# Batch size: by the step and by the epoch
# ----------------------------------------
#
# The same learning rate with batches of 32 rows, of 256 and of all: large batches have steadier
# gradients, small ones have more steps in an epoch.

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
for batch_size, colour in ((32, "#0072B2"), (256, "#009E73"), (3_000, "#D55E00")):
    per_epoch = -(-len(rows) // batch_size)
    short, _, found = shortfall(batch_size=batch_size, epochs=50 if batch_size < 3_000 else 600)
    at = np.arange(1, len(found.train_loss) + 1)
    label = "all" if batch_size == 3_000 else str(batch_size)
    left.plot(at * per_epoch, found.train_loss, color=colour, label=f"batches of {label}")
    right.plot(at, found.train_loss, color=colour, label=f"batches of {label}")
    print(f"batches of {label:>4s}: {at[-1]:4d} epochs, {at[-1] * per_epoch:5d} steps, {short:.3f}")
left.set(xlabel="step", ylabel="loss (nats a row)", xlim=(0, 600), ylim=(best, 2.6))
right.set(xlabel="epoch", ylabel="loss (nats a row)", xlim=(0, 50), ylim=(best, 2.6))
left.legend(frameon=False)
plt.show()

# %%
# Step by step the largest batches are ahead: their gradients are the steadiest. Epoch by epoch the
# smallest are, since they take ninety-four steps where the largest take one. "Large batches are
# good for densities" is true of the first count alone. (The learning rate falls over the length of
# each run, which favours the short ones in the left panel.)
#
# Exercises
# ---------
#
# 1. What do couplings without a scale, additive ones, lose on the moons?
# 2. A standard normal has 39.3, 86.5 and 98.9 % of its mass within the three circles. How much of
#    the fresh rows' latents is there?
# 3. Does a flow of spline couplings leave a bridge as well?
#
# Solutions
# ---------
#
# 1. `flows.nice` with `scale=False` keeps all volumes: its density can be no higher anywhere than
#    that of the base, 0.159.

additive = flows.nice(
    jax.random.key(0), n_features=2, n_layers=10, hidden_sizes=(32, 32), scale=False
)
additive, _ = training.fit(jax.random.key(1), additive, rows, max_epochs=100, **options)
print(f"additive: {-additive.log_prob(fresh).mean() - best:.3f} nats short")

# %%
# 2. Close, and not quite: the latents show what the density has not learned.

radius = jnp.linalg.norm(flow.bijector.inverse(fresh), axis=1)
print("within the circles:", [f"{jnp.mean(radius < r):.1%}" for r in (1, 2, 3)])

# %%
# 3. It does. Splines bend more sharply, but they are continuous all the same; with as few layers
#    more mass goes astray, at about the same loss.

spline = flows.neural_spline_flow(
    jax.random.key(0), n_features=2, n_layers=4, hidden_sizes=(32, 32), coupling=True
)
spline, _ = training.fit(jax.random.key(1), spline, rows, max_epochs=100, **options)
print(f"splines: {-spline.log_prob(fresh).mean() - best:.3f} nats short, ", end="")
print(f"mass astray {bridge(spline):.2%}")
