"""The peers, each from training rows and rows to rank to strangeness; their packages come late."""

from collections.abc import Callable

import numpy as np

Peer = Callable[[np.ndarray, np.ndarray], np.ndarray]

MOST_ROWS_OF_SVM = 3_000
"""Rows that the one-class SVM, whose time grows with their square and more, is fitted to."""

BAGS = 8

EPOCHS_OF_NICE, BLOCK_OF_NICE = 100, 10_000
"""Passes over the training rows at most, and rows that are scored at a time."""


def knn(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """The mean distance to the five nearest rows."""
    return _neighbours(train, test, 5)


def nearest(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """The distance to the nearest row, the non-parametric score of DTE."""
    return _neighbours(train, test, 1)


def _neighbours(train: np.ndarray, test: np.ndarray, k: int) -> np.ndarray:
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=min(k, len(train))).fit(train)
    return found.kneighbors(test)[0].mean(axis=1)


def kde_scott(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """A kernel density with Scott's bandwidth."""
    return -_kernels(train, len(train) ** (-1 / (train.shape[1] + 4)), test)


def kde_held_out(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """A kernel density whose bandwidth a tenth of the rows chooses."""
    order = np.random.default_rng(0).permutation(len(train))
    judges, others = np.split(train[order], [max(len(train) // 10, 1)])
    widths = np.geomspace(0.02, 2, 12)
    nats = [_kernels(others, h, judges).mean() - train.shape[1] * np.log(h) for h in widths]
    return -_kernels(train, float(widths[int(np.argmax(nats))]), test)


def _kernels(train: np.ndarray, bandwidth: float, rows: np.ndarray) -> np.ndarray:
    from scipy.spatial.distance import cdist
    from scipy.special import logsumexp

    blocks = np.array_split(rows, max(len(rows) // 500, 1))
    parts = [
        logsumexp(-cdist(block, train, "sqeuclidean") / (2 * bandwidth**2), axis=1)
        for block in blocks
    ]
    return np.concatenate(parts) - np.log(len(train))


def gaussian(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """One Gaussian, with a ridge."""
    covariance = np.atleast_2d(np.cov(train, rowvar=False)) + 1e-3 * np.eye(train.shape[1])
    gaps = test - train.mean(axis=0)
    return np.einsum("ij,ij->i", gaps, np.linalg.solve(covariance, gaps.T).T)


def bagged_mixtures(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """The mean density of 8 Gaussian mixtures of bootstrap samples."""
    from scipy.special import logsumexp
    from sklearn.mixture import GaussianMixture

    rng = np.random.default_rng(0)
    log_probs = []
    for seed in range(BAGS):
        rows = train[rng.integers(len(train), size=len(train))]
        size = min(8, max(len(train) // (4 * train.shape[1]), 1))
        mixture = GaussianMixture(size, reg_covar=1e-2, max_iter=50, random_state=seed)
        log_probs.append(mixture.fit(rows).score_samples(test))
    return -logsumexp(log_probs, axis=0)


def isolation_forest(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Isolation forest, 100 trees."""
    from sklearn.ensemble import IsolationForest

    return -IsolationForest(random_state=0).fit(train).score_samples(test)


def one_class_svm(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """One-class SVM."""
    from sklearn.svm import OneClassSVM

    some = np.random.default_rng(0).permutation(len(train))[:MOST_ROWS_OF_SVM]
    return -OneClassSVM(nu=0.1).fit(train[some]).decision_function(test)


def lof(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Local outlier factor, 20 neighbours."""
    from sklearn.neighbors import LocalOutlierFactor

    number = min(20, len(train) - 1)
    return -LocalOutlierFactor(number, novelty=True).fit(train).score_samples(test)


def pca(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """The error of the principal components that hold nine tenths of the variance."""
    from sklearn.decomposition import PCA

    if train.shape[1] == 1:
        return (test[:, 0] - train.mean()) ** 2
    fitted = PCA(0.9, svd_solver="full").fit(train)
    return ((test - fitted.inverse_transform(fitted.transform(test))) ** 2).sum(axis=1)


def autoencoder(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """The error of a network (64, D / 2, 64) that returns its input, by scikit-learn."""
    from sklearn.neural_network import MLPRegressor

    middle = max(train.shape[1] // 2, 1)
    network = MLPRegressor(
        hidden_layer_sizes=(64, middle, 64), early_stopping=True, max_iter=100, random_state=0
    )
    target = train if train.shape[1] > 1 else train[:, 0]
    back = network.fit(train, target).predict(test).reshape(test.shape)
    return ((test - back) ** 2).sum(axis=1)


def nice(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """A NICE flow of 4 couplings with 64 units in two hidden layers, by maximum likelihood."""
    import jax

    from fluvial.flows import nice as nice_flow
    from fluvial.training import fit

    keys = jax.random.split(jax.random.key(0))
    flow = nice_flow(keys[0], n_features=train.shape[1], n_layers=4, hidden_sizes=(64, 64))
    flow, _ = fit(keys[1], flow, train, max_epochs=EPOCHS_OF_NICE, patience=10, show_progress=False)
    blocks = np.array_split(test, max(len(test) // BLOCK_OF_NICE, 1))
    return -np.concatenate([flow.log_prob(block.astype(np.float32)) for block in blocks])


def ecod(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """ECOD, of PyOD."""
    from pyod.models.ecod import ECOD

    return ECOD().fit(train).decision_function(test)


def copod(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """COPOD, of PyOD."""
    from pyod.models.copod import COPOD

    return COPOD().fit(train).decision_function(test)


def hbos(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """HBOS, of PyOD."""
    from pyod.models.hbos import HBOS

    return HBOS().fit(train).decision_function(test)


BOTH = {"kNN": knn, "DTE-NN": nearest, "KDE, held out": kde_held_out, "Gaussian": gaussian}
"""Peers that see standardised columns, and Gaussianised ones as well."""

PEERS: dict[str, Peer] = {
    **BOTH,
    "KDE, Scott": kde_scott,
    "bagged mixtures": bagged_mixtures,
    "isolation forest": isolation_forest,
    "one-class SVM": one_class_svm,
    "LOF": lof,
    "PCA": pca,
    "autoencoder": autoencoder,
    "NICE flow": nice,
    "ECOD": ecod,
    "COPOD": copod,
    "HBOS": hbos,
}
