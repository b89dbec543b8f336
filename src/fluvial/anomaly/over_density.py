"""Where a sample is denser than a reference: Gaussian bumps on the reference's density.

    p(x) = w_0 p_reference(x) + sum_k w_k N(x | mean_k, covariance_k)

The reference's density stays as it is, so that all that the sample must tell is what differs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.spatial import KDTree

from fluvial.errors import ModelFileError

MOST_BUMPS = 4
"""Bumps that are looked for, one after the other."""

NEIGHBOURS = (10, 30, 100, 300, 1000)
"""Rows of the sample that a bump may begin with."""

MOST_SEEDS = 500
"""Rows of the sample around which bumps are looked for at most, and the share that judges."""

LEAST_SAMPLE = 3
"""Rows of a sample at least: one judges, and one alone has no spread."""

JUDGES = 0.2
"""Share of the sample that tells whether a bump is one."""

STEPS, ENOUGH = 100, 1e-5
"""Steps of expectation maximisation at most, and the gain in nats a row that ends them."""

LARGEST = 1e9
"""Numbers of bumps lie within this: they are of scaled rows, which lie within 1e4."""

NARROWEST = 1e12
"""One over the deviation of a bump lies below this; `RIDGE` keeps it below 1e9."""

RIDGE = 1e-6
"""Share of the sample's variances that each bump's have in addition."""


@dataclass(frozen=True)
class Bumps:
    """Gaussian parts of a density, beside another one.

    Attributes:
        weights: `(K,)`; what is left to one is the other density's.
        means: `(K, D)`.
        covariances: `(K, D, D)`.
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    @classmethod
    def none(cls, n_columns: int) -> Self:
        """Return no bumps."""
        return cls(np.zeros(0), np.zeros((0, n_columns)), np.zeros((0, n_columns, n_columns)))

    def with_one(self, weight: float, mean: np.ndarray, covariance: np.ndarray) -> Self:
        """Return these bumps and a further one, which takes its weight from all others."""
        return type(self)(
            np.append(self.weights * (1 - weight), weight),
            np.concatenate([self.means, mean[None]]),
            np.concatenate([self.covariances, covariance[None]]),
        )

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays of a model file that hold the bumps."""
        return asdict(self)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], *, n_columns: int) -> Self:
        """Return the bumps that `to_arrays` gave.

        Raises:
            KeyError: where an array is missing.
            ModelFileError: where one has another type or shape than D columns need, or numbers
                that no bump has.

        Examples:
            >>> Bumps.from_arrays(Bumps.none(2).to_arrays(), n_columns=2).weights.shape
            (0,)
        """
        weights, means, covariances = (arrays[n] for n in ("weights", "means", "covariances"))
        shape = (*weights.shape[:1], n_columns)
        for array, wanted in (
            (weights, shape[:1]),
            (means, shape),
            (covariances, (*shape, n_columns)),
        ):
            if array.dtype != np.float64 or array.shape != wanted:
                raise ModelFileError(
                    f"arrays of bumps must be float64{list(wanted)} where they are "
                    f"{array.dtype}{list(array.shape)}"
                )
            # A comparison that NaN fails too.
            if not (np.abs(array) <= LARGEST).all():
                raise ModelFileError(f"numbers of bumps must be finite and within {LARGEST:,.0f}")
        if (weights < 0).any() or weights.sum() > 1 + 1e-6:
            raise ModelFileError("the weights of bumps must be positive and sum to one at most")
        bumps = cls(weights, means, covariances)
        bumps._check_covariances()
        return bumps

    def _check_covariances(self) -> None:
        for covariance in self.covariances:
            try:
                factor = cholesky(covariance, lower=True)
            except np.linalg.LinAlgError:
                raise ModelFileError("covariances of bumps must be positive definite") from None
            white = solve_triangular(factor, np.eye(len(factor)), lower=True)
            if not (np.abs(white) <= NARROWEST).all():
                raise ModelFileError("a bump is narrower than any that is fitted")

    def log_parts(self, rows: np.ndarray) -> np.ndarray:
        """Return log w_k N_k `(n, K)` of rows `(n, D)`."""
        parts = np.empty((len(rows), len(self.weights)))
        for k, (weight, mean, covariance) in enumerate(
            zip(self.weights, self.means, self.covariances, strict=True)
        ):
            factor = cholesky(covariance, lower=True)
            white = solve_triangular(factor, (rows - mean).T, lower=True)
            constant = np.log(np.diag(factor)).sum() + len(mean) * np.log(2 * np.pi) / 2
            parts[:, k] = np.log(max(weight, 1e-300)) - constant - (white**2).sum(axis=0) / 2
        return parts

    def log_ratio(self, rows: np.ndarray, log_reference: np.ndarray) -> np.ndarray:
        """Return log p(x) / p_reference(x), `(n,)`.

        Args:
            rows: `(n, D)`.
            log_reference: `(n,)`, the log density of the reference there.
        """
        rest = np.log(max(1 - self.weights.sum(), 1e-300))
        if not len(self.weights):
            return np.full(len(rows), rest)
        joint = np.logaddexp.reduce(self.log_parts(rows), axis=1)
        return np.logaddexp(rest, joint - log_reference)

    def fitted(self, rows: np.ndarray, log_reference: np.ndarray) -> Self:
        """Return what these bumps become by expectation maximisation on rows."""
        bumps, last = self, -np.inf
        ridge = RIDGE * np.diag(np.maximum(rows.var(axis=0), 1e-12))
        for _ in range(STEPS):
            ratio = bumps.log_ratio(rows, log_reference)
            if ratio.mean() < last + ENOUGH:
                break
            last = ratio.mean()
            shares = np.exp(bumps.log_parts(rows) - (ratio + log_reference)[:, None])
            totals = np.maximum(shares.sum(axis=0), 1e-9)
            means = shares.T @ rows / totals[:, None]
            covariances = np.empty_like(bumps.covariances)
            for k, mean in enumerate(means):
                gaps = rows - mean
                covariances[k] = (shares[:, k, None] * gaps).T @ gaps / totals[k] + ridge
            bumps = type(self)(totals / len(rows), means, covariances)
        return bumps


def find_bumps(
    rows: np.ndarray, log_reference: np.ndarray, reference: np.ndarray, rng: np.random.RandomState
) -> Bumps:
    """Return the bumps of a sample on the density of a reference, as many as held-out rows want.

    A bump begins around the row whose neighbours are the most significantly more than those of the
    reference, for several numbers of neighbours. It stays where a fifth of the sample, which it
    has not seen, is likelier with it, and the rows that it was fitted to are so by more than its
    parameters are worth (Schwarz 1978); then the next one is looked for among the rows that no
    bump explains.

    Args:
        rows: `(n, D)`, the sample, n at least `LEAST_SAMPLE`.
        log_reference: `(n,)`, the log density of the reference at these rows.
        reference: `(m, D)`, rows of the reference.
        rng: draws the rows that judge, and those around which bumps are looked for.
    """
    order = rng.permutation(len(rows))
    judges, training = np.split(order, [max(int(JUDGES * len(rows)), 1)])
    seen, unseen = (rows[training], log_reference[training]), (rows[judges], log_reference[judges])
    n_columns = rows.shape[1]
    worth = (1 + n_columns + n_columns * (n_columns + 1) / 2) * np.log(len(training)) / 2
    best = Bumps.none(n_columns)
    for _ in range(MOST_BUMPS):
        found = [start.fitted(*seen) for start in _starts(*seen, reference, best, rng)]
        gains = [bumps.log_ratio(*unseen).mean() for bumps in found]
        if not found or max(gains) <= best.log_ratio(*unseen).mean():
            break
        bumps = found[int(np.argmax(gains))]
        if (bumps.log_ratio(*seen) - best.log_ratio(*seen)).sum() <= worth:
            break
        best = bumps
    return best.fitted(rows, log_reference)


def _starts(
    rows: np.ndarray,
    log_reference: np.ndarray,
    reference: np.ndarray,
    bumps: Bumps,
    rng: np.random.RandomState,
) -> Iterator[Bumps]:
    """Yield bumps with a further one each, from which to go on."""
    n, m = len(rows), len(reference)
    floor = 1e-6 * np.diag(np.maximum(rows.var(axis=0), 1e-12))
    if not len(bumps.weights):
        yield bumps.with_one(0.5, rows.mean(axis=0), np.atleast_2d(np.cov(rows.T)) + floor)
    explained = np.zeros(n, bool)
    if len(bumps.weights):
        parts = np.logaddexp.reduce(bumps.log_parts(rows), axis=1)
        rest = np.log(max(1 - bumps.weights.sum(), 1e-300))
        explained = parts > log_reference + rest
    free = rows[~explained]
    seeds = free[rng.permutation(len(free))[:MOST_SEEDS]]
    sample_tree, reference_tree = KDTree(free) if len(free) else None, KDTree(reference)
    for k in NEIGHBOURS:
        if sample_tree is None or k > len(free) // 2:
            return
        distances, places = sample_tree.query(seeds, k=k)
        there = reference_tree.query_ball_point(seeds, distances[:, -1], return_length=True)
        excess = k / n - there / m
        best = int(np.argmax(excess / np.sqrt(k / n**2 + (there + 1) / m**2)))
        around = free[np.asarray(places)[best]]
        covariance = np.atleast_2d(np.cov(around.T)) + floor
        yield bumps.with_one(max(float(excess[best]), 1 / n), around.mean(axis=0), covariance)
