"""Fits of several members to several folds, side by side."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import product

import jax
import numpy as np

from fluvial.baselines.stacked_mixtures import Pair
from fluvial.errors import TrainingError
from fluvial.estimators.clock import Clock
from fluvial.estimators.members import Fitted, FittedByFold
from fluvial.training.device import n_side_by_side
from fluvial.training.progress import Progress

ENDED_EARLY = ("interrupted", "max_seconds")

Task = tuple[int, int]
"""The numbers of a fold and of a member."""


def cross_fit(
    members: Sequence[FittedByFold],
    folds: Sequence[Pair],
    rng: np.random.RandomState,
    clock: Clock,
    bar: Progress,
) -> list[dict[int, Fitted]]:
    """Fit members to one fold after the other, as many at once as the device runs.

    What a fit gives does not depend on those beside it. A flow that diverges is left out. Where
    the time is up, the first fold keeps what was learned, and a later one counts only if all its
    fits are whole.

    Args:
        members: what to fit, K of them.
        folds: the rows of each fold.
        rng: of the starts and the order of training.
        clock: tells when the time is up.
        bar: is told of every fit that has ended.

    Returns:
        For each of the first folds, the fits by the number of their member.
    """
    seeds = rng.randint(np.iinfo(np.int32).max, size=(len(folds), len(members)))
    fits = _Fits(members, folds, seeds, clock)
    tasks = list(product(range(len(folds)), range(len(members))))
    programs = [members[k].program for _, k in tasks]
    first = [task for i, task in enumerate(tasks) if programs[i] not in programs[:i]]
    # Each program is compiled by one fit; the others wait for it.
    for group in (first, [task for task in tasks if task not in first]):
        fits.run(group, bar)
    return fits.of_whole_folds()


class _Fits:
    """What has been fitted so far."""

    def __init__(
        self,
        members: Sequence[FittedByFold],
        folds: Sequence[Pair],
        seeds: np.ndarray,
        clock: Clock,
    ):
        self._members, self._folds, self._seeds, self._clock = members, folds, seeds, clock
        self._fits: list[dict[int, Fitted]] = [{} for _ in folds]
        self._not_whole: set[int] = set()

    def run(self, tasks: Sequence[Task], bar: Progress) -> None:
        """Fit some members to some folds."""
        with ThreadPoolExecutor(n_side_by_side()) as pool:
            futures = {pool.submit(self._fit, *task): task for task in tasks}
            try:
                for future in as_completed(futures):
                    number, k = futures[future]
                    fitted = future.result()
                    if fitted is not None:
                        self._fits[number][k] = fitted
                        self._tell(bar)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def of_whole_folds(self) -> list[dict[int, Fitted]]:
        """Return the fits to the folds before the first that is not whole."""
        return self._fits[: min(self._not_whole, default=len(self._fits))]

    def _fit(self, number: int, k: int) -> Fitted | None:
        if number and self._clock.is_up():
            self._not_whole.add(number)
            return None
        rows, other = self._folds[number]
        # What was switched on by a context is not on in another thread.
        with jax.enable_x64(rows.dtype == np.float64):
            try:
                fitted = self._members[k].fit(rows, other, int(self._seeds[number, k]))
            except TrainingError:
                return None
        if number and fitted.history and fitted.history.stop_reason in ENDED_EARLY:
            self._not_whole.add(number)
        return fitted

    def _tell(self, bar: Progress) -> None:
        histories = [fitted.history for of_fold in self._fits for fitted in of_fold.values()]
        losses = [each.train_loss[-1] for each in histories if each and each.train_loss]
        if losses:
            bar.update(len(losses), float(np.mean(losses)), None)
