"""A published Real NVP, by a public recipe."""

import jax
import numpy as np
import optax
import pyarrow.parquet as pq

from fluvial import flows
from fluvial.training import fit


def test_the_real_nvp_of_the_hpc_course_starts_as_published(data_dir):
    """Published losses 719, 905, ..., 151.8 by epoch 11; with log scales of 3 they began at 6e6.

    Six couplings with one hidden layer of 32, tanh on the log scales, masks of even and odd
    columns.
    """
    table = pq.read_table(data_dir / "hpc.parquet").drop(["timestamp", "anomaly"])
    rows = np.stack([column.to_numpy() for column in table.columns], axis=1)[:3000]
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0, ddof=1)
    key = jax.random.key(0)
    flow = flows.real_nvp(
        key,
        n_features=159,
        n_layers=6,
        hidden_sizes=(32,),
        mask="checkerboard",
        log_scale_bound=1.0,
    )
    with jax.numpy_dtype_promotion("standard"):  # optax mixes types
        _, history = fit(
            key,
            flow,
            rows,
            optimizer=optax.adam(1e-3),
            schedule="constant",
            batch_size=256,
            max_epochs=8,
            patience=10,
            min_delta=1e-3,
            validation_fraction=0,
            keep="best",
            show_progress=False,
        )
    losses = history.train_loss
    assert 300 < losses[0] < 2500
    assert losses[-1] < 152
