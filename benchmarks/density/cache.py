"""Results that were kept: one file a set, method and seed."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Result:
    """One fit's scores.

    Attributes:
        validation: (m,) log density of each validation row, in nats.
        test: (k,) log density of each test row.
        seconds: processor time from the import of the library to the last score.
        facts: what else is known of the fit.
        samples: drawn rows, where the set judges them.
        fingerprint: of the rows and the method's code.
    """

    validation: np.ndarray
    test: np.ndarray
    seconds: float
    facts: dict[str, Any]
    samples: np.ndarray | None
    fingerprint: str

    @property
    def nats(self) -> float:
        """The mean log density of a test row; minus infinity where a row's density is zero."""
        return float(np.where(np.isnan(self.test), -np.inf, self.test).mean())

    @property
    def standard_error(self) -> float:
        """Standard error of that mean; nan where it is not finite."""
        with np.errstate(invalid="ignore"):
            return float(self.test.std() / np.sqrt(len(self.test)))


class Cache:
    """The files of a folder: SET/METHOD-SEED.npz."""

    def __init__(self, folder: Path):
        self._folder = folder

    def path(self, dataset: str, method: str, seed: int) -> Path:
        """Return where a result is kept."""
        return self._folder / dataset / f"{method.replace(':', '.')}-{seed}.npz"

    def read(self, dataset: str, method: str, seed: int) -> Result | None:
        """Return a kept result, or None."""
        path = self.path(dataset, method, seed)
        return read_result(path) if path.exists() else None

    def write(self, dataset: str, method: str, seed: int, fit: Path, fingerprint: str) -> Result:
        """Keep the file that a worker wrote."""
        path = self.path(dataset, method, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.stem}.{os.getpid()}.part.npz")
        with np.load(fit) as arrays:
            np.savez(part, fingerprint=np.array(fingerprint), **arrays)
        part.replace(path)
        return read_result(path)


def read_result(path: Path) -> Result:
    """Read one file."""
    with np.load(path) as arrays:
        return Result(
            arrays["validation"],
            arrays["test"],
            float(arrays["seconds"]),
            json.loads(str(arrays["facts"])),
            arrays["samples"] if arrays["samples"].size else None,
            str(arrays["fingerprint"]),
        )
