r"""
9. Variational inference with an inverse autoregressive flow
============================================================

A posterior is often known up to a constant: prior times likelihood. A flow can stand for it: it is
trained so that its samples are likely under the posterior and yet spread out. Here the answer is
known, so that everything can be checked: mean, covariance and the constant itself, the evidence.
"""

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib import pyplot as plt

from fluvial import flows, plots, training
from fluvial.bijectors import Affine
from fluvial.distributions import (
    GaussianMixture,
    MultivariateNormalTriL,
    StandardNormal,
    TransformedDistribution,
    kl_divergence,
)

rng = np.random.default_rng(0)

# %%
# A posterior with a known answer
# -------------------------------
#
# Linear regression: 40 rows, weights w with a standard normal prior, and noise of a known
# deviation. Two of the four inputs are nearly the same, so that their weights are strongly
# correlated in the posterior: the sum is known well, and the difference hardly.

n, D, noise = 40, 4, 0.5
inputs = rng.normal(size=(n, D))
inputs[:, 1] = inputs[:, 0] + 0.1 * rng.normal(size=n)
outputs = inputs @ np.array([1.0, 0.5, -1.0, 2.0]) + noise * rng.normal(size=n)

covariance = np.linalg.inv(np.eye(D) + inputs.T @ inputs / noise**2)
mean = covariance @ inputs.T @ outputs / noise**2
exact = MultivariateNormalTriL(mean, jnp.asarray(np.linalg.cholesky(covariance)))
marginal = inputs @ inputs.T + noise**2 * np.eye(n)
evidence = -0.5 * (
    outputs @ np.linalg.solve(marginal, outputs)
    + np.linalg.slogdet(marginal)[1]
    + n * np.log(2 * np.pi)
)
print(f"log evidence {evidence:.3f}")
print("deviations of the posterior", np.sqrt(np.diag(covariance)).round(3))

# %%
# All that is given to the flow is the logarithm of prior times likelihood, which needs no integral:


def log_joint(w):
    prior = -0.5 * (w**2).sum(-1) - D / 2 * jnp.log(2 * jnp.pi)
    errors = (outputs - w @ inputs.T) / noise
    likelihood = -0.5 * (errors**2).sum(-1) - n * jnp.log(noise * jnp.sqrt(2 * jnp.pi))
    return prior + likelihood


# %%
# Fit
# ---
#
# `training.fit_variational` draws from the flow q and lowers
# :math:`\mathbb{E}_q[\log q(w) - \log p(w, y)]`, the divergence from q to the posterior up to the
# evidence. Every step samples and scores its own samples, which an inverse autoregressive flow
# does in one pass.

flow = flows.iaf(jax.random.key(0), n_features=D, n_layers=3, hidden_sizes=(32, 32))
posterior, found = training.fit_variational(
    jax.random.key(1), flow, log_joint, max_epochs=15, learning_rate=5e-3, show_progress=False
)
print(f"lower bound of the log evidence {found.elbo.value:.3f}")
print(f"log evidence by importance sampling {found.log_normaliser.value:.3f}, exact {evidence:.3f}")
share = found.effective_sample_size / found.n_samples
print(f"effective sample size {share:.1%} of the samples")

# %%
# The bound is below the evidence by just the divergence. Importance weights correct what the flow
# still gets wrong; an effective sample size near 100 % says that there is little to correct.
# Against the exact posterior:

draws = np.asarray(posterior.sample(jax.random.key(2), (4_000,)), np.float64)
truth = np.asarray(exact.sample(jax.random.key(3), (4_000,)))
print("mean       ", draws.mean(axis=0).round(3), "exact", mean.round(3))
print("deviations ", draws.std(axis=0).round(3), "exact", np.sqrt(np.diag(covariance)).round(3))
print(f"correlation of the twins {np.corrcoef(draws.T)[0, 1]:.3f}, exact ", end="")
print(f"{covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]):.3f}")
print(f"divergence from the exact posterior {evidence - found.elbo.value:.4f} nats")
plots.corner(truth, draws)
plt.show()

# %%
# Blue is the exact posterior and orange the flow's; the narrow ridge of the twins is there.
#
# Why not something simpler?
# --------------------------
#
# The usual shortcut takes the weights as independent, with a normal for each (mean field). In this
# package it is an affine map of a standard normal.

