"""What samples are good for, and whether they are copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fluvial.errors import DataError, ShapeError
from fluvial.evaluation._rows import both, named, standardised
from fluvial.evaluation.densities import Estimate, log_prob_of

CALLED = ("real", "synthetic")


@dataclass(frozen=True)
class Usefulness:
    """How well classifiers do on real rows that they have not seen.

    Attributes:
        real: balanced accuracy after training on real rows.
        synthetic: after training on as many synthetic rows, or on all where they are fewer.
        augmented: by the share of synthetic rows that was added to all real ones.
        majority: of the most frequent class alone.
    """

    real: float
    synthetic: float
    augmented: dict[float, float]
    majority: float


def train_on_synthetic(
    real: tuple[Any, Any],
    synthetic: tuple[Any, Any],
    test: tuple[Any, Any],
    *,
    shares: Sequence[float] = (0.25, 0.5, 1.0),
    random_state: int = 0,
) -> Usefulness:
    """Train boosted trees on real, on synthetic and on both rows, and test them on real ones.

    Args:
        real: rows (n, D), an array or a table, and labels (n,) that the synthetic ones were
            learned from.
        synthetic: rows (m, D) and labels (m,); columns of tables are matched by name.
        test: real rows and labels that neither has seen.
        shares: how many synthetic rows are added to the real ones, as a share of these.
        random_state: of the trees and the draws.

    Raises:
        ShapeError: where rows and labels do not fit, or groups differ in the number of columns.
        DataError: for labels of one class, too few rows, more synthetic rows asked for than there
            are, tables whose columns have other names, and what is no finite number.

    References:
        Esteban et al. 2017, arXiv 1706.02633, section 4: train on synthetic, test on real.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(120, 2))
        >>> labels = (rows[:, 0] > 0).astype(int)
        >>> found = train_on_synthetic((rows[:60], labels[:60]), (rows[:60], labels[:60]),
        ...                            (rows[60:], labels[60:]), shares=())
        >>> found.real == found.synthetic
        True
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import balanced_accuracy_score
    from threadpoolctl import threadpool_limits

    rows, made = both(real[0], synthetic[0], called=CALLED)
    _, tested = both(real[0], test[0], called=(CALLED[0], "test"))
    labels, made_labels, truth = (
        _labels(group[1], len(x), name)
        for group, x, name in (
            (real, rows, "real"),
            (synthetic, made, "synthetic"),
            (test, tested, "test"),
        )
    )
    _check_shares(shares, len(rows), len(made))
    rng = np.random.default_rng(random_state)
    order = rng.permutation(len(made))

    def accuracy(x: np.ndarray, y: np.ndarray) -> float:
        with threadpool_limits(1):
            trees = HistGradientBoostingClassifier(random_state=random_state).fit(x, y)
            return float(balanced_accuracy_score(truth, trees.predict(tested)))

    augmented = {}
    for share in shares:
        some = order[: round(share * len(rows))]
        augmented[share] = accuracy(
            np.concatenate([rows, made[some]]), np.concatenate([labels, made_labels[some]])
        )
    as_many = order[: len(rows)]
    return Usefulness(
        accuracy(rows, labels),
        accuracy(made[as_many], made_labels[as_many]),
        augmented,
        1 / len(np.unique(truth)),
    )


def _labels(labels: Any, n: int, name: str) -> np.ndarray:
    y = np.asarray(labels)
    if y.shape != (n,):
        raise ShapeError(f"{name} has {n} rows, but labels of shape {y.shape}")
    if len(np.unique(y)) < 2:
        raise DataError(f"the labels of {name} are all {y.tolist()[0]!r}; two classes are needed")
    return y


def _check_shares(shares: Sequence[float], n: int, n_made: int) -> None:
    for share in shares:
        if not 0 <= share * n < n_made + 0.5:
            raise DataError(
                f"a share of {share:g} of {n} real rows takes {share * n:.0f} synthetic rows, but "
                f"there are {n_made}; draw more"
            )


