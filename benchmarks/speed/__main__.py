"""`python -m benchmarks.speed [W1 W6 ...] [--quick]`: time Fluvial against its peers."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.speed.environments import BENCH, ROOT, Environments
from benchmarks.speed.machine import describe_machine
from benchmarks.speed.race import QUICK, Effort, run_race
from benchmarks.speed.report import race_lines, verdict_lines
from benchmarks.speed.tasks import Outcome, Workload
from benchmarks.speed.verdicts import Verdict, judge_race
from benchmarks.speed.workers import Pool
from benchmarks.speed.workloads import WORKLOADS


@dataclass
class Bench:
    """What a workload's own module needs.

    Attributes:
        pool: the workers.
        environments: the interpreters.
        effort: how long to measure.
        data: the folder of tables, for W11.
        say: prints a line of the report, which is kept.
        records: what the JSON file will hold, by workload.
    """

    pool: Pool
    environments: Environments
    effort: Effort
    data: Path
    say: Callable[[str], None]
    records: dict[str, Any] = field(default_factory=dict)


def main() -> None:
    """Run the chosen workloads, print their tables, keep them in .bench/results."""
    arguments = _arguments()
    results = BENCH / "results"
    results.mkdir(parents=True, exist_ok=True)
    (BENCH / "logs").mkdir(exist_ok=True)
    chosen = [w for w in WORKLOADS if not arguments.workloads or w.name in arguments.workloads]
    effort = QUICK if arguments.quick else Effort(arguments.rounds, arguments.seconds)
    name = "-".join(w.name for w in chosen) if len(chosen) < len(WORKLOADS) else "all"
    with (results / f"{name}.md").open("w") as report:

        def say(line: str) -> None:
            for stream in (sys.stdout, report):
                print(line, file=stream, flush=True)

        for line in describe_machine():
            say(line)
        environments = Environments()
        with Pool(environments) as pool:
            bench = Bench(pool, environments, effort, arguments.data, say)
            verdicts = {workload.name: _run(workload, bench) for workload in chosen}
            _summary(chosen, verdicts, bench)
    record = {"versions": pool.versions, "workloads": bench.records}
    (results / f"{name}.json").write_text(json.dumps(record, indent=1, default=str))
    print(f"kept in {(results / name).relative_to(ROOT)}.md and .json", file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    names = [workload.name for workload in WORKLOADS]
    parser.add_argument(
        "workloads", nargs="*", metavar="W", help=f"of {names[0]} ... {names[-1]}; all if none"
    )
    parser.add_argument("--quick", action="store_true", help="only see that everything runs")
    parser.add_argument("--rounds", type=int, default=Effort.rounds, help="turns of each side")
    parser.add_argument("--seconds", type=float, default=Effort.seconds, help="time of one turn")
    parser.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared" / "data", help="tables for W11"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.workloads) - set(names):
        parser.error(f"no workload {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return arguments


def _run(workload: Workload, bench: Bench) -> list[Verdict]:
    bench.say(f"\n### {workload.name}: {workload.title}\n")
    bench.say(f"Goal: {workload.goal}.\n")
    if workload.special:
        module = import_module(f"benchmarks.speed.{workload.special}")
        verdicts = module.run(bench)
        for line in verdict_lines(verdicts):
            bench.say(line)
        return verdicts
    outcomes: list[Outcome] = []
    for race in workload.races:
        outcomes.append(run_race(race, bench.pool, bench.effort))
        for line in race_lines(outcomes[-1]):
            bench.say(line)
    bench.records[workload.name] = [asdict(outcome) for outcome in outcomes]
    return [verdict for outcome in outcomes for verdict in judge_race(outcome)]


def _summary(chosen: list[Workload], verdicts: dict[str, list[Verdict]], bench: Bench) -> None:
    bench.say("\n### Goals\n")
    for workload in chosen:
        of_goals = verdicts[workload.name]
        met = sum(verdict.met is True for verdict in of_goals)
        missing = sum(verdict.met is None for verdict in of_goals)
        also = f", {missing} without a figure" if missing else ""
        bench.say(f"* {workload.name} {workload.title}: {met} of {len(of_goals)} met{also}")
    bench.say("\n### Versions\n")
    for library, versions in bench.pool.versions.items():
        listed = ", ".join(f"{name} {version}" for name, version in versions.items())
        bench.say(f"* {library}: {listed}")


if __name__ == "__main__":
    main()
