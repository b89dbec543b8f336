"""Maximum likelihood of several flows at once."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.parallel import n_side_by_side, threads
from fluvial.training.history import History
from fluvial.training.program import Run, first, next_segment
from fluvial.training.progress import progress
from fluvial.training.rows import Rows, Table, checked_table
from fluvial.training.segments import Task, drive, recorded, traced
from fluvial.training.setup import Options, Parts, first_line, make_run, taken_apart
from fluvial.training.state import Scalar, State


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
        **settings: the other arguments of `fit`. Without `validation_data` each member holds out
            rows of its own, and each holds a copy of its rows on the device. `max_seconds` is the
            limit of all of them together.

    Returns:
        The fitted flows, and their histories, which share their `seconds`.

    Raises:
        ValueError: where there are no members or not as many keys as flows, where members differ
            in architecture, or a setting is out of its range.
        ShapeError: where shapes do not fit the flows or each other.
        DataError: where there are no rows or values that are not finite.
        TrainingError: where the loss of a member is not finite for the third time; it names the
            member.

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
    options.check()
    keys, flows = list(keys), list(flows)
    if not flows or len(keys) != len(flows):
        raise ValueError(
            "an ensemble needs one or more flows and a key for each, but got "
            f"{len(flows)} flows and {len(keys)} keys"
        )
    parts = [taken_apart(flow) for flow in flows]
    _check_alike(parts)
    table = checked_table(flows[0], X, condition, sample_weight, parts[0].dtype)
    given = options.held_out(flows[0], parts[0].dtype)
    tables = [options.parts(key, table, given) for key in keys]
    bar = progress(
        show=options.show_progress,
        total=options.max_epochs,
        start=f"{len(flows)} members: " + first_line(parts[0], *tables[0], options),
    )
    runs = _runs(parts[0], tables, options)
    size = len(flows) // _n_groups(len(flows), n_side_by_side())
    starts = range(0, len(flows), size)
    groups = [_joint_run(parts[i : i + size], runs[i : i + size]) for i in starts]
    states = []
    for group, i in zip(groups, starts, strict=True):
        params = _stacked([part.params for part in parts[i : i + size]])
        states.append(_start(group, params, jnp.stack(keys[i : i + size])))
    held_out = runs[0].validation is not None
    with threads() as pool:
        advance = _SideBySide(groups, pool).advance
        task = Task(advance, _told, len(flows), held_out, began, options.max_seconds)
        states, histories = drive(task, states, bar)
    best = [member for state in states for member in _members(jax.device_get(state.best), size)]
    members = [
        eqx.combine(jax.tree.map(jax.device_put, params), part.frozen)
        for params, part in zip(best, parts, strict=True)
    ]
    return members, histories


def _n_groups(n_members: int, n_at_once: int) -> int:
    """Return into how many groups members are cut, each a program of its own.

    The groups are of equal size, so that one compilation serves them all, and keep the device busy:
    a small program leaves all cores but one idle.
    """
    fewest = min(n_members, n_at_once)
    return next(n for n in range(fewest, n_members + 1) if n_members % n == 0)


def _check_alike(parts: list[Parts]) -> None:
    """Refuse members that differ in more than the values of their arrays.

    Raises:
        ValueError: naming the first that differs from member 0.
    """
    shapes = [jax.tree.map(lambda a: (a.shape, a.dtype), _arrays(part)) for part in parts]
    rest = [eqx.filter(part.frozen, eqx.is_array, inverse=True) for part in parts]
    for number in range(1, len(parts)):
        if shapes[number] != shapes[0] or not eqx.tree_equal(rest[number], rest[0]):
            raise ValueError(
                f"members of an ensemble must be alike in architecture, but member {number} "
                "differs from member 0; fit them one by one, or build all by the same recipe"
            )


def _arrays(part: Parts) -> Any:
    return part.params, eqx.filter(part.frozen, eqx.is_array)


def _runs(parts: Parts, tables: list[tuple[Table, Table | None]], options: Options) -> list[Run]:
    """Return a run for each member; members with the same rows share one."""
    if all(train is tables[0][0] for train, _ in tables):
        return [make_run(parts, *tables[0], options)] * len(tables)
    return [make_run(parts, *pair, options) for pair in tables]


def _joint_run(parts: list[Parts], runs: list[Run]) -> tuple[Run, Run]:
    """Return one run for all members, and which of its arrays have an axis of members.

    What is the same for all members is not repeated.
    """
    if all(run is runs[0] for run in runs):
        runs = runs[:1]
    train, train_axes = _joint_rows([run.train for run in runs])
    held_out = [run.validation for run in runs if run.validation is not None]
    validation, validation_axes = _joint_rows(held_out) if held_out else (None, None)
    arrays, rest = zip(*(eqx.partition(part.frozen, eqx.is_array) for part in parts), strict=True)
    frozen = eqx.combine(_stacked(arrays), rest[0])
    run = runs[0]._replace(frozen=frozen, train=train, validation=validation)
    nothing = Run(*(None for _ in Run._fields))  # pyright: ignore[reportArgumentType]
    axes = nothing._replace(frozen=eqx.if_array(0), train=train_axes, validation=validation_axes)
    return run, axes


def _joint_rows(rows: Sequence[Rows]) -> tuple[Rows, Rows | None]:
    if len(rows) == 1:
        return rows[0], None
    stacked = _stacked([part._replace(n=None) for part in rows])
    axes = jax.tree.map(lambda _: 0, stacked)
    return stacked._replace(n=rows[0].n), axes


def _stacked(trees: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *leaves: jax.device_put(np.stack(leaves)), *trees)


def _members(tree: Any, size: int) -> list[Any]:
    return [jax.tree.map(lambda leaf, i=i: leaf[i], tree) for i in range(size)]


@eqx.filter_jit
def _start(given: tuple[Run, Run], params: Any, keys: Array) -> State:
    run, axes = given
    return eqx.filter_vmap(first, in_axes=(axes, 0, 0))(run, params, keys)


class _SideBySide:
    """Advances groups of members, each in a thread of its own.

    Args:
        groups: the joint run of each group, and which of its arrays have an axis of members.
        pool: has a thread for each program that the device runs at once.
    """

    def __init__(self, groups: list[tuple[Run, Run]], pool: ThreadPoolExecutor):
        self._groups, self._pool = groups, pool
        self._is_compiled = False

    def advance(self, n_steps: int, time_share: float, states: list[State]) -> list[State]:
        """Take steps in all groups; the first time in turn, so that all share one compilation."""

        def one(group: tuple[Run, Run], state: State) -> State:
            return _compiled((*group, *traced(n_steps, time_share, state)), state)

        mapped = self._pool.map if self._is_compiled else map
        self._is_compiled = True
        return list(mapped(one, self._groups, states))


def _told(states: list[State]) -> list[tuple[Any, ...]]:
    told = jax.device_get([recorded(state) for state in states])
    return [member for group in told for member in _members(group, len(group[1]))]


@eqx.filter_jit(donate="all-except-first")
def _compiled(given: tuple[Run, Run, Scalar, Scalar], state: State) -> State:
    run, axes, n_steps, time_share = given

    def each(of_member):
        def of_all(run, state, *shared):
            in_axes = (axes, 0, *(None for _ in shared))
            return eqx.filter_vmap(of_member, in_axes=in_axes)(run, state, *shared)

        return of_all

    return next_segment(run, n_steps, time_share, state, each)
