"""Whether two groups of rows come from one distribution."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from fluvial.evaluation._rows import FEWEST, both, some, standardised

MOST_ROWS = 2_000
"""Rows of each group in tests whose cost grows with their square."""

FEWEST_HALVED = 2 * FEWEST
"""Real rows at least, where halves of them are compared."""

N_PERMUTATIONS = 200
N_DIRECTIONS = 200


@dataclass(frozen=True)
class TwoSample:
    """What a comparison found.

    Attributes:
        name: of the comparison.
        value: its statistic; higher is more different.
        reference: the same between two halves of the real rows, at these sizes: what chance gives.
        p_value: how often chance gives as much; None where the comparison knows none.
    """

    name: str
    value: float
    reference: float
    p_value: float | None

    def __str__(self) -> str:
        p = "" if self.p_value is None else f", p = {self.p_value:.3g}"
        return f"{self.name}: {self.value:.4g} (halves of the real rows {self.reference:.4g}{p})"


def _with_reference(
    name: str,
    real: np.ndarray,
    samples: np.ndarray,
    statistic: Callable[[np.ndarray, np.ndarray], tuple[float, float | None]],
    rng: np.random.Generator,
) -> TwoSample:
    """Compare rows of the two groups, and halves of the real ones, all in groups of one size."""
    size = min(len(real) // 2, len(samples))
    order = rng.permutation(len(real))
    first, second = real[order[:size]], real[order[size : 2 * size]]
    value, p_value = statistic(first, some(samples, size, rng))
    return TwoSample(name, value, statistic(first, second)[0], p_value)


def c2st(real: Any, samples: Any, *, random_state: int | None = 0) -> TwoSample:
    """Tell how well boosted trees tell samples from real rows: the accuracy on rows left out.

    0.5 is what chance gives, 1 is perfect. The p-value is that of a normal approximation of the
    binomial.

    Args:
        real: (n, D) array or table, n at least 40.
        samples: (m, D) likewise, m at least 20; columns of two tables are matched by name.
        random_state: of the halves, the folds and the trees.

    Raises:
        ShapeError: where the two differ in the number of columns.
        DataError: for too few rows, tables whose columns have other names, and what is no finite
            number.

    References:
        Lopez-Paz and Oquab 2017, arXiv 1610.06545.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(200, 2))
        >>> c2st(rows, rows[:100] + 5).value > 0.9
        True
    """
    from scipy.stats import norm
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from threadpoolctl import threadpool_limits

    a, b = both(real, samples, fewest=FEWEST_HALVED)

    def accuracy(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
        # Small trees: more threads bring little alone and cost much beside other work.
        rows = np.concatenate([first, second])
        which = np.repeat([0, 1], [len(first), len(second)])
        folds = StratifiedKFold(5, shuffle=True, random_state=random_state)
        trees = HistGradientBoostingClassifier(random_state=random_state)
        with threadpool_limits(1):
            found = float(np.mean(cross_val_score(trees, rows, which, cv=folds)))
        return found, float(norm.sf((found - 0.5) * 2 * np.sqrt(len(rows))))

    return _with_reference("C2ST accuracy", a, b, accuracy, np.random.default_rng(random_state))


def mmd(real: Any, samples: Any, *, random_state: int | None = 0) -> TwoSample:
    """Return the squared maximum mean discrepancy, with a permutation p-value.

    The unbiased estimate with a Gaussian kernel as wide as the median distance, on standardised
    columns; about 0 for equal distributions, and it may be negative.

    Args:
        real: (n, D) array or table, n at least 40; 2,000 of each half are used at most.
        samples: (m, D) likewise, m at least 20; columns of two tables are matched by name.
        random_state: of the halves and the permutations.

    Raises:
        ShapeError: where the two differ in the number of columns.
        DataError: for too few rows, tables whose columns have other names, and what is no finite
            number.

    References:
        Gretton et al. 2012, Journal of Machine Learning Research 13, equation 3.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(200, 2))
        >>> mmd(rows, rows[:100] + 1).p_value < 0.01
        True
    """

    def kernel(rows: np.ndarray) -> np.ndarray:
        squared = cdist(rows, rows, "sqeuclidean")
        width = np.median(squared[np.triu_indices(len(rows), 1)]) or 1.0
        return np.exp(-squared / width)

    return _by_permutation("squared MMD", real, samples, kernel, _unbiased, random_state)


def energy_distance(real: Any, samples: Any, *, random_state: int | None = 0) -> TwoSample:
    """Return the energy distance, `2 E|x - y| - E|x - x'| - E|y - y'|`, with a permutation p-value.

    On standardised columns; 0 for equal distributions alone.

    Args:
        real: (n, D) array or table, n at least 40; 2,000 of each half are used at most.
        samples: (m, D) likewise, m at least 20; columns of two tables are matched by name.
        random_state: of the halves and the permutations.

    Raises:
        ShapeError: where the two differ in the number of columns.
        DataError: for too few rows, tables whose columns have other names, and what is no finite
            number.

    References:
        Szekely and Rizzo 2013, Journal of Statistical Planning and Inference 143(8).

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(200, 2))
        >>> energy_distance(rows, rows[:100] + 1).value > 0.2
        True
    """

    def kernel(rows: np.ndarray) -> np.ndarray:
        return -cdist(rows, rows)

    return _by_permutation("energy distance", real, samples, kernel, _biased, random_state)


def _biased(kernel: np.ndarray, first: np.ndarray) -> float:
    """Return the mean within both groups less that between them, all pairs counted."""
    a, b = first / first.sum(), (1 - first) / (1 - first).sum()
    difference = a - b
    return float(difference @ kernel @ difference)


def _unbiased(kernel: np.ndarray, first: np.ndarray) -> float:
    """Return the same without the pairs of a row with itself."""
    second = 1 - first
    n, m = first.sum(), second.sum()
    of_rows = kernel @ first
    diagonal = np.diagonal(kernel)
    within = (first @ of_rows - first @ diagonal) / (n * (n - 1))
    of_second = second @ kernel @ second - second @ diagonal
    return float(within + of_second / (m * (m - 1)) - 2 * (second @ of_rows) / (n * m))


def _by_permutation(
    name: str,
    real: Any,
    samples: Any,
    kernel: Callable[[np.ndarray], np.ndarray],
    statistic: Callable[[np.ndarray, np.ndarray], float],
    random_state: int | None,
) -> TwoSample:
    rng = np.random.default_rng(random_state)
    a, b = standardised(*both(real, samples, fewest=FEWEST_HALVED))
    a, b = some(a, 2 * MOST_ROWS, rng), some(b, MOST_ROWS, rng)

    def compare(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
        matrix = kernel(np.concatenate([first, second]))
        which = np.repeat([1.0, 0.0], [len(first), len(second)])
        found = statistic(matrix, which)
        others = [statistic(matrix, rng.permutation(which)) for _ in range(N_PERMUTATIONS)]
        return found, float(1 + np.sum(np.asarray(others) >= found)) / (1 + N_PERMUTATIONS)

    return _with_reference(name, a, b, compare, rng)


def sliced_wasserstein(real: Any, samples: Any, *, random_state: int | None = 0) -> TwoSample:
    """Return the sliced Wasserstein distance: the mean over directions of that in one dimension.

    Of order one, on standardised columns, along 200 random directions.

    Args:
        real: (n, D) array or table, n at least 40.
        samples: (m, D) likewise, m at least 20; columns of two tables are matched by name.
        random_state: of the halves and the directions.

    Raises:
        ShapeError: where the two differ in the number of columns.
        DataError: for too few rows, tables whose columns have other names, and what is no finite
            number.

    References:
        Bonneel et al. 2015, Journal of Mathematical Imaging and Vision 51, equation 8.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(200, 1))
        >>> sliced_wasserstein(rows, rows[:100] + 1).value > 0.8
        True
    """
    rng = np.random.default_rng(random_state)
    a, b = standardised(*both(real, samples, fewest=FEWEST_HALVED))
    directions = rng.normal(size=(a.shape[1], N_DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)

    def distance(first: np.ndarray, second: np.ndarray) -> tuple[float, None]:
        projected = [np.sort(rows @ directions, axis=0) for rows in (first, second)]
        return float(np.mean(np.abs(projected[0] - projected[1]))), None

    return _with_reference("sliced Wasserstein", a, b, distance, rng)


class ColumnTests(NamedTuple):
    """What Kolmogorov-Smirnov tests of D columns found.

    Attributes:
        statistic: (D,), the largest distance of the two distribution functions, in [0, 1].
        p_value: (D,).
        reference: (D,), the statistic after the rows of both groups are shuffled: what chance
            gives at these sizes.
    """

    statistic: np.ndarray
    p_value: np.ndarray
    reference: np.ndarray


def ks_by_column(real: Any, samples: Any, *, random_state: int | None = 0) -> ColumnTests:
    """Return the Kolmogorov-Smirnov statistic of every column, its p-value and what chance gives.

    Args:
        real: (n, D) array or table, n at least 20.
        samples: (m, D) likewise, m at least 20; columns of two tables are matched by name.
        random_state: of the shuffle.

    Raises:
        ShapeError: where the two differ in the number of columns.
        DataError: for too few rows, tables whose columns have other names, and what is no finite
            number.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(200, 2))
        >>> found = ks_by_column(rows, rows + [0.0, 3.0])
        >>> found.statistic[0], bool(found.statistic[1] > 5 * found.reference[1])
        (np.float64(0.0), True)
    """
    from scipy.stats import ks_2samp

    a, b = both(real, samples)
    found: list[Any] = [ks_2samp(a[:, j], b[:, j]) for j in range(a.shape[1])]
    mixed = np.random.default_rng(random_state).permutation(np.concatenate([a, b]))
    chance: list[Any] = [
        ks_2samp(column[: len(a)], column[len(a) :], method="asymp") for column in mixed.T
    ]
    return ColumnTests(
        np.array([f.statistic for f in found]),
        np.array([f.pvalue for f in found]),
        np.array([f.statistic for f in chance]),
    )
