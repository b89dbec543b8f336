"""Whether normal rows have moved away from where a model was calibrated."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from fluvial.anomaly.martingale import log_wealth
from fluvial.anomaly.sequential_ranks import conformal_p_values
from fluvial.errors import DataError

FALSE_WARNING = 0.01
"""The probability that there is ever a warning where nothing has moved."""

MOST_POINTS = 400
"""Points of a course of wealth that are kept, and one more where it warns."""

MIN_REFERENCE = 20
"""Rows of the reference below which nothing can be said."""


class MovedColumn(NamedTuple):
    """How far a column has moved.

    Attributes:
        name: of the column.
        evidence: the most that the log wealth of bets on it came to, in nats.
        shift: of its median since then, in robust standard deviations of the reference.
    """

    name: str
    evidence: float
    shift: float


@dataclass(frozen=True)
class Drift:
    """Whether rows that are not flagged have moved, since when, and in which columns.

    Attributes:
        warned: whether they have, with P(ever, though nothing moved) at most 1 %.
        row: the row at which that was sure, counted from 0; None without a warning.
        since: the row at which it likely began; None without a warning.
        evidence: log wealth at that row, else at the end, in nats; the warning is at log 100.
        columns: those that moved, the surest first; empty without a warning.
        n_rows: rows that were looked at.
        n_flagged: rows of them that are alarms, and take no part.
        course: rows in order with the log wealth after each, at most 401: of many rows those of
            the highest wealth among their neighbours, and `row`. Empty where all are flagged.
    """

    warned: bool
    row: int | None
    since: int | None
    evidence: float
    columns: list[MovedColumn]
    n_rows: int
    n_flagged: int
    course: tuple[tuple[int, float], ...] = field(default=(), repr=False)

    def from_row(self, first: int) -> "Drift":
        """Return the same with rows counted from another first row."""
        row, since = (None if at is None else at + first for at in (self.row, self.since))
        course = tuple((at + first, wealth) for at, wealth in self.course)
        return replace(self, row=row, since=since, course=course)

    def in_words(self) -> str:
        """Return one line."""
        if not self.warned:
            return "no sign that normal rows have moved"
        named = ", ".join(repr(column.name) for column in self.columns[:3])
        where = f", most of all in {named}" if named else ""
        return (
            f"normal has moved since about row {self.since} (sure at row {self.row}){where}; "
            "consider fitting again to recent normal rows"
        )


def find_drift(
    reference: np.ndarray,
    reference_scores: np.ndarray,
    rows: np.ndarray,
    scores: np.ndarray,
    threshold: float,
    names: tuple[str, ...],
    *,
    seed: int = 0,
) -> Drift:
    """Test whether rows in the order of time are exchangeable with a frozen reference.

    Half of the stake is on the scores, half on the columns, in equal parts. Flagged rows take no
    part, neither in the reference.

    Args:
        reference: `(m, D)` normal rows that the model was not fitted to.
        reference_scores: their scores `(m,)`.
        rows: `(n, D)`, in the order of time.
        scores: `(n,)`.
        threshold: rows that score below are flagged.
        names: of the columns; none watches the scores alone.
        seed: of the random ties.

    Raises:
        DataError: for fewer than 20 reference rows.
    """
    usual = reference_scores >= threshold
    if usual.sum() < MIN_REFERENCE:
        raise DataError(
            f"drift needs {MIN_REFERENCE} reference rows that are not flagged, but there are "
            f"{int(usual.sum())}; calibrate with more normal rows"
        )
    reference, reference_scores = reference[usual], reference_scores[usual]
    places = np.flatnonzero(scores >= threshold)
    n, flagged = len(rows), len(rows) - len(places)
    if not len(places):
        return Drift(False, None, None, 0.0, [], n, flagged)
    rng = np.random.default_rng(seed)

    def bet(old: np.ndarray, new: np.ndarray) -> "_Bet":
        return _Bet.on(conformal_p_values(old, new, rng=rng))

    seen = rows[places]
    of_scores = bet(reference_scores, scores[places])
    of_columns, in_columns = [], np.full(len(places), -np.inf)
    for j in range(len(names)):
        of_columns.append(bet(reference[:, j], seen[:, j]))
        in_columns = np.logaddexp(in_columns, of_columns[-1].wealth - np.log(len(names)))
        of_columns[-1] = of_columns[-1].without_wealth()  # memory stays flat
    total = np.logaddexp(of_scores.wealth, in_columns) - np.log(2)
    over = np.flatnonzero(total >= -np.log(FALSE_WARNING))
    if not len(over):
        course = _course(places, total)
        return Drift(False, None, None, float(total[-1]), [], n, flagged, course)
    at = int(over[0])
    surest = max([*of_columns, of_scores], key=lambda bet: bet.most)
    since = min(surest.begun, at)
    return Drift(
        warned=True,
        row=int(places[at]),
        since=int(places[since]),
        evidence=float(total[at]),
        columns=_moved(reference, seen[since:], [bet.most for bet in of_columns], names),
        n_rows=n,
        n_flagged=flagged,
        course=_course(places, total, at),
    )


def _course(places: np.ndarray, wealth: np.ndarray, *kept: int) -> tuple[tuple[int, float], ...]:
    """Return the rows of the highest wealth in each of some stretches, and those to keep."""
    n = len(wealth)
    starts = np.unique(np.linspace(0, n, min(n, MOST_POINTS), endpoint=False).astype(int))
    parts = np.split(wealth, starts[1:])
    highest = [i + int(np.argmax(part)) for i, part in zip(starts, parts, strict=True)]
    return tuple((int(places[i]), float(wealth[i])) for i in sorted({*highest, *kept}))


class _Bet(NamedTuple):
    """The log wealth after each row, the most that it came to, and when the shift began."""

    wealth: np.ndarray
    most: float
    begun: int

    @classmethod
    def on(cls, p_values: np.ndarray) -> "_Bet":
        wealth, begun = log_wealth(p_values)
        most = int(np.argmax(wealth))
        return cls(wealth, float(wealth[most]), int(begun[most]))

    def without_wealth(self) -> "_Bet":
        return self._replace(wealth=np.zeros(0))


def _moved(
    reference: np.ndarray, since: np.ndarray, most: list[float], names: tuple[str, ...]
) -> list[MovedColumn]:
    """Return the columns that have moved, by the most that bets on each came to."""
    if not names:
        return []
    evidence = np.array(most)
    sure = np.flatnonzero(evidence >= np.log(len(names) / FALSE_WARNING))
    ranked = sure[np.argsort(-evidence[sure], kind="stable")]
    low, middle, high = np.quantile(reference, [0.16, 0.5, 0.84], axis=0)
    width = (high - low) / 2
    change = np.median(since, axis=0) - middle
    # A column that hardly varied: in units of all that is known of its width.
    width = np.where(width > 0, width, np.maximum(reference.std(axis=0), np.finfo(float).tiny))
    return [MovedColumn(names[j], float(evidence[j]), float(change[j] / width[j])) for j in ranked]
