"""The curse of dimensionality: a kernel density, an autoencoder and a flow as columns grow."""

import time
from itertools import product
from pathlib import Path
from typing import Any

import jax
import numpy as np
from benchmarks.studies.kept import Cell, Record
from benchmarks.studies.page import Page, line, panels
from benchmarks.studies.plain import epochs_of
from benchmarks.studies.records import NONE, distinct, mean, text, values
from benchmarks.studies.study import Study
from sklearn.metrics import roc_auc_score

from fluvial import FlowDensity
from fluvial.baselines import Autoencoder, KernelDensity
from fluvial.evaluation import seven_gaussians
from fluvial.evaluation.densities import log_prob_of

COLUMNS = (2, 8, 32, 128)
ROWS = (300, 1_000, 3_000, 10_000, 30_000)
FEW_ROWS = (300, 3_000, 30_000)
GAP = "medium"
N_TEST = 4_000
"""Fresh rows, and as many anomalies."""

TRUTH, KERNEL, NETWORK, FLOW, DEFAULT = (
    "truth", "kernel density", "autoencoder", "MAF", "default",
)  # fmt: skip
DENSITIES = (KERNEL, FLOW, DEFAULT)


def cells(full: bool, _: Path) -> list[Cell]:
    """Return every model at every number of columns and rows."""
    steps = 10_000 if full else 1_000
    found: list[Cell] = []
    for columns in COLUMNS:
        found.append({"kind": "columns", "model": TRUTH, "columns": columns, "rows": 0})
        models = (KERNEL, NETWORK, FLOW, DEFAULT) if full else (KERNEL, NETWORK, FLOW)
        for rows, model in product(ROWS if full else FEW_ROWS, models):
            cell: Cell = {"kind": "columns", "model": model, "columns": columns, "rows": rows}
            found.append({**cell, "steps": steps} if model in (FLOW, NETWORK) else cell)
    return found


def measure(cell: Cell, _: Path) -> dict[str, Any]:
    """Return divergence, ranking, time a query and size of one model."""
    truth = seven_gaussians(GAP, n_columns=cell["columns"])
    normal = truth.sample(N_TEST, random_state=1)
    strange = with_a_wrong_value(normal, truth.sample(N_TEST, random_state=2), seed=3)
    model: Any = truth
    began = time.process_time()
    if cell["model"] != TRUTH:
        model = _made(cell).fit(truth.sample(cell["rows"], random_state=0))
    fitted = time.process_time() - began
    scores = log_prob_of(model, np.concatenate([normal, strange]))
    found: dict[str, Any] = {
        "auroc": float(roc_auc_score(np.repeat([0, 1], N_TEST), -scores)),
        "fit_seconds": fitted,
    }
    if cell["model"] != TRUTH:
        found |= {"query_us": _microseconds(model, normal), "bytes": _size(model)}
    if cell["model"] in DENSITIES:
        found["kl"] = float(np.mean(truth.log_prob(normal) - scores[:N_TEST]))
    return found


def with_a_wrong_value(rows: np.ndarray, others: np.ndarray, seed: int) -> np.ndarray:
    """Return rows (n, D) in each of which one column has the value of another row (n, D)."""
    found, which = rows.copy(), np.arange(len(rows))
    column = np.random.default_rng(seed).integers(rows.shape[1], size=len(rows))
    found[which, column] = others[which, column]
    return found


def _made(cell: Cell) -> Any:
    if cell["model"] == KERNEL:
        return KernelDensity(random_state=0)
    if cell["model"] == DEFAULT:
        return FlowDensity(random_state=0)
    epochs = epochs_of(cell["steps"], cell["rows"], 256)
    if cell["model"] == NETWORK:
        return Autoencoder(max_epochs=epochs, random_state=0)
    return FlowDensity("maf", max_epochs=epochs, random_state=0)


def _microseconds(model: Any, rows: np.ndarray) -> float:
    """Return processor time a row, compiled programs ready, the least of three turns."""
    turns = []
    for _ in range(3):
        began = time.process_time()
        model.score_samples(rows)
        turns.append(time.process_time() - began)
    return 1e6 * min(turns) / len(rows)


