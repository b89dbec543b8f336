"""Ratios of a race and whether its goals are met."""

from dataclasses import dataclass
from statistics import median

from benchmarks.speed.tasks import OURS, PEERS, Goal, Outcome, Timing


@dataclass(frozen=True)
class Ratio:
    """A ratio of times of the same round: median, least and greatest over the rounds."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.3g} [{self.low:.3g} ... {self.high:.3g}]"


@dataclass(frozen=True)
class Verdict:
    """What became of a goal; `met` is None where it could not be measured."""

    text: str
    met: bool | None

    def __str__(self) -> str:
        return self.text


def ratio(above: list[float], below: list[float]) -> Ratio:
    """Return the ratios of the rounds that both took part in."""
    values = [a / b for a, b in zip(above, below, strict=False)]
    return Ratio(median(values), min(values), max(values))


def judge(measured: float, factor: float, what: str, *, at_most: bool = False) -> Verdict:
    """Compare a number with its goal.

    Args:
        measured: the number.
        factor: the goal.
        what: the number in words.
        at_most: whether the goal is an upper limit.
    """
    met = measured <= factor if at_most else measured >= factor
    sign = "<=" if at_most else ">="
    reached = f"goal {sign} {factor:.3g}: "
    if met:
        return Verdict(f"{what}, {reached}met", True)
    short = measured / factor if at_most else factor / measured
    return Verdict(f"{what}, {reached}not met (by a factor of {short:.2f})", False)


def judge_race(outcome: Outcome) -> list[Verdict]:
    """Return the verdict on each goal of a race."""
    return [_judge_goal(goal, outcome) for goal in outcome.race.goals]


def fastest_peer(outcome: Outcome) -> Timing | None:
    """Return the timing of the peer with the lowest median, None where no peer has one."""
    timed = [t for t in outcome.timings if t.label in (*PEERS, "scikit-learn") and t.seconds]
    return min(timed, key=lambda timing: median(timing.seconds), default=None)


def _judge_goal(goal: Goal, outcome: Outcome) -> Verdict:
    ours = outcome.of(OURS)
    over = fastest_peer(outcome) if goal.over == "best" else outcome.of(goal.over)
    if over is None or not ours.seconds or not over.seconds:
        return Verdict("no figure", None)
    if goal.kind == "faster":
        measured = ratio(over.seconds, ours.seconds)
        return judge(measured.middle, goal.factor, f"{measured} x as fast as {over.label}")
    if goal.kind == "at_most":
        measured = ratio(ours.seconds, over.seconds)
        what = f"{measured} x the time of {over.label}"
        return judge(measured.middle, goal.factor, what, at_most=True)
    if goal.kind == "peak":
        return _judge_peak(goal, outcome, ours, over)
    raise ValueError(f"no goal of kind {goal.kind!r}")


def _judge_peak(goal: Goal, outcome: Outcome, ours: Timing, peak: Timing) -> Verdict:
    """Count 2 operations a weight in the pass forward, and 4 in the pass back."""
    task = outcome.race.task
    if task is None or ours.n_parameters is None:
        return Verdict("no figure", None)
    billions = 6e-9 * ours.n_parameters * task.batch_size
    share = ratio([billions * seconds for seconds in peak.seconds], ours.seconds)
    rate = 1 / median(peak.seconds)
    what = f"{share} of the matmul peak of {rate:.0f} GFLOP/s"
    return judge(share.middle, goal.factor, what)
