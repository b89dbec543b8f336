r"""
5. Depth and gaps: how many layers?
===================================

One affine autoregressive layer turns a Gaussian into one bump. More layers bend it further, and at
some depth nothing more is gained. What makes a density hard is less its number of modes than the
gaps between them. This tutorial measures both, in a small copy of a study of masked autoregressive
flows on targets whose density is known.
"""

import jax
import numpy as np
from matplotlib import pyplot as plt

from fluvial import FlowDensity, flows, plots, training
from fluvial.distributions import GaussianMixture
from fluvial.evaluation import divergence, seven_gaussians, target

# %%
# Targets, and how far one is from them
# -------------------------------------
#
# `fluvial.evaluation.target` returns distributions that draw rows and know their density. The
# distance of a fitted density q from the truth p is the Kullback-Leibler divergence, in nats, here
# from 10,000 rows of the truth,
#
# .. math:: \mathrm{KL}(p \parallel q) = \mathbb{E}_p[\log p(x) - \log q(x)] .
#
# It is 0 for a perfect fit: what a row loses, in the mean, by being described with q.

names = ("two_gaussians", "four_gaussians_diagonal", "four_gaussians_row", "nine_gaussians")
targets = {name: target(name) for name in names}
figure, axes = plt.subplots(2, 2, figsize=(8, 7.5), layout="constrained")
for each, truth in zip(axes.flat, targets.values(), strict=True):
    rows = truth.sample(1_500, random_state=0)
    plots.density_2d(samples=rows, ax=each)
    each.set_title(truth.name.replace("_", " "))
plt.show()

# %%
# Depth
# -----
#
# Affine MAFs of 1, 3, 5 and 7 layers with 64 x 64 units, fitted to 4,000 standardised rows for 60
# epochs. The density of standardised rows is brought back to the target's units by the log det of
# the scaling.


class Fitted:
    """A flow of standardised rows, as a density of the rows as they are."""

    def __init__(self, truth, build, n=4_000, epochs=60):
        rows = truth.sample(n, random_state=0)
        self.centre, self.spread = rows.mean(axis=0), rows.std(axis=0)
        self.flow, self.history = training.fit(
            jax.random.key(1), build(jax.random.key(0)), (rows - self.centre) / self.spread,
            max_epochs=epochs, learning_rate=3e-3, show_progress=False,
        )  # fmt: skip

    def log_prob(self, x):
        z = (np.asarray(x) - self.centre) / self.spread
        return np.asarray(self.flow.log_prob(z), np.float64) - np.log(self.spread).sum()

    def sample(self, n, random_state=0):
        drawn = self.flow.sample(jax.random.key(random_state), (n,))
        return np.asarray(drawn, np.float64) * self.spread + self.centre


def maf(n_layers):
    return lambda key: flows.maf(key, n_features=2, n_layers=n_layers, hidden_sizes=(64, 64))


depths = (1, 3, 5, 7)
fitted = {
    (name, depth): Fitted(truth, maf(depth)) for name, truth in targets.items() for depth in depths
}
print("KL divergence in nats:" + "".join(f"{depth:3d} layers" for depth in depths))
for name, truth in targets.items():
    found = [divergence(truth, fitted[name, depth]).value for depth in depths]
    print(f"{name:24s}" + "".join(f"{value:9.3f}" for value in found))

# %%
# One layer cannot do it: it makes one column normal, and the other normal given the first. Three
# layers gain most of what there is to gain where there are two modes; with nine, seven layers are
# still at work. And depth is no cure by itself. The four in a row are the trap: their columns are
# independent, so that no layer sees a reason to bend one by the other. Where training does not
# leave that place, the result is the best single Gaussian, whatever the depth: it is what one
# layer gives.

figure, axes = plt.subplots(2, 2, figsize=(8.5, 7.5), layout="constrained")
limits = ((-11, 11), (-11, 11))
for each, depth in zip(axes.flat, depths, strict=True):
    plots.density_2d(
        fitted["four_gaussians_diagonal", depth], limits=limits, log=True, n=120, ax=each
    )
    each.set_title(f"{depth} layer{'s' * (depth > 1)}")
