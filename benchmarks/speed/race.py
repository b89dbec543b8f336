"""Runs a race: all entrants made ready, then timed in turns."""

import sys
from dataclasses import dataclass, replace

from benchmarks.speed.tasks import OURS, Entrant, Outcome, Race, Timing
from benchmarks.speed.workers import Pool, Worker, WorkerFailed


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Attributes:
        rounds: turns of each entrant.
        seconds: time of one turn, about; a slow unit takes longer.
        budget: once an entrant has used up so many seconds, two turns will do.
        timeout: an entrant that does not answer in this time is out.
        quick: whether this is only to see that everything runs.
    """

    rounds: int = 5
    seconds: float = 0.7
    budget: float = 15.0
    timeout: float = 300.0
    quick: bool = False


QUICK = Effort(rounds=1, seconds=0.02, budget=1.0, timeout=300.0, quick=True)
QUICK_ROWS = 1_000


class _Runner:
    """An entrant with its worker."""

    def __init__(self, entrant: Entrant, pool: Pool, effort: Effort):
        self.timing = Timing(entrant.label)
        self._effort = effort
        self._ours = entrant.package == OURS
        self._worker: Worker | None = None
        self._spent = 0.0
        task = entrant.task
        if effort.quick:
            task = replace(task, rows=min(task.rows, QUICK_ROWS))
        try:
            self._worker = pool.worker(entrant.package)
            ready = self._worker.ask("prepare", task=task.to_json(), timeout=effort.timeout)
            self._job, self.timing.n_parameters = ready["job"], ready["n_parameters"]
        except WorkerFailed as error:
            self._give_up(error)

    def turn(self) -> None:
        """Time one turn, unless there have been enough."""
        enough = self._spent > self._effort.budget and len(self.timing.seconds) >= 2
        if self._worker is None or (enough and not self._ours):
            return
        try:
            answer = self._worker.ask(
                "run", job=self._job, seconds=self._effort.seconds, timeout=self._effort.timeout
            )
        except WorkerFailed as error:
            self._give_up(error)
            return
        self.timing.seconds.append(answer["seconds"])
        self.timing.threads.append(answer["threads"])
        self._spent += max(answer["seconds"], self._effort.seconds)

    def _give_up(self, error: WorkerFailed) -> None:
        self._worker = None
        self.timing.note = str(error)
        print(f"  {self.timing.label}: {error}", file=sys.stderr)


def run_race(race: Race, pool: Pool, effort: Effort) -> Outcome:
    """Time the entrants of a race in turns.

    Args:
        race: the race.
        pool: the workers.
        effort: how long to measure.
    """
    print(f"running: {race.title}", file=sys.stderr)
    runners = [_Runner(entrant, pool, effort) for entrant in race.entrants]
    for _ in range(effort.rounds):
        for runner in runners:
            runner.turn()
    pool.forget()
    return Outcome(race, [runner.timing for runner in runners])
