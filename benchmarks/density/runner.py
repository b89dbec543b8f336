"""Fits methods to sets, each in a process of one thread, and keeps the results."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
from benchmarks.density.cache import Cache, Result
from benchmarks.density.methods import Method
from benchmarks.density.sets import DataSet, Rows
from benchmarks.speed.environments import ROOT, Environments

ONE_THREAD = {
    "NPROC": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
}
LONGEST = 3600.0
"""Seconds after which a fit is given up."""


class FitFailed(Exception):
    """A fit gave no result."""


@dataclass
class Runner:
    """Runs fits that the cache has not.

    Attributes:
        cache: of results.
        data: the folder of tables.
        seconds: limit of the training of a peer's flow.
        few: whether only the first rows of each set are used.
        keep: whether results of other code, or another limit, are good enough.
    """

    cache: Cache
    data: Path
    seconds: float
    few: bool = False
    keep: bool = False
    _environments: Environments = field(default_factory=Environments)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _rows: dict[str, Rows] = field(default_factory=dict)

    def rows(self, dataset: DataSet) -> Rows:
        """Return the rows of a set."""
        if dataset.name not in self._rows:
            rows = dataset.make(self.data)
            self._rows[dataset.name] = rows.few() if self.few else rows
        return self._rows[dataset.name]

    def fingerprint(self, dataset: DataSet, method: Method) -> str:
        """Return a digest of the rows and of the method's code."""
        parts = self.rows(dataset).fingerprint() + method.fingerprint(self.seconds)
        return sha256(parts.encode()).hexdigest()

    def cached(self, dataset: DataSet, method: Method, seed: int) -> Result | None:
        """Return a kept result that is still good, or None."""
        result = self.cache.read(dataset.name, method.name, seed)
        if result is None or self.keep:
            return result
        return None if self.is_stale(dataset, method, result) else result

    def is_stale(self, dataset: DataSet, method: Method, result: Result) -> bool:
        """Tell whether a result is of other rows, code or settings than today's."""
        return result.fingerprint != self.fingerprint(dataset, method)

    def fit(self, dataset: DataSet, method: Method, seed: int) -> Result:
        """Fit in a process of its own, and keep the result.

        Raises:
            FitFailed: with the last line that the process wrote.
        """
        rows = self.rows(dataset)
        fingerprint = self.fingerprint(dataset, method)
        job = {
            "module": method.module,
            "arguments": method.arguments,
            "seed": seed,
            "seconds": self.seconds,
            "n_samples": 0 if rows.again is None else len(rows.again),
        }
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "job.json").write_text(json.dumps(job))
            np.savez(
                folder / "rows.npz", train=rows.train, validation=rows.validation, test=rows.test
            )
            self._run(method, folder)
            fit = folder / "fit.npz"
            return self.cache.write(dataset.name, method.name, seed, fit, fingerprint)

    def _run(self, method: Method, folder: Path) -> None:
        environment = method.environment
        with self._lock:
            python = self._environments.python(environment) if environment else sys.executable
        try:
            done = subprocess.run(
                [str(python), "-m", "benchmarks.density.worker", str(folder)],
                cwd=ROOT,
                env=os.environ | ONE_THREAD,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=LONGEST,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise FitFailed(f"not ready after {LONGEST:.0f} s") from None
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise FitFailed(lines[-1] if lines else f"ended with {done.returncode}")
