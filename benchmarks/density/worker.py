"""The process of one fit: `python -m benchmarks.density.worker FOLDER`.

FOLDER holds rows.npz and job.json; the fit is written there as fit.npz.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path

import numpy as np
from benchmarks.density.methods.base import Job


def main() -> None:
    """Fit and score, and count the processor time from the library's import to the last score."""
    folder = Path(sys.argv[1])
    order = json.loads((folder / "job.json").read_text())
    module = order.pop("module")
    with np.load(folder / "rows.npz") as rows:
        job = Job(**{name: rows[name] for name in rows.files}, **order)
    start = time.process_time()
    fit = import_module(f"benchmarks.density.methods.{module}").fit(job)
    seconds = time.process_time() - start
    np.savez(
        folder / "fit.npz",
        validation=fit.validation,
        test=fit.test,
        samples=np.empty(0) if fit.samples is None else fit.samples,
        seconds=seconds,
        facts=json.dumps(fit.facts),
    )


if __name__ == "__main__":
    main()
