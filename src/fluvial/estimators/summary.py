"""What a fitted density did, as text."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np

from fluvial.tables import TableScaler

COLUMNS_SHOWN = 40
_BASELINES = {"gaussian": "a Gaussian", "gaussian_mixture": "the Gaussian mixture alone"}


def summarise(model: Any) -> str:
    """Return lines on the recipe, the training, the held-out density and the columns.

    Args:
        model: a fitted `FlowDensity`.
    """
    parts = [_recipe(model), _training(model), _held_out(model), _columns(model)]
    return "\n".join(line for part in parts for line in part)


def _recipe(model: Any) -> Iterator[str]:
    specification = model.specification_
    if specification["type"] != "mixture":
        yield f"flow          {_sizes(specification)}"
        return
    yield f"flow          auto, effort {model.effort}: a mixture weighted on held-out rows"
    told = [_sizes(part) for part in specification["parts"]]
    members = zip(told, (member["weight"] for member in model.members_), strict=True)
    for text, of_member in groupby(members, key=itemgetter(0)):
        weights = [weight for _, weight in of_member]
        times = "" if len(weights) == 1 else f", {len(weights)} of them"
        yield f"  {sum(weights):7.2%}     {text}{times}"


def _sizes(specification: dict[str, Any]) -> str:
    name = specification.get("recipe", specification["type"])
    sizes = specification.get("arguments", specification)
    told = {k: v for k, v in sizes.items() if k not in ("type", "n_features")}
    return f"{name}({', '.join(f'{k}={v}' for k, v in told.items())})"


def _training(model: Any) -> Iterator[str]:
    history = model.history_
    n_held_out = len(model.held_out_indices_)
    yield f"rows          {model.n_samples_fit_} given, {n_held_out} of them held out"
    yield (
        f"epochs        {len(history.train_loss)} of the flow, ended by {history.stop_reason}, "
        f"best {history.best_epoch}"
    )


def _held_out(model: Any) -> Iterator[str]:
    if model.held_out_score_ is None:
        yield "held out      no rows"
        return
    error = model.held_out_standard_error_
    plus = "" if error is None else f" +- {error:.4f}"
    yield f"held out      {model.held_out_score_:.4f}{plus} nats a row"
    for name, found in model.gains_.items():
        yield (
            f"  better by {found['gain']:.4f} +- {found['standard_error']:.4f} nats a row than "
            f"{_BASELINES[name]}"
        )


def _columns(model: Any) -> Iterator[str]:
    scaler: TableScaler = model.scaler_
    names, source = model.schema_.names, scaler.left_out.source
    place = {int(j): k for k, j in enumerate(scaler.left_out.kept)}
    yield "columns"
    for j, name in enumerate(names[:COLUMNS_SHOWN]):
        if j in place:
            k = place[j]
            step = float(model.rounding_steps_[j])
            smeared = f", noise of its step {step:.6g} in training" if step else ""
            how = f"centre {scaler.centre[k]:.6g}, scale {scaler.scale[k]:.6g}{smeared}"
        elif source[j] < 0:
            how = f"constant {scaler.left_out.values[j]:.6g}, left out"
        else:
            how = f"equals {names[int(np.asarray(source)[j])]}, left out"
        yield f"  {name}: {how}"
    if len(names) > COLUMNS_SHOWN:
        yield f"  and {len(names) - COLUMNS_SHOWN} more"
