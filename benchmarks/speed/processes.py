"""W9: whole processes, cold: from the command to the model file."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from benchmarks.speed import data
from benchmarks.speed.cores import keep_to_cores
from benchmarks.speed.environments import ROOT
from benchmarks.speed.report import spread, table
from benchmarks.speed.verdicts import Verdict, judge, ratio

SECONDS, SHARE_OF_ZUKO, MEGABYTES = 6.0, 1 / 3, 600.0
DEFAULTS_LIMIT = 300.0
"""The fit with all defaults is ended after so many seconds."""


@dataclass(frozen=True)
class Case:
    """A table, and how long to train on it."""

    n_rows: int
    n_features: int
    max_epochs: int
    rounds: int
    within: float | None = None

    @property
    def title(self) -> str:
        """The case in words."""
        return f"{self.n_rows:,} x {self.n_features}, {self.max_epochs} epochs"


CASES = (Case(3_000, 2, 200, 3, SECONDS), Case(100_000, 20, 5, 2))
QUICK_CASES = (Case(300, 2, 2, 1, SECONDS),)

MIXTURE, QUICK_MIXTURE = (10_000, 10), (150, 2)
"""The table of the default mixture, rows and columns."""

MIXTURE_SECONDS = 60.0


@dataclass
class Runs:
    """What the processes of one kind took."""

    seconds: list[float] = field(default_factory=list)
    peak_megabytes: list[float] = field(default_factory=list)
    note: str = ""


def run(bench) -> list[Verdict]:
    """Time the processes of each case in turns, print the tables, return the verdicts."""
    cases = QUICK_CASES if bench.effort.quick else CASES
    verdicts, records = [], {}
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            runs = _run_case(case, Path(folder), bench)
        bench.say(f"**{case.title}**\n")
        header = ("process", "wall time", "peak memory")
        for line in table(header, [_row(label, entry) for label, entry in runs.items()]):
            bench.say(line)
        bench.say("")
        verdicts += _judge(case, runs)
        records[case.title] = {label: asdict(entry) for label, entry in runs.items()}
    runs, verdict = _mixture(*(QUICK_MIXTURE if bench.effort.quick else MIXTURE), bench)
    verdicts.append(verdict)
    records["mixture"] = asdict(runs)
    bench.records["W9"] = records
    bench.pool.note_versions("fluvial", "flowjax", "zuko")
    return verdicts


def _run_case(case: Case, folder: Path, bench) -> dict[str, Runs]:
    path = folder / "table.csv"
    _write(path, data.table(case.n_rows, case.n_features))
    ours = _fit(bench, path)
    epochs = ("--max-epochs", case.max_epochs, "--patience", case.max_epochs)
    recipe = (*ours, "--flow", "real_nvp", *epochs)
    # The first process fills the cache of compiled programs, if there is one; the second uses it.
    sizes = _sizes_of(timed(Runs(), recipe, cache=folder / "cache-first"))

    def script(name: str, environment: str, *more: object) -> tuple[object, ...]:
        python = bench.environments.python(environment)
        module = f"benchmarks.speed.scripts.{name}"
        model = folder / f"{name}.model"
        return (python, "-m", module, path, model, *sizes, "--max-epochs", case.max_epochs, *more)

    kinds: dict[str, Callable[[int], tuple[tuple[object, ...], Path]]] = {
        "fluvial": lambda i: (recipe, folder / f"cache-{i}"),
        "fluvial, again": lambda i: (recipe, folder / f"cache-{i}"),
        "flowjax": lambda i: (script("fit_flowjax", "jax"), folder / "none"),
        "zuko, 1 thread": lambda i: (script("fit_zuko", "torch", "--threads", 1), folder / "none"),
        "zuko, 2 threads": lambda i: (script("fit_zuko", "torch", "--threads", 2), folder / "none"),
    }
    runs = {label: Runs() for label in kinds}
    for i in range(min(case.rounds, bench.effort.rounds)):
        for label, command in kinds.items():
            arguments, cache = command(i)
            timed(runs[label], arguments, cache=cache)
    runs["fluvial, all defaults"] = defaults = Runs()
    timed(defaults, ours, cache=folder / "cache-defaults", limit=DEFAULTS_LIMIT)
    return runs


def _mixture(n_rows: int, n_features: int, bench) -> tuple[Runs, Verdict]:
    """Time the default of `FlowDensity` as a process, compilation included."""
    runs = Runs()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder / "table.csv", data.curved(n_rows, n_features))
        command = (*_fit(bench, folder / "table.csv"), "--flow", "auto")
        timed(runs, command, cache=folder / "cache", limit=DEFAULTS_LIMIT)
    what = f"{n_rows:,} x {n_features}, the default mixture"
    if not runs.seconds:
        return runs, Verdict(f"{what}: {runs.note}", None)
    (seconds,), (peak,) = runs.seconds, runs.peak_megabytes
    return runs, judge(
        seconds, MIXTURE_SECONDS, f"{what}: {seconds:.1f} s, {peak:.0f} MB", at_most=True
    )


def _write(path: Path, rows: np.ndarray) -> None:
    names = ",".join(f"x{i}" for i in range(rows.shape[1]))
    np.savetxt(path, rows, delimiter=",", header=names, comments="", fmt="%.9g")


def _fit(bench, path: Path) -> tuple[object, ...]:
    """Return the command that fits to a file, with the command line's defaults."""
    fluvial = bench.environments.python("jax").with_name("fluvial")
    model = path.with_name("m.fluvial")
    return (fluvial, "fit", path, "-o", model, "--force", "--json", "--quiet")


