"""What a detector ranks by, as the header and the arrays of a model file, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fluvial.anomaly.rankings import (
    DENSITY,
    LATENT,
    RELATIVE,
    DensityRanking,
    LatentRanking,
    Ranked,
    TypicalityRanking,
)
from fluvial.anomaly.relative import RelativeScore
from fluvial.artifacts import Entries
from fluvial.densities import TableDensity
from fluvial.errors import ModelFileError
from fluvial.tables.stored import column_numbers

RANKING, RANKED = "ranking.", "ranked."
"""What the names of the arrays start with: those of a ranking, and of the rows it left out."""


def ranked_header(ranked: Ranked) -> dict[str, Any]:
    """Return the entries of a model file's header."""
    ranking = ranked.ranking
    return {"usual": ranking.usual} if isinstance(ranking, TypicalityRanking) else {}


def ranked_arrays(ranked: Ranked) -> dict[str, np.ndarray]:
    """Return the arrays of a model file: none where the density itself ranks, which has them."""
    if isinstance(ranked.ranking, DensityRanking):
        return {}
    arrays = {"indices": ranked.indices, "scores": ranked.scores}
    if ranked.weights is not None:
        arrays["weights"] = ranked.weights
    arrays = {f"{RANKED}{name}": array for name, array in arrays.items()}
    if isinstance(ranked.ranking, RelativeScore):
        arrays |= {f"{RANKING}{n}": a for n, a in ranked.ranking.to_arrays().items()}
    return arrays


def restored_ranked(
    kind: str, density: TableDensity, header: Entries, arrays: Mapping[str, np.ndarray]
) -> Ranked:
    """Return what a model file holds.

    Args:
        kind: the parameter `score`; files of earlier versions rank by the density.
        density: of the file.
        header: of the file.
        arrays: of the file.

    Raises:
        KeyError: where an entry or an array is missing.
        ModelFileError: where one is of another kind or out of its range.
    """
    held_out = density.held_out
    if density.condition is not None and kind == RELATIVE:
        raise ModelFileError(f"score={kind!r} knows no condition, but the density has one")
    if kind == DENSITY:
        return Ranked(
            DensityRanking(density), held_out.indices, held_out.log_prob, held_out.weights
        )
    indices, scores = arrays[f"{RANKED}indices"], arrays[f"{RANKED}scores"]
    if indices.ndim != 1 or indices.dtype.kind not in "iu" or (np.diff(indices) <= 0).any():
        raise ModelFileError("the places of rows that were left out must ascend")
    if len(indices) and (indices[0] < 0 or indices[-1] >= density.n_samples_fit):
        raise ModelFileError(f"rows left out must be among the {density.n_samples_fit} rows given")
    n, weights = len(indices), None
    if n:
        scores = column_numbers(arrays, f"{RANKED}scores", n_columns=n)
    elif scores.shape != (0,):
        raise ModelFileError("no rows were left out, but have scores")
    if f"{RANKED}weights" in arrays:
        weights = column_numbers(arrays, f"{RANKED}weights", n_columns=n)
        if (weights <= 0).any():
            raise ModelFileError("the weights of rows that were left out must be positive")
    return Ranked(_ranking(kind, density, header, arrays), indices, scores, weights)


def _ranking(
    kind: str, density: TableDensity, header: Entries, arrays: Mapping[str, np.ndarray]
) -> Any:
    if kind == RELATIVE:
        own = {n.removeprefix(RANKING): a for n, a in arrays.items() if n.startswith(RANKING)}
        return RelativeScore.from_arrays(own, n_columns=density.schema.n_columns)
    if kind == LATENT:
        try:
            return LatentRanking(density)
        except ValueError as error:
            raise ModelFileError(str(error)) from None
    return TypicalityRanking(density, header.real("usual"))