plt.show()

# %%
# Colours tell the log density, so that thin mass is seen. The four modes are there from three
# layers on, with threads between them: the flow is continuous, and its base is in one piece.
#
# How much mass is in the threads? Count samples where the truth is lower than at 99.9 % of its own
# rows.


def astray(truth, density, n=20_000):
    own = truth.log_prob(truth.sample(n, random_state=5))
    return np.mean(truth.log_prob(density.sample(n, random_state=6)) < np.quantile(own, 0.001))


truth = targets["four_gaussians_diagonal"]
for depth in depths:
    share = astray(truth, fitted["four_gaussians_diagonal", depth])
    print(f"{depth} layers: {share:.1%} of the samples lie where the truth has 0.1 %")

# %%
# Gaps
# ----
#
# Seven Gaussians in two columns, their means ever farther apart. Each is as wide as before; only
# what is empty between them grows. Five layers, all else as above.

gaps = ("small", "medium", "large", "giant")
results = {}
for gap in gaps:
    truth = seven_gaussians(gap, n_columns=2)
    found = Fitted(truth, maf(5))
    results[gap] = (truth, found)
    print(
        f"{gap:7s} gap: KL {divergence(truth, found).value:.3f}, astray {astray(truth, found):.1%}"
    )

figure, axes = plt.subplots(2, 2, figsize=(8.5, 7.5), layout="constrained")
for line, gap in zip(axes, ("small", "giant"), strict=True):
    truth, found = results[gap]
    reach = np.abs(truth.sample(2_000, random_state=0)).max() + 1
    ends = ((-reach, reach), (-reach, reach))
    for each, density, title in zip(
        line, (truth, found), ("truth", "MAF, five layers"), strict=True
    ):
        plots.density_2d(density, limits=ends, log=True, n=100, ax=each)
        each.set_title(f"{gap} gap: {title}")
plt.show()

# %%
# The small gap is close to a single bump and easily learned. With the giant one the same network,
# the same number of modes and of rows give a divergence many times as large, and the mass between
# the modes grows along with it. Gaps are what costs a flow, since its base has none.
#
# What to do about it? Take a base that has modes, or transformers that bend more sharply, or a
# mixture, which may be in pieces. The default density of Fluvial does the last two.
#
# Exercises
# ---------
#
# 1. Fit a spline flow of two layers to the four in a row and to the nine.
# 2. What does a mixture of Gaussians make of the giant gap? Use `FlowDensity(flow="classical")`.
# 3. Give the MAF a base of seven Gaussians, placed at random and trained along with it.
#
# Solutions
# ---------
#
# 1. Splines bend each column by itself, so that they do not need the other one as an excuse.


def spline(key):
    return flows.neural_spline_flow(key, n_features=2, n_layers=2, hidden_sizes=(64, 64))


for name in ("four_gaussians_row", "nine_gaussians"):
    truth = targets[name]
    print(f"{name}: KL {divergence(truth, Fitted(truth, spline)).value:.3f}")

# %%
# 2. The truth is of just that kind, so that it is hardly a contest.

truth, found = results["giant"]
classical = FlowDensity(flow="classical", random_state=0).fit(truth.sample(4_000, random_state=0))
print(f"KL {divergence(truth, classical).value:.3f}, the MAF {divergence(truth, found).value:.3f}")

# %%
# 3. The base can now be in pieces, and the layers have less to tear.

means = np.random.default_rng(0).uniform(-1.5, 1.5, (7, 2))


def with_modes(key):
    base = GaussianMixture(
        np.full(7, 1 / 7), means, np.stack([0.1 * np.eye(2)] * 7), trainable=True
    )
    return flows.maf(key, n_features=2, n_layers=5, hidden_sizes=(64, 64), base=base)


found = Fitted(truth, with_modes)
print(f"KL {divergence(truth, found).value:.3f}, astray {astray(truth, found):.1%}")
