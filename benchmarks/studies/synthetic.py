"""Synthetic rows: do classifiers that are trained on them do well on real rows?"""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.studies.classifiers import accuracies
from benchmarks.studies.generators import CONDITIONAL, DEFAULT, GENERATORS, MAF, density_of, fitted
from benchmarks.studies.kept import Cell, Record
from benchmarks.studies.labelled import MINIBOONE, Labelled, balanced, read_labelled, split
from benchmarks.studies.page import COLOURS, Page, line, panels
from benchmarks.studies.records import distinct, where
from benchmarks.studies.study import Study

from fluvial.evaluation import c2st, mmd, sliced_wasserstein

REAL, SYNTHETIC, MIXED = "real", "synthetic", "mixed"
TRAINING = 0.6
PUBLISHED = {False: "93.8-95.0 / 93.4-93.7", True: "93.2-94.8 / at most 93.8"}
"""Accuracy in per cent after training on real / on synthetic rows, by whether classes are balanced:
the University of Rostock's study of MiniBooNE, one MAF of 30 layers a class."""


def cells(full: bool, data: Path) -> list[Cell]:
    """Return real rows and every generator on every labelled table, then two-sample tests."""
    settings: Cell = {"layers": 5, "steps": 800, "effort": "fast", "max_seconds": 20}
    shares, seeds = [0.25, 1.0, 2.0], range(1)
    tables = ["satellite"]
    if full:
        settings = {"layers": 30, "steps": 20_000, "effort": "balanced", "max_seconds": None}
        shares, seeds = [0.1, 0.25, 0.5, 1.0, 2.0, 4.0], range(4)
        tables += ["Pima", "yeast"]
        tables += ["miniboone"] if (data / MINIBOONE).exists() else []
    found: list[Cell] = []
    for table, equal, seed in product(tables, (False, True), seeds):
        cell = {"kind": "classes", "table": table, "balanced": equal, "seed": seed}
        cell["shares"] = shares
        found.append({**cell, "rows_of": REAL})
        found += [{**cell, "rows_of": name, **settings} for name in GENERATORS]
    rows = 16_000 if full else 5_000
    found += [
        {"kind": "samples", "rows_of": name, "rows": rows, **settings}
        for name in (MAF, CONDITIONAL, DEFAULT)
    ]
    return found


def measure(cell: Cell, data: Path) -> dict[str, Any]:
    """Return accuracies by share of rows, or how like real rows the drawn ones are."""
    if cell["kind"] == "samples":
        folder = data / "miniboone"
        training = np.load(folder / "train_subset.npy").astype(np.float64)
        test = np.load(folder / "test.npy").astype(np.float64)
        # The rows are in an order.
        order = np.random.default_rng(0).permutation(len(training))[: cell["rows"]]
        return likeness(cell, training[order], test)
    return usefulness(cell, read_labelled(cell["table"], data))


def usefulness(cell: Cell, table: Labelled) -> dict[str, Any]:
    """Return the accuracies of classifiers, by how they were trained.

    Args:
        cell: `rows_of` REAL or a generator's name, `balanced`, `seed`, `shares` of the training
            rows, and a generator's settings.
        table: whose rows are split into training and test rows.

    Returns:
        `n_training`, and lists `real` or `synthetic` and `mixed`, an entry a share: of the real
        rows, of so many synthetic ones, or of all real ones and so many synthetic ones.
    """
    rng = np.random.default_rng(cell["seed"])
    if cell["balanced"]:
        table = balanced(table, rng)
    training, test = split(table, TRAINING, rng)
    n = len(training.rows)
    found: dict[str, Any] = {"n_training": n}
    if cell["rows_of"] == REAL:
        parts = [share for share in cell["shares"] if share <= 1]
        firsts = [training.take(np.arange(round(share * n))) for share in parts]
        return {**found, REAL: [accuracies(first, test) for first in firsts]}
    draw = fitted(cell["rows_of"], training, cell, cell["seed"])
    most = round(max(cell["shares"]) * n)
    labels = np.resize(training.labels, most)
    drawn = Labelled(draw(labels, 1 + cell["seed"]), labels)
    for share in cell["shares"]:
        some = drawn.take(np.arange(round(share * n)))
        both = Labelled(*(np.concatenate(pair) for pair in zip(training, some, strict=True)))
        found.setdefault(SYNTHETIC, []).append(accuracies(some, test))
        found.setdefault(MIXED, []).append(accuracies(both, test))
    return found


