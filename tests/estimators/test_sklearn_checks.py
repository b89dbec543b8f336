"""All of scikit-learn's own checks, with no expected failures and no tag that skips one."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from fluvial.estimators import FlowAnomalyDetector, FlowDensity

TINY = {
    "flow": "nice",
    "n_layers": 2,
    "hidden_sizes": (4,),
    "max_epochs": 3,
    "learning_rate": 0.01,
    "random_state": 0,
}


# Three epochs of a tiny flow on pure noise.
@pytest.mark.filterwarnings("ignore:no epoch of the flow")
@parametrize_with_checks([FlowDensity(**TINY), FlowAnomalyDetector(**TINY)])
def test_scikit_learn(estimator, check):
    check(estimator)
