"""All of scikit-learn's own checks, with no expected failures and no tag that skips one."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from fluvial.baselines import (
    Autoencoder,
    GaussianMixtureDensity,
    HistogramDensity,
    KernelDensity,
    NearestNeighbors,
)

ALL = [
    Autoencoder(hidden_sizes=(4,), max_epochs=1, validation_fraction=0.0, random_state=0),
    GaussianMixtureDensity(max_components=2, random_state=0),
    HistogramDensity(random_state=0),
    KernelDensity(random_state=0),
    NearestNeighbors(n_neighbors=1),
]


@parametrize_with_checks(ALL)
def test_scikit_learn(estimator, check):
    check(estimator)
