"""Rare rows in the plane: are they the least likely ones, and must a density be exact for it?"""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.studies.kept import Cell, Record
from benchmarks.studies.page import COLOURS, Page, line, panels
from benchmarks.studies.plain import fit_plain
from benchmarks.studies.records import NONE, distinct, mean, mean_text, text, values, where
from benchmarks.studies.study import Study
from benchmarks.studies.two_groups import SHARE, Exact, LikelihoodRatio, OneGaussian, draw

from fluvial import FlowDensity
from fluvial.evaluation.densities import log_prob_of

N_ROWS = 50_000
ALPHAS = tuple(range(-16, -1))
SELECTED = tuple(np.geomspace(1e-5, 1e-1, 41).tolist())
"""Shares of the rows that are selected, for the curve of efficiency."""

PUBLISHED = {"likelihood ratio": 0.74, "exact density": 0.42}
EXACT, RATIO, GAUSSIAN, DEFAULT = "exact density", "likelihood ratio", "one Gaussian", "default"
FLOWS: dict[str, tuple[str, dict[str, Any]]] = {
    "MAF": ("maf", {"n_layers": 5, "hidden_sizes": (64, 64)}),
    "spline flow": (
        "neural_spline_flow",
        {"n_layers": 3, "hidden_sizes": (64, 64), "linear": "permutation"},
    ),
}
NO_FLOW = (RATIO, EXACT, GAUSSIAN)


def cells(full: bool, _: Path) -> list[Cell]:
    """Return all models, the flows at growing numbers of epochs."""
    epochs = (1, 2, 4, 8, 16, 32, 64, 128) if full else (1, 4, 16, 64)
    sizes: Cell = {"kind": "ranking", "rows": N_ROWS, "fresh": 1_000_000 if full else 500_000}
    seeds = range(5 if full else 2)
    found = [{"model": model, "seed": seed, **sizes} for model, seed in product(NO_FLOW, range(1))]
    found += [
        {"model": model, "epochs": n, "seed": seed, **sizes}
        for seed, model, n in product(seeds, FLOWS, epochs)
    ]
    limit = {"effort": "balanced" if full else "fast", "max_seconds": None if full else 30}
    return [*found, {"model": DEFAULT, "seed": 0, **limit, **sizes}]


def measure(cell: Cell, _: Path) -> dict[str, Any]:
    """Return how rare rows rank among fresh rows, and what thresholds select."""
    rows, is_rare = draw(cell["rows"], cell["seed"])
    model = _model(cell, rows)
    fresh, fresh_rare = draw(cell["fresh"], 1_000)
    score = log_prob_of(model, fresh)
    lowest = score <= np.quantile(score, SHARE)
    share = float(fresh_rare[lowest].mean())
    found: dict[str, Any] = {
        "share": share,
        "standard_error": float(np.sqrt(share * (1 - share) / lowest.sum())),
        "efficiency": [_efficiency(score, fresh_rare, part) for part in SELECTED],
    }
    if cell["model"] != RATIO:
        found["kl"] = float(np.mean(Exact().log_prob(fresh) - score))
        found["thresholds"] = [_selection(score, fresh_rare, alpha) for alpha in ALPHAS]
    if cell["seed"] == 0:
        some = np.concatenate([np.flatnonzero(~is_rare)[:4_000], np.flatnonzero(is_rare)])
        own = log_prob_of(model, rows[some])
        found["points"] = np.column_stack([rows[some], own]).round(3).tolist()
        found["n_rare"] = int(is_rare.sum())
    return found


def _model(cell: Cell, rows: np.ndarray) -> Any:
    name = cell["model"]
    if name in FLOWS:
        recipe, arguments = FLOWS[name]
        return fit_plain(recipe, rows, epochs=cell["epochs"], seed=cell["seed"], **arguments)
    if name == DEFAULT:
        limits = {"effort": cell["effort"], "max_seconds": cell["max_seconds"]}
        return FlowDensity(random_state=0, **limits).fit(rows)
    return {EXACT: Exact(), RATIO: LikelihoodRatio(), GAUSSIAN: OneGaussian(rows)}[name]


def _efficiency(score: np.ndarray, is_rare: np.ndarray, part: float) -> float:
    """Return the share of the rare rows among the lowest part of all."""
    return float((score[is_rare] <= np.quantile(score, part)).mean())


def _selection(score: np.ndarray, is_rare: np.ndarray, alpha: float) -> list[float | None]:
    """Return efficiency, purity (None of nothing) and the share of rows with `log p <= alpha`."""
    chosen = score <= alpha
    purity = float(is_rare[chosen].mean()) if chosen.any() else None
    return [float(chosen[is_rare].mean()), purity, float(chosen.mean())]


def report(records: list[Record], page: Page) -> None:
    """Write rankings, thresholds and the course of training."""
    if not records:
        return
    page.say(
        f"{N_ROWS:,} training rows, of which 0.1 % are of the rare group; figures are of "
        f"{records[0]['fresh']:,} fresh rows, {len(distinct(records, 'seed'))} run(s) of the flows."
    )
    _course(records, page)
    longest = max((record.get("epochs", 0) for record in records), default=0)
    shown = [EXACT, *FLOWS, DEFAULT]
    last = {
        name: found[0]
        for name in (*NO_FLOW, *FLOWS, DEFAULT)
        if (found := where(records, model=name, seed=0, **_of(name, longest)))
    }
    _thresholds({name: last[name] for name in shown if name in last}, page)
    page.figure("efficiency", _curves(last))
    page.figure("points", _scatter(last))


