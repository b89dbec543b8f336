"""`python -m benchmarks.density [--sets ...] [--methods ...]`: compare held-out densities."""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.density.cache import Cache, Result
from benchmarks.density.methods import METHODS, Method, method
from benchmarks.density.report import Report
from benchmarks.density.runner import FitFailed, Runner
from benchmarks.density.sets import GROUPS, SETS, DataSet, choose
from benchmarks.speed.environments import BENCH, ROOT

QUICK_SECONDS = 2.0

Key = tuple[str, str, int]


def main() -> None:
    """Fit what is not kept yet, then print the tables and keep them in .bench/results."""
    arguments = _arguments()
    name = "density-quick" if arguments.quick else "density"
    runner = Runner(
        Cache(BENCH / name),
        arguments.data,
        QUICK_SECONDS if arguments.quick else arguments.peer_seconds,
        few=arguments.quick,
        keep=arguments.keep or arguments.table_only,
    )
    sets = [dataset for dataset in arguments.sets if _present(dataset, arguments.data)]
    # Method by method, so that a run that is cut short has whole columns.
    fits = [
        (dataset, way, seed)
        for way in arguments.methods
        for dataset in sets
        for seed in (arguments.seeds if way.ours else arguments.seeds[:1])
    ]
    found: dict[Key, Result] = {}
    stale: set[Key] = set()
    with ThreadPoolExecutor(arguments.jobs) as pool:
        done = pool.map(lambda fit: _result(runner, arguments.table_only, *fit), fits)
        for (dataset, way, seed), result in zip(fits, done, strict=True):
            if result is not None:
                key = (dataset.name, way.name, seed)
                found[key] = result
                if runner.is_stale(dataset, way, result):
                    stale.add(key)
    rows = {dataset.name: runner.rows(dataset) for dataset in sets}
    _print_report(Report(rows, sets, arguments.methods, found, stale), name)


def _result(
    runner: Runner, table_only: bool, dataset: DataSet, way: Method, seed: int
) -> Result | None:
    result = runner.cached(dataset, way, seed)
    if result is not None or table_only:
        return result
    label = f"{dataset.name} {way.name}" + (f" seed {seed}" if way.ours else "")
    try:
        result = runner.fit(dataset, way, seed)
    except FitFailed as error:
        print(f"{label}: failed: {error}", flush=True)
        return None
    print(
        f"{label}: {result.nats:.4f} ± {result.standard_error:.4f} nats, {result.seconds:.1f} s",
        flush=True,
    )
    return result


def _present(dataset: DataSet, data: Path) -> bool:
    if dataset.path is None or (data / dataset.path).exists():
        return True
    print(f"{dataset.name}: no {dataset.path} in {data}; give --data DIR", file=sys.stderr)
    return False


def _print_report(report: Report, name: str) -> None:
    lines = list(report.lines())
    print("\n".join(lines))
    results = BENCH / "results"
    results.mkdir(parents=True, exist_ok=True)
    kept = results / f"{name}.md"
    kept.write_text("\n".join(lines) + "\n")
    print(f"\nkept in {kept.relative_to(ROOT)}", file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.density", description=__doc__)
    add = parser.add_argument
    add(
        "--sets",
        nargs="+",
        default=[],
        metavar="S",
        help=f"groups ({', '.join(GROUPS)}) or sets ({', '.join(SETS)}); default: all",
    )
    add(
        "--methods",
        nargs="+",
        default=list(METHODS),
        metavar="M",
        help=f"of {', '.join(METHODS)}; fluvial:KEY=VALUE:... gives FlowDensity arguments",
    )
    add("--seeds", nargs="+", type=int, default=[0], help="the peers take the first; default: 0")
    add(
        "--data",
        type=Path,
        default=Path(os.environ.get("FLUVIAL_DATA", ROOT.parent / "shared" / "data")),
        help="folder of the real tables; default: FLUVIAL_DATA, or shared/data beside the checkout",
    )
    add("--peer-seconds", type=float, default=60.0, help="training time of a peer's flow")
    add("--quick", action="store_true", help="only see that everything runs: few rows, 2 s a peer")
    add("--jobs", type=int, default=1, help="fits at the same time")
    add("--keep", action="store_true", help="take kept results of other code or settings, too")
    add("--table-only", action="store_true", help="fit nothing, print what is kept")
    arguments = parser.parse_args()
    try:
        arguments.sets = choose(arguments.sets)
        arguments.methods = [method(name) for name in arguments.methods]
    except (KeyError, ValueError) as error:
        parser.error(f"unknown: {error}")
    return arguments


if __name__ == "__main__":
    main()
