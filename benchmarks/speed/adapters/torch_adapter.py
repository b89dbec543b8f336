"""What the PyTorch libraries share: the loop of their documentation, threads, inference."""

import time
from abc import abstractmethod
from dataclasses import replace

import numpy as np
import torch
from benchmarks.speed.adapters.base import FlowAdapter, Prepared
from benchmarks.speed.tasks import Task


class TorchAdapter(FlowAdapter):
    """Trains by the plain loop: zero_grad, loss, backward, step, with `torch.optim.Adam`.

    Batches are taken by a random index, which is faster than a `DataLoader` of rows.
    """

    thread_choices = (1, 2)

    def prepare_sample(self, task: Task) -> Prepared:
        # Nothing compiles, and a sample of D passes is too slow to be drawn for nothing.
        return replace(super().prepare_sample(task), compiles=False)

    def use_threads(self, n: int) -> None:
        torch.set_num_threads(n)

    @abstractmethod
    def loss(self, flow, x) -> torch.Tensor:
        """Return the mean negative log density of a batch."""

    @abstractmethod
    def density(self, flow, x) -> torch.Tensor:
        """Return the log density of rows."""

    @abstractmethod
    def draw(self, flow, n: int) -> torch.Tensor:
        """Return n rows."""

    def n_parameters(self, flow) -> int:
        return sum(p.numel() for p in flow.parameters() if p.requires_grad)

    def array(self, rows: np.ndarray):
        return torch.from_numpy(rows)

    def train_steps(self, flow, x, batch_size: int, n: int) -> float:
        optimizer = torch.optim.Adam(flow.parameters(), lr=1e-3)
        done, start = 0, time.perf_counter()
        while done < n:
            for index in torch.randperm(len(x)).split(batch_size):
                optimizer.zero_grad()
                self.loss(flow, x[index]).backward()
                optimizer.step()
                done += 1
                if done == n:
                    break
        return (time.perf_counter() - start) / n

    def log_prob(self, flow, x) -> None:
        with torch.no_grad():
            self.density(flow, x)

    def sample(self, flow, n: int) -> None:
        with torch.no_grad():
            self.draw(flow, n)
