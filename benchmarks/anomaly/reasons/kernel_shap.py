"""KernelSHAP of the package shap, which has an environment of its own.

`python -m benchmarks.anomaly.reasons.kernel_shap CASES`: of each pickled case a line of JSON on
stdout, with the parts by each background and the seconds that they took.
"""

import json
import pickle
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import shap
from benchmarks.anomaly.reasons.cases import Case

BACKGROUNDS = {"KernelSHAP, 100 rows": 100, "KernelSHAP, 8 centres": 8}
"""What stands for absent columns: normal rows drawn at random, or centres of k-means."""


def main() -> None:
    """Tell the parts of all cases of a file."""
    warnings.simplefilter("ignore")
    for case in pickle.loads(Path(sys.argv[1]).read_bytes()):
        print(json.dumps({name: _told(case, name) for name in BACKGROUNDS}), flush=True)


def _told(case: Case, name: str) -> dict[str, object]:
    n = BACKGROUNDS[name]
    np.random.seed(0)  # noqa: NPY002, shap draws its coalitions from it
    rows = shap.kmeans(case.train, n) if n < 100 else shap.sample(case.train, n, random_state=0)
    start = time.process_time()
    explainer = shap.KernelExplainer(lambda x: -case.score(x), rows)
    parts = explainer.shap_values(case.rows, silent=True)
    return {"parts": parts.tolist(), "seconds": time.process_time() - start}


if __name__ == "__main__":
    main()
