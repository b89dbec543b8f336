"""The tables that the bench prints, in text that is Markdown too."""

from statistics import median

from benchmarks.speed.tasks import OURS, Outcome, Timing
from benchmarks.speed.verdicts import Verdict, judge_race, ratio


def race_lines(outcome: Outcome) -> list[str]:
    """Return the table of one race and its verdicts."""
    ours = outcome.of(OURS)
    unit = outcome.race.unit
    lines = [
        f"**{outcome.race.title}**",
        "",
        *table(
            (f"time a {unit}", "median [min ... max]", "/ fluvial", "parameters", "threads"),
            [_row(timing, ours) for timing in outcome.timings],
        ),
        "",
    ]
    return [*lines, *verdict_lines(judge_race(outcome))]


def verdict_lines(verdicts: list[Verdict]) -> list[str]:
    """Return verdicts as a list."""
    return [f"* {verdict}" for verdict in verdicts] + ([""] if verdicts else [])


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """Return a table with aligned columns."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]

    def line(cells: tuple[str, ...]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        return f"| {' | '.join(padded)} |"

    rule = tuple("-" * width for width in widths)
    return [line(header), line(rule), *map(line, rows)]


def spread(seconds: list[float]) -> str:
    """Return median, least and greatest, in a unit that suits."""
    middle = median(seconds)
    unit, scale = ("s", 1.0) if middle >= 1 else ("ms", 1e3) if middle >= 1e-3 else ("us", 1e6)
    values = (f"{scale * value:.3g}" for value in (middle, min(seconds), max(seconds)))
    return "{} [{} ... {}] {}".format(*values, unit)


def _row(timing: Timing, ours: Timing) -> tuple[str, ...]:
    if not timing.seconds:
        return (timing.label, timing.note.split("; see")[0], "", "", "")
    parameters = "" if timing.n_parameters is None else f"{timing.n_parameters:,}"
    relative = str(ratio(timing.seconds, ours.seconds)) if ours.seconds else ""
    if timing.label == "matmul":
        return (timing.label, f"{1 / median(timing.seconds):.0f} GFLOP/s", "", "", "2")
    threads = "/".join(str(n) for n in sorted(set(timing.threads)))
    return (timing.label, spread(timing.seconds), relative, parameters, threads)
