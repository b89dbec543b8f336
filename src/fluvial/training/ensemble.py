"""Maximum likelihood of several flows at once."""

import time
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.parallel import n_side_by_side
from fluvial.training.conditions import with_scaled_condition
from fluvial.training.history import History
from fluvial.training.host_loop import Group, interruption, train
from fluvial.training.objective import negative_log_likelihood
from fluvial.training.options import Options
from fluvial.training.progress import progress
from fluvial.training.rows import PaddedRows, checked_dataset
from fluvial.training.run import Parts, Run, Split, make_run, splits, taken_apart, title


def fit_ensemble(
    keys: Array | Sequence[Array],
    flows: Sequence[Any],
    X: ArrayLike,
    condition: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    **settings: Any,
) -> tuple[list[Any], list[History]]:
    """Fit several flows of one architecture to the same rows, with one compilation.

    Member i is what `fit(keys[i], flows[i], X, ...)` gives, up to rounding; small flows take much
    less time together than one after the other: on a CPU groups of members are trained side by side
    on its cores, on other devices all of them at once. A member that has ended waits for the others
    of its group.

    Args:
        keys: a random key for each member, an array of keys or a sequence.
        flows: the members, alike but for the values of their arrays.
        X: rows (n, *event_shape), finite.
        condition: (n, *condition_shape) where the flows declare one.
        sample_weight: (n,), not negative; the weight of each row in both losses.
        **settings: the other arguments of `fit`, but for `snapshots`. Without `validation_data`
            each member holds out rows of its own, and each holds a copy of its rows on the device.
            `max_seconds` is the limit of all of them together.

    Returns:
        The fitted flows, and their histories, which share their `seconds`.

    Raises:
        ValueError: where there are no members or not as many keys as flows, where members differ
            in architecture, or a setting is out of its range.
        ShapeError: where shapes do not fit the flows or each other.
        DataError: where there are no rows or values that are not finite.
        TrainingError: where the loss of a member is not finite for the third time; it names the
            member.
        TrainingInterrupted: after Ctrl-C, as by `fit`; with lists of flows and histories.

    Examples:
        >>> keys = jax.random.split(jax.random.key(0), 3)
        >>> members = [fluvial.flows.maf(key, n_features=2, n_layers=2) for key in keys]
        >>> X = numpy.random.default_rng(0).normal(size=(500, 2))
        >>> fitted, histories = fit_ensemble(keys, members, X, max_epochs=5)
        >>> len(fitted), histories[0].stop_reason
        (3, 'max_epochs')
    """
    began = time.monotonic()
    options = Options(**settings)
    if options.snapshots is not None:
        raise ValueError("an ensemble keeps no snapshots; fit its flows one by one for that")
    keys, flows = list(keys), list(flows)
    if not flows or len(keys) != len(flows):
        raise ValueError(
            "an ensemble needs one or more flows and a key for each, but got "
            f"{len(flows)} flows and {len(keys)} keys"
        )
    members = [taken_apart(flow, options) for flow in flows]
    _check_alike(members)
    dataset = checked_dataset(flows[0], X, condition, sample_weight, members[0].dtype)
    flows = [with_scaled_condition(flow, condition, sample_weight) for flow in flows]
    members = [taken_apart(flow, options) for flow in flows]
    rows = splits(keys, flows[0], dataset, options)
    runs = _runs(members[0], rows, options)
    bar = progress(
        show=options.show_progress,
        total=options.max_epochs,
        start=f"{len(flows)} members: {title(members[0], rows[0], runs[0])}",
    )
    size = len(flows) // _n_groups(len(flows), n_side_by_side())
    groups, starts = [], []
    for i in range(0, len(flows), size):
        of_group = members[i : i + size]
        groups.append(_joint(of_group, runs[i : i + size]))
        starts.append(
            [(m.params, key) for m, key in zip(of_group, keys[i : i + size], strict=True)]
        )
    best, histories, is_interrupted = train(
        groups, starts, began=began, max_seconds=options.max_seconds, bar=bar
    )
    fitted = [member.model(params) for params, member in zip(best, members, strict=True)]
    if is_interrupted:
        raise interruption(fitted, histories)
    return fitted, histories


def _n_groups(n_members: int, n_at_once: int) -> int:
    """Return into how many groups members are cut, each a program of its own.

    The groups are of equal size, so that one compilation serves them all, and keep the device busy:
    a small program leaves all cores but one idle.
    """
    fewest = min(n_members, n_at_once)
    return next(n for n in range(fewest, n_members + 1) if n_members % n == 0)


def _check_alike(members: list[Parts]) -> None:
    """Refuse members that differ in more than the values of their arrays.

    Raises:
        ValueError: naming the first that differs from member 0.
    """
    frozen = [eqx.filter(member.frozen, eqx.is_array) for member in members]
    shapes = [jax.tree.map(lambda a: (a.shape, a.dtype), each) for each in frozen]
    layouts = [member.layout for member in members]
    rest = [eqx.filter(member.frozen, eqx.is_array, inverse=True) for member in members]
    for number in range(1, len(members)):
        alike = layouts[number] == layouts[0] and shapes[number] == shapes[0]
        if not alike or not eqx.tree_equal(rest[number], rest[0]):
            raise ValueError(
                f"members of an ensemble must be alike in architecture, but member {number} "
                "differs from member 0; fit them one by one, or build all by the same recipe"
            )


def _runs(member: Parts, rows: list[Split], options: Options) -> list[Run]:
    """Return a run for each member; members with the same rows share one."""
    if all(of_member is rows[0] for of_member in rows):
        return [make_run(negative_log_likelihood, member, rows[0], options)] * len(rows)
    return [make_run(negative_log_likelihood, member, of_member, options) for of_member in rows]


def _joint(members: list[Parts], runs: list[Run]) -> Group:
    """Return one run for all members; what is the same for all of them is not repeated."""
    if all(run is runs[0] for run in runs):
        runs = runs[:1]
    train_rows, train_axes = _joint_rows([run.train for run in runs])
    validation, validation_axes = _joint_rows([run.validation for run in runs])
    arrays, rest = zip(*(eqx.partition(m.frozen, eqx.is_array) for m in members), strict=True)
    frozen = eqx.combine(_stacked(arrays), rest[0])
    run = runs[0]._replace(frozen=frozen, train=train_rows, validation=validation)
    nothing: dict[str, Any] = dict.fromkeys(Run._fields)
    axes = Run(
        **nothing | {"frozen": eqx.if_array(0), "train": train_axes, "validation": validation_axes}
    )
    return Group(run, axes, len(members))


def _joint_rows(rows: Sequence[PaddedRows | None]) -> tuple[PaddedRows | None, PaddedRows | None]:
    """Return the rows of all members, and which of their arrays have an axis of members."""
    several = [of_member for of_member in rows if of_member is not None]
    if len(several) < 2:
        return rows[0], None
    stacked = _stacked([of_member._replace(n=None) for of_member in several])
    axes = jax.tree.map(lambda _: 0, stacked)
    return stacked._replace(n=several[0].n), axes


def _stacked(trees: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *leaves: jax.device_put(np.stack(leaves)), *trees)
