"""Why a row is an anomaly: which columns, by how much, and what would be normal."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from fluvial.anomaly.path import nearest_normal, path_parts
from fluvial.anomaly.replacement import (
    Replacements,
    Score,
    quantile_values,
    replace_each,
    replace_some,
)
from fluvial.errors import DataError, told

MOST_LEFT_OUT = 5
"""Columns of a row that are left out at most, one after the other."""

CLOSELY = 16
"""Columns of a row that are looked at closely: those that a first look finds to gain most."""

AFTERWARDS = 8
"""Columns of them that are looked at again once one of them is left out."""

ROWS_AT_ONCE = 32
"""Rows that are explained together, so that scores are computed many at a time."""

MIN_REFERENCE = 5
"""Normal rows that reasons are told by, at least."""


@dataclass(frozen=True)
class Reason:
    """A column's part in an alarm.

    Attributes:
        column: its name.
        part: how much of the score it costs, in the unit of the scores.
        value: what it is.
        normal_value: what it would be in a normal row with the other columns as they are.
        score_then: the score that the row would have with that value alone replaced.
    """

    column: str
    part: float
    value: float
    normal_value: float
    score_then: float


@dataclass(frozen=True)
class Explanation:
    """Why a row is flagged.

    Attributes:
        row: its place in the table.
        score: its score.
        reasons: of all columns, the largest part first.
        normal_row: the values, by column, that make the row normal together, as few as were found.
        score_then: the score that the row would have with all of these.
    """

    row: int
    score: float
    reasons: list[Reason]
    normal_row: dict[str, float]
    score_then: float

    def to_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return asdict(self)

    def in_words(self, n: int = 3) -> str:
        """Return the first reasons in one line.

        Examples:
            >>> reason = Reason("speed", 12.5, 90.0, 31.0, -2.0)
            >>> Explanation(0, -14.0, [reason], {"speed": 31.0}, -2.0).in_words()
            'speed = 90 (normal: 31)'
        """
        shown = [each for each in self.reasons[:n] if each.part > 0]
        return "; ".join(
            f"{r.column} = {r.value:.6g} (normal: {r.normal_value:.6g})" for r in shown
        )


@dataclass(frozen=True)
class Explainer:
    """What reasons are told with.

    Attributes:
        score: from rows `(n, D)` to scores `(n,)`.
        reference: normal rows `(m, D)`, m at least 5.
        threshold: rows that score below are flagged.
        names: of the columns.
        usual: the median score of normal rows; None scores the reference for it.
    """

    score: Score
    reference: np.ndarray
    threshold: float
    names: tuple[str, ...]
    usual: float | None = None

    def __post_init__(self):
        if len(self.reference) < MIN_REFERENCE:
            raise DataError(
                f"reasons need {MIN_REFERENCE} normal rows to compare with, but there are "
                f"{len(self.reference)}; calibrate with more"
            )

    @cached_property
    def usual_score(self) -> float:
        """The median score of the normal rows."""
        return float(np.median(self.score(self.reference))) if self.usual is None else self.usual

    @cached_property
    def values(self) -> np.ndarray:
        """The values to try in each column, `(G, D)`."""
        return quantile_values(self.reference)

    def explain(
        self, rows: np.ndarray, places: Sequence[int], method: str = "leave_out"
    ) -> list[Explanation]:
        """Return why rows `(A, D)` at some places of a table are flagged; see `METHODS`.

        Raises:
            ValueError: for an unknown method.

        Examples:
            >>> normal = np.random.default_rng(0).normal(size=(100, 2))
            >>> round_hill = lambda rows: -(rows**2).sum(axis=1)
            >>> explainer = Explainer(round_hill, normal, -12.0, ("a", "b"))
            >>> explainer.explain(np.array([[0.5, 9.0]]), [7])[0].reasons[0].column
            'b'
        """
        check_method(method)
        found = []
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = slice(start, start + ROWS_AT_ONCE)
            found += self._explain(rows[some], places[some], METHODS[method])
        return found

    def _explain(
        self, rows: np.ndarray, places: Sequence[int], parts_of: "_PartsOf"
    ) -> list[Explanation]:
        own = self.score(rows)
        alike = np.stack([nearest_normal(row, self.reference) for row in rows])
        first = replace_each(self.score, rows, own, self.values, alike, n_closely=CLOSELY)
        left_out = self._leave_out(rows, own, first)
        parts = parts_of(self, rows, own, first, left_out)
        return [
            Explanation(
                int(places[i]),
                float(own[i]),
                [
                    Reason(
                        self.names[j],
                        float(parts[i, j]),
                        float(rows[i, j]),
                        float(first.values[i, j]),
                        float(first.scores[i, j]),
                    )
                    for j in np.argsort(-parts[i], kind="stable")
                ],
                {self.names[each.column]: each.value for each in self._needed(left_out[i])},
                self._needed(left_out[i])[-1].score if left_out[i] else float(own[i]),
            )
            for i in range(len(rows))
        ]

    def _leave_out(
        self, rows: np.ndarray, own: np.ndarray, first: Replacements
    ) -> "list[list[_LeftOut]]":
        """Replace one column after the other, each time the one that gains most.

        Until the row scores as most normal rows do: one that is strange in two columns may be
        past the threshold once the first is replaced.
        """
        found: list[list[_LeftOut]] = [[] for _ in rows]
        current, scores = rows.copy(), own.copy()
        columns = first.foremost(min(AFTERWARDS, rows.shape[1]))
        values, then = (np.take_along_axis(a, columns, axis=1) for a in first[:2])
        going = np.arange(len(rows))
        for _ in range(MOST_LEFT_OUT):
            gains = then - scores[going, None]
            best = gains.argmax(axis=1)
            gaining = (gains.max(axis=1) > 0) & (scores[going] < self.usual_score)
            for k in np.flatnonzero(gaining):
                i, at = going[k], best[k]
                j = columns[i, at]
                found[i].append(
                    _LeftOut(int(j), float(gains[k, at]), float(values[k, at]), float(then[k, at]))
                )
                current[i, j], scores[i] = values[k, at], then[k, at]
            going = going[gaining]
            if not len(going):
                break
            again = replace_some(
                self.score, current[going], scores[going], self.values, columns[going]
            )
            values, then = again.values, again.scores
        return found

    def _needed(self, left_out: "list[_LeftOut]") -> "list[_LeftOut]":
        """Return the first of the columns left out, as many as make the row normal."""
        n = next((k for k, each in enumerate(left_out) if each.score >= self.threshold), None)
        return left_out if n is None else left_out[: n + 1]


class _LeftOut(NamedTuple):
    """A column that was left out: what it gained, its value instead, and the row's score then."""

    column: int
    gain: float
    value: float
    score: float


