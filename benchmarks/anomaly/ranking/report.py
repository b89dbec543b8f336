"""The table of all methods."""

from collections.abc import Mapping

import numpy as np
from scipy.stats import rankdata

Results = Mapping[str, Mapping[str, Mapping[str, float]]]
"""By method and table, the measures."""


def lines(results: Results) -> list[str]:
    """Return the rows of a Markdown table, the best mean rank first, on tables that all have.

    A method's rank on a table is the mean of its ranks by AUROC and by average precision.
    """
    names = sorted(results)
    common = sorted(set.intersection(*(set(results[name]) for name in names)))
    if not common:
        return []

    def values(measure: str) -> np.ndarray:
        return np.array([[results[name][table][measure] for table in common] for name in names])

    auroc, precision = values("auroc"), values("average_precision")
    ranks = (rankdata(-auroc, axis=0) + rankdata(-precision, axis=0)) / 2
    below = (auroc < np.median(auroc, axis=0)).mean(axis=1)
    rows = [
        f"| method ({len(common)} tables) | AUROC | average precision | F1 | mean rank | "
        "below the median | seconds |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    means = {name: values(name).mean(axis=1) for name in ("f1", "seconds")}
    for k in np.argsort(ranks.mean(axis=1)):
        rows.append(
            f"| {names[k]} | {100 * auroc[k].mean():.1f} | {100 * precision[k].mean():.1f} | "
            f"{100 * means['f1'][k]:.1f} | {ranks[k].mean():.1f} | {below[k]:.0%} | "
            f"{means['seconds'][k]:.1f} |"
        )
    return rows
