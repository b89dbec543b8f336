"""All of scikit-learn's own checks, with no expected failures and no tag that skips one."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from fluvial.estimators import FlowAnomalyDetector, FlowDensity, FlowSynthesizer

TINY = {
    "flow": "nice",
    "n_layers": 2,
    "hidden_sizes": (4,),
    "max_epochs": 3,
    "learning_rate": 0.01,
    "random_state": 0,
}


ESTIMATORS = (FlowDensity, FlowAnomalyDetector, FlowSynthesizer)


@parametrize_with_checks([made(**TINY) for made in ESTIMATORS])
def test_scikit_learn(estimator, check):
    check(estimator)
