r"""
4. MAF, IAF and couplings: fast in which direction?
===================================================

Textbooks have a rule of thumb: a masked autoregressive flow (MAF) scores fast and samples slowly,
an inverse one (IAF) samples fast and scores slowly, and couplings do both fast, being less
flexible. This tutorial says where the rule comes from, measures it, and shows what becomes of it
when the slow direction is computed another way.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib import pyplot as plt

from fluvial import flows, training
from fluvial.bijectors import Affine, Coupling, MaskedAutoregressive
from fluvial.evaluation import target
from fluvial.networks import MADE
from fluvial.testing import randomise

# %%
# Where the rule comes from
# -------------------------
#
# An autoregressive layer transforms each column given those before it,
#
# .. math:: x_i = z_i\, e^{s(x_{1:i-1})} + t(x_{1:i-1}), \qquad
#           z_i = (x_i - t(x_{1:i-1}))\, e^{-s(x_{1:i-1})} .
#
# The networks s and t look at x. With a whole row x at hand, all of them are one pass of a masked
# network, so a density is cheap. To sample, :math:`x_1` is needed for :math:`x_2`, that for
# :math:`x_3`, and so on: D steps, each of which, done naively, passes the whole network. The IAF
# is the same layer inverted. A coupling is one whose conditioning columns pass unchanged, so that
# both directions take one pass.
#
# The Jacobian of a layer shows what depends on what: row i is column i of the output.

layer = MaskedAutoregressive(jax.random.key(0), Affine(), n_features=6, hidden_sizes=(16, 16))
layer = randomise(layer, jax.random.key(1))
jacobian = jax.jacobian(layer.inverse)(jnp.linspace(-1, 1, 6))
print((jnp.abs(jacobian) > 0).astype(int))

# %%
# Lower triangular: its determinant is the product of the diagonal. The network was built with
# masks so that it cannot be otherwise.
#
# Measured
# --------
#
# Three flows of 32 columns with five layers of 64 x 64 units; 2,000 densities, and 2,000 samples.
# The first call compiles and is left out; the time is the best of five. These are times of the
# machine that built this page, and only their ratios mean something elsewhere.


def milliseconds(function, *arguments, repeats=5):
    jax.block_until_ready(function(*arguments))
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        jax.block_until_ready(function(*arguments))
        times.append(time.perf_counter() - began)
    return 1e3 * min(times)


D, n = 32, 2_000
sizes = {"n_features": D, "n_layers": 5, "hidden_sizes": (64, 64)}
built = {
    "MAF": flows.maf(jax.random.key(0), linear="reverse", **sizes),
    "IAF": flows.iaf(jax.random.key(0), linear="reverse", **sizes),
    "coupling": flows.real_nvp(jax.random.key(0), **sizes),
}
x = jax.random.normal(jax.random.key(1), (n, D))
for name, flow in built.items():
    density = milliseconds(flow.log_prob, x)
    sample = milliseconds(flow.sample, jax.random.key(2), (n,))
    print(f"{name:9s} densities {density:6.1f} ms, samples {sample:6.1f} ms")

# %%
# The rule holds in its direction: the MAF is slower at samples, the IAF at densities, and the
# coupling is even. But it would let one expect a factor of D, which is 32 here, and that is not
# what was measured.
#
# How the slow direction became fast
# ----------------------------------
#
# The naive loop passes the whole network D times. Nearly all of that is wasted: in step i only the
# hidden units that depend on :math:`x_i` and nothing later are new. Fluvial sorts the units by the
# last column they may see, so that step i computes its own units and no others, and every weight
# is used once. D narrow steps then cost about as much arithmetic as one pass.
#
# A layer with a network of one's own, about whose inside nothing is known, is inverted by the
# loop. So the two can be compared on the same weights:


def both_ways(D, width=128):
    made = MADE(jax.random.key(0), n_features=D, n_params=2, hidden_sizes=(width, width))
    made = randomise(made, jax.random.key(1), scale=0.05)
    once = MaskedAutoregressive(None, Affine(), n_features=D, network=made)
    loop = MaskedAutoregressive(None, Affine(), n_features=D, network=lambda x: made(x))
    return once, loop


widths = (4, 8, 16, 32, 64, 128)
times = {"density": [], "sample, every unit once": [], "sample, D passes": []}
for D in widths:
    once, loop = both_ways(D)
    z = jax.random.normal(jax.random.key(3), (1_000, D))
    x = once.forward(z)
    assert jnp.allclose(x, loop.forward(z), atol=1e-3)
    times["density"].append(milliseconds(jax.jit(once.inverse), x))
    times["sample, every unit once"].append(milliseconds(jax.jit(once.forward), z))
    times["sample, D passes"].append(milliseconds(jax.jit(loop.forward), z))

figure, axes = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
for (name, values), colour in zip(times.items(), ("#0072B2", "#009E73", "#D55E00"), strict=True):
    axes.plot(widths, values, "o-", color=colour, label=name)
axes.set(xscale="log", yscale="log", xlabel="columns D", ylabel="ms, 1,000 rows, one layer")
axes.legend(frameon=False)
plt.show()
for D, density, once, loop in zip(widths, *times.values(), strict=True):
    print(f"D = {D:3d}: {once / density:4.1f} x a density, the loop {loop / density:6.1f} x")

# %%
# Both give the same samples, as the script asserts. The loop's cost over a density's grows with D;
# the other way it stays a small factor. So the rule becomes: *a MAF does both directions at a like
# price, where its transformer has a formula for its inverse*. Choose by what is modelled, and by
# how many densities against samples there will be.
#
# What is more flexible?
# ----------------------
#
# The same number of layers and units, and 60 epochs on the two moons, for each; nats short of the
# truth on fresh rows. One seed.

moons = target("moons")
rows = moons.sample(3_000, random_state=0).astype(np.float32)
fresh = moons.sample(5_000, random_state=1)
sizes = {"n_features": 2, "n_layers": 5, "hidden_sizes": (64, 64)}
built = {
    "MAF": flows.maf(jax.random.key(0), **sizes),
    "IAF": flows.iaf(jax.random.key(0), **sizes),
    "coupling": flows.real_nvp(jax.random.key(0), **sizes),
    "spline MAF": flows.neural_spline_flow(jax.random.key(0), **sizes),
    "spline coupling": flows.neural_spline_flow(jax.random.key(0), coupling=True, **sizes),
}
for name, flow in built.items():
    fitted, history = training.fit(
        jax.random.key(1), flow, rows, max_epochs=60, learning_rate=3e-3, show_progress=False
    )
    short = moons.log_prob(fresh).mean() - float(fitted.log_prob(fresh).mean())
    print(f"{name:16s}{short:6.3f} nats short")

# %%
# With two columns a coupling moves one of them at a time, as an autoregressive layer does, which
# is why they come out so close; the transformer matters more. `docs/choosing-a-flow.md` has the
# same for six columns that depend on each other in order, where autoregressive layers are at home.
#
# Exercises
# ---------
#
# 1. Which columns of x does the Jacobian of a coupling's inverse leave alone? Print its pattern.
# 2. The IAF by maximum likelihood needs its slow direction in each step of training. In which kind
#    of training is it the fast one?
# 3. How far do the two ways of sampling differ, at D = 128?
#
# Solutions
# ---------
#
# 1. The first half passes: a unit block at the top. The second half depends on all of the first,
#    and on itself alone: a full block and a diagonal.

coupling = Coupling(jax.random.key(0), Affine(), n_features=6, hidden_sizes=(16, 16))
coupling = randomise(coupling, jax.random.key(1))
print((jnp.abs(jax.jacobian(coupling.inverse)(jnp.linspace(-1, 1, 6))) > 0).astype(int))

# %%
# 2. Where it samples and scores its own samples, as in variational inference: a sample comes with
#    its log density in one pass. The ninth tutorial does so.

iaf = flows.iaf(jax.random.key(0), n_features=32, n_layers=5, hidden_sizes=(64, 64))
own = milliseconds(iaf.sample_and_log_prob, jax.random.key(2), (n,))
other = milliseconds(iaf.log_prob, jax.random.normal(jax.random.key(1), (n, 32)))
print(f"samples with their densities {own:.1f} ms, densities of given rows {other:.1f} ms")

# %%
# 3. By rounding in single precision, which the steps hand on from column to column.

once, loop = both_ways(128)
z = jax.random.normal(jax.random.key(3), (1_000, 128))
difference = jnp.abs(once.forward(z) - loop.forward(z))
print(f"median {jnp.median(difference):.0e}, largest {difference.max():.0e}")
