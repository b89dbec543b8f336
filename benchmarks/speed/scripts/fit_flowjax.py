"""Fit a Real NVP to a CSV file with FlowJAX's own `fit_to_data`, a tenth held out."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from benchmarks.speed.scripts.sizes import parse
from flowjax.distributions import Normal
from flowjax.flows import coupling_flow
from flowjax.train import fit_to_data


def main() -> None:
    """Read, standardise, train, keep the best epoch, save."""
    given = parse()
    rows = np.loadtxt(given.table, delimiter=",", skiprows=1, dtype=np.float32)
    x = jnp.asarray((rows - rows.mean(axis=0)) / rows.std(axis=0))
    flow = coupling_flow(
        jax.random.key(0),
        base_dist=Normal(jnp.zeros(x.shape[1])),
        flow_layers=given.n_layers,
        nn_width=given.hidden_sizes[0],
        nn_depth=len(given.hidden_sizes),
    )
    flow, losses = fit_to_data(
        jax.random.key(1),
        flow,
        x,
        learning_rate=1e-3,
        max_epochs=given.max_epochs,
        max_patience=given.max_epochs,
        batch_size=given.batch_size,
        val_prop=0.1,
        show_progress=False,
    )
    eqx.tree_serialise_leaves(given.output, flow)
    print(f"held-out nats {-min(losses['val']):.4f}")


if __name__ == "__main__":
    main()
