r"""
1. From the change of variables to a flow
=========================================

A density says how likely values are. This tutorial starts with the density everybody knows, the
histogram, and ends with a flow of one dimension. On the way it shows the one formula that all flows
rest on: what a map does to a density.

No knowledge of flows is needed; some of probability and of Python is.
"""

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib import pyplot as plt

from fluvial import flows, plots, training
from fluvial.bijectors import Affine, Exp, ExponentialCDF, Invert, NormalCDF
from fluvial.distributions import Normal, TransformedDistribution, Uniform

rng = np.random.default_rng(0)

# %%
# The first density: a histogram
# ------------------------------
#
# A histogram whose bars have area 1 is a density: the share of the rows in a bin, divided by the
# width of the bin. How many bins? Ask rows that the histogram has not seen: their mean log density
# is higher the better the density is. Few bins blur, many repeat the noise.

rows = rng.normal(1.0, 0.5, 2_000)
train, held_out = rows[:1_000], rows[1_000:]


def histogram(values, n_bins, low=-2.0, high=4.0):
    """Return the log density of each bin; a twentieth of a row more keeps empty ones above zero."""
    counts, _ = np.histogram(values, n_bins, (low, high))
    width = (high - low) / n_bins
    return np.log((counts + 0.05) / (len(values) + 0.05 * n_bins) / width)


def log_prob(log_density, values, low=-2.0, high=4.0):
    place = ((values - low) / (high - low) * len(log_density)).astype(int)
    return log_density[np.clip(place, 0, len(log_density) - 1)]


tried = [2, 4, 8, 12, 16, 24, 32, 48, 64, 128, 256, 512]
scores = {}
for n_bins in tried:
    found = histogram(train, n_bins)
    scores[n_bins] = [log_prob(found, part).mean() for part in (train, held_out)]
best = max(tried, key=lambda n_bins: scores[n_bins][1])
print(f"bins by held-out rows: {best}, {scores[best][1]:.3f} nats a row")
print(f"with 512 bins {scores[512][1]:.3f}, though its own rows have {scores[512][0]:.3f}")

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
left.plot(tried, [scores[n][0] for n in tried], "o-", color="#808080", label="rows it was made of")
left.plot(tried, [scores[n][1] for n in tried], "o-", color="#D55E00", label="held-out rows")
left.set(xscale="log", xlabel="bins", ylabel="mean log density (nats)")
left.legend(frameon=False)
for n_bins, colour in ((512, "#808080"), (best, "#0072B2")):
    edges = np.linspace(-2, 4, n_bins + 1)
    right.stairs(np.exp(histogram(train, n_bins)), edges, color=colour, label=f"{n_bins} bins")
right.set(xlabel="x", ylabel="density", ylim=(0, 2))
right.legend(frameon=False)
plt.show()

# %%
# On the left the grey curve never stops rising, and is no guide; the orange one has a top. The same
# question, put to held-out rows, is how every density of this package is judged.
#
# Drawing from a density: the inverse CDF
# ---------------------------------------
#
# The cumulative distribution function (CDF) of an exponential is
# :math:`F(x) = 1 - e^{-\lambda x}`. Solved for x it makes exponential rows of uniform ones:
# :math:`x = -\log(1 - u) / \lambda`. That is already a flow: a simple base, the uniform, and an
# invertible map. `ExponentialCDF` maps x to u, and `Invert` turns it round.

rate = 2.0
to_exponential = Invert(ExponentialCDF(rate))
uniform = rng.uniform(size=5_000)
exponential = np.asarray(to_exponential.forward(uniform))
by_hand = -np.log(1 - uniform) / rate
print(f"mean difference from the formula {np.abs(exponential - by_hand).mean():.0e}")
print(f"mean {exponential.mean():.3f}, and {1 / rate} is right")

# %%
# The density comes with the map. A stretch of the base keeps its mass, the area, wherever the map
# takes it: what is made wider becomes lower,
#
# .. math:: p_X(x) = p_Z(f^{-1}(x)) \left|\frac{d f^{-1}}{dx}(x)\right| .
#
# In the figure equal colours are equal stretches, before and after.

plots.change_of_variables_1d(
    Uniform(0.0, 1.0), to_exponential, samples=exponential, limits=(0.001, 0.995)
)
plt.show()

# %%
# Every CDF is such a map from its own distribution to the uniform. So the log density of a normal
# can be had in two ways: by its formula, and as that of a uniform sent through the inverse of the
# normal's CDF.

normal = Normal(0.0, 1.0)
by_cdf = TransformedDistribution(Uniform(0.0, 1.0), Invert(NormalCDF()))
print(f"log p(2.01): {normal.log_prob(2.01):.6f} by formula, {by_cdf.log_prob(2.01):.6f} by map")

# %%
# Another map, the exponential function, makes a log-normal of a normal. The histogram of samples
# and the transformed density agree:

