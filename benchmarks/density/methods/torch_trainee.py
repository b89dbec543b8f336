"""A PyTorch flow under training."""

import copy
import math
from collections.abc import Callable

import numpy as np
import torch
from benchmarks.density.methods.base import Fit, Job, Standardised
from benchmarks.density.methods.training import train

LogProb = Callable[[torch.Tensor], torch.Tensor]

AT_ONCE = 1024
"""Rows scored at once."""


class TorchTrainee:
    """A flow with `torch.optim.Adam`.

    Args:
        module: holds the parameters.
        log_prob: from rows (n, D) to log densities (n,).
        validation: (m, D) float32 rows.
        learning_rate: of Adam.
        anneal: whether it falls to zero, as a cosine, over the time.
        largest_gradient: the norm at which gradients are clipped; None: they are not.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        log_prob: LogProb,
        validation: np.ndarray,
        *,
        learning_rate: float,
        anneal: bool = False,
        largest_gradient: float | None = None,
    ):
        self._module, self._log_prob = module, log_prob
        self._validation = torch.from_numpy(validation)
        self._optimizer = torch.optim.Adam(module.parameters(), lr=learning_rate)
        self._rate, self._anneal, self._largest = learning_rate, anneal, largest_gradient
        self._kept = copy.deepcopy(module.state_dict())

    def step(self, batch: np.ndarray, spent: float) -> None:
        """Take one training step."""
        self._module.train()
        if self._anneal:
            for group in self._optimizer.param_groups:
                group["lr"] = self._rate * (1 + math.cos(math.pi * spent)) / 2
        self._optimizer.zero_grad()
        (-self._log_prob(torch.from_numpy(batch)).mean()).backward()
        if self._largest is not None:
            torch.nn.utils.clip_grad_norm_(self._module.parameters(), self._largest)
        self._optimizer.step()

    def validation_loss(self) -> float:
        """Return the mean negative log density of the validation rows."""
        return -float(self._scores(self._validation).mean())

    def keep(self) -> None:
        """Remember the parameters."""
        self._kept = copy.deepcopy(self._module.state_dict())

    def restore(self) -> None:
        """Return to the parameters that were remembered last."""
        self._module.load_state_dict(self._kept)

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Return the log density of rows (n, D) as (n,) float64."""
        return self._scores(torch.from_numpy(rows)).numpy()

    def _scores(self, rows: torch.Tensor) -> torch.Tensor:
        self._module.eval()
        with torch.no_grad():
            return torch.cat([self._log_prob(part).double() for part in rows.split(AT_ONCE)])


def fit_torch(job: Job, make: Callable[[int], tuple[torch.nn.Module, LogProb]], **settings) -> Fit:
    """Fit a flow to standardised rows and score it.

    Args:
        job: the fit.
        make: from the number of columns to a module and its log density.
        settings: of `TorchTrainee`.
    """
    torch.set_num_threads(1)
    torch.manual_seed(job.seed)
    rows = Standardised(job)
    narrow = [x.astype(np.float32) for x in (rows.train, rows.validation, rows.test)]
    module, log_prob = make(narrow[0].shape[1])
    trainee = TorchTrainee(module, log_prob, narrow[1], **settings)
    facts = train(trainee, narrow[0], seconds=job.seconds, seed=job.seed)
    validation, test = (trainee.scores(x) - rows.log_scale for x in narrow[1:])
    return Fit(validation, test, facts)
