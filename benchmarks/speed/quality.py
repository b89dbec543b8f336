"""W11: seconds until the held-out log-likelihood that the peers' recipes reach in a minute."""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from benchmarks.density.sets import SETS
from benchmarks.density.sets.base import DataSet
from benchmarks.speed.cores import keep_to_cores
from benchmarks.speed.environments import BENCH, ROOT
from benchmarks.speed.report import table
from benchmarks.speed.verdicts import Verdict, judge

PEER_SECONDS = 60.0
LADDER = (1.0, 1.5, 2.0, 3.0, 4.5, 6.0, 9.0, 13.0, 20.0, 30.0, 45.0, 60.0)
"""Time limits that Fluvial is given, in a fresh process each, until it is as good."""

SOONER = 5.0
PEERS = {"flowjax": "jax", "zuko": "torch"}

Points = list[tuple[float, float]]


TABLES = ("wilt", "skillcraft", "pendigits", "pumadyn32nm", "miniboone")
"""Sets of `benchmarks.density`: their columns are continuous, and repeated values are spread."""


def run(bench) -> list[Verdict]:
    """Race each library's recipe on each table, print the results, return the verdicts."""
    quick = bench.effort.quick
    tables = [SETS[name] for name in TABLES[: 1 if quick else None]]
    tables = [each for each in tables if (bench.data / str(each.path)).exists()]
    if not tables:
        bench.say(f"No table in {bench.data}: give their folder with --data DIR.\n")
        return [Verdict("no figure", None)]
    verdicts, rows, records = [], [], {}
    for each in tables:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.npz"
            shape = _write(each, bench.data, path)
            best, peers = _peers(path, bench, 2.0 if quick else PEER_SECONDS)
            ours = _ours(path, bench, best[1], LADDER[:2] if quick else LADDER)
        records[each.name] = {"shape": shape, "peers": peers, "ours": ours}
        rows.append(_row(each.name, shape, best, peers, ours))
        verdicts.append(_judge(each.name, best, ours))
        bench.say(f"* {verdicts[-1]}")
    bench.say("")
    header = ("table", "target, nats", "flowjax", "zuko", "fluvial")
    for line in table(header, rows):
        bench.say(line)
    bench.say("")
    bench.records["W11"] = records
    bench.pool.note_versions("fluvial", "flowjax", "zuko")
    return verdicts


def _write(each: DataSet, folder: Path, path: Path) -> tuple[int, int]:
    """Write train and held-out rows; return the shape of the first."""
    rows = each.make(folder)
    train = np.concatenate([rows.train, rows.validation])
    np.savez(path, train=train, held_out=rows.test)
    return train.shape


def _peers(path: Path, bench, seconds: float) -> tuple[tuple[float, float], dict[str, Points]]:
    """Return the best point (seconds, nats) of all peers, and every peer's best."""
    best = {}
    for peer, environment in PEERS.items():
        python = bench.environments.python(environment)
        points = _recipe(python, f"{peer}_recipe", path, seconds)
        best[peer] = [max(points, key=lambda point: point[1])] if points else []
    every = [point for points in best.values() for point in points]
    return max(every, key=lambda point: point[1], default=(seconds, -np.inf)), best


def _ours(path: Path, bench, target: float, ladder: tuple[float, ...]) -> Points:
    """Return the points of ever longer fits, up to the first that reaches the target."""
    python = bench.environments.python("jax")
    tried: Points = []
    for limit in ladder:
        tried += _recipe(python, "fluvial_recipe", path, limit)
        if tried and tried[-1][1] >= target:
            break
    return tried


def _recipe(python: Path, recipe: str, path: Path, seconds: float) -> Points:
    command = [python, "-m", f"benchmarks.speed.recipes.{recipe}", path, seconds]
    with (BENCH / "logs" / f"{recipe}.log").open("w") as log:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            preexec_fn=keep_to_cores,
            check=False,
        )
    return [tuple(point) for point in json.loads(done.stdout)] if done.returncode == 0 else []


def _row(name: str, shape: tuple[int, int], best, peers, ours) -> tuple[str, ...]:
    def reached(points: Points) -> str:
        if not points:
            return "failed"
        seconds, nats = max(points, key=lambda point: point[1])
        return f"{nats:.2f} in {seconds:.1f} s"

    name = f"{name} {shape[0]:,} x {shape[1]}"
    cells = [reached(peers[peer]) for peer in PEERS] + [reached(ours)]
    return (name, f"{best[1]:.2f}", *cells)


def _judge(name: str, best: tuple[float, float], tried: Points) -> Verdict:
    if not tried or not np.isfinite(best[1]):
        return Verdict(f"{name}: no figure", None)
    seconds, nats = tried[-1]
    if nats < best[1]:
        what = f"{name}: {best[1]:.2f} nats not reached"
        return Verdict(f"{what}, best {max(nats for _, nats in tried):.2f}: not met", False)
    what = f"{name}: {best[1]:.2f} nats in {seconds:.1f} s, the best peer in {best[0]:.1f} s"
    return judge(best[0] / seconds, SOONER, what)