def _of(name: str, epochs: int) -> dict[str, int]:
    return {"epochs": epochs} if name in FLOWS else {}


def _course(records: list[Record], page: Page) -> None:
    rows = []
    for name in NO_FLOW:
        found = where(records, model=name)
        published = f" [{PUBLISHED[name]:.2f}]" if name in PUBLISHED else ""
        if found:
            share = f"{found[0]['share']:.3f} ± {found[0]['standard_error']:.3f}{published}"
            rows.append((name, NONE, text(found[0].get("kl"), 4), share))
    epochs = sorted(distinct(records, "epochs"))
    for name, n in product(FLOWS, epochs):
        if where(records, model=name, epochs=n):
            kl = values(records, "kl", model=name, epochs=n)
            share = values(records, "share", model=name, epochs=n)
            rows.append((name, str(n), mean_text(kl, 4), mean_text(share)))
    for found in where(records, model=DEFAULT):
        share = f"{found['share']:.3f} ± {found['standard_error']:.3f}"
        rows.append((DEFAULT, NONE, text(found["kl"], 4), share))
    page.say(
        "Rare rows among the 0.1 % that score lowest; published in brackets. The error is that of "
        "the drawing of fresh rows, or the deviation of several runs."
    )
    page.table(("model", "epochs", "KL, nats", "rare share"), rows)
    if epochs:
        page.figure("epochs", _epochs(records, epochs))


def _epochs(records: list[Record], epochs: list[int]) -> Any:
    figure, axes = panels(2, across=2, size=(4.2, 3.2))
    for i, name in enumerate(FLOWS):
        known = [n for n in epochs if where(records, model=name, epochs=n)]
        cells = [{"model": name, "epochs": n} for n in known]
        kl = [mean(values(records, "kl", **cell)) or np.nan for cell in cells]
        share = [mean(values(records, "share", **cell)) or np.nan for cell in cells]
        line(axes[0], known, kl, i, name)
        line(axes[1], known, share, i, name)
    for i, name in enumerate(NO_FLOW):
        for share in values(records, "share", model=name):
            axes[1].axhline(share, color=COLOURS[6 - i], linestyle="--", linewidth=1, label=name)
    axes[0].set(xscale="log", yscale="log", xlabel="epochs", ylabel="KL (nats)")
    axes[1].set(xscale="log", xlabel="epochs", ylabel="rare rows among the lowest 0.1 %")
    axes[1].legend(fontsize=7)
    return figure


def _thresholds(last: dict[str, Record], page: Page) -> None:
    page.say(
        "Rows with log p <= alpha: efficiency (share of the rare rows) / purity (rare rows among "
        "those selected) / how many of 50,000 are selected."
    )
    rows = []
    for i, alpha in enumerate(ALPHAS):
        if alpha % 2 == 0:
            rows.append((str(alpha), *(_cell(found["thresholds"][i]) for found in last.values())))
    page.table(("alpha", *last), rows)


def _cell(selection: tuple[float, float | None, float]) -> str:
    efficiency, purity, share = selection
    return f"{efficiency:.2f} / {text(purity)} / {share * N_ROWS:.0f}"


def _curves(last: dict[str, Record]) -> Any:
    figure, axes = panels(4, across=2, size=(4.2, 3.0))
    for i, (name, found) in enumerate(last.items()):
        if "thresholds" in found:
            efficiency, purity, share = np.array(found["thresholds"], np.float64).T
            line(axes[0], ALPHAS, efficiency, i, name)
            line(axes[1], ALPHAS, purity, i, name)
            line(axes[2], ALPHAS, share * N_ROWS, i, name)
        axes[3].plot(np.array(SELECTED) * N_ROWS, found["efficiency"], color=COLOURS[i], label=name)
    for axis, label in zip(axes, ("efficiency", "purity", "rows selected of 50,000"), strict=False):
        axis.set(xlabel="alpha", ylabel=label)
    axes[1].set_yscale("log")
    axes[2].set_yscale("log")
    axes[3].set(xscale="log", xlabel="rows selected of 50,000", ylabel="efficiency")
    axes[3].axvline(SHARE * N_ROWS, color="grey", linewidth=0.8)
    axes[3].legend(fontsize=7)
    return figure


def _scatter(last: dict[str, Record]) -> Any:
    shown = {name: found for name, found in last.items() if "points" in found}
    figure, axes = panels(len(shown))
    for axis, (name, found) in zip(axes, shown.items(), strict=True):
        x, y, score = np.array(found["points"]).T
        # The log ratio is no density: each panel has colours of its own, cut at its lowest 2 %.
        low, high = np.quantile(score, [0.02, 1.0])
        image = axis.scatter(x, y, c=score, s=4, cmap="viridis", vmin=low, vmax=high)
        rare = slice(len(x) - found["n_rare"], None)
        axis.scatter(
            x[rare], y[rare], s=22, facecolors="none", edgecolors=COLOURS[1], linewidths=0.7
        )
        figure.colorbar(image, ax=axis)
        axis.set_title(f"{name}, rare ones ringed", fontsize=8)
    return figure


RARE_STUDY = Study("rare", cells, measure, report)
