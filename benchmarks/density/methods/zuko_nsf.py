"""zuko's README: an autoregressive NSF of 3 transforms with 3 x 128 units, Adam at 1e-3."""

import zuko
from benchmarks.density.methods.base import Fit, Job
from benchmarks.density.methods.torch_trainee import LogProb, fit_torch


def fit(job: Job) -> Fit:
    """Fit and score."""
    return fit_torch(job, _make, learning_rate=1e-3)


def _make(n_columns: int) -> tuple[zuko.flows.NSF, LogProb]:
    flow = zuko.flows.NSF(n_columns, transforms=3, hidden_features=[128] * 3)
    return flow, lambda x: flow().log_prob(x)
