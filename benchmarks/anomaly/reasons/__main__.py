"""Which way to tell reasons finds injected causes: `python -m benchmarks.anomaly.reasons`.

Rows that no fit has seen get one column shifted by 3 to 6 standard deviations, two columns, or one
value exchanged with another row's, which breaks a relation that no single column shows. Those that
the score finds are explained by each method: how often the column of the largest part is a right
one, how often all right ones come first, and milliseconds of processor time a row, which other
processes on the machine hardly change. Fits and the choice of a background do not count.
"""

import warnings

import numpy as np
from benchmarks.anomaly.reasons.cases import KINDS, Case, cases
from benchmarks.anomaly.reasons.methods import Told, in_process, kernel_shap

from fluvial.errors import DataWarning


def main() -> None:
    """Print a line for each case and method, then their means by kind."""
    warnings.simplefilter("ignore", DataWarning)
    every = list(cases())
    results: dict[tuple[str, int], list[list[float]]] = {}
    for case, by_shap in zip(every, kernel_shap(every), strict=True):
        for name, told in {**in_process(case), **by_shap}.items():
            found = measured(case, told)
            results.setdefault((name, case.kind), []).append(found)
            print(f"{case.table:<9} {KINDS[case.kind]:<16} {name:<22} {in_words(found)}")
    print("\n" + "\n".join(table(results)))


def measured(case: Case, told: Told) -> list[float]:
    """Return the share of rows with a right column first, with all of them first, and ms a row."""
    parts, seconds = told
    ranked = np.argsort(-parts, axis=1, kind="stable").tolist()
    pairs = list(zip(ranked, case.causes, strict=True))
    first = np.mean([order[0] in causes for order, causes in pairs])
    every = np.mean([set(order[: len(causes)]) == causes for order, causes in pairs])
    return [float(first), float(every), 1000 * seconds / len(pairs)]


def in_words(found: list[float]) -> str:
    """Return the measures in a line."""
    first, every, ms = found
    return f"first {first:4.0%}, all {every:4.0%}, {ms:8.2f} ms"


def table(results: dict[tuple[str, int], list[list[float]]]) -> list[str]:
    """Return the lines of a Markdown table of means over the tables."""
    heads = [f"{kind}: first" for kind in KINDS.values()]
    lines = [
        f"| method | {' | '.join(heads)} | two columns: both | ms a row |",
        "| --- " * (len(heads) + 3) + "|",
    ]
    for name in dict.fromkeys(name for name, _ in results):
        means = {kind: np.mean(results[name, kind], axis=0) for kind in KINDS}
        firsts = " | ".join(f"{mean[0]:.0%}" for mean in means.values())
        ms = np.mean([mean[2] for mean in means.values()])
        lines.append(f"| {name} | {firsts} | {means[2][1]:.0%} | {ms:.2f} |")
    return lines


if __name__ == "__main__":
    main()