def _size(model: Any) -> int:
    """Return the bytes of the numbers that a fitted model holds to score rows with."""
    held = model.network_ if isinstance(model, Autoencoder) else model.distribution_
    return sum(leaf.nbytes for leaf in jax.tree.leaves(held) if hasattr(leaf, "nbytes"))


def report(records: list[Record], page: Page) -> None:
    """Write a table of each measure, and their figure."""
    if not records:
        return
    page.say(
        f"Seven Gaussians with full covariances, {GAP} gap, {N_TEST:,} fresh rows and as many "
        "anomalies: rows of which one column has the value of another row. KL is of densities "
        "alone; time is of the processor, in microseconds a row of a block of 4,000; memory is "
        "that of the numbers that the fitted model holds."
    )
    steps = distinct(records, "steps")
    page.say(
        f"Flow and autoencoder are trained for {steps[0] if steps else 0:,} steps of 256 rows."
    )
    for name, title, digits, scale in MEASURES:
        page.say(f"{title}:")
        page.table(("model", *_header(records)), _rows(records, name, digits, scale))
    _draw(records, page)


MEASURES = (
    ("kl", "KL from the truth, nats", 2, 1.0),
    ("auroc", "AUROC of the anomalies", 3, 1.0),
    ("query_us", "Microseconds a query", 1, 1.0),
    ("bytes", "Memory, kB", 0, 1e-3),
    ("fit_seconds", "Fit, seconds of processor time", 1, 1.0),
)


def _grid(records: list[Record]) -> list[tuple[int, int]]:
    rows = [n for n in distinct(records, "rows") if n]
    return list(product(distinct(records, "columns"), rows))


def _header(records: list[Record]) -> list[str]:
    return [f"D={columns}, n={rows:,}" for columns, rows in _grid(records)]


def _rows(records: list[Record], name: str, digits: int, scale: float) -> list[list[str]]:
    found = []
    for model in distinct(records, "model"):
        cells = [_value(records, name, model, *place) for place in _grid(records)]
        told = [text(None if cell is None else scale * cell, digits) for cell in cells]
        if any(cell != NONE for cell in told):
            found.append([model, *told])
    return found


def _value(records: list[Record], name: str, model: str, columns: int, rows: int) -> float | None:
    n = 0 if model == TRUTH else rows
    if model == TRUTH and name == "fit_seconds":
        return None
    return mean(values(records, name, model=model, columns=columns, rows=n))


def _draw(records: list[Record], page: Page) -> None:
    columns, most = distinct(records, "columns"), max(distinct(records, "rows"))
    figure, axes = panels(6)
    for axis, (name, title, _, scale) in zip(axes, MEASURES, strict=False):
        _lines(axis, records, name, scale, [(n, most) for n in columns], 0)
        axis.set(xscale="log", xlabel=f"columns, {most:,} rows", ylabel=title)
        axis.set_xticks(columns, [str(n) for n in columns])
        axis.minorticks_off()
        if name != "auroc":
            axis.set_yscale("log")
    many = [n for n in columns if n <= 32][-1]
    grid = [(many, n) for n in sorted(distinct(records, "rows")) if n]
    _lines(axes[5], records, "kl", 1.0, grid, 1)
    axes[5].set(xscale="log", yscale="log", xlabel=f"rows, {many} columns", ylabel=MEASURES[0][1])
    axes[1].legend(fontsize=7)
    page.figure("columns", figure)


def _lines(
    axis: Any,
    records: list[Record],
    name: str,
    scale: float,
    places: list[tuple[int, int]],
    coordinate: int,
) -> None:
    for i, model in enumerate(distinct(records, "model")):
        found = [(place, _value(records, name, model, *place)) for place in places]
        known = [(place[coordinate], scale * value) for place, value in found if value is not None]
        if known:
            x, y = zip(*known, strict=True)
            line(axis, x, y, i, model)


DIMENSION = Study("dimension", cells, measure, report)
