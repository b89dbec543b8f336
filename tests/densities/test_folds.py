import numpy as np
import pytest

from fluvial.densities import Hyperparameters
from fluvial.densities.folds import folds_of


@pytest.mark.parametrize(
    ("n", "seconds", "expected"),
    [
        (1000, None, 5),
        (1000, 10.0, 5),
        (1000, 9.9, 1),
        (900, 9.9, 5),
        (6000, None, 1),
        (11, 1.0, 1),
    ],
)
def test_how_often_a_mixture_is_fitted(n, seconds, expected):
    rows = np.random.default_rng(0).normal(size=(n, 2))
    folds = folds_of(Hyperparameters(max_seconds=seconds), rows, np.random.RandomState(0))
    assert len(folds) == expected
    for fold in folds:
        assert not np.intersect1d(fold.training, fold.held_out).size
    held_out = np.concatenate([fold.held_out for fold in folds])
    assert len(set(held_out)) == len(held_out)


def test_a_single_flow_is_fitted_once():
    rows = np.random.default_rng(0).normal(size=(300, 2))
    ((training, held_out),) = folds_of(Hyperparameters(flow="maf"), rows, np.random.RandomState(0))
    assert (len(training), len(held_out)) == (270, 30)
