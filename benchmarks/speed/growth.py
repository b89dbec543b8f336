"""W8: how times grow with columns, rows and layers."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from statistics import median

from benchmarks.speed.models import REAL_NVP, Model, maf_of
from benchmarks.speed.race import Effort, run_race
from benchmarks.speed.report import spread, table
from benchmarks.speed.tasks import OURS, Entrant, Outcome, Race, Task, Timing
from benchmarks.speed.verdicts import Verdict, judge

COLUMNS = (4, 8, 16, 32, 64, 128)
ROWS = (1_000, 10_000, 100_000, 1_000_000)
LAYERS = (2, 4, 8, 16, 32)
SAMPLED_ROWS = 2_000

GROWTH_LIMIT = 2.0
"""Sampling may grow so many times as fast as log_prob; by D passes it would grow 32 times."""

FLAT = 1.25
"""Greatest over least of what should be flat."""


def run(bench) -> list[Verdict]:
    """Measure the three growths, print their tables, return the verdicts."""
    records: dict[str, list] = {}
    verdicts = []
    for name, part in (("columns", _columns), ("rows", _rows), ("layers", _layers)):
        outcomes, lines, verdict = part(bench)
        for line in (*lines, ""):
            bench.say(line)
        verdicts.append(verdict)
        records[name] = [asdict(outcome) for outcome in outcomes]
    bench.records["W8"] = records
    return verdicts


def _columns(bench) -> tuple[list[Outcome], list[str], Verdict]:
    columns = COLUMNS[:2] if bench.effort.quick else COLUMNS
    outcomes = []
    for n_features in columns:
        model = maf_of(n_features)
        density = Entrant("log_prob", OURS, Task("log_prob", model, SAMPLED_ROWS))
        sample = Task("sample", model, SAMPLED_ROWS)
        race = Race(f"sample and log_prob, {model}", sample, peers=(), beside=(density,))
        outcomes.append(run_race(race, bench.pool, bench.effort))
    pairs = [(o.of(OURS), o.of("log_prob")) for o in outcomes]
    header = ("columns", f"sample {SAMPLED_ROWS:,} rows", "log_prob", "ratio")
    rows = [
        (str(d), _spread(s), _spread(p), _quotient(s, p))
        for d, (s, p) in zip(columns, pairs, strict=True)
    ]
    lines = table(header, rows)
    if not all(timing.seconds for pair in pairs for timing in pair):
        return outcomes, lines, Verdict("no figure", None)
    (sample_few, density_few), (sample_many, density_many) = pairs[0], pairs[-1]
    growth = _middle(sample_many) / _middle(sample_few)
    reference = _middle(density_many) / _middle(density_few)
    what = (
        f"from {columns[0]} to {columns[-1]} columns sampling grows {growth:.1f} times, "
        f"log_prob {reference:.1f} times: {growth / reference:.2f} x"
    )
    return outcomes, lines, judge(growth / reference, GROWTH_LIMIT, what, at_most=True)


def _rows(bench) -> tuple[list[Outcome], list[str], Verdict]:
    sizes = ROWS[:2] if bench.effort.quick else ROWS
    tasks = {n: Task("train", REAL_NVP, n) for n in sizes}
    outcome = _one_race(
        bench, f"training, {REAL_NVP}", {f"{n:,} rows": t for n, t in tasks.items()}
    )
    # The last batch of an epoch is filled up, so that an epoch takes a little more than its rows.
    a_row = {
        n: [s * -(-n // task.batch_size) / n for s in timing.seconds]
        for (n, task), timing in zip(tasks.items(), outcome.timings, strict=True)
    }
    lines = table(
        ("rows", "training time a row and epoch"),
        [(f"{n:,}", spread(seconds) if seconds else "") for n, seconds in a_row.items()],
    )
    what = f"training time a row, {sizes[0]:,} to {sizes[-1]:,} rows"
    return [outcome], lines, _flat(what, a_row.values())


def _layers(bench) -> tuple[list[Outcome], list[str], Verdict]:
    numbers = LAYERS[:2] if bench.effort.quick else LAYERS
    model = Model("spline", 10, 1, (64, 64))
    tasks = {f"{n} layers": Task("first_fit", replace(model, n_layers=n), 256) for n in numbers}
    outcome = _one_race(bench, "compilation", tasks)
    lines = table(
        ("layers", "spline flow of 10 columns: build, compile and 1 step"),
        [(timing.label, _spread(timing)) for timing in outcome.timings],
    )
    what = f"compilation, {numbers[0]} to {numbers[-1]} layers"
    return [outcome], lines, _flat(what, (timing.seconds for timing in outcome.timings))


def _one_race(bench, title: str, tasks: dict[str, Task]) -> Outcome:
    """Let Fluvial race against itself, at most three turns each."""
    beside = tuple(Entrant(label, OURS, task) for label, task in tasks.items())
    effort: Effort = replace(bench.effort, rounds=min(3, bench.effort.rounds))
    return run_race(Race(title, None, beside=beside), bench.pool, effort)


def _flat(what: str, timings: Iterable[list[float]]) -> Verdict:
    timings = list(timings)
    if not all(timings):
        return Verdict("no figure", None)
    middles = [median(seconds) for seconds in timings]
    measured = max(middles) / min(middles)
    return judge(measured, FLAT, f"{what}: greatest over least {measured:.2f}", at_most=True)


def _middle(timing: Timing) -> float:
    return median(timing.seconds)


def _spread(timing: Timing) -> str:
    return spread(timing.seconds) if timing.seconds else timing.note


def _quotient(above: Timing, below: Timing) -> str:
    return f"{_middle(above) / _middle(below):.2f}" if above.seconds and below.seconds else ""