@dataclass(frozen=True)
class CopyCheck:
    """Whether samples lie closer to training rows than unseen rows do. No promise of privacy.

    Attributes:
        exact: share of samples that equal a training row.
        exact_by_chance: the same of held-out rows, which are no copies.
        closer: share of samples that are closer to a training row than to any held-out row; 0.5
            where training rows are not remembered, for as many of both.
        membership: the area under the curve of telling training rows from held-out ones by the
            model's log density; 0.5 where it does not tell, None without a model.
        gap: the mean log density of training rows less that of as many held-out ones, in nats; 0
            where training rows are not remembered, None without a model.
    """

    exact: float
    exact_by_chance: float
    closer: float
    membership: float | None = None
    gap: Estimate | None = None

    def __str__(self) -> str:
        told = (
            f"{self.exact:.1%} equal a training row (of held-out rows {self.exact_by_chance:.1%}), "
            f"{self.closer:.1%} are nearer to training than to held-out rows (by chance 50 %)"
        )
        if self.membership is None:
            return told
        return (
            f"{told}, members told with AUROC {self.membership:.3f} (by chance 0.5), gap {self.gap}"
        )


def copy_check(
    training: Any, held_out: Any, samples: Any, model: Any = None, *, random_state: int = 0
) -> CopyCheck:
    """Tell whether samples repeat what was trained on.

    It finds some leaks and cannot show that there is none, so that it is no promise of privacy.

    Args:
        training: (n, D) rows that were trained on, an array or a table; n at least 20.
        held_out: (m, D) rows of the same kind that were not, m at least 20.
        samples: (k, D) rows that were drawn, k at least 20; columns of tables are matched by name.
        model: an estimator or flow, to tell members by their log density; None leaves that out.
        random_state: of the rows drawn so that both groups are of one size.

    Raises:
        ShapeError: where the numbers of columns differ.
        DataError: for too few rows, tables whose columns have other names, and what is no finite
            number.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(200, 2))
        >>> found = copy_check(rows[:100], rows[100:], rows[:100])
        >>> found.exact, found.exact_by_chance
        (1.0, 0.0)
    """
    from scipy.spatial import KDTree

    seen, drawn = both(training, samples, called=("training", "samples"))
    _, unseen = both(training, held_out, called=("training", "held_out"))
    size = min(len(seen), len(unseen))
    rng = np.random.default_rng(random_state)
    of_seen, of_unseen = (rows[rng.permutation(len(rows))[:size]] for rows in (seen, unseen))
    scaled, near, far, points, others = standardised(seen, of_seen, of_unseen, drawn, unseen)
    to_seen, to_unseen = KDTree(near).query(points)[0], KDTree(far).query(points)[0]
    closer = np.where(to_seen == to_unseen, 0.5, to_seen < to_unseen)
    tree = KDTree(scaled)
    exact, by_chance = (float(np.mean(tree.query(rows)[0] == 0)) for rows in (points, others))
    membership = gap = None
    if model is not None:
        names = named(training, "training")[1]
        membership, gap = _told_by_density(model, of_seen, of_unseen, names)
    return CopyCheck(exact, by_chance, float(np.mean(closer)), membership, gap)


def _told_by_density(
    model: Any, seen: np.ndarray, unseen: np.ndarray, names: Sequence[str] | None
) -> tuple[float, Estimate]:
    """Return the area under the curve of telling as many rows apart, and their gap in nats."""
    from sklearn.metrics import roc_auc_score

    is_named = names is not None and getattr(model, "schema_", None) is not None
    a, b = (
        log_prob_of(model, dict(zip(names or (), rows.T, strict=True)) if is_named else rows)
        for rows in (seen, unseen)
    )
    area = float(roc_auc_score(np.repeat([1, 0], len(a)), np.concatenate([a, b])))
    error = np.hypot(a.std(ddof=1), b.std(ddof=1)) / np.sqrt(len(a))
    return area, Estimate(float(a.mean() - b.mean()), float(error))
