"""Fits of several members to several folds, side by side."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from itertools import product

import numpy as np

from fluvial.densities.fitted import ENDED_EARLY, Fitted
from fluvial.densities.folds import FoldRows, held_out_weights
from fluvial.densities.members import FittedByFold, is_small
from fluvial.densities.time_budget import TimeBudget
from fluvial.errors import TrainingError
from fluvial.parallel import threads
from fluvial.training import stack
from fluvial.training.progress import Progress, progress

TRIAL_FOLDS = 2
"""Folds that all members are fitted to."""

PROMISING = 2
"""Flows that are fitted to the other folds in any case."""

EARNS = 0.1
"""Weight on the first folds that a flow needs to be fitted to the others besides, unless the table
is small."""

Task = tuple[int, int]
"""The numbers of a fold and of a member."""


def cross_fit(
    members: Sequence[FittedByFold],
    folds: Sequence[FoldRows],
    rng: np.random.RandomState,
    budget: TimeBudget,
    bar: Progress,
) -> list[dict[int, Fitted]]:
    """Fit members to one fold after the other, as many at once as the device runs.

    All members are fitted to the first two folds. Of the flows the best two, and unless the table
    is small those that have earned a weight, are fitted to the others as well.

    What a fit gives does not depend on those beside it. A flow that diverges is left out. Where
    the time is up, the first fold keeps what was learned, and no flow is begun once it has one that
    was trained; a later fold counts only if all its fits are whole.

    Args:
        members: what to fit, K of them.
        folds: the rows of each fold.
        rng: of the starts and the order of training.
        budget: tells when the time is up.
        bar: is told of every fit that has ended.

    Returns:
        For each of the first folds, the fits by the number of their member.
    """
    seeds = rng.randint(np.iinfo(np.int32).max, size=(len(folds), len(members)))
    fits = _Fits(members, folds, seeds, budget)
    tasks = list(product(range(min(len(folds), TRIAL_FOLDS)), range(len(members))))
    programs = [members[k].program for _, k in tasks]
    first = [task for i, task in enumerate(tasks) if programs[i] not in programs[:i]]
    others = [task for task in tasks if task not in first]
    # Who waits for a program while another one compiles it keeps a core idle. Where time is limited
    # nothing is begun before it is known what the first came to.
    for group in (first, others) if budget.is_limited else ([*first, *others],):
        fits.run(group, bar)
    if fits.is_whole and len(folds) > TRIAL_FOLDS:
        promising = fits.promising()
        later = list(product(range(TRIAL_FOLDS, len(folds)), promising))
        bar.expect(sum(members[k].is_flow for _, k in [*tasks, *later]))
        fits.run(later, bar)
    return fits.of_whole_folds()


def n_flow_fits(n_flows: int, n_folds: int) -> int:
    """Return to how many folds flows are fitted in all, where none but the best two go on."""
    later = max(n_folds - TRIAL_FOLDS, 0)
    return min(n_folds, TRIAL_FOLDS) * n_flows + later * min(n_flows, PROMISING)


@contextmanager
def progress_of_fits(n_fits: int, *, show: bool) -> Iterator[Progress]:
    """Show how many of the flows' fits are done."""
    began = time.monotonic()
    start = f"fitting about {n_fits} flows"
    bar = progress(show=show, total=n_fits, start=start, unit="flow")
    try:
        yield bar
    finally:
        bar.finish(f"flows ended after {time.monotonic() - began:.1f} s")


class _Fits:
    """What has been fitted so far."""

    def __init__(
        self,
        members: Sequence[FittedByFold],
        folds: Sequence[FoldRows],
        seeds: np.ndarray,
        budget: TimeBudget,
    ):
        self._members, self._folds, self._seeds, self._budget = members, folds, seeds, budget
        self._fits: list[dict[int, Fitted]] = [{} for _ in folds]
        self._not_whole: set[int] = set()

    def run(self, tasks: Sequence[Task], bar: Progress) -> None:
        """Fit some members to some folds."""
        with threads() as pool:
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

    @property
    def is_whole(self) -> bool:
        """Whether there is time, and all that was begun is whole."""
        return not self._budget.is_up() and not self._not_whole

    def promising(self) -> list[int]:
        """Return the members that are worth more: those that are no flows, and the best flows."""
        folds = self._fits[:TRIAL_FOLDS]
        whole = [k for k in range(len(self._members)) if all(k in fold for fold in folds)]
        flows = [k for k in whole if self._members[k].is_flow]
        if len(flows) <= PROMISING:
            return whole
        found = [[fold[k].held_out for fold in folds] for k in whole]
        log_probs = [[each for each in of_member if each is not None] for of_member in found]
        if any(len(each) < len(folds) for each in log_probs):
            return whole
        of_rows = held_out_weights(self._folds[:TRIAL_FOLDS])
        joined = np.stack([np.concatenate(each) for each in log_probs], axis=1)
        # Several may have no weight: of these the better comes first.
        ranks = zip(
            stack(joined, sample_weight=of_rows), np.average(joined, 0, of_rows), strict=True
        )
        of_members = dict(zip(whole, ranks, strict=True))
        best = set(sorted(flows, key=lambda k: of_members[k], reverse=True)[:PROMISING])
        if not is_small(self._folds[0]):
            best |= {k for k in flows if of_members[k][0] >= EARNS}
        return [k for k in whole if k in best or k not in flows]

    def of_whole_folds(self) -> list[dict[int, Fitted]]:
        """Return the fits to the folds before the first that is not whole."""
        return self._fits[: min(self._not_whole, default=len(self._fits))]

    def _fit(self, number: int, k: int) -> Fitted | None:
        if self._budget.is_up():
            if number:
                self._not_whole.add(number)
                return None
            # One flow is trained however late it is; further ones would have to be compiled.
            if self._members[k].is_flow and self._has_trained_flow():
                return None
        try:
            fitted = self._members[k].fit(self._folds[number], int(self._seeds[number, k]))
        except TrainingError:
            return None
        if number and fitted.history and fitted.history.stop_reason in ENDED_EARLY:
            self._not_whole.add(number)
        return fitted

    def _has_trained_flow(self) -> bool:
        histories = [fitted.history for fitted in list(self._fits[0].values())]
        return any(history is not None and history.train_loss for history in histories)

    def _tell(self, bar: Progress) -> None:
        histories = [fitted.history for of_fold in self._fits for fitted in of_fold.values()]
        losses = [each.train_loss[-1] for each in histories if each and each.train_loss]
        if losses:
            bar.update(len(losses), float(np.mean(losses)), None)
