"""The step of a lattice: to what the values of a column are rounded.

The values of a column lie on a lattice where their distances from the commonest value are whole
multiples of one step. A few values off it (at most 5 % of the rows) do not hide it, nor does a huge
one. Equal values are merged first. The step is sought among

* the smallest gap between different values, and the commonest one;
* a few of the small gaps, for lattices with a few values off them;
* fractions of the smallest gap, for few values that are far apart (0, 2 and 5).

Values that nearly all repeat and lie on no lattice (logarithms of counts) take the smallest gap
between them. A step needs support: the values beside the commonest one repeat too, or, where there
are fewer than five of them, five rows or a tenth of the rows hold them. Zeros and a single 57.3
have no step, zeros and a single 57 the step one of whole numbers. A point mass beside real numbers
(zero or a lognormal) has no step: the real numbers need no noise, and the density at the point is
as high as a fit can make it.
"""

from dataclasses import dataclass

import numpy as np

MOST, MOST_OF_COMMONEST, ALL_BUT_FEW = 0.95, 0.99, 0.999
"""Share of the rows that lie on the lattice, at least; where the step is the commonest gap, and a
smaller one may fit too; where it is a smaller one, and the commonest gap may fit too."""

REPEATED = 0.9
"""A column is rounded where at most this share of its values are different, and of those beside the
commonest one."""

SUPPORT, SUPPORT_SHARE, SUPPORT_VALUES = 5, 0.1, 5
"""Rows or share of rows beside the commonest value that support a step, where fewer different
values than the last number are there."""

FINE_NOISE = 16 * 2.0**-52
"""Noise within which values are merged where the coarser one would merge what differs: 16 units in
the last place."""

EXACTNESS, EXACTNESS_OF_PARTS = 0.05, 1e-3
"""Part of a step by which a multiple may be off beside its noise, since values may have been
rounded once more; where the step is a part of the smallest gap, which soon fits by chance."""

SAME_GAP = 1e-3
"""Part by which equal gaps may differ."""

USUAL = np.array([0.25, 0.75])
"""The shares of rows below the two values whose smaller magnitude is the usual one of a column."""

INFORMATIVE = 0.125
"""A value whose noise is beyond this part of a step tells nothing of a lattice."""

N_SMALL_GAPS, MOST_PARTS = 8, 10
"""How many of the small gaps are tried, and into how many parts the smallest one is divided."""

NEAR, MAY_FIT, N_SHORTEST = 0.2, 0.8, 64
"""A step is looked at closer where more than this share of the shortest gaps or distances are
multiples of it, give or take a fifth."""

OF_ONE = 0.25
"""Part of the noise within which one value is off; values differ by that of both, and a margin."""

MOST_VALUES = 1000
"""Different values, evenly taken, and smallest gaps, that are looked at."""

ROUGH = 1e-6
"""A step is made more exact where multiples are off by more than this part of it."""

LAST_PLACES = 4 * 2.0**-52
"""The part of a value's magnitude that representing it in float64 costs, four times over."""


def lattice_step(ordered: np.ndarray, *, noise: float) -> float:
    """Return the step to which the values of a column are rounded, or zero.

    Args:
        ordered: `(n,)`, finite, in order, not all of them equal.
        noise: the part of their magnitude by which equal values may differ.

    Examples:
        >>> lattice_step(np.array([0.5, 1.0, 1.0, 2.0, 2.0, 2.0**31]), noise=1e-11)
        0.5
    """
    values, counts = _merged(ordered, noise)
    if not 2 <= len(values) <= REPEATED * len(ordered):
        return 0.0
    away = np.delete(counts, np.argmax(counts))
    n_away = away.sum()
    few = len(away) < SUPPORT_VALUES
    supported = n_away >= SUPPORT or n_away > SUPPORT_SHARE * len(ordered)
    if supported if few else len(away) <= REPEATED * n_away:
        step = _lattice(values, counts, noise)
        if step:
            return step
        gaps = _gaps(values)
        if len(gaps) and away[away > 1].sum() >= MOST * n_away:
            return float(gaps[0])
    return 1.0 if noise == 0 else 0.0


