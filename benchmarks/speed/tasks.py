"""What one library is asked to do, and the races that put several side by side."""

from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.speed.models import Model

OURS = "fluvial"
PEERS = ("flowjax", "zuko", "nflows", "normflows")


@dataclass(frozen=True)
class Task:
    """One thing to time.

    Attributes:
        action: "train" (a step), "log_prob" and "sample" (a call), or one that only some libraries
            know: "bare_step", "ensemble" (a step), "first_fit", "kernel_density", "matmul".
        model: the flow, where there is one.
        rows: rows of the table, of one log_prob or of one sample.
        batch_size: rows a step.
        members: members of an ensemble.
    """

    action: str
    model: Model | None = None
    rows: int = 0
    batch_size: int = 256
    members: int = 1

    def to_json(self) -> dict[str, Any]:
        """Return the task as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Task":
        """Return the task that `to_json` described."""
        model = values["model"]
        if model is not None:
            model = Model(**{**model, "hidden_sizes": tuple(model["hidden_sizes"])})
        return cls(**{**values, "model": model})


@dataclass(frozen=True)
class Entrant:
    """One side of a race: a library at a task."""

    label: str
    package: str
    task: Task


@dataclass(frozen=True)
class Goal:
    """How fast Fluvial should be.

    Attributes:
        kind: "faster" (time of `over` / ours at least `factor`), "at_most" (ours / time of `over`
            at most `factor`) or "peak" (dense-equivalent flops at least `factor` of the machine's
            matmul peak, which entrant `over` measures).
        factor: the number to reach.
        over: label of an entrant, or "best" for the fastest peer.
    """

    kind: str
    factor: float
    over: str = "best"


@dataclass(frozen=True)
class Race:
    """Entrants that are timed in turns, A B A B; the first is ours.

    Attributes:
        title: what is done.
        task: the task of Fluvial and of all peers; None where `beside` holds all entrants.
        goals: what is to be reached.
        peers: the libraries that do the same task.
        beside: more entrants, with tasks of their own.
        unit: what one time is of: "step", "call".
    """

    title: str
    task: Task | None
    goals: tuple[Goal, ...] = ()
    peers: tuple[str, ...] = PEERS
    beside: tuple[Entrant, ...] = ()
    unit: str = "call"

    @property
    def entrants(self) -> tuple[Entrant, ...]:
        """Fluvial, the peers and the others, in the order of their turns."""
        if self.task is None:
            return self.beside
        same = tuple(Entrant(library, library, self.task) for library in (OURS, *self.peers))
        return same + self.beside


@dataclass(frozen=True)
class Workload:
    """One row of the table of goals.

    Attributes:
        name: W1 ... W11.
        title: what is measured.
        goal: the goal in words.
        races: the races that measure it; none where `special` does.
        special: name of a module of this package whose `run(bench)` measures it instead.
    """

    name: str
    title: str
    goal: str
    races: tuple[Race, ...] = ()
    special: str = ""


@dataclass
class Timing:
    """What one entrant of a race gave.

    Attributes:
        label: the entrant.
        seconds: seconds a unit, one a round.
        n_parameters: parameters of its model, where it has one.
        threads: threads that it was fastest with, by round.
        note: why there is no figure, if there is none.
    """

    label: str
    seconds: list[float] = field(default_factory=list)
    n_parameters: int | None = None
    threads: list[int] = field(default_factory=list)
    note: str = ""


@dataclass
class Outcome:
    """The timings of one race, in the order of its entrants."""

    race: Race
    timings: list[Timing]

    def of(self, label: str) -> Timing:
        """Return the timing of an entrant."""
        return next(timing for timing in self.timings if timing.label == label)
