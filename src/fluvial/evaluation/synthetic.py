"""What samples are good for, and whether they are copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fluvial.errors import DataError, ShapeError
from fluvial.evaluation._rows import both, checked, standardised
from fluvial.evaluation.densities import log_prob_of


@dataclass(frozen=True)
class Usefulness:
    """How well classifiers do on real rows that they have not seen.

    Attributes:
        real: balanced accuracy after training on real rows.
        synthetic: after training on as many synthetic rows.
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
        real: rows (n, D) and labels (n,) that the synthetic ones were learned from.
        synthetic: rows (m, D) and labels (m,).
        test: real rows and labels that neither has seen.
        shares: how many synthetic rows are added to the real ones, as a share of these.
        random_state: of the trees and the draws.

    Raises:
        ShapeError: where rows and labels do not fit.
        DataError: for labels of one class, too few rows, and values that are not finite.

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

    groups = [
        _labelled(*group, name)
        for group, name in ((real, "real"), (synthetic, "synthetic"), (test, "test"))
    ]
    (rows, labels), (made, made_labels), (tested, truth) = groups
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


def _labelled(rows: Any, labels: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = checked(rows, f"the rows of {name}"), np.asarray(labels)
    if y.shape != (len(x),):
        raise ShapeError(f"{name} has {len(x)} rows, but labels of shape {y.shape}")
    if len(np.unique(y)) < 2:
        raise DataError(f"the labels of {name} are all {y[0]!r}; two classes are needed")
    return x, y


@dataclass(frozen=True)
class CopyCheck:
    """Whether samples lie closer to training rows than unseen rows do. No promise of privacy.

    Attributes:
        exact: share of samples that equal a training row.
        closer: share of samples that are closer to a training row than to any held-out row; 0.5
            where training rows are not remembered, for as many of both.
        membership: the area under the curve of telling training rows from held-out ones by the
            model's log density; 0.5 where it does not tell, None without a model.
    """

    exact: float
    closer: float
    membership: float | None


def copy_check(
    training: Any, held_out: Any, samples: Any, model: Any = None, *, random_state: int = 0
) -> CopyCheck:
    """Tell whether samples repeat what was trained on.

    Args:
        training: (n, D) rows that were trained on.
        held_out: (m, D) rows of the same kind that were not.
        samples: (k, D) rows that were drawn.
        model: an estimator or flow, to tell members by their log density; None leaves that out.
        random_state: of the rows drawn so that both groups are of one size.

    Raises:
        ShapeError: where columns differ.
        DataError: for too few rows, and values that are not finite.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(200, 2))
        >>> copy_check(rows[:100], rows[100:], rows[:100]).exact
        1.0
    """
    from scipy.spatial import KDTree
    from sklearn.metrics import roc_auc_score

    seen, drawn = both(training, samples)
    unseen, _ = both(held_out, samples)
    size = min(len(seen), len(unseen))
    rng = np.random.default_rng(random_state)
    of_seen, of_unseen = (rows[rng.permutation(len(rows))[:size]] for rows in (seen, unseen))
    scaled, near, far, points = standardised(seen, of_seen, of_unseen, drawn)
    to_seen, to_unseen = KDTree(near).query(points)[0], KDTree(far).query(points)[0]
    closer = np.where(to_seen == to_unseen, 0.5, to_seen < to_unseen)
    exact = float(np.mean(KDTree(scaled).query(points)[0] == 0))
    membership = None
    if model is not None:
        scores = np.concatenate([log_prob_of(model, of_seen), log_prob_of(model, of_unseen)])
        membership = float(roc_auc_score(np.repeat([1, 0], size), scores))
    return CopyCheck(exact, float(np.mean(closer)), membership)
