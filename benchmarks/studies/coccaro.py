"""Coccaro's mixtures of three diagonal Gaussians: how like the truth are rows that flows draw?"""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.density.samples import mean_ks_p_value, sliced_wasserstein
from benchmarks.studies.kept import Cell, Record
from benchmarks.studies.page import Page, line, panels
from benchmarks.studies.plain import fit_plain
from benchmarks.studies.records import NONE, distinct, mean_text, values
from benchmarks.studies.study import Study

from fluvial import FlowDensity
from fluvial.evaluation import coccaro, divergence

COLUMNS = (4, 16, 64, 100)
TRUTH, DEFAULT = "truth", "default"

N_DRAWS = 10
"""How often fresh rows of the truth are drawn; one p-value is hardly a figure."""

FLOWS: dict[str, tuple[str, dict[str, Any]]] = {
    "MAF": ("maf", {"n_layers": 5}),
    "autoregressive spline": (
        "neural_spline_flow",
        {"n_layers": 3, "n_bins": 8, "linear": "permutation"},
    ),
    "Real NVP": ("real_nvp", {"n_layers": 8}),
}

PUBLISHED: dict[tuple[str, int], tuple[float, float]] = {
    ("MAF", 16): (0.488, 0.0254),
    ("autoregressive spline", 16): (0.522, 0.0153),
    ("MAF", 64): (0.480, 0.035),
    ("MAF", 100): (0.343, 0.052),
    ("autoregressive spline", 100): (0.473, 0.043),
    ("Real NVP", 100): (0.408, 0.054),
}
"""Mean p-value of the Kolmogorov-Smirnov tests and sliced Wasserstein distance, 100,000 rows; the
means and deviations of the paper's mixtures are other draws of the same law."""


def cells(full: bool, _: Path) -> list[Cell]:
    """Return every method at every number of columns."""
    sizes: Cell = {"rows": 10_000, "steps": 800, "drawn": 10_000}
    limit: Cell = {"effort": "fast", "max_seconds": 20}
    if full:
        sizes = {"rows": 100_000, "steps": 20_000, "drawn": 10_000}
        limit = {"effort": "balanced", "max_seconds": None}
    found = []
    for n, seed in product(COLUMNS, range(3 if full else 1)):
        for method in (TRUTH, *FLOWS, DEFAULT):
            cell: Cell = {"kind": "mixture", "method": method, "columns": n, "seed": seed, **sizes}
            cell["draws"] = N_DRAWS if method == TRUTH or full else 1
            found.append(cell | limit if method == DEFAULT else cell)
    return found


def measure(cell: Cell, _: Path) -> dict[str, Any]:
    """Return the divergence of a fit, and how like test rows its own are."""
    truth, seed = coccaro(cell["columns"]), cell["seed"]
    model: Any = truth
    if cell["method"] != TRUTH:
        model = _fitted(cell, truth.sample(cell["rows"], random_state=seed))
    likeness = []
    for i in range(cell["draws"]):
        test = truth.sample(cell["drawn"], random_state=1_000 + seed + 100 * i)
        samples = model.sample(cell["drawn"], random_state=2_000 + seed + 100 * i)
        likeness.append((mean_ks_p_value(samples, test), sliced_wasserstein(samples, test)))
    ks, wasserstein = np.mean(likeness, axis=0).tolist()
    kl = divergence(truth, model, n=cell["drawn"], random_state=3_000).value
    return {"kl": kl, "ks": ks, "wasserstein": wasserstein}


def _fitted(cell: Cell, rows: np.ndarray) -> Any:
    if cell["method"] == DEFAULT:
        limits = {"effort": cell["effort"], "max_seconds": cell["max_seconds"]}
        return FlowDensity(random_state=cell["seed"], **limits).fit(rows)
    recipe, arguments = FLOWS[cell["method"]]
    return fit_plain(recipe, rows, steps=cell["steps"], seed=cell["seed"], **arguments)


def report(records: list[Record], page: Page) -> None:
    """Write the three figures by columns and methods, beside the published ones."""
    if not records:
        return
    first = records[0]
    page.say(
        f"{first['rows']:,} training rows, flows trained for {first['steps']:,} steps of 256 rows, "
        f"{len(distinct(records, 'seed'))} run(s), {first['drawn']:,} drawn rows against as many "
        f"of the truth, {records[-1]['draws']} time(s). The rows of the truth are what fresh rows "
        f"of it give, the mean of {N_DRAWS} times. Published figures (100,000 rows) in brackets."
    )
    methods, columns = distinct(records, "method"), distinct(records, "columns")
    rows = []
    for n, method in product(columns, methods):
        cell = {"method": method, "columns": n}
        published = PUBLISHED.get((method, n), (None, None))
        rows.append(
            (
                str(n),
                method,
                NONE if method == TRUTH else mean_text(values(records, "kl", **cell)),
                _beside(values(records, "ks", **cell), published[0]),
                _beside(values(records, "wasserstein", **cell), published[1], digits=4),
            )
        )
    page.table(("columns", "rows of", "KL, nats", "mean KS p-value", "sliced Wasserstein"), rows)
    _draw(records, methods, columns, page)


def _beside(numbers: list[float], published: float | None, digits: int = 3) -> str:
    told = mean_text(numbers, digits)
    return told if published is None else f"{told} [{published:.{digits}f}]"


def _draw(records: list[Record], methods: list[str], columns: list[int], page: Page) -> None:
    figure, axes = panels(3)
    labels = {"kl": "KL (nats)", "ks": "mean KS p-value", "wasserstein": "sliced Wasserstein"}
    for axis, (name, label) in zip(axes, labels.items(), strict=True):
        for i, method in enumerate(methods):
            if name == "kl" and method == TRUTH:
                continue
            found = [values(records, name, method=method, columns=n) for n in columns]
            some = [(n, np.mean(value)) for n, value in zip(columns, found, strict=True) if value]
            if some:
                x, y = zip(*some, strict=True)
                line(axis, x, y, i, method)
        axis.set(xscale="log", xlabel="columns", ylabel=label)
        axis.set_xticks(columns, [str(n) for n in columns])
        axis.minorticks_off()
    axes[0].set_yscale("log")
    axes[1].legend(fontsize=6, loc="upper left")
    axes[1].set_ylim(top=1.1)
    page.figure("columns", figure)


COCCARO = Study("coccaro", cells, measure, report)
