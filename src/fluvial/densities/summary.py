"""What a fitted density did, as text."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from fluvial.densities.table_density import TableDensity
from fluvial.errors import listed, printable

COLUMNS_SHOWN = 40
"""Columns that the summary tells of, each in a line."""

BASELINES = {"gaussian": "a Gaussian", "gaussian_mixture": "the Gaussian mixture alone"}
"""What the classical densities are called that a gain is told over."""


def summarise(density: TableDensity, *, effort: str) -> str:
    """Return lines on the recipe, the training, the held-out density and the columns.

    Args:
        density: what was fitted.
        effort: with which it was, if it is the default mixture.
    """
    sections = [_recipe(density, effort), _training(density), _held_out(density), _columns(density)]
    return "\n".join(line for section in sections for line in section)


def _recipe(density: TableDensity, effort: str) -> Iterator[str]:
    specification = density.specification
    if specification["type"] != "mixture":
        yield f"flow          {_sizes(specification)}"
        return
    has_flow = any(part["type"] == "flow" for part in specification["parts"])
    kind = f"auto, effort {effort}" if has_flow else "classical"
    yield f"flow          {kind}: a mixture weighted on held-out rows"
    told = [_sizes(part) for part in specification["parts"]]
    members = zip(told, (member["weight"] for member in density.members), strict=True)
    for text, of_member in groupby(members, key=itemgetter(0)):
        weights = [weight for _, weight in of_member]
        times = "" if len(weights) == 1 else f", {len(weights)} of them"
        yield f"  {sum(weights):7.2%}     {text}{times}"


def _sizes(specification: dict[str, Any]) -> str:
    name = specification.get("recipe", specification["type"])
    sizes = specification.get("arguments", specification)
    told = {k: v for k, v in sizes.items() if k not in ("type", "n_features")}
    return f"{printable(name)}({', '.join(f'{k}={v}' for k, v in told.items())})"


def _training(density: TableDensity) -> Iterator[str]:
    history = density.history
    n_held_out = len(density.held_out.indices)
    if density.condition is not None:
        names = [printable(name) for name in density.condition.names]
        yield f"condition     {listed(names, quote=False)}"
    yield f"rows          {density.n_samples_fit} given, {n_held_out} of them held out"
    reason = printable(history.stop_reason)
    yield (
        f"epochs        {len(history.train_loss)} of the flow, ended by {reason}, "
        f"best {history.best_epoch}"
    )


def _held_out(density: TableDensity) -> Iterator[str]:
    if density.held_out.score is None:
        yield "held out      no rows"
        return
    error = density.held_out.standard_error
    plus = "" if error is None else f" +- {error:.4f}"
    yield f"held out      {density.held_out.score:.4f}{plus} nats a row"
    for name, found in density.gains.items():
        yield (
            f"  {'better' if found['gain'] >= 0 else 'worse'} by {abs(found['gain']):.4f} +- "
            f"{found['standard_error']:.4f} nats a row than "
            f"{BASELINES[name]}"
        )


def _columns(density: TableDensity) -> Iterator[str]:
    scaler = density.scaler
    names, source = density.schema.names, scaler.left_out.source
    place = {int(j): k for k, j in enumerate(scaler.left_out.kept)}
    yield "columns"
    for j, name in enumerate(names[:COLUMNS_SHOWN]):
        if j in place:
            k = place[j]
            step = float(density.rounding_steps[j])
            smeared = f", noise of its step {step:.6g} in training" if step else ""
            how = f"centre {scaler.centre[k]:.6g}, scale {scaler.scale[k]:.6g}{smeared}"
        elif source[j] < 0:
            how = f"constant {scaler.left_out.values[j]:.6g}, left out"
        else:
            how = f"equals {printable(names[source[j]])}, left out"
        yield f"  {printable(name)}: {how}"
    if len(names) > COLUMNS_SHOWN:
        yield f"  and {len(names) - COLUMNS_SHOWN} more"
