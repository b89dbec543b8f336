"""The table, the clock and the answer of a recipe."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np


class Trial:
    """One recipe on one table, given as `TABLE.npz SECONDS` on the command line.

    Attributes:
        train: standardised rows (float32) to train on.
        held_out: standardised rows that only score.
        raw_train, raw_held_out: the same in the units of the table.
        limit: seconds that training may take.
        points: pairs (seconds, held-out nats a row in the units of the table).
    """

    def __init__(self):
        parser = argparse.ArgumentParser()
        parser.add_argument("table", type=Path)
        parser.add_argument("seconds", type=float)
        given = parser.parse_args()
        # Libraries print; stdout is kept for the answer.
        self._answer = os.fdopen(os.dup(1), "w")
        os.dup2(sys.stderr.fileno(), 1)
        with np.load(given.table) as rows:
            self.raw_train, self.raw_held_out = rows["train"], rows["held_out"]
        mean, std = self.raw_train.mean(axis=0), self.raw_train.std(axis=0)
        self.train = ((self.raw_train - mean) / std).astype(np.float32)
        self.held_out = ((self.raw_held_out - mean) / std).astype(np.float32)
        self.limit = given.seconds
        self.points: list[tuple[float, float]] = []
        self._log_scale = float(np.log(std).sum())
        self._spent, self._since = 0.0, time.perf_counter()

    def start(self) -> None:
        """Start the clock: imports do not count, compilation does."""
        self._spent, self._since = 0.0, time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds on the clock."""
        return self._spent + time.perf_counter() - self._since

    def score(self, nats_of_standardised: Callable[[], float]) -> bool:
        """Record the held-out score with the clock stopped; return whether there is time left."""
        self._spent = self.seconds
        nats = float(nats_of_standardised()) - self._log_scale
        self.points.append((self._spent, nats))
        self._since = time.perf_counter()
        return self._spent < self.limit

    def answer(self, points: list[tuple[float, float]] | None = None) -> None:
        """Print the recorded points."""
        finite = [p for p in (points or self.points) if np.isfinite(p[1])]
        print(json.dumps(finite), file=self._answer, flush=True)
