"""What every adapter offers, and how its calls are timed."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from benchmarks.speed.data import table
from benchmarks.speed.models import Model
from benchmarks.speed.tasks import Task

GREATEST_STRIDE = 10
"""A burst takes at most so many times as many steps as the last one."""

Burst = Callable[[float], float]
"""From the seconds to spend, about, to seconds a unit."""


class Unsupported(Exception):
    """The library cannot do this task."""


@dataclass(frozen=True)
class Prepared:
    """A task that is built.

    Attributes:
        burst: runs it.
        n_parameters: trained parameters of its model.
        compiles: whether its first run takes longer, and so is not timed.
    """

    burst: Burst
    n_parameters: int | None = None
    compiles: bool = True


class Adapter:
    """One library; a task with action A is prepared by its method `prepare_A`.

    Attributes:
        packages: distributions whose versions are recorded.
        thread_choices: numbers of threads to try; the fastest counts.
    """

    packages: tuple[str, ...]
    thread_choices: tuple[int, ...] = (2,)

    def use_threads(self, n: int) -> None:
        """Compute with n threads from here on."""
        del n

    def versions(self) -> dict[str, str]:
        """Return the versions of `packages`."""
        return {name: version(name) for name in self.packages}

    def prepare(self, task: Task) -> Prepared:
        """Build what a task needs.

        Raises:
            Unsupported: where the library cannot do it.
        """
        prepare = getattr(self, f"prepare_{task.action}", None)
        if prepare is None:
            raise Unsupported(f"no {task.action}")
        return prepare(task)


class FlowAdapter(Adapter, ABC):
    """A library of flows."""

    @abstractmethod
    def make_flow(self, model: Model) -> Any:
        """Build a model, or raise `Unsupported`."""

    @abstractmethod
    def n_parameters(self, flow: Any) -> int:
        """Return the number of trained parameters."""

    @abstractmethod
    def array(self, rows: np.ndarray) -> Any:
        """Return rows as the library's own array."""

    @abstractmethod
    def train_steps(self, flow: Any, x: Any, batch_size: int, n: int) -> float:
        """Take about n training steps by the library's own loop; return seconds a step."""

    @abstractmethod
    def log_prob(self, flow: Any, x: Any) -> None:
        """Compute the log density of rows, and wait for it."""

    @abstractmethod
    def sample(self, flow: Any, n: int) -> None:
        """Draw n rows, and wait for them."""

    def prepare_train(self, task: Task) -> Prepared:
        """Prepare training by `train_steps`."""
        flow, x = self._flow_and_rows(task)
        burst = paced(lambda n: self.train_steps(flow, x, task.batch_size, n))
        return Prepared(burst, self.n_parameters(flow))

    def prepare_log_prob(self, task: Task) -> Prepared:
        """Prepare calls of `log_prob`."""
        flow, x = self._flow_and_rows(task)
        burst = repeated(lambda: self.log_prob(flow, x))
        return Prepared(burst, self.n_parameters(flow))

    def prepare_sample(self, task: Task) -> Prepared:
        """Prepare calls of `sample`."""
        flow, _ = self._flow_and_rows(task)
        burst = repeated(lambda: self.sample(flow, task.rows))
        return Prepared(burst, self.n_parameters(flow))

    def _flow_and_rows(self, task: Task) -> tuple[Any, Any]:
        if task.model is None:
            raise ValueError(f"the task {task.action} needs a model")
        return self.make_flow(task.model), self.array(table(task.rows, task.model.n_features))


def repeated(call: Callable[[], Any]) -> Burst:
    """Return a burst that repeats a call until the time is spent: seconds a call."""

    def burst(seconds: float) -> float:
        n, start = 0, time.perf_counter()
        while True:
            call()
            n += 1
            elapsed = time.perf_counter() - start
            if elapsed >= seconds:
                return elapsed / n

    return burst


def paced(train: Callable[[int], float]) -> Burst:
    """Return a burst that takes as many steps as fit into the time: seconds a step.

    The number of steps follows from the pace of the last ones, in strides: the pace of a few steps,
    a compilation among them, may be far off.
    """
    last, pace = 1, float("inf")

    def burst(seconds: float) -> float:
        nonlocal last, pace
        while True:
            wanted = max(1, round(seconds / pace))
            n = min(wanted, GREATEST_STRIDE * last)
            last, pace = n, train(n)
            if n == wanted:
                return pace

    return burst
