"""From the rows of a table to its fitted density."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from fluvial import training
from fluvial.densities.checkpoint import Checkpoint
from fluvial.densities.diagnostics import compare, gaussian
from fluvial.densities.folds import Fold, FoldRows, folds_of, held_out_weights, training_rows
from fluvial.densities.hyperparameters import CLASSICAL, Hyperparameters
from fluvial.densities.identity import identity
from fluvial.densities.interruption import interruption, stop_if_asked, stop_if_untrained
from fluvial.densities.members import held_out_log_probs
from fluvial.densities.scaled_folds import scaled_folds, with_conditions, with_weights
from fluvial.densities.specification import build, flow_specification
from fluvial.densities.stacking import FittedDistribution, fit_mixture
from fluvial.densities.table_density import HeldOut, TableDensity
from fluvial.densities.weighting import WeightedRows, as_equal
from fluvial.parallel import refuse_in_fork
from fluvial.tables import (
    Condition,
    ConditionColumns,
    Lattice,
    Resolution,
    Schema,
    TableScaler,
)
from fluvial.tables.dequantization import dequantised
from fluvial.tables.scaling import ROBUST
from fluvial.training.interrupt import Interrupt
from fluvial.training.options import Options
from fluvial.training.progress import say
from fluvial.training.snapshots import Snapshots

FLOW = "flow"
"""What a checkpoint calls the fit of a single recipe."""


def fit_table_density(
    matrix: np.ndarray,
    schema: Schema,
    hyperparameters: Hyperparameters,
    rng: np.random.RandomState,
    *,
    sample_weight: ArrayLike | None = None,
    condition: Condition | None = None,
    checkpoint: Checkpoint | None = None,
) -> TableDensity:
    """Fit the density that the hyperparameters ask for.

    Rounded columns get noise of their own step in the rows that are trained on, and there alone.

    Args:
        matrix: `(n, D)`, the rows of the table, finite.
        schema: its columns.
        hyperparameters: checked when they were made.
        rng: determines the held-out rows, the noise, the starting parameters and the order of
            training.
        sample_weight: `(n,)`, not negative: 2 is the row twice, 0 leaves it out. None is equal
            weights.
        condition: those of the rows: the density is then that of a row given its condition.
        checkpoint: keeps what takes long in a file, and goes on from there; None keeps nothing.

    Raises:
        ModelFileError: where the checkpoint is to be resumed, but damaged or of another fit.
        OSError: where it cannot be read.
        ValueError: for a checkpoint together with `max_seconds`, and a condition with "classical".
        DataError: for fewer than two rows and only constant columns, bad weights, and a condition
            that does not vary.
        ShapeError: where there is not one weight a row.
        TrainingError: where training diverges.
        ForkError: in a process that was forked after JAX had computed.
        TrainingInterrupted: after Ctrl-C; its `flow` is the `TableDensity` with what was learned,
            None where no epoch had ended.

    Examples:
        >>> from fluvial.tables import read_table
        >>> table = read_table(np.random.default_rng(0).normal(size=(100, 2)))
        >>> quick = Hyperparameters(flow="maf", max_epochs=2)
        >>> density = fit_table_density(*table, quick, np.random.RandomState(0))
        >>> density.log_prob(table[0]).shape
        (100,)
    """
    refuse_in_fork()
    if condition is not None and hyperparameters.flow == CLASSICAL:
        raise ValueError(
            f"flow={CLASSICAL!r} takes no condition, since kernels and Gaussian mixtures know "
            "none; choose flow='auto', which leaves them out, or a recipe"
        )
    limit = hyperparameters.max_seconds
    if checkpoint is not None and limit is not None and limit < np.inf:
        raise ValueError(
            "a checkpoint needs max_seconds=None: what is learned within a limit of time depends "
            "on the time, and cannot be resumed"
        )
    # From first to last, so that no moment is left at which JAX could drop a Ctrl-C.
    with Interrupt() as interrupt:
        rows = WeightedRows.of(sample_weight, len(matrix))
        density = _fit(matrix, condition, rows, schema, hyperparameters, rng, interrupt, checkpoint)
    if hyperparameters.verbose:
        say(_in_units_of_the_table(density))
    if interrupt.asked:
        raise interruption(density)
    return density


def _fit(
    table: np.ndarray,
    condition: Condition | None,
    weighted: WeightedRows,
    schema: Schema,
    hyperparameters: Hyperparameters,
    rng: np.random.RandomState,
    interrupt: Interrupt,
    checkpoint: Checkpoint | None,
) -> TableDensity:
    # Rows are equal only where their conditions are.
    joint = table if condition is None else np.hstack([table, condition.matrix])
    weighted, joint = weighted.settled(weighted.take(joint))
    matrix, weights = joint[:, : table.shape[1]], weighted.weights
    folds = folds_of(hyperparameters, joint, rng, weights)
    training_places = training_rows(folds)
    resolution = Resolution.of(matrix)
    of_training = None if weights is None else weights[training_places]
    scaler = TableScaler.fit(
        matrix,
        scaling=hyperparameters.scaling,
        resolution=resolution,
        training=training_places[as_equal(of_training, matrix.shape[1])],
        label=schema.label,
    )
    given = None
    if condition is not None:
        condition = Condition(joint[:, table.shape[1] :], condition.schema)
        of_equal = training_places[as_equal(of_training, condition.schema.n_columns)]
        given = ConditionColumns.fit(condition, training=of_equal)
    seed = int(rng.randint(np.iinfo(np.int32).max))
    if checkpoint is not None:
        columns = None if condition is None else condition.schema
        checkpoint.begin(lambda: identity(joint, weights, schema, hyperparameters, seed, columns))
    seen = matrix[training_places]
    steps = resolution.step
    seen = dequantised(seen, steps, np.random.RandomState(seed))
    if hyperparameters.is_one_flow and hyperparameters.scaling == ROBUST:
        # In a mixture the other members hold what is beyond the reach of its flows.
        scaler = scaler.gaussianised(seen[as_equal(of_training)])
    dtype = jnp.result_type(float)
    rows, _ = scaler.transform(seen, dtype=dtype)
    of_folds = scaled_folds(folds, matrix, rows, scaler, steps, np.random.RandomState(seed + 1))
    of_folds = with_weights(of_folds, folds, weights)
    if given is not None and condition is not None:
        of_folds = with_conditions(of_folds, folds, given.encode(condition.matrix, dtype=dtype))
    stop_if_asked(interrupt)
    if hyperparameters.is_one_flow:
        snapshots = None if checkpoint is None else checkpoint.part(FLOW)
        fitted = _fit_flow(hyperparameters, of_folds[0], interrupt, snapshots, seed=seed)
    else:
        fitted = fit_mixture(
            hyperparameters, rows, of_folds, weights=of_training, seed=seed, checkpoint=checkpoint
        )
    return TableDensity(
        schema=schema,
        scaler=scaler,
        distribution=fitted.distribution,
        specification=fitted.specification,
        history=fitted.history,
        members=fitted.members,
        gains=compare(
            fitted.held_out,
            fitted.rivals | {"gaussian": gaussian(of_folds)},
            held_out_weights(of_folds),
        ),
        rounding_steps=steps,
        n_samples_fit=len(table),
        held_out=_held_out(matrix, weighted, folds, fitted.held_out, scaler),
        lattice=Lattice.find(matrix, schema.types),
        condition=given,
    )


def _in_units_of_the_table(density: TableDensity) -> str:
    """Tell the held-out density as `summary` does; training tells losses of scaled columns."""
    score = density.held_out.score
    line = "losses are of scaled columns"
    if score is None:
        return f"{line}; no rows are held out to tell the density in the units of the table"
    return f"{line}; in the units of the table held-out rows have {score:.4f} nats a row"


def _fit_flow(
    hyperparameters: Hyperparameters,
    rows: FoldRows,
    interrupt: Interrupt,
    snapshots: Snapshots | None,
    *,
    seed: int,
) -> FittedDistribution:
    """Fit the flow of a single recipe."""
    given = hyperparameters
    n_features, preferred = rows.training.shape[1], rows.condition_arguments
    arguments = given.flow_arguments(given.flow, n_features, preferred)
    specification = flow_specification(given.flow, **arguments)
    flow_key, training_key = jax.random.split(jax.random.key(seed))
    distribution, history = training.fit(
        training_key,
        build(specification, flow_key),
        rows.training,
        rows.condition,
        sample_weight=rows.weights,
        batch_size=given.batch_size,
        max_epochs=given.max_epochs,
        max_seconds=given.max_seconds,
        learning_rate=given.learning_rate,
        weight_decay=Options.weight_decay if given.weight_decay is None else given.weight_decay,
        min_delta=given.min_delta,
        validation_fraction=0.0,
        patience=given.patience,
        show_progress=bool(given.verbose),
        validation_data=rows.judges,
        snapshots=snapshots,
    )
    stop_if_untrained(interrupt, [history])
    _, plain = held_out_log_probs(distribution, rows)
    held_out = np.zeros(0) if plain is None else plain
    return FittedDistribution(distribution, specification, history, held_out=held_out)


def _held_out(
    matrix: np.ndarray,
    weighted: WeightedRows,
    folds: Sequence[Fold],
    scaled: np.ndarray,
    scaler: TableScaler,
) -> HeldOut:
    """Return the held-out rows, given their log density as scaled.

    Args:
        matrix: (n, D), the rows that count, with their copies.
        weighted: where they stand in the table, and their weights.
        folds: those that were fitted to come first.
        scaled: log density (m,) of the rows that these held out, in scaled units.
        scaler: from rows to scaled rows.
    """
    places = np.concatenate([fold.held_out for fold in folds])[: len(scaled)]
    _, log_det = scaler.transform(matrix[places])
    weights = None if weighted.weights is None else weighted.weights[places]
    return HeldOut.of(weighted.places[places], scaled + log_det, weights)
