"""What every method gets and gives; the same in every environment."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Job:
    """One fit.

    Attributes:
        train: (n, D) float64 rows to fit to.
        validation: (m, D) float64 rows to tune on.
        test: (k, D) float64 rows to score.
        seed: of all that is random.
        seconds: limit of the training of a flow.
        n_samples: how many rows to draw, for methods that can.
        arguments: of the method.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    seed: int
    seconds: float
    n_samples: int
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Fit:
    """What a fit gives, in the units of the set.

    Attributes:
        validation: (m,) log density of each validation row, in nats.
        test: (k,) log density of each test row.
        facts: what else is known of the fit, for JSON.
        samples: drawn rows, where they were asked for.
    """

    validation: np.ndarray
    test: np.ndarray
    facts: dict[str, Any] = field(default_factory=dict)
    samples: np.ndarray | None = None


class Standardised:
    """The rows of a job, each column shifted and scaled by the training rows' mean and std.

    Attributes:
        train, validation, test: the scaled rows, float64.
        log_scale: what a log density of scaled rows exceeds that of the rows by, in nats.
    """

    def __init__(self, job: Job):
        mean, std = job.train.mean(axis=0), job.train.std(axis=0)
        self.train, self.validation, self.test = (
            (rows - mean) / std for rows in (job.train, job.validation, job.test)
        )
        self.log_scale = float(np.log(std).sum())
