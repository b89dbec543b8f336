"""A published Real NVP, by a public recipe."""

import jax
import numpy as np
import pyarrow.parquet as pq
from benchmarks.anomaly.hpc import published_real_nvp, standardised


def test_the_real_nvp_of_the_hpc_course_starts_as_published(data_dir):
    """Published losses 719, 905, ..., 151.8 by epoch 11; with log scales of 3 they began at 6e6."""
    table = pq.read_table(data_dir / "hpc.parquet").drop(["timestamp", "anomaly"])
    rows = np.stack([column.to_numpy() for column in table.columns], axis=1)[:3000]
    with jax.numpy_dtype_promotion("standard"):  # optax mixes types
        _, history = published_real_nvp(standardised(rows, rows), max_epochs=8)
    losses = history.train_loss
    assert 300 < losses[0] < 2500
    assert losses[-1] < 152
