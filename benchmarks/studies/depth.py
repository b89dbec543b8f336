"""Does a masked autoregressive flow gain by depth, what do gaps cost, and is it easy to tune?"""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.studies.kept import Cell, Record
from benchmarks.studies.page import Page, line, panels
from benchmarks.studies.plain import fit_plain
from benchmarks.studies.records import distinct, mean_text, values, where
from benchmarks.studies.study import Study

from fluvial import FlowDensity
from fluvial.evaluation import Target, divergence, seven_gaussians, target

LAYERS = (1, 3, 5, 7, 10, 20)
FEW_LAYERS = (1, 3, 5, 10, 20)
GAPS = ("small", "medium", "large", "giant")

PUBLISHED: dict[str, dict[int, float]] = {
    "two_gaussians": {1: 0.32, 3: 0.03, 5: 0.03, 10: 0.02},
    "four_gaussians_diagonal": {1: 1.31, 3: 0.29, 5: 0.20, 10: 0.21},
    "four_gaussians_row": {1: 0.70, 3: 0.26, 5: 0.15, 10: 0.11},
    "seven_gaussians": {1: 0.33, 3: 0.07, 5: 0.04, 10: 0.03},
    "nine_gaussians": {1: 1.04, 3: 0.54, 5: 0.46, 10: 0.37},
    "one_box": {1: 0.20, 3: 0.04, 5: 0.02, 10: 0.01},
    "three_boxes": {1: 0.89, 3: 0.13, 5: 0.11, 10: 0.08},
    "four_boxes": {1: 1.07, 3: 0.18, 5: 0.11, 10: 0.14},
    "gap small": {3: 0.19, 5: 0.18, 7: 0.17, 10: 0.20, 20: 0.27},
    "gap medium": {3: 0.18, 5: 0.17, 7: 0.17, 10: 0.19, 20: 0.28},
    "gap large": {3: 0.25, 5: 0.26, 7: 0.27, 10: 0.29, 20: 0.42},
    "gap giant": {3: 0.29, 5: 0.29, 7: 0.28, 10: 0.40, 20: 0.40},
}
"""Of the University of Rostock's study: hidden layers of 200 and 200 units, 30,720 rows in two
columns, 819,200 in ten. The parameters of its seven Gaussians are not known."""

PLANE = tuple(name for name in PUBLISHED if not name.startswith("gap"))
FEW_PLANE = ("two_gaussians", "four_gaussians_diagonal", "three_boxes")

RECIPES: dict[str, dict[str, Any]] = {
    "maf": {"n_layers": 5},
    "real_nvp": {"n_layers": 8},
    "neural_spline_flow": {"n_layers": 3, "linear": "permutation"},
}
"""The flows that are tuned: about as long a step each."""

RATES, WIDTHS, BATCHES = (3e-4, 1e-3, 3e-3), (32, 64, 128), (64, 256, 1024)


def known(name: str) -> Target:
    """Return a target of the plane, or of ten columns as "gap GAP"."""
    return seven_gaussians(name.removeprefix("gap ")) if name.startswith("gap ") else target(name)


def cells(full: bool, _: Path) -> list[Cell]:
    """Return every target at every depth, the default, and the settings of tuning."""
    gaps = GAPS if full else ("medium", "giant")
    names = [*(PLANE if full else FEW_PLANE), *(f"gap {gap}" for gap in gaps)]
    sizes: Cell = {"rows": 10_000, "steps": 1_500, "width": 64}
    if full:
        sizes = {"rows": 30_720, "steps": 20_000, "width": 200}
    found = []
    for name in names:
        in_ten = name.startswith("gap")
        size = {**sizes, "rows": 100_000} if full and in_ten else sizes
        layers = LAYERS if full else FEW_LAYERS[in_ten:]
        found += [
            {"kind": "maf", "target": name, "layers": n, "seed": seed, **size}
            for n, seed in product(layers, range(4 if full else 1))
        ]
        limit = {"effort": "balanced" if full else "fast", "max_seconds": None if full else 20}
        found.append({"kind": "default", "target": name, "rows": size["rows"], **limit})
    return found + _tuning(full)


def _tuning(full: bool) -> list[Cell]:
    ends = slice(None) if full else slice(None, None, 2)
    sizes = {"target": "four_gaussians_diagonal", "rows": 10_000, "epochs": 60 if full else 20}
    return [
        {"kind": "tuning", "recipe": recipe, "rate": rate, "width": width, "batch": batch, **sizes}
        for recipe, width, batch, rate in product(RECIPES, WIDTHS[ends], BATCHES[ends], RATES[ends])
    ]


def measure(cell: Cell, _: Path) -> dict[str, Any]:
    """Return the divergence of one fit from its target."""
    truth = known(cell["target"])
    rows = truth.sample(cell["rows"], random_state=1 + cell.get("seed", 0))
    model: Any
    if cell["kind"] == "default":
        limits = {"effort": cell["effort"], "max_seconds": cell["max_seconds"]}
        model = FlowDensity(random_state=0, **limits).fit(rows)
    elif cell["kind"] == "maf":
        width, layers = cell["width"], cell["layers"]
        model = fit_plain(
            "maf", rows, steps=cell["steps"], seed=cell["seed"], n_layers=layers,
            hidden_sizes=(width, width),
        )  # fmt: skip
    else:
        recipe, width = cell["recipe"], cell["width"]
        model = fit_plain(
            recipe, rows, epochs=cell["epochs"], batch_size=cell["batch"],
            learning_rate=cell["rate"], hidden_sizes=(width, width), **RECIPES[recipe],
        )  # fmt: skip
    found = divergence(truth, model)
    return {"kl": found.value, "standard_error": found.standard_error}