def _by_leaving_out(explainer, rows, own, first, left_out) -> np.ndarray:
    """Return the gains in the order in which columns were left out; the others come after."""
    parts = first.scores - own[:, None]
    for i, of_row in enumerate(left_out):
        bound, others = np.inf, np.ones(parts.shape[1], bool)
        for each in of_row:
            # A later column may gain more than an earlier one, once that is out; and one may be
            # left out twice, as the value that suits it changes with the others.
            if others[each.column]:
                bound = parts[i, each.column] = min(bound, each.gain)
                others[each.column] = False
        parts[i, others] = np.minimum(parts[i, others], np.nextafter(bound, -np.inf))
    return parts


def _by_surprise(explainer, rows, own, first, left_out) -> np.ndarray:
    return first.surprises


def _by_path(explainer, rows, own, first, left_out) -> np.ndarray:
    return np.stack([path_parts(explainer.score, row, explainer.reference) for row in rows])


_PartsOf = Callable[..., np.ndarray]
"""From what was found of some rows to the part of each column, `(A, D)`."""

METHODS: dict[str, _PartsOf] = {
    "leave_out": _by_leaving_out,
    "surprise": _by_surprise,
    "path": _by_path,
}
"""How the part of each column is found.

"leave_out": the score gained by replacing columns one after the other by their best value, each
time the column that gains most, until the row is normal. "surprise": how strange each column is
given the others, by integration over the column's normal values. "path": integrated gradients along
the straight path to the nearest normal row, which sum to the gain of the whole path.
"""


def check_method(method: Any) -> None:
    """Refuse what is no way to find parts.

    Raises:
        ValueError: naming those that there are.
    """
    if not isinstance(method, str) or method not in METHODS:
        raise ValueError(f"method must be one of {list(METHODS)}, but is {told(method)}")