axes = plots.change_of_variables_1d(
    normal, Exp(), samples=np.exp(rng.normal(size=5_000)), limits=(-2.5, 1.8)
)
axes[-1].set_xlim(0, 8)
plt.show()

# %%
# Mass is what stays. The interval from -1 to 1 of the base goes to that from 1/e to e. The density
# at its upper end falls by the slope of the map there, which is e:

log_normal = TransformedDistribution(normal, Exp())
before = normal.cdf(1.0) - normal.cdf(-1.0)
after = log_normal.cdf(jnp.e) - log_normal.cdf(1 / jnp.e)
print(f"mass before {before:.4f}, after {after:.4f}")
print(f"density at the end z = 1: {normal.prob(1.0):.4f}, at x = e: {log_normal.prob(jnp.e):.4f}")

# %%
# Fitting a flow of two parameters
# --------------------------------
#
# Now the map has parameters: :math:`x = \theta_0 + \theta_1 z` with z from a standard normal. Rows
# are given, and the parameters are to be found under which they are most likely: the loss is minus
# the sum of their log densities. 10,000 rows are drawn with 1.0 and 0.5. First, look everywhere: a
# grid of 100 x 100 points.

X = jnp.asarray(rng.normal(1.0, 0.5, 10_000), jnp.float32)


def loss(theta):
    flow = TransformedDistribution(normal, Affine(theta[0], theta[1]))
    return -flow.log_prob(X).sum()


first, second = np.linspace(0.5, 1.5, 100), np.linspace(0.3, 0.7, 100)
grid = jnp.stack(jnp.meshgrid(first, second, indexing="ij"), axis=-1).reshape(-1, 2)
losses = np.asarray(jax.jit(lambda grid: jax.lax.map(loss, grid, batch_size=50))(grid))
lowest = np.asarray(grid[losses.argmin()])
print(f"the grid's minimum is at {lowest[0]:.4f}, {lowest[1]:.4f}")

# %%
# That recovers 1.0 and 0.5. For a normal there is a closed form as well: the mean and the standard
# deviation of the rows. Three losses side by side, computed in double precision, since they differ
# in the fifth digit:

exact = np.asarray(X, np.float64)


def exact_loss(shift, scale):
    return np.sum(((exact - shift) / scale) ** 2 / 2 + np.log(scale) + np.log(2 * np.pi) / 2)


at_truth = exact_loss(1.0, 0.5)
at_grid = exact_loss(*lowest)
at_best = exact_loss(exact.mean(), exact.std())
print(f"loss at the truth        {at_truth:.3f}")
print(f"at the grid's minimum    {at_grid:.3f}")
print(f"at the closed form       {at_best:.3f}")

figure, axes = plt.subplots(figsize=(6.5, 4.5), layout="constrained")
surface = losses.reshape(100, 100).T
levels = np.geomspace(1, 1e4, 9)
shown = axes.contour(first, second, surface - at_best, levels, cmap="viridis_r", norm="log")
figure.colorbar(shown, ax=axes, label="loss above the closed form (nats)", format="%.3g")
axes.plot(1.0, 0.5, "x", color="#D55E00", label="truth")
axes.plot(*lowest, "o", color="#0072B2", mfc="none", label="grid's minimum")
axes.set(xlabel=r"$\theta_0$ (shift)", ylabel=r"$\theta_1$ (scale)")
axes.legend(frameon=False)
plt.show()

# %%
# The closed form is the lowest point of this very loss, so nothing lies below it. The grid's
# minimum is higher because the grid is coarse: its points are 0.010 and 0.004 apart, and the
# lowest point falls between them. Whether it also lies above the loss at the truth is chance. The
# truth is not the lowest point either: these 10,000 rows are a little more likely under their own
# mean and deviation. None of this is overfitting: two parameters and 10,000 rows leave no room for
# it.
#
# The same by gradient descent
# ----------------------------
#
# No grid reaches far: with a hundred parameters it would have :math:`100^{100}` points. Gradients
# do. JAX differentiates the loss through the flow; the scale is kept positive by training its
# logarithm.

descend = jax.jit(
    jax.value_and_grad(lambda raw: loss(jnp.array([raw[0], jnp.exp(raw[1])])) / len(X))
)
raw, path = jnp.array([0.5, jnp.log(0.7)]), []
for _step in range(100):
    value, gradient = descend(raw)
    path.append((float(raw[0]), float(jnp.exp(raw[1])), float(value)))
    raw = raw - 0.1 * gradient
fitted = np.array([raw[0], jnp.exp(raw[1])], np.float64)
print(f"gradient descent arrives at {fitted[0]:.4f}, {fitted[1]:.4f}")
print(f"closed form                 {exact.mean():.4f}, {exact.std():.4f}")
print(f"loss {exact_loss(*fitted):.3f}, closed form {at_best:.3f}")

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
left.contour(first, second, surface - at_best, levels, cmap="viridis_r", norm="log")
left.plot([p[0] for p in path], [p[1] for p in path], ".-", color="#D55E00", label="steps")
left.set(xlabel=r"$\theta_0$ (shift)", ylabel=r"$\theta_1$ (scale)")
left.legend(frameon=False)
plots.training_history([p[2] for p in path], ax=right)
right.set_xlabel("step")
plt.show()

