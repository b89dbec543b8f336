"""Classifiers, trained on any rows and tested on real ones."""

from collections.abc import Callable
from typing import Any

from benchmarks.studies.labelled import Labelled
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "boosted trees": lambda: HistGradientBoostingClassifier(random_state=0),
    "random forest": lambda: RandomForestClassifier(60, random_state=0),
    "nearest neighbours": lambda: make_pipeline(StandardScaler(), KNeighborsClassifier()),
}


def accuracies(training: Labelled, test: Labelled) -> dict[str, list[float]]:
    """Return accuracy and balanced accuracy of each classifier on test rows."""
    found = {}
    with threadpool_limits(1):
        for name, make in CLASSIFIERS.items():
            predicted = make().fit(training.rows, training.labels).predict(test.rows)
            right = float((predicted == test.labels).mean())
            found[name] = [right, float(balanced_accuracy_score(test.labels, predicted))]
    return found