def report(records: list[Record], page: Page) -> None:
    """Write the divergence against depth, and its spread over settings."""
    _depth(where(records, kind="maf"), where(records, kind="default"), page)
    _spread([record for record in records if record["kind"] == "tuning"], page)


def _depth(deep: list[Record], default: list[Record], page: Page) -> None:
    layers, names = sorted(distinct(deep, "layers")), distinct(deep, "target")
    if not names:
        return
    first = deep[0]
    page.say(
        f"Kullback-Leibler divergence from the truth in nats, 10,000 fresh rows. Plain affine MAF, "
        f"hidden layers of {first['width']} and {first['width']} units, {first['steps']:,} steps "
        f"of 256 rows, {first['rows']:,} training rows in two columns and "
        f"{deep[-1]['rows']:,} in ten, {len(distinct(deep, 'seed'))} run(s); of one run the error "
        "is that of the fresh rows. Published figures in brackets."
    )
    rows = []
    for name in names:
        cells = []
        for n in layers:
            measured = _told(where(deep, target=name, layers=n))
            published = PUBLISHED[name].get(n)
            cells.append(measured + (f" [{published:.2f}]" if published is not None else ""))
        rows.append((name, *cells, _told(where(default, target=name))))
    page.table(("target", *(f"{n} layer{'s' * (n > 1)}" for n in layers), "default"), rows)
    page.figure("layers", _lines(deep, default, names, layers))


def _told(found: list[Record]) -> str:
    """Return the mean and deviation of several runs, or one run's value and standard error."""
    if len(found) == 1:
        return f"{found[0]['kl']:.3f} ± {found[0]['standard_error']:.3f}"
    return mean_text([record["kl"] for record in found])


def _lines(deep: list[Record], default: list[Record], names: list[str], layers: list[int]) -> Any:
    figure, axes = panels(len(names))
    for axis, name in zip(axes, names, strict=True):
        mine = [n for n in layers if where(deep, target=name, layers=n)]
        line(
            axis,
            mine,
            [float(np.mean(values(deep, "kl", target=name, layers=n))) for n in mine],
            0,
            "MAF",
        )
        published = PUBLISHED[name]
        line(axis, list(published), list(published.values()), 1, "MAF, published")
        for value in values(default, "kl", target=name):
            axis.axhline(max(value, 1e-4), color="black", linestyle="--", label="default")
        axis.set(yscale="log", xscale="log", xlabel="layers", ylabel="KL (nats)", title=name)
        axis.set_xticks(layers, [str(n) for n in layers])
        axis.minorticks_off()
    axes[0].legend(fontsize=7)
    return figure


def _spread(tuned: list[Record], page: Page) -> None:
    recipes = [name for name in RECIPES if where(tuned, recipe=name)]
    if not recipes:
        return
    first = tuned[0]
    page.say(
        f"Tuning: divergence on {first['target']}, {first['rows']:,} rows, {first['epochs']} "
        f"epochs, over learning rates {distinct(tuned, 'rate')}, widths "
        f"{distinct(tuned, 'width')} and batches of {distinct(tuned, 'batch')} rows."
    )
    rows = []
    for name in recipes:
        kl = np.array(values(tuned, "kl", recipe=name))
        failed = len([r for r in tuned if r["recipe"] == name]) - len(kl)
        best = min(where(tuned, recipe=name), key=lambda record: record["kl"])
        numbers = (kl.min(), np.median(kl), kl.max(), kl.max() / kl.min())
        settings = f"rate {best['rate']:g}, width {best['width']}, batch {best['batch']}"
        rows.append((name, *(f"{number:.3f}" for number in numbers), settings, str(failed)))
    page.table(("flow", "best", "median", "worst", "worst / best", "best at", "failed"), rows)
    settings = [
        (name, value)
        for name in ("rate", "width", "batch")
        for value in sorted(distinct(tuned, name))
    ]
    rows = []
    for recipe in recipes:
        found = [values(tuned, "kl", recipe=recipe, **{name: value}) for name, value in settings]
        rows.append((recipe, *(mean_text(kl) for kl in found)))
    header = [f"{name} {value:g}" for name, value in settings]
    page.table(("flow, mean over the rest", *header), rows)
    figure, axes = panels(1, size=(5, 3.2))
    for i, name in enumerate(recipes):
        kl = sorted(values(tuned, "kl", recipe=name))
        line(axes[0], np.linspace(0, 1, len(kl)).tolist(), kl, i, name)
    axes[0].set(yscale="log", xlabel="share of the settings", ylabel="KL (nats)")
    axes[0].legend(fontsize=8)
    page.figure("tuning", figure)


DEPTH = Study("depth", cells, measure, report)