independent = TransformedDistribution(StandardNormal(D), Affine(jnp.zeros(D), jnp.ones(D)))
simple, shortcut = training.fit_variational(
    jax.random.key(1), independent, log_joint, max_epochs=15, learning_rate=2e-2,
    show_progress=False,
)  # fmt: skip
deviations = np.asarray(simple.sample(jax.random.key(2), (4_000,))).std(axis=0)
print("deviations ", deviations.round(3), "exact", np.sqrt(np.diag(covariance)).round(3))
print(f"divergence {evidence - shortcut.elbo.value:.3f} nats, ", end="")
print(f"effective sample size {shortcut.effective_sample_size / shortcut.n_samples:.1%}")

# %%
# Independent normals have to fit inside the ridge, so that they are far too narrow: the posterior
# looks much surer than it is. That is the price of this direction of the divergence, and a flow
# that can bend does not pay it.
#
# A curved posterior
# ------------------
#
# Normals are no test of bending. A banana, whose constant is known, is:

DISTANCE = 0.1


def banana(x):
    return (
        -0.5 * x[..., 0] ** 2
        - 0.5 * ((x[..., 1] - x[..., 0] ** 2) / DISTANCE**0.5) ** 2
        - jnp.log(2 * jnp.pi)
        - 0.5 * jnp.log(DISTANCE)
    )


bent, fit = training.fit_variational(
    jax.random.key(4),
    flows.iaf(jax.random.key(5), n_features=2, n_layers=4, hidden_sizes=(32, 32)),
    banana, max_epochs=20, learning_rate=5e-3, show_progress=False,
)  # fmt: skip
print(f"log constant {fit.log_normaliser.value:.3f}, exact 0; bound {fit.elbo.value:.3f}, ", end="")
print(f"effective sample size {fit.effective_sample_size / fit.n_samples:.1%}")
drawn = bent.sample(jax.random.key(6), (1_500,))
plots.density_2d(banana, samples=drawn, limits=((-3.5, 3.5), (-1.5, 9)), log=True)
plt.show()

# %%
# Exercises
# ---------
#
# 1. What is the divergence of the exact posterior from mean field in closed form? Compare with the
#    estimate.
# 2. Two modes: fit the flow to half of N(-4, 1) and half of N(4, 1) in two columns. Does it find
#    both? What do bound and effective sample size say?
# 3. Does a MAF serve as well as the IAF here?
#
# Solutions
# ---------
#
# 1. Of all products of normals the nearest one, in this direction, has the same mean and the
#    deviations of each weight *given the others*.

conditional = 1 / np.sqrt(np.diag(np.linalg.inv(covariance)))
nearest = MultivariateNormalTriL(mean, jnp.asarray(np.diag(conditional)))
print("deviations given the others", conditional.round(3))
print(f"divergence in closed form {kl_divergence(nearest, exact):.3f}")

# %%
# 2. It finds one. The reverse divergence does not punish what is left out: the bound is
#    :math:`\log 2 = 0.69` too low, and the effective sample size does not notice, since no sample
#    lies in the other mode. Look at more than one number, and start from several places.

modes = GaussianMixture([0.5, 0.5], np.array([[-4.0, 0.0], [4.0, 0.0]]), np.stack([np.eye(2)] * 2))
both, fit = training.fit_variational(
    jax.random.key(7),
    flows.iaf(jax.random.key(8), n_features=2, n_layers=4, hidden_sizes=(32, 32)),
    modes.log_prob, max_epochs=15, learning_rate=5e-3, show_progress=False,
)  # fmt: skip
left = np.mean(np.asarray(both.sample(jax.random.key(9), (4_000,)))[:, 0] < 0)
print(f"{left:.1%} of the samples in the left mode; bound {fit.elbo.value:.2f}, exact 0; ", end="")
print(f"effective sample size {fit.effective_sample_size / fit.n_samples:.1%}")

# %%
# 3. It does: the divergence is as small. Its samples take a little longer, and so does training.

maf = flows.maf(jax.random.key(0), n_features=D, n_layers=3, hidden_sizes=(32, 32))
_, other = training.fit_variational(
    jax.random.key(1), maf, log_joint, max_epochs=15, learning_rate=5e-3, show_progress=False
)
print(
    f"divergence with a MAF {evidence - other.elbo.value:.4f}, {other.history.seconds:.0f} s; ",
    end="",
)
print(f"with the IAF {evidence - found.elbo.value:.4f}, {found.history.seconds:.0f} s")
