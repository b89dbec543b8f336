"""Fluvial's `FlowDensity`, its defaults but for the arguments in the method's name.

It holds rows out by itself, so it gets training and validation rows together, and the validation
rows' share as `validation_fraction`: it sees the rows that the others see, in another split. Its
log densities of validation rows are therefore partly of rows that it was fitted to.
"""

import warnings

import numpy as np
from benchmarks.density.methods.base import Fit, Job

from fluvial import FlowDensity


def fit(job: Job) -> Fit:
    """Fit, score and sample."""
    rows = np.concatenate([job.train, job.validation])
    settings = {"validation_fraction": len(job.validation) / len(rows), "random_state": job.seed}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = FlowDensity(**(settings | job.arguments)).fit(rows)
    facts = {
        "members": list(model.members_),
        "stop": model.history_.stop_reason,
        "epochs": len(model.history_.train_loss),
        "best_epoch": model.history_.best_epoch,
        "warnings": [str(warning.message) for warning in caught],
    }
    samples = model.sample(job.n_samples, random_state=job.seed) if job.n_samples else None
    return Fit(model.score_samples(job.validation), model.score_samples(job.test), facts, samples)
