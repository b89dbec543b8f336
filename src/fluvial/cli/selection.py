"""Which columns a model uses: at fitting by the options, at scoring by their names."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fluvial.cli.failures import bad_option
from fluvial.errors import DataError, DataWarning, for_shell, listed, quoted
from fluvial.files.table_file import Header

if TYPE_CHECKING:
    import pyarrow as pa

LOG_PROB = "log_prob"
"""The column that every density and detector adds at scoring."""

LOG_RATIO = "log_ratio"
"""The column that scoring adds by a ratio of densities, in place of the others."""

SCORED = (LOG_PROB, "score", "decision", "p_value", "is_anomaly")
"""The columns that scoring adds."""

REASON = "reason"
"""The column that scoring adds where reasons are asked for."""


def choose_columns(
    path: Path | str,
    header: Header,
    *,
    columns: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    weights: str | None = None,
    condition: Sequence[str] = (),
) -> tuple[list[str], list[str]]:
    """Choose the columns to fit.

    Args:
        path: the file, for messages.
        header: its columns; an index is left out, with a warning, unless `columns` names it.
        columns: the values of `--columns`; each one name or several with commas between them.
        exclude: the values of `--exclude`, likewise.
        weights: the value of `--weights`, the one name of a column that is no feature.
        condition: columns that `condition_columns` gave, which are no features either.

    Returns:
        The columns to fit (in the order of `columns` where that is given, else of the file) and
        those left out.

    Raises:
        typer.BadParameter: where an option names a column that is not there.
        DataError: where no column is left, or one has a name that scoring needs.
    """
    names = header.names
    wanted = _named("--columns", columns, names) if columns else list(names)
    dropped = set(_named("--exclude", exclude, names)) if exclude else set()
    if weights is not None:
        if weights not in names:
            bad_option("--weights", _no_such_column(weights, names))
        dropped.add(weights)
    dropped.update(condition)
    kept = [name for name in wanted if name not in dropped]
    if columns and "" in kept and list(names).count("") > 1:
        raise DataError(f"{path}: several columns have no name; give the one to fit a name")
    if not columns:
        kept = _without_index(path, header, kept)
    if not kept:
        raise DataError(f"{path}: no column is left to fit")
    used = {*kept, *condition}
    for name in SCORED:
        if name in used:
            raise DataError(
                f"{path}: column {quoted(name)} has the name of a column that scoring adds;"
                f" rename it, or leave it out with --exclude {for_shell(name)}"
            )
    return kept, [name for name in names if name not in used]


def condition_columns(
    values: Sequence[str] | None, header: Header, *, apart: Sequence[str] = ()
) -> list[str]:
    """Return the columns that a density is to be conditional on.

    Args:
        values: of `--condition`; each one name or several with commas between them.
        header: the columns of the file.
        apart: the values of `--columns` and `--weights`, which name other columns.

    Raises:
        typer.BadParameter: where there is no column of a name, or it is named for something else.
    """
    if not values:
        return []
    chosen = _named("--condition", values, header.names)
    others = _named("--columns", apart, header.names) if apart else []
    for name in chosen:
        if name in others:
            bad_option("--condition", f"column {quoted(name)} is asked for as something else, too")
    return chosen


def apart(numbers: pa.Table, condition: Sequence[str]) -> tuple[pa.Table, pa.Table | None]:
    """Take the columns of a condition off a table; None where there are none."""
    if not condition:
        return numbers, None
    return numbers.drop_columns(list(condition)), numbers.select(list(condition))


def match_columns(
    path: Path | str,
    header: Header,
    *,
    features: Sequence[str] | None,
    left_out: Sequence[str],
    added: Sequence[str] = SCORED,
) -> tuple[list[str], list[str]]:
    """Compare the columns of a file with those a model knows.

    Args:
        path: the file, for messages.
        header: its columns.
        features: the columns that the model uses; None where it knows no names, and takes all
            but an index in their order.
        left_out: columns left out when it was fitted; they may be there or not.
        added: the columns that scoring adds.

    Returns:
        The columns for the model in its order, and those unknown to it, after a warning of them.

    Raises:
        DataError: where a column is missing, or has the name of one that scoring adds.
    """
    taken = [name for name in added if name in header.names]
    needed, unknown = needed_columns(path, header, features=features, left_out=left_out)
    if taken:
        raise DataError(
            f"{path}: has a column {taken[0]!r} already, which scoring would add;"
            " rename or drop it (was this file scored before?)"
        )
    warned = set(header.index) if features is None else set()
    unwarned = [name for name in unknown if name not in warned]
    if unwarned:
        warnings.warn(
            f"{path}: columns that the model was not fitted with are copied and do not count:"
            f" {listed(unwarned)}",
            DataWarning,
            stacklevel=2,
        )
    return needed, unknown


def needed_columns(
    path: Path | str, header: Header, *, features: Sequence[str] | None, left_out: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Find the columns that a model needs among those of a file; arguments as `match_columns`.

    Returns:
        The columns for the model in its order, and those unknown to it.

    Raises:
        DataError: where a column is missing.
    """
    if features is None:
        features = _without_index(path, header, header.names)
    present = set(header.names)
    missing = [name for name in features if name not in present]
    known = {*features, *left_out}
    # No name is no column.
    unknown = [name for name in header.names if name and name not in known]
    if missing:
        also = f" (unknown to it: {listed(unknown)})" if unknown else ""
        raise DataError(
            f"{path}: columns that the model needs are missing: {listed(missing)}{also}"
        )
    return list(features), unknown


def named_column(option: str, name: str, names: Sequence[str]) -> str:
    """Return the column that an option names.

    Raises:
        typer.BadParameter: where there is none of that name.
    """
    if name not in names:
        bad_option(option, _no_such_column(name, names))
    return name


def _without_index(path: Path | str, header: Header, names: Sequence[str]) -> list[str]:
    """Leave out of some columns those that are an index or have no name, after a warning."""
    index = set(header.index).intersection(names)
    nameless = [str(place) for place, name in enumerate(header.names) if not name]
    described = [f"column {quoted(name)} is an index that pandas wrote" for name in index if name]
    if len(nameless) == 1 and "" in index:
        described.append(f"column {nameless[0]} has no name, as an index has none")
    for text in described:
        warnings.warn(f"{path}: {text}, and is left out", DataWarning, stacklevel=3)
    if len(nameless) > 1 and "" in index:
        warnings.warn(
            f"{path}: columns {listed(nameless, quote=False)} have no name, and are left out",
            DataWarning,
            stacklevel=3,
        )
    return [name for name in names if name not in index]


def _named(option: str, values: Sequence[str], names: Sequence[str]) -> list[str]:
    """The columns that an option names; one whose name holds a comma is taken whole."""
    present = set(names)
    chosen: dict[str, None] = {}  # a set that keeps its order
    for value in values:
        items = [value] if value in present else [item.strip() for item in value.split(",")]
        for item in items:
            if item not in present:
                if item == "" and len(items) > 1:
                    continue
                bad_option(option, _no_such_column(item, names))
            chosen[item] = None
    return list(chosen)


def _no_such_column(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {quoted(near[0])}?" if near else f"the columns are {listed(names)}"
    return f"there is no column {quoted(name)}; {hint}"
