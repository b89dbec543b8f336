"""All ways to tell reasons: from a case to the part of each column, and processor seconds."""

import json
import pickle
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from benchmarks.anomaly.reasons.cases import Case
from benchmarks.anomaly.reasons.shapley import takeishi
from benchmarks.speed.environments import ROOT, Environments

from fluvial.anomaly.reasons import METHODS, Explainer
from fluvial.baselines import Autoencoder

Told = tuple[np.ndarray, float]
"""Parts `(A, D)`, and seconds."""


def kernel_shap(cases: list[Case]) -> Iterator[dict[str, Told]]:
    """Yield for each case what KernelSHAP tells, by background."""
    python = Environments().python("shap")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.pickle"
        path.write_bytes(pickle.dumps(cases))
        command = [str(python), "-m", "benchmarks.anomaly.reasons.kernel_shap", str(path)]
        lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    for line in lines.stdout.splitlines():
        told = json.loads(line)
        yield {name: (np.array(t["parts"]), t["seconds"]) for name, t in told.items()}


def in_process(case: Case) -> dict[str, Told]:
    """Return what the methods tell that need no environment of their own."""
    autoencoder = Autoencoder(random_state=0).fit(case.train)
    ways: dict[str, Callable[[], np.ndarray]] = {
        **{name: partial(_ours, case, name) for name in METHODS},
        "Takeishi": lambda: takeishi(case.score, case.rows),
        "autoencoder": lambda: autoencoder.errors(case.rows),
    }
    return {name: _timed(way) for name, way in ways.items()}


def _ours(case: Case, method: str) -> np.ndarray:
    """Return the parts that Fluvial tells, from preparation on."""
    names = tuple(map(str, range(case.rows.shape[1])))
    explainer = Explainer(case.score, case.normal, case.threshold, names)
    parts = np.empty(case.rows.shape)
    for i, told in enumerate(explainer.explain(case.rows, range(len(case.rows)), method)):
        for reason in told.reasons:
            parts[i, int(reason.column)] = reason.part
    return parts


def _timed(way: Callable[[], np.ndarray]) -> Told:
    start = time.process_time()
    return way(), time.process_time() - start