# %%
# The steps end where the contours close in, and the loss a row ends at the entropy of the
# truth within what 10,000 rows can tell. What was found is a flow: it scores, samples, and knows
# masses.

flow = TransformedDistribution(normal, Affine(*fitted))
mass = flow.cdf(1.5) - flow.cdf(0.5)
print(f"mass of [0.5, 1.5] {mass:.4f}; before, of the latents' interval {before:.4f}; ", end="")
print(f"share of the rows {np.mean((exact > 0.5) & (exact < 1.5)):.4f}")

# %%
# A flow made of networks
# -----------------------
#
# An affine map makes normals of normals and nothing else. A flow of `fluvial.flows` stacks layers
# whose parameters come from networks. In one dimension a masked autoregressive flow (MAF) has no
# earlier column to look at, so that its layers are affine still, and it is the right model for
# these rows and no more.

maf = flows.maf(jax.random.key(3), n_features=1, n_layers=5, hidden_sizes=(4,))
column = X[:, None]
trained, history = training.fit(
    jax.random.key(0), maf, column, max_epochs=20, learning_rate=1e-2, show_progress=False
)
x = np.linspace(-3, 4, 400)[:, None]
figure, axes = plt.subplots(figsize=(7, 3.8), layout="constrained")
axes.hist(exact, bins=60, density=True, color="#808080", alpha=0.4, label="rows")
axes.plot(x, np.exp(maf.log_prob(x)), "--", color="#D55E00", label="before training")
axes.plot(x, np.exp(trained.log_prob(x)), color="#0072B2", label="after")
axes.set(xlabel="x", ylabel="density")
axes.legend(frameon=False)
plt.show()
truth = Normal(1.0, 0.5)
gap = np.abs(np.exp(trained.log_prob(x)) - truth.prob(x[:, 0])).max()
print(f"loss a row before {-maf.log_prob(column).mean():.3f}, after ", end="")
print(f"{-trained.log_prob(column).mean():.4f}; entropy of the truth {truth.entropy():.4f}")
print(f"largest difference from the true density {gap:.3f}")

# %%
# Before training the flow starts as the identity, so its density is that of the base, the standard
# normal. Afterwards it lies on the histogram.
#
# Exercises
# ---------
#
# 1. Draw 10,000 rows again, a hundred times. How often is the loss at the grid's minimum higher
#    than that at the truth?
# 2. Rows of two clumps, half of N(-1, 0.3) and half of N(1, 0.3): how many nats does the best
#    affine flow lose against the truth? Does a spline flow do better?
# 3. What density has :math:`x = z^3` at x = 0, with z from a standard normal?
#
# Solutions
# ---------
#
# 1. Mean and deviation are all that the loss depends on, so that the grid can be looked up at once.

above = 0
for seed in range(100):
    values = np.random.default_rng(seed).normal(1.0, 0.5, 10_000)
    mean, deviation, n = values.mean(), values.std(), len(values)

    def mean_loss(shift, scale, mean=mean, deviation=deviation):
        squares = deviation**2 + (mean - shift) ** 2
        return squares / (2 * scale**2) + np.log(scale)

    above += mean_loss(first[:, None], second[None, :]).min() > mean_loss(1.0, 0.5)
print(f"the grid's minimum is above the truth in {above} of 100 draws")

# %%
# 2. The affine flow can only match mean and deviation. Splines bend the line as they need to.

clumps = np.concatenate([rng.normal(-1, 0.3, 2_000), rng.normal(1, 0.3, 2_000)])
rng.shuffle(clumps)


def true_log_prob(x):
    parts = [Normal(mean, 0.3).prob(x[:, 0]) for mean in (-1.0, 1.0)]
    return np.log(0.5 * parts[0] + 0.5 * parts[1])


seen, unseen = clumps[:3_000, None], clumps[3_000:, None]
affine = TransformedDistribution(normal, Affine(seen.mean(), seen.std()))
spline = flows.neural_spline_flow(jax.random.key(0), n_features=1, n_layers=2, hidden_sizes=(16,))
spline, _ = training.fit(
    jax.random.key(1), spline, seen, max_epochs=60, learning_rate=5e-3, show_progress=False
)
for name, found in (("affine", affine.log_prob(unseen[:, 0])), ("spline", spline.log_prob(unseen))):
    print(f"{name}: {np.mean(true_log_prob(unseen) - found):.3f} nats short")

# %%
# 3. Infinite: the slope of the map is 0 there, so that a stretch of z with its mass is squeezed
#    into a point's width. The formula divides by that slope, :math:`3 z^2`.

z = np.array([1e-1, 1e-2, 1e-3])
print("density at", z**3, "is", np.round(normal.prob(z) / (3 * z**2), 1))
