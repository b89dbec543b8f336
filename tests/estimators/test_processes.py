"""Estimators in several processes: forks are refused at once, others work."""

import multiprocessing
import os

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score

from fluvial import FlowDensity
from fluvial.errors import ForkError

X = np.random.default_rng(0).normal(size=(120, 2))
SMALL = FlowDensity(flow="real_nvp", n_layers=2, hidden_sizes=(8,), max_epochs=2, random_state=0)

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


def error_in_fork(work):
    """Fork, do some work there, and return the name of the error that it ended with."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        name = b"none"
        try:
            work()
        except BaseException as error:
            name = type(error).__name__.encode()
        os.write(write, name)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        name = answer.read()
    os.waitpid(child, 0)
    return name


@needs_fork
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_after_a_fit_is_refused_and_does_not_hang(tmp_path):
    density = SMALL.fit(X)
    density.save(tmp_path / "m.fluvial")
    import fluvial

    works = {
        "score": lambda: density.score_samples(X),
        "sample": lambda: density.sample(3),
        "latents": lambda: density.transform(X),
        "fit": lambda: FlowDensity().fit(X),
        "load": lambda: fluvial.load(tmp_path / "m.fluvial"),
    }
    found = {name: error_in_fork(work) for name, work in works.items()}
    assert found == dict.fromkeys(works, "ForkError")
    # The parent goes on.
    assert np.isfinite(density.score_samples(X)).all()


@needs_fork
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_pool_of_forks_is_told():
    density = SMALL.fit(X)
    with (
        multiprocessing.get_context("fork").Pool(1) as pool,
        pytest.raises(ForkError, match="spawn"),
    ):
        pool.apply(density.score_samples, (X,))


@pytest.mark.slow
def test_joblib_and_spawned_processes_give_what_one_process_gives():
    expected = cross_val_score(SMALL, X, cv=2)
    assert np.array_equal(cross_val_score(SMALL, X, cv=2, n_jobs=2), expected)
    density = SMALL.fit(X)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert np.array_equal(pool.apply(density.score_samples, (X,)), density.score_samples(X))
