"""The cost of errors on the telemetry of a supercomputer: `python -m benchmarks.anomaly.hpc`.

Fitted to rows 0 to 2999, threshold on rows 3000 to 4499, judged from row 4500 on; a false alarm
costs 1, a miss 5, the tolerance is 12 rows. `--real-nvp` fits the published Real NVP, too,
`--detector` the default detector.
"""

import argparse
import warnings
from pathlib import Path
from typing import Any

import jax
import numpy as np
import optax
import pyarrow.parquet as pq
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from fluvial import flows
from fluvial.anomaly import CostModel, choose_by_cost, evaluate
from fluvial.training import History, fit

TRAIN, VALIDATION, TEST = slice(0, 3000), slice(3000, 4500), slice(4500, None)
COST = CostModel(false_alarm=1, miss=5, tolerance=12)
PUBLISHED = -np.linspace(1e4, 1e5, 100)
"""The thresholds that were tried for the published figures, the lowest -log density first."""

PUBLISHED_OF_FLOW = -np.linspace(1e5, 1.5e6, 100)
"""Those for the published Real NVP."""

BANDWIDTH = 0.5
ROWS_AT_ONCE = 500


def exact_kernel_density(train: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the log density of rows under Gaussian kernels on standardised columns."""
    centres, rows = standardised(train, train), standardised(train, rows)
    n, d = centres.shape
    constant = np.log(n) + d * np.log(BANDWIDTH * np.sqrt(2 * np.pi))
    parts = [
        logsumexp(-cdist(block, centres, "sqeuclidean") / (2 * BANDWIDTH**2), axis=1) - constant
        for block in np.array_split(rows, len(rows) // ROWS_AT_ONCE)
    ]
    return np.concatenate(parts)


def standardised(train: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return rows in standard deviations of the training rows from their mean."""
    return (rows - train.mean(axis=0)) / train.std(axis=0, ddof=1)


def published_real_nvp(train: np.ndarray, *, max_epochs: int = 100) -> tuple[Any, History]:
    """Train the published flow on standardised rows.

    Six couplings with one hidden layer of 32, tanh on the log scales, masks of even and odd
    columns; Adam at a constant rate, the epoch of the lowest training loss.
    """
    key = jax.random.key(0)
    flow = flows.real_nvp(
        key,
        n_features=train.shape[1],
        n_layers=6,
        hidden_sizes=(32,),
        mask="checkerboard",
        log_scale_bound=1.0,
    )
    return fit(
        key,
        flow,
        train,
        optimizer=optax.adam(1e-3),
        schedule="constant",
        batch_size=256,
        max_epochs=max_epochs,
        patience=10,
        min_delta=1e-3,
        validation_fraction=0,
        keep="best",
        show_progress=False,
    )


def line(name: str, scores: np.ndarray, y: np.ndarray, threshold: float) -> str:
    """Return the costs of a threshold on the three parts."""
    costs = [COST.cost(scores[part], y[part], threshold) for part in (TRAIN, VALIDATION, TEST)]
    normal = (y == 0) & (np.arange(len(y)) >= VALIDATION.start)
    flagged = (scores < threshold)[normal].mean()
    told = " ".join(f"{cost:7.0f}" for cost in costs)
    return f"{name:<34} {threshold:12.1f} {told} {flagged:8.1%}"


def report(name: str, scores: np.ndarray, y: np.ndarray) -> None:
    """Print the costs of each way to choose a threshold."""
    is_anomaly = y != 0
    of_validation = scores[VALIDATION], is_anomaly[VALIDATION]
    for prefer in ("gap", "cost"):
        chosen = choose_by_cost(*of_validation, COST, prefer=prefer)
        print(line(f"{name}, {prefer}", scores, is_anomaly, chosen.threshold))
    terms = COST.terms(scores[TEST], is_anomaly[TEST])
    on_test = np.unique(scores[TEST])
    best = float(on_test[np.argmin(terms.costs(on_test))])
    print(line(f"{name}, best on test (in hindsight)", scores, is_anomaly, best))
    judged = evaluate(scores[TEST], is_anomaly[TEST], best, cost_model=COST)
    print(f"{name}: test AUROC {judged.auroc:.4f}, AP {judged.average_precision:.4f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of hpc.parquet")
    parser.add_argument("--real-nvp", action="store_true", help="fit the published flow, too")
    parser.add_argument("--detector", action="store_true", help="fit the default detector, too")
    arguments = parser.parse_args()
    table = pq.read_table(arguments.data / "hpc.parquet")
    y = table.column("anomaly").to_numpy()
    features = table.drop_columns(["timestamp", "anomaly"])
    rows = np.column_stack([column.to_numpy() for column in features.columns]).astype(float)
    print(f"{'':<34} {'threshold':>12}   train   valid    test  flagged")
    nobody = np.zeros(len(y))
    print(line("alarming nobody", nobody, y != 0, -1.0))
    scores = exact_kernel_density(rows[TRAIN], rows)
    costs = COST.terms(scores[VALIDATION], y[VALIDATION] != 0).costs(PUBLISHED)
    print(line("kernels, published thresholds", scores, y != 0, PUBLISHED[np.argmin(costs)]))
    report("kernels", scores, y)
    if arguments.real_nvp:
        flow, history = published_real_nvp(standardised(rows[TRAIN], rows[TRAIN]))
        print(f"real nvp: first losses {history.train_loss[0]:.0f}, {history.train_loss[1]:.0f}")
        scores = np.asarray(flow.log_prob(standardised(rows[TRAIN], rows)), float)
        costs = COST.terms(scores[VALIDATION], y[VALIDATION] != 0).costs(PUBLISHED_OF_FLOW)
        threshold = PUBLISHED_OF_FLOW[np.argmin(costs)]
        print(line("real nvp, published thresholds", scores, y != 0, threshold))
        report("real nvp", scores, y)
    if arguments.detector:
        from fluvial import FlowAnomalyDetector

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            detector = FlowAnomalyDetector(random_state=0).fit(rows[TRAIN])
            report("detector", detector.score_samples(rows), y)
            print(f"detector: {detector.drift(rows[3000:]).from_row(3000).in_words()}")


if __name__ == "__main__":
    main()
