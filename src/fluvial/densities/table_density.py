"""The fitted density of a table, as a value."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import jax
import numpy as np

from fluvial.densities import evaluation
from fluvial.densities.conditional_sampling import sampled_given
from fluvial.densities.specification import Specification
from fluvial.distributions import Mixture
from fluvial.errors import ShapeError, listed
from fluvial.tables import ConditionColumns, Lattice, Schema, TableScaler
from fluvial.training import History
from fluvial.weights import mean, standard_error

ROWS_AT_ONCE = 64 * evaluation.BLOCK
"""Rows that are scaled and scored at once."""


@dataclass(frozen=True)
class HeldOut:
    """The rows that a fit left out, and how they score under what was fitted without them.

    Attributes:
        indices: their places (m,) among the rows given, in order.
        log_prob: their log density (m,) in the units of the columns.
        score: its mean; None without such rows.
        standard_error: of that mean; None with fewer than two such rows.
        weights: for how many rows each counts (m,); None where each is one row, and in what a
            model file holds.
    """

    indices: np.ndarray
    log_prob: np.ndarray
    score: float | None
    standard_error: float | None
    weights: np.ndarray | None = None

    @classmethod
    def of(
        cls, indices: np.ndarray, log_prob: np.ndarray, weights: np.ndarray | None = None
    ) -> Self:
        """Return the held-out rows with the mean and its standard error.

        Args:
            indices: their places (m,); copies of a row, which have the same place, become one row
                that weighs as much as all of them.
            log_prob: log densities (m,).
            weights: (m,); None where all are equal.
        """
        order = np.argsort(indices, kind="stable")
        indices, log_prob = indices[order], log_prob[order]
        weights = None if weights is None else weights[order]
        found, copy = np.unique(indices, return_inverse=True)
        if len(found) < len(indices):
            total = np.bincount(copy, weights)
            given = log_prob if weights is None else log_prob * weights
            indices, log_prob, weights = found, np.bincount(copy, given) / total, total
        n = len(indices)
        score = float(mean(log_prob, weights)) if n else None
        error = standard_error(log_prob, weights) if n > 1 else None
        return cls(indices, log_prob, score, error, weights)


@dataclass(frozen=True, repr=False)
class TableDensity:
    """The density of the rows of a table, fitted.

    It is what estimators hold, what a model file stores, and what a detector's threshold is chosen
    with. It knows nothing of scikit-learn.

    Attributes:
        schema: names and types of the columns.
        scaler: from rows of the table to scaled rows and back.
        distribution: of the scaled rows.
        specification: what the distribution is, in the form that a model file holds.
        history: the training of the flow; of the one with the largest weight in a mixture.
        members: each component of a mixture: its "name", "weight" and "nats". Empty for one flow.
        gains: by the name of a rival, the held-out "gain" over it and its "standard_error", in
            nats a row.
        rounding_steps: width (D,) of the noise that each column got in training.
        n_samples_fit: the rows given to fit.
        held_out: those of them that judged.
        lattice: which columns held whole numbers, and which; None where a model file of an earlier
            version does not tell.
        condition: the columns of the condition that rows are given; None without one.
    """

    schema: Schema
    scaler: TableScaler
    distribution: Any
    specification: Specification
    history: History
    members: tuple[dict[str, Any], ...]
    gains: dict[str, dict[str, float]]
    rounding_steps: np.ndarray
    n_samples_fit: int
    held_out: HeldOut
    lattice: Lattice | None = None
    condition: ConditionColumns | None = None

    def __repr__(self) -> str:
        kind, columns = type(self.distribution).__name__, self.schema.n_columns
        return f"<{type(self).__name__}: {kind} of {columns} columns, {self.n_samples_fit:,} rows>"

    @cached_property
    def dtype(self) -> np.dtype:
        """The precision of the model, float32 unless float64 was switched on at fit."""
        leaves = (leaf for leaf in jax.tree.leaves(self.distribution) if hasattr(leaf, "dtype"))
        kinds = [np.dtype(leaf.dtype) for leaf in leaves if leaf.dtype in (np.float32, np.float64)]
        return max(kinds, key=lambda kind: kind.itemsize)

    def log_prob(self, matrix: np.ndarray, condition: np.ndarray | None = None) -> np.ndarray:
        """Return the log density (n,) of rows (n, D), in the units of the columns, float64.

        Args:
            matrix: rows (n, D).
            condition: (n, C), or (1, C) for all rows, where the density has one.

        Raises:
            ShapeError: where a condition is missing, not asked for or of other rows.
        """
        scored = [
            evaluation.log_prob(self.distribution, scaled, given) + log_det
            for scaled, log_det, given in self._scaled(matrix, condition)
        ]
        return np.concatenate(scored)

    def sample(
        self, n: int, *, seed: int, raw: bool = False, condition: np.ndarray | None = None
    ) -> np.ndarray:
        """Draw rows (n, D), in the units of the columns, float64; see `samples`.

        Raises:
            MemoryError: where there is no room for so many.
        """
        # All at once, so that a number beyond the memory is refused before anything is drawn.
        drawn, start = np.empty((n, self.schema.n_columns)), 0
        for rows in self.samples(n, seed=seed, raw=raw, condition=condition):
            drawn[start : start + len(rows)] = rows
            start += len(rows)
        return drawn

    def samples(
        self, n: int, *, seed: int, raw: bool = False, condition: np.ndarray | None = None
    ) -> Iterator[np.ndarray]:
        """Draw n rows, some after the other, so that memory stays flat.

        Args:
            n: how many, at least 1.
            seed: the same seed gives the same rows, and more of them where n is larger.
            raw: whether columns of whole numbers keep the fractions that the density gives them.
            condition: (n, C), one for each row, or (1, C) for all, where the density has one.

        Yields:
            Rows (m, D), in the units of the columns, float64.

        Raises:
            ShapeError: where a condition is missing, not asked for or of other rows.
            TrainingError: where the distribution draws nothing finite.
        """
        given = self._encoded(condition, n)
        if given is None:
            drawn = evaluation.sampled(self.distribution, n, seed=seed, dtype=self.dtype)
        else:
            drawn = sampled_given(self.distribution, [given], seed=seed, dtype=self.dtype)
        return self._restored(drawn, raw=raw)

    def samples_given(
        self, conditions: Iterable[np.ndarray], *, seed: int, raw: bool = False
    ) -> Iterator[np.ndarray]:
        """Draw a row for each condition of pieces (m, C), of any number of rows; see `samples`."""
        encoded = (self._encoded(each, len(each)) for each in conditions)
        pieces = (each for each in encoded if each is not None)
        drawn = sampled_given(self.distribution, pieces, seed=seed, dtype=self.dtype)
        return self._restored(drawn, raw=raw)

    def to_latent(self, matrix: np.ndarray, condition: np.ndarray | None = None) -> np.ndarray:
        """Map rows (n, D) to latents (n, n_kept), float64; a condition as of `log_prob`."""
        bijector = self.bijector
        latents = [
            evaluation.to_latent(bijector, scaled, given)
            for scaled, _, given in self._scaled(matrix, condition)
        ]
        return np.concatenate(latents).astype(np.float64)

    def from_latent(self, latents: np.ndarray, condition: np.ndarray | None = None) -> np.ndarray:
        """Map latents (n, n_kept) to rows (n, D), float64; a condition as of `log_prob`."""
        given = self._encoded(condition, len(latents))
        scaled = evaluation.from_latent(self.bijector, latents.astype(self.dtype), given)
        return self.scaler.inverse_transform(scaled)

    @property
    def bijector(self) -> Any:
        """The map of the flow; of the one with the largest weight in a mixture.

        Raises:
            TypeError: where there is no flow.
        """
        distribution = self.distribution
        if isinstance(distribution, Mixture):
            order = np.argsort(-np.asarray(distribution.weights), kind="stable")
            ranked = [distribution.distributions[k] for k in order]
        else:
            ranked = [distribution]
        bijectors = [each.bijector for each in ranked if hasattr(each, "bijector")]
        if not bijectors:
            raise TypeError(f"a {type(distribution).__name__} without a flow has no latent space")
        return bijectors[0]

    def _scaled(
        self, matrix: np.ndarray, condition: np.ndarray | None
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
        """Scale some rows after the other, with their conditions, so that memory stays flat."""
        given = self._encoded(condition, len(matrix))
        for start in range(0, len(matrix), ROWS_AT_ONCE):
            rows = matrix[start : start + ROWS_AT_ONCE]
            scaled, log_det = self.scaler.transform(rows, dtype=self.dtype)
            yield scaled, log_det, None if given is None else given[start : start + ROWS_AT_ONCE]

    def _restored(self, drawn: Iterable[np.ndarray], *, raw: bool) -> Iterator[np.ndarray]:
        for scaled in drawn:
            rows = self.scaler.inverse_transform(scaled)
            yield rows if raw or self.lattice is None else self.lattice.restore(rows)

    def _encoded(self, condition: np.ndarray | None, n: int) -> np.ndarray | None:
        """Check the condition of n rows, and return it (n, C) standardised; None where none is."""
        self.check_condition(condition, n)
        if self.condition is None or condition is None:
            return None
        given = self.condition.encode(condition, dtype=self.dtype)
        return np.broadcast_to(given, (n, given.shape[1]))

    def check_condition(self, condition: np.ndarray | None, n: int) -> None:
        """Refuse a condition of n rows that does not fit.

        Args:
            condition: (n, C), or (1, C) for all rows, where the density has one; else None.
            n: rows.

        Raises:
            ShapeError: where a condition is missing, not asked for or of other rows.
        """
        if self.condition is None:
            if condition is not None:
                raise ShapeError(
                    "this density was fitted without a condition, but is given one of shape "
                    f"{np.shape(condition)}: leave it out, or fit with condition="
                )
            return
        names = listed(self.condition.names)
        if condition is None:
            raise ShapeError(
                f"this density is conditional: give condition=, {names} of each row, of shape "
                f"({n}, {len(self.condition.names)}), or of one row for all"
            )
        if len(condition) not in (1, n):
            raise ShapeError(
                f"condition has {len(condition)} rows, but must have {n}, one for each row, or one "
                "row for all of them"
            )