def timed(runs: Runs, command: tuple[object, ...], *, cache: Path, limit: float = 1800.0) -> str:
    """Run a process to its end; record its wall time and its peak memory; return its output."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    with tempfile.TemporaryFile("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.DEVNULL,
            preexec_fn=keep_to_cores,
        )
        status, usage = _wait(process, start + limit)
        elapsed = time.perf_counter() - start
        output.seek(0)
        text = output.read()
    if status == 0:
        runs.seconds.append(elapsed)
        # Linux counts kilobytes.
        runs.peak_megabytes.append(usage.ru_maxrss / 1e3)
    else:
        ended = elapsed >= limit
        runs.note = f"ended after {limit:.0f} s" if ended else f"failed with exit status {status}"
    return text


def _wait(process: subprocess.Popen, deadline: float) -> tuple[int, Any]:
    """Wait for a process by `wait4`, which tells the peak memory of this one child."""
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage
        if time.perf_counter() > deadline:
            process.kill()
            deadline = float("inf")
        time.sleep(0.01)


def _sizes_of(summary: str) -> tuple[object, ...]:
    """Return the sizes that our recipe chose, as options of the scripts."""
    values = json.loads(summary)
    return ("--n-layers", values["n_layers"], "--hidden-sizes", *values["hidden_sizes"])


def _row(label: str, runs: Runs) -> tuple[str, ...]:
    if not runs.seconds:
        return (label, runs.note, "")
    return (label, spread(runs.seconds), f"{max(runs.peak_megabytes):.0f} MB")


def _judge(case: Case, runs: dict[str, Runs]) -> list[Verdict]:
    ours = runs["fluvial"]
    zuko = [runs[f"zuko, {n}"] for n in ("1 thread", "2 threads")]
    zuko = [entry for entry in zuko if entry.seconds]
    if not ours.seconds or not zuko:
        return [Verdict(f"{case.title}: no figure", None)]
    fastest = min(zuko, key=lambda entry: median(entry.seconds))
    share = ratio(ours.seconds, fastest.seconds)
    verdicts = [
        judge(share.middle, SHARE_OF_ZUKO, f"{case.title}: {share} of zuko's time", at_most=True)
    ]
    if case.within is not None:
        seconds = median(ours.seconds)
        what = f"{case.title}: {seconds:.1f} s"
        verdicts.append(judge(seconds, case.within, what, at_most=True))
    beyond = max(ours.peak_megabytes) - 8e-6 * case.n_rows * case.n_features
    what = f"{case.title}: {beyond:.0f} MB beyond the data"
    return [*verdicts, judge(beyond, MEGABYTES, what, at_most=True)]
