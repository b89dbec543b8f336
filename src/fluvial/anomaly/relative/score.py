"""The score of rows relative to the columns of a table: several views of what is strange, joined.

No single measure ranks well on every table. Nearest neighbours and kernel densities, in the shapes
of the columns and by their ranks, rare values and rare pairs of values: each sees something else.
What each says of a row becomes a p-value against rows that were left out, and these are joined as
Fisher does, by the sum of their logarithms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np

from fluvial.anomaly.relative.bandwidths import column_bandwidths, one_bandwidth
from fluvial.anomaly.relative.frequencies import Frequencies
from fluvial.anomaly.relative.memory import Memory
from fluvial.anomaly.relative.neighbourhood import (
    nearest_and_kernels,
    nearest_distance,
    random_subsets,
)
from fluvial.anomaly.relative.ranks import RankView
from fluvial.anomaly.relative.standard import StandardView
from fluvial.anomaly.relative.surprise import Surprise
from fluvial.anomaly.relative.tree import PairTree
from fluvial.errors import DataError, ModelFileError
from fluvial.tables import Resolution
from fluvial.tables.redundancy import LeftOut
from fluvial.tables.stored import column_numbers

MOST_REFERENCES, MOST_VALUES = 2_500, 4_000_000
"""Rows that others are compared with at most, and their values."""

MOST_QUERIES = 1_000
"""Rows that choose bandwidths at most."""

ROWS_AT_ONCE = 16_384
"""Rows that are scored at once, so that memory stays flat."""

PARTS = {
    "nearest": 1.0,
    "kernels": 1.0,
    "nearest_in_halves": 1.0,
    "column_kernels": 1.5,
    "values": 0.5,
    "pairs": 1.0,
}
"""What each row is judged by, as far as its table has it, and how much it counts: chosen on 120
tables, on which equal weights did nearly as well."""

TAUGHT, DOUBT = (0.5, 0.98), 10
"""The least and the largest share of normal rows that a part is taken to rank behind known
anomalies, and as how many anomalies the doubt in them counts."""

SUBSETS = 4
"""Subsets of the columns in which nearest rows are sought."""


@dataclass(frozen=True)
class RelativeScore:
    """How normal rows are beside those that were fitted to.

    The score is minus the weighted sum of -log p over these parts, each p against the rows that
    were fitted to, each left out:

    1. the distance to the nearest row, and
    2. a kernel density of one held-out bandwidth, both in columns made Gaussian by their ranks,
       where values beyond all that were seen are pushed far out;
    3. the distance to the nearest row in random halves of the columns, and
    4. a kernel density with a held-out bandwidth for each column, both in standardised columns
       with logarithmic tails;
    5. the frequencies of values, in columns that hold few of them;
    6. the frequencies of pairs of values, along a tree of the columns.

    Attributes:
        left_out: constants and copies among the columns; a row that departs loses 1e6 a column.
        memory: the rows that were fitted to.
        standard: the first view of the columns.
        ranks: the second view.
        references: `(m, K)`, the rows that others are compared with, in the units of the columns.
        subsets: random halves of the columns.
        bandwidth: of the kernels by ranks.
        widths: `(K,)`, of the others.
        frequencies: of values; None where no column holds few.
        tree: of pairs; None where no columns depend on each other.
        surprises: of the parts, by name.
        weights: how much each counts.

    References:
        Fisher 1925, Statistical Methods for Research Workers, section 21.1; Livernoche et al. 2024,
        On diffusion modeling for anomaly detection, for the nearest row's distance.
    """

    left_out: LeftOut
    memory: Memory
    standard: StandardView
    ranks: RankView
    references: np.ndarray
    subsets: tuple[np.ndarray, ...]
    bandwidth: float
    widths: np.ndarray
    frequencies: Frequencies | None
    tree: PairTree | None
    surprises: dict[str, Surprise]
    weights: dict[str, float] = field(default_factory=lambda: dict(PARTS))

    @classmethod
    def fit(cls, rows: np.ndarray, rng: np.random.RandomState) -> Self:
        """Learn the score of rows, all of equal weight.

        Args:
            rows: `(n, D)`, finite, n at least 2.
            rng: draws the references and the subsets of columns.

        Raises:
            DataError: where all columns are constant.
        """
        left_out = LeftOut.find(rows, Resolution.of(rows))
        if not len(left_out.kept):
            raise DataError("all columns are constant: no row is stranger than another")
        kept = rows[:, left_out.kept]
        n, n_columns = kept.shape
        most = min(MOST_REFERENCES, max(MOST_VALUES // n_columns, 2))
        places = np.sort(rng.permutation(n)[:most])
        unfinished = cls(
            left_out=left_out,
            memory=Memory.of(rows, places),
            standard=StandardView.fit(kept),
            ranks=RankView.fit(kept),
            references=kept[places],
            subsets=tuple(random_subsets(n_columns, SUBSETS, rng)),
            bandwidth=1.0,
            widths=np.ones(n_columns),
            frequencies=Frequencies.fit(kept),
            tree=PairTree.fit(kept),
            surprises={},
        )
        unfinished = unfinished._with_bandwidths(rng)
        strangeness = unfinished.strangeness(rows)
        surprises = {name: Surprise.of(values) for name, values in strangeness.items()}
        return replace(unfinished, surprises=surprises)

    def score(self, rows: np.ndarray, condition: np.ndarray | None = None) -> np.ndarray:
        """Return the scores `(n,)` of rows, finite; higher is more normal.

        A row that equals one that was fitted to is judged by the others alone, so that rows that
        were given to fit do not look better than new ones.

        Args:
            rows: `(n, D)`, finite.
            condition: none, since rows are ranked beside all others.
        """
        del condition
        surprises = [
            self.weights[name] * self.surprises[name](x)
            for name, x in self.strangeness(rows).items()
        ]
        return self.left_out.penalty(rows) - np.sum(surprises, axis=0)

    def taught(self, anomalies: np.ndarray, rows: np.ndarray) -> Self:
        """Return this score with more weight on the parts that find some known anomalies.

        A part's weight is multiplied by the odds that it ranks an anomaly before a normal row, the
        closer to one the fewer the anomalies are: a few wrong ones do little harm.

        Args:
            anomalies: `(k, D)`, finite, k at least 1.
            rows: `(n, D)`, normal ones, such as those that were fitted to.
        """
        normal, strange = self.strangeness(rows), self.strangeness(anomalies)
        n = len(anomalies)
        odds = {}
        for name, values in normal.items():
            before = np.searchsorted(np.sort(values), strange[name]).mean() / len(values)
            share = np.clip(before, *TAUGHT)
            odds[name] = np.log(share / (1 - share))
        usual = np.mean(list(odds.values()))
        factors = {name: np.exp(n / (n + DOUBT) * (each - usual)) for name, each in odds.items()}
        known = {name: float(self.weights[name] * factor) for name, factor in factors.items()}
        return replace(self, weights={**self.weights, **known})

    def strangeness(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Return what each part says of rows `(n, D)`, by its name, `(n,)` each."""
        starts = range(0, max(len(rows), 1), ROWS_AT_ONCE)
        found = [self._strangeness(rows[start : start + ROWS_AT_ONCE]) for start in starts]
        return {name: np.concatenate([each[name] for each in found]) for name in found[0]}

    def _strangeness(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        known, own = self.memory.places_of(rows)
        kept = rows[:, self.left_out.kept]
        images = self.standard.images(kept).astype(np.float32)
        by_ranks = self.ranks.images(kept, known).astype(np.float32)
        nearest, kernels = nearest_and_kernels(by_ranks, self.images_by_ranks, own, self.bandwidth)
        parts = {"nearest": nearest, "kernels": kernels}
        distances = [
            nearest_distance(images[:, some], self.standard_images[:, some], own)
            for some in self.subsets
        ]
        parts["nearest_in_halves"] = np.mean(distances, axis=0)
        widths = self.widths.astype(np.float32)
        _, parts["column_kernels"] = nearest_and_kernels(
            images / widths, self.standard_images / widths, own, 1.0
        )
        if self.frequencies is not None:
            parts["values"] = self.frequencies.strangeness(kept, known)
        if self.tree is not None:
            parts["pairs"] = self.tree.strangeness(kept, known)
        return parts

    def _with_bandwidths(self, rng: np.random.RandomState) -> Self:
        """Return this score with bandwidths that some references choose, each left out."""
        own = np.sort(rng.permutation(len(self.references))[:MOST_QUERIES])
        images = self.ranks.images(self.references[own], np.ones(len(own), bool))
        bandwidth = one_bandwidth(self.images_by_ranks, images.astype(np.float32), own)
        standard = self.standard_images
        return replace(
            self, bandwidth=bandwidth, widths=column_bandwidths(standard, standard[own], own)
        )

    @cached_property
    def standard_images(self) -> np.ndarray:
        """The references in the first view, `(m, K)` float32."""
        return self.standard.images(self.references).astype(np.float32)

    @cached_property
    def images_by_ranks(self) -> np.ndarray:
        """The references in the second view, `(m, K)` float32."""
        unknown = np.zeros(len(self.references), bool)
        return self.ranks.images(self.references, unknown).astype(np.float32)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that a model file holds."""
        parts = {
            "left_out": self.left_out,
            "memory": self.memory,
            "standard": self.standard,
            "ranks": self.ranks,
            "frequencies": self.frequencies,
            "tree": self.tree,
        } | {f"surprise.{name}": surprise for name, surprise in self.surprises.items()}
        arrays = {
            f"{part}.{name}": array
            for part, value in parts.items()
            if value is not None
            for name, array in value.to_arrays().items()
        }
        n_columns = self.references.shape[1]
        subsets = np.zeros((len(self.subsets), n_columns), bool)
        for subset, chosen in zip(subsets, self.subsets, strict=True):
            subset[chosen] = True
        own = {"references": self.references, "subsets": subsets}
        own |= {"bandwidth": np.array([self.bandwidth]), "widths": self.widths}
        return arrays | own | {"weights": np.array([self.weights[name] for name in PARTS])}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], *, n_columns: int) -> Self:
        """Return the score of rows of `n_columns` columns that `to_arrays` described.

        Raises:
            KeyError: where an array is missing.
            ModelFileError: where the arrays do not fit each other.
        """
        left_out = LeftOut.from_arrays(_below("left_out", arrays))
        if len(left_out.source) != n_columns:
            raise ModelFileError(f"a score of {len(left_out.source)} columns serves no {n_columns}")
        n_kept = len(left_out.kept)
        references, subsets = arrays["references"], arrays["subsets"]
        if references.dtype != np.float64 or references.ndim != 2 or not len(references):
            raise ModelFileError("the references of a score must be float64 rows")
        if references.shape[1] != n_kept or not np.isfinite(references).all():
            raise ModelFileError(f"the references of a score must be finite, with {n_kept} columns")
        if subsets.dtype != np.bool_ or subsets.ndim != 2 or subsets.shape[1] != n_kept:
            raise ModelFileError(f"the subsets of a score must be of its {n_kept} columns")
        if not subsets.any(axis=1).all():
            raise ModelFileError("the subsets of a score must hold a column each")
        bandwidth = column_numbers(arrays, "bandwidth", n_columns=1)
        widths = column_numbers(arrays, "widths", n_columns=n_kept)
        if bandwidth[0] <= 0 or (widths <= 0).any():
            raise ModelFileError("the bandwidths of a score must be positive")
        weights = column_numbers(arrays, "weights", n_columns=len(PARTS))
        if (weights < 0).any():
            raise ModelFileError("the weights of a score must not be negative")
        of_parts = {name: _below(f"surprise.{name}", arrays) for name in PARTS}
        score = cls(
            left_out=left_out,
            memory=Memory.from_arrays(_below("memory", arrays), n_references=len(references)),
            standard=StandardView.from_arrays(_below("standard", arrays), n_columns=n_kept),
            ranks=RankView.from_arrays(_below("ranks", arrays), n_columns=n_kept),
            references=references,
            subsets=tuple(np.flatnonzero(subset) for subset in subsets),
            bandwidth=float(bandwidth[0]),
            widths=widths,
            frequencies=Frequencies.from_arrays(_below("frequencies", arrays), n_columns=n_kept),
            tree=PairTree.from_arrays(_below("tree", arrays), n_columns=n_kept),
            surprises={name: Surprise.from_arrays(of) for name, of in of_parts.items() if of},
            weights=dict(zip(PARTS, weights.tolist(), strict=True)),
        )
        if score.strangeness(np.zeros((1, n_columns))).keys() != score.surprises.keys():
            raise ModelFileError("a score needs the surprise of each of its parts")
        return score


def _below(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    start = f"{prefix}."
    return {n.removeprefix(start): array for n, array in arrays.items() if n.startswith(start)}
