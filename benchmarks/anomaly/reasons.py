"""Which way to tell reasons finds injected causes: `python -m benchmarks.anomaly.reasons`.

Rows that no fit has seen get one column shifted by 3 to 6 standard deviations, two columns, or one
value exchanged with another row's, which breaks a relation that no single column shows. Those that
the score finds are explained by each method: how often the right column comes first, how often all
right ones do, and milliseconds a row.
"""

import time
from collections.abc import Iterator

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.mixture import GaussianMixture

from fluvial.anomaly.reasons import METHODS, Explainer

CASES = {1: "one column", 2: "two columns", 3: "broken relation"}
N_EACH = 25


def tables() -> Iterator[tuple[str, np.ndarray]]:
    """Yield tables of normal rows."""
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(10, 3))
    yield "factors", rng.normal(size=(2000, 3)) @ factors.T + 0.5 * rng.normal(size=(2000, 10))
    rows = rng.gamma(2, size=(2000, 6))
    rows[:, 3] = rows[:, 0] * rows[:, 1] + 0.1 * rng.normal(size=2000)
    rows[:, 5] = np.sin(rows[:, 2]) + 0.1 * rng.normal(size=2000)
    yield "curved", rows
    centres = np.array([[0] * 8, [4, -4] * 4, [-4, 4, 4, -4] * 2])
    yield "clusters", 0.6 * rng.normal(size=(2000, 8)) + centres[rng.integers(0, 3, 2000)]
    data = load_breast_cancer()
    yield "cancer", data.data[data.target == 1]


def injected(rows: np.ndarray, kind: int, rng, widths: np.ndarray) -> tuple[np.ndarray, set[int]]:
    """Return a row with an anomaly, and the columns that are its cause."""
    row = rows[rng.integers(len(rows))].copy()
    columns = rng.choice(len(row), 2 if kind == 2 else 1, replace=False)
    for j in columns:
        shift = rng.choice([-1, 1]) * rng.uniform(3, 6) * widths[j]
        row[j] = rows[rng.integers(len(rows)), j] if kind == 3 else row[j] + shift
    return row, set(columns.tolist())


def main() -> None:
    """Print the table."""
    for name, rows in tables():
        rows = np.random.default_rng(9).permutation(rows)
        train, normal, new = np.split(rows, [len(rows) // 2, 3 * len(rows) // 4])
        mean, width = train.mean(axis=0), train.std(axis=0)
        mixture = GaussianMixture(3, random_state=0, reg_covar=1e-3).fit((train - mean) / width)

        def score(x, mixture=mixture, mean=mean, width=width):
            return mixture.score_samples((x - mean) / width)

        scores = score(normal)
        threshold = float(np.quantile(scores, 0.01))
        names = tuple(map(str, range(rows.shape[1])))
        explainer = Explainer(score, normal[scores >= threshold], threshold, names)
        rng = np.random.default_rng(1)
        for kind, case in CASES.items():
            found = []
            while len(found) < N_EACH:
                row, causes = injected(new, kind, rng, width)
                if score(row[None])[0] < threshold:
                    found.append((row, causes))
            for method in METHODS:
                print(f"{name:<9} {case:<16} {method:<10} {told(explainer, method, found)}")


def told(explainer: Explainer, method: str, found: list[tuple[np.ndarray, set[int]]]) -> str:
    """Return how often the causes come first, and the time."""
    start = time.perf_counter()
    ranked = [
        [int(reason.column) for reason in explainer.explain(row[None], [0], method)[0].reasons]
        for row, _ in found
    ]
    seconds = time.perf_counter() - start
    causes = [causes for _, causes in found]
    first = np.mean([r[0] in c for r, c in zip(ranked, causes, strict=True)])
    every = np.mean([c == set(r[: len(c)]) for r, c in zip(ranked, causes, strict=True)])
    return f"first {first:4.0%}, all {every:4.0%}, {1000 * seconds / len(found):6.1f} ms"


if __name__ == "__main__":
    main()
