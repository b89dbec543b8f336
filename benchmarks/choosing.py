"""The table of docs/choosing-a-flow.md: every recipe for tables on two targets of known density.

Usage: python -m benchmarks.choosing [RECIPE ...] [--steps 1500] [--targets NAME ...]
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats
from scipy.special import logsumexp

from fluvial import flows
from fluvial.training import fit, minimise

N_ROWS, BATCH = 5_000, 250
PER_EPOCH = 18
"""Steps of an epoch: a tenth of the rows is held out and chooses the epoch."""


def four_gaussians(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw rows of four round clusters in a square, and return them with their log density."""
    centres = 2.0 * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    x = centres[rng.integers(4, size=n)] + 0.5 * rng.normal(size=(n, 2))
    logs = [stats.norm.logpdf(x, centre, 0.5).sum(axis=1) for centre in centres]
    return x, logsumexp(logs, axis=0) - np.log(4)


def waves(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw rows of six columns, each a wave of the one before it, with their log density."""
    x = [rng.normal(size=n)]
    log_prob = stats.norm.logpdf(x[0])
    for _ in range(5):
        mean = 1.5 * np.sin(1.5 * x[-1])
        x.append(mean + 0.5 * rng.normal(size=n))
        log_prob = log_prob + stats.norm.logpdf(x[-1], mean, 0.5)
    return np.stack(x, axis=1), log_prob


TARGETS = {"four Gaussians": four_gaussians, "waves": waves}

SMALL = {"hidden_sizes": (64, 64)}
BUILDS = {
    "nice": {**SMALL, "n_layers": 8},
    "real_nvp": {**SMALL, "n_layers": 8},
    "made": SMALL,
    "maf": SMALL,
    "iaf": SMALL,
    "neural_spline_flow": {**SMALL, "n_layers": 3, "linear": "permutation"},
    "naf": {**SMALL, "n_layers": 2},
    "umnn": {**SMALL, "n_layers": 2},
    "sos": {**SMALL, "n_layers": 2},
    "bernstein": {**SMALL, "n_layers": 2},
    "bnaf": {},
    "gaussianization_flow": {},
    "planar_flow": {},
    "radial_flow": {},
    "sylvester_flow": {},
    "residual_flow": {"n_layers": 4, "hidden_sizes": (32, 32)},
    "ffjord": {"hidden_sizes": (32, 32), "tolerance": 1e-3},
    "ffjord by matching": {"tolerance": 1e-3},
}


def seconds(run, n: int = 3) -> float:
    """Return the least time of a few calls, after one that compiles."""
    jax.block_until_ready(run())
    times = []
    for _ in range(n):
        began = time.perf_counter()
        jax.block_until_ready(run())
        times.append(time.perf_counter() - began)
    return min(times)


def measure(name: str, target: str, steps: int) -> str:
    """Train one recipe on one target, and return a row of the table."""
    rows, _ = TARGETS[target](np.random.default_rng(0), N_ROWS)
    fresh, truth = TARGETS[target](np.random.default_rng(1), 4_000)
    build = getattr(flows, name.removesuffix(" by matching"))
    flow = build(jax.random.key(0), n_features=rows.shape[1], **BUILDS[name])
    settings = {
        "max_epochs": steps // PER_EPOCH,
        "batch_size": BATCH,
        "learning_rate": 1e-3,
        "patience": 1000,
        "show_progress": False,
    }
    key = jax.random.key(1)

    def train(settings):
        if name.endswith("matching"):
            return minimise(key, flow, flows.flow_matching_loss, rows, **settings)[0]
        return fit(key, flow, rows, **settings)[0]

    train({**settings, "max_epochs": 1})
    began = time.perf_counter()
    flow = train(settings)
    step = (time.perf_counter() - began) / (settings["max_epochs"] * PER_EPOCH)
    short = float(np.mean(truth - np.asarray(flow.log_prob(fresh), np.float64)))
    block = jnp.asarray(fresh[:1000], jnp.float32)
    density = seconds(lambda: flow.log_prob(block))
    sample = seconds(lambda: flow.sample(key, (1000,)))
    return (
        f"| `{name}` | {target} | {short:.3f} | {1e3 * step:.1f} | {1e3 * density:.1f} | "
        f"{1e3 * sample:.1f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=list(BUILDS))
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--targets", nargs="*", default=list(TARGETS), choices=list(TARGETS))
    options = parser.parse_args()
    print(
        "| recipe | target | nats short | ms a step | ms of 1,000 densities | ms of 1,000 samples |"
    )
    for name in options.recipes:
        for target in options.targets:
            print(measure(name, target, options.steps), flush=True)


if __name__ == "__main__":
    main()
