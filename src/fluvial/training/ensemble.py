"""Maximum likelihood of several flows at once."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.training.history import History
from fluvial.training.program import Run, first, next_segment
from fluvial.training.progress import progress
from fluvial.training.rows import Rows, Table, checked_table
from fluvial.training.segments import Task, drive
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
    """Fit several flows of one architecture to the same rows, in one compiled program.

    Member i is what `fit(keys[i], flows[i], X, ...)` gives, up to rounding; small flows take much
    less time together than one after the other, since most of their time is overhead. A member
    that has ended waits for the others.

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
    run, axes = _joint_run(parts, tables, options)
    bar = progress(
        show=options.show_progress,
        max_epochs=options.max_epochs,
        start=f"{len(flows)} members: " + first_line(parts[0], *tables[0], options),
    )
    params = _stacked([part.params for part in parts])
    state = _start((run, axes), params, jnp.stack(keys))
    held_out = run.validation is not None
    task = Task(partial(_advance, run, axes), len(flows), held_out, began, options.max_seconds)
    state, histories = drive(task, state, bar)
    best = jax.device_get(state.best)
    members = [
        eqx.combine(jax.tree.map(lambda leaf, i=i: jax.device_put(leaf[i]), best), part.frozen)
        for i, part in enumerate(parts)
    ]
    return members, histories


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


def _joint_run(
    parts: list[Parts], tables: list[tuple[Table, Table | None]], options: Options
) -> tuple[Run, Run]:
    """Return one run for all members, and which of its arrays have an axis of members.

    What is the same for all members is not repeated.
    """
    if all(train is tables[0][0] for train, _ in tables):
        tables = tables[:1]
    runs = [make_run(parts[0], *pair, options) for pair in tables]
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


@eqx.filter_jit
def _start(given: tuple[Run, Run], params: Any, keys: Array) -> State:
    run, axes = given
    return eqx.filter_vmap(first, in_axes=(axes, 0, 0))(run, params, keys)


def _advance(
    run: Run, axes: Run, n_steps: np.ndarray, time_share: np.ndarray, state: State
) -> State:
    return _compiled((run, axes, n_steps, time_share), state)


@eqx.filter_jit(donate="all-except-first")
def _compiled(given: tuple[Run, Run, Scalar, Scalar], state: State) -> State:
    run, axes, n_steps, time_share = given

    def each(of_member):
        def of_all(run, state, *shared):
            in_axes = (axes, 0, *(None for _ in shared))
            return eqx.filter_vmap(of_member, in_axes=in_axes)(run, state, *shared)

        return of_all

    return next_segment(run, n_steps, time_share, state, each)