def _merged(ordered: np.ndarray, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Return different values and how often each is there, those within the noise merged."""
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    values, counts = ordered[starts], np.diff(np.append(starts, len(ordered)))
    for level in (noise, FINE_NOISE) if noise else ():
        size = np.maximum(np.abs(values[1:]), np.abs(values[:-1]))
        with np.errstate(over="ignore"):
            apart = np.diff(values) > level * size
        first = np.flatnonzero(np.concatenate([[True], apart]))
        last = np.append(first[1:], len(values)) - 1
        # A chain of small gaps is no cloud around one value.
        with np.errstate(over="ignore"):
            width = values[last] - values[first]
        largest = np.maximum(np.abs(values[first]), np.abs(values[last]))
        if (width <= level * largest).all():
            return values[first] + width / 2, np.add.reduceat(counts, first)
    return values, counts


def _lattice(values: np.ndarray, counts: np.ndarray, noise: float) -> float:
    """Return the step of which most values are multiples, or zero."""
    gaps = _gaps(values)[:MOST_VALUES]
    if len(gaps) == len(values) - 1 and gaps[len(gaps) // 2] - gaps[0] <= ROUGH * gaps[0]:
        # The usual case, for which the search below takes long on wide tables.
        multiples = gaps / gaps[0]
        if (np.abs(multiples - np.rint(multiples)) <= ROUGH).all():
            return float(gaps[0])
    candidates, exactness, most = _candidates(gaps)
    some = slice(None, None, -(-len(values) // MOST_VALUES))
    seen, seen_counts = values[some], counts[some]
    middle = np.searchsorted(np.cumsum(counts), counts.sum() / 2)
    for origin in dict.fromkeys((int(middle), int(np.argmax(counts)))):
        rows = _Rows.around(values[origin], seen, seen_counts)
        worth = _may_fit(candidates, gaps, np.ones(len(gaps)))
        worth |= _may_fit(candidates, rows.distance, rows.counts)
        for k in np.flatnonzero(worth & (candidates > 0)):
            step = rows.fitted(candidates[k], gaps, noise, exactness[k], most[k])
            if step:
                return float(step)
    return 0.0


def _gaps(values: np.ndarray) -> np.ndarray:
    """Return the gaps between different values, the smallest first."""
    with np.errstate(over="ignore"):
        gaps = np.diff(values)
    return np.sort(gaps[np.isfinite(gaps)])


def _candidates(gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return steps to try, the best ones first, and how exactly how many rows must lie on each.

    A commoner gap that nearly all rows lie on comes first, then smaller ones that leave out none,
    then those that leave out some, and parts of the smallest gap at last.
    """
    if not len(gaps):
        return gaps, gaps, gaps
    # Equal gaps differ in their last digits.
    starts = np.flatnonzero(np.append(True, np.diff(gaps) > SAME_GAP * gaps[1:]))
    sizes = np.diff(np.append(starts, len(gaps)))
    different = gaps[starts + sizes // 2]
    tried = [different[np.argmax(sizes)], *different[:N_SMALL_GAPS]]
    parts = different[0] / np.arange(2, MOST_PARTS + 1)
    n, n_parts = len(tried), len(parts)
    exactness = np.repeat([EXACTNESS, EXACTNESS_OF_PARTS], [2 * n, n_parts])
    most = np.repeat([MOST_OF_COMMONEST, ALL_BUT_FEW, MOST], [1, n - 1, n + n_parts])
    return np.concatenate([tried, tried, parts]), exactness, most


@dataclass(frozen=True)
class _Rows:
    """Distances of values from one of them, how many rows have each, and their magnitudes."""

    distance: np.ndarray
    counts: np.ndarray
    magnitude: np.ndarray

    @classmethod
    def around(cls, origin: float, values: np.ndarray, counts: np.ndarray) -> "_Rows":
        with np.errstate(over="ignore"):
            distance = np.abs(values - origin)
        # Errors may stem from a time before the column was centred: the usual magnitude counts too.
        middle = np.searchsorted(np.cumsum(counts), counts.sum() * USUAL)
        usual = np.abs(values[middle]).min()
        magnitude = np.maximum(np.abs(values), max(np.abs(origin), usual))
        order = np.argsort(distance)
        order = order[(distance[order] > 0) & np.isfinite(distance[order])]
        return cls(distance[order], counts[order], magnitude[order])

    def fitted(
        self, step: float, gaps: np.ndarray, noise: float, exactness: float, most: float
    ) -> float:
        """Return the exact step near the one given, or zero where most values are no multiples."""
        for level in (noise * OF_ONE, FINE_NOISE):
            error = (level + LAST_PLACES) * self.magnitude
            informative = error < INFORMATIVE * step
            counts = self.counts[informative]
            if counts.sum() < self.counts.sum() / 2:
                continue
            distance, error = self.distance[informative], error[informative]
            for trial in (step, _refined(_refined(step, gaps), distance)):
                if abs(trial - step) > INFORMATIVE * step:
                    continue
                off = np.abs(distance - np.rint(distance / trial) * trial)
                fits = off <= error + exactness * trial
                if counts[fits].sum() >= most * counts.sum():
                    if counts[off <= ROUGH * trial].sum() >= MOST * counts.sum():
                        return trial
                    return _refined(trial, distance[fits], counts[fits])
            return 0.0
        return 0.0


def _may_fit(steps: np.ndarray, lengths: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Tell, from the shortest lengths alone, for which of the steps a closer look is worth it."""
    lengths, counts = lengths[:N_SHORTEST], counts[:N_SHORTEST]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        multiples = lengths / steps[:, None]
        fits = np.abs(multiples - np.rint(multiples)) < NEAR
    return fits @ counts > MAY_FIT * counts.sum()


def _refined(step: float, lengths: np.ndarray, counts: np.ndarray | None = None) -> float:
    """Make a step exact from ever larger multiples of it, by least squares."""
    counts = np.ones(len(lengths)) if counts is None else counts
    reach = 4.0
    while True:
        near = lengths <= reach * step
        multiple = np.rint(lengths[near] / step)
        fits = (np.abs(lengths[near] - multiple * step) < NEAR * step) & (multiple > 0)
        if fits.sum() < MAY_FIT * near.sum() - 1:
            return step
        if fits.any():
            # Relative to the largest, so that no square overflows.
            largest = multiple[fits].max()
            share, length = multiple[fits] / largest, lengths[near][fits] / largest
            weight = share * counts[near][fits]
            step = float(weight @ length / (weight @ share))
        if near.all():
            return step
        reach *= 8