def likeness(cell: Cell, training: np.ndarray, test: np.ndarray) -> dict[str, Any]:
    """Return the log density of test rows, and tests of drawn rows against them."""
    density = density_of(cell["rows_of"], training, cell, 0)
    drawn = density.sample(len(test), random_state=1)
    found: dict[str, Any] = {"nats": density.score(test)}
    for name, compare in (("c2st", c2st), ("mmd", mmd), ("wasserstein", sliced_wasserstein)):
        result = compare(test, drawn)
        found[name] = [result.value, result.reference]
    return found


def report(records: list[Record], page: Page) -> None:
    """Write accuracies by training rows, and the two-sample tests."""
    labelled = where(records, kind="classes")
    for table in distinct(labelled, "table"):
        of_table = where(labelled, table=table)
        for equal in (False, True):
            if found := where(of_table, balanced=equal):
                _accuracies(table, equal, found, page)
        page.figure(table, _draw(of_table))
    _likeness(where(records, kind="samples"), page)


def _accuracies(table: str, equal: bool, found: list[Record], page: Page) -> None:
    kind = "as many rows of each class" if equal else "classes as they are"
    page.say(
        f"{table}, {kind}, {found[0]['n_training']:,} training rows: accuracy in per cent, mean "
        f"and deviation over classifiers and {len(distinct(found, 'seed'))} run(s); in brackets "
        f"balanced accuracy. MiniBooNE as published, real / synthetic: {PUBLISHED[equal]}."
    )
    shares = found[0]["shares"]
    rows = []
    for name in distinct(found, "rows_of"):
        for way in (REAL, SYNTHETIC, MIXED):
            if of_way := [record[way] for record in where(found, rows_of=name) if way in record]:
                cells = [_told(of_way, i) for i in range(len(shares))]
                added = "all real, and synthetic" if way == MIXED else way
                rows.append((name, added, *cells))
    page.table(("rows of", "trained on", *(f"{share:g} n" for share in shares)), rows)


def _told(of_way: list[list[dict[str, list[float]]]], i: int) -> str:
    if i >= len(of_way[0]):
        return "-"
    right, even = _percent(of_way, i)
    return f"{right.mean():.1f} ± {right.std():.1f} ({even.mean():.1f})"


def _percent(of_way: list[list[dict[str, list[float]]]], i: int) -> np.ndarray:
    """Return accuracies and balanced accuracies (2, n) over runs and classifiers, in per cent."""
    return 100 * np.array([pair for run in of_way for pair in run[i].values()]).T


def _draw(found: list[Record]) -> Any:
    figure, axes = panels(4, across=2, size=(4.4, 3.1))
    shares = found[0]["shares"]
    for row, equal in enumerate((False, True)):
        some = where(found, balanced=equal)
        real = [record[REAL] for record in some if REAL in record]
        if not real:
            continue
        parts = range(len(real[0]))
        complete = _percent(real, len(real[0]) - 1)[0].mean()
        for axis, way in zip(axes[2 * row : 2 * row + 2], (SYNTHETIC, MIXED), strict=True):
            axis.axhline(complete, color=COLOURS[6], linestyle="--", label="all real rows")
            if way == SYNTHETIC:
                right = [_percent(real, i)[0].mean() for i in parts]
                line(axis, shares[: len(right)], right, 6, REAL)
            for i, name in enumerate(GENERATORS):
                runs = [record[way] for record in where(some, rows_of=name)]
                if runs:
                    right = [_percent(runs, k)[0].mean() for k in range(len(shares))]
                    line(axis, shares, right, i, name)
            added = "synthetic rows alone" if way == SYNTHETIC else "synthetic rows added"
            axis.set(xscale="log", xlabel=f"{added}, share of n", ylabel="accuracy, %")
            axis.set_xticks(shares, [f"{share:g}" for share in shares])
            axis.minorticks_off()
            axis.set_title("balanced" if equal else "classes as they are", fontsize=9)
    axes[0].legend(fontsize=7)
    return figure


def _likeness(found: list[Record], page: Page) -> None:
    if not found:
        return
    page.say(
        f"MiniBooNE without labels, 43 columns, {found[0]['rows']:,} of the training rows at hand: "
        "log density of the published test rows, and drawn rows against them; in brackets what two "
        "halves of the test rows give. The training rows are a biased part: no figure compares "
        "with a published one."
    )
    names = {MAF: "one MAF", CONDITIONAL: "one spline flow", DEFAULT: "default"}
    rows = []
    for record in found:
        tests = [f"{record[name][0]:.4f} [{record[name][1]:.4f}]" for name in TESTS]
        rows.append((names[record["rows_of"]], f"{record['nats']:.2f}", *tests))
    page.table(("rows of", "test nats", "C2ST accuracy", "squared MMD", "sliced Wasserstein"), rows)


TESTS = ("c2st", "mmd", "wasserstein")
SYNTHETIC_STUDY = Study("synthetic", cells, measure, report)
