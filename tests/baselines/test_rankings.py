"""The autoencoder's score by hand, and the distance to neighbours by brute force."""

import numpy as np
import pytest
from scipy import stats

from fluvial.baselines import Autoencoder, NearestNeighbors
from fluvial.errors import DataError


@pytest.fixture(scope="module")
def autoencoder(rows):
    return Autoencoder(max_epochs=40, learning_rate=0.01, random_state=0).fit(rows)


def relu_network(mlp, x):
    for layer in mlp.layers[:-1]:
        x = np.maximum(x @ np.asarray(layer.weight) + np.asarray(layer.bias), 0)
    return x @ np.asarray(mlp.layers[-1].weight) + np.asarray(mlp.layers[-1].bias)


def test_the_score_of_an_autoencoder_is_that_of_its_errors(autoencoder, rows, plain):
    scaled = (plain - plain.mean(axis=0)) / plain.std(axis=0)
    network = autoencoder.network_
    reproduced = relu_network(network.decoder, relu_network(network.encoder, scaled))
    deviation = autoencoder.sigma_ * plain.std(axis=0)
    centre = reproduced * plain.std(axis=0) + plain.mean(axis=0)
    expected = stats.norm.logpdf(plain, centre, deviation).sum(axis=1)
    assert autoencoder.score_samples(rows) == pytest.approx(expected, abs=1e-3)
    errors = autoencoder.errors(rows)
    assert errors.shape == rows.shape
    assert errors[:, :3] == pytest.approx((scaled - reproduced) ** 2, abs=1e-4)
    assert (errors[:, 3:] == 0).all()


def test_the_deviations_are_those_of_held_out_rows(rows):
    from fluvial.densities.held_out import held_out_rows

    model = Autoencoder(max_epochs=2, validation_fraction=0.2, random_state=5).fit(rows)
    places = held_out_rows(rows, 0.2, np.random.RandomState(5))
    held_out = model.errors(rows[places])[:, :3]
    assert model.sigma_ == pytest.approx(np.sqrt(held_out.mean(axis=0)), rel=1e-5)
    assert len(model.history_.validation_loss) == 2
    assert model.history_.validation_loss[-1] < model.history_.validation_loss[0]


def test_an_autoencoder_learns_a_relation(autoencoder, rows):
    broken = rows[:50].copy()
    broken[:, 1] = 2 * rows[:, 1].mean() - broken[:, 1]  # mirrored: each column is as usual
    assert autoencoder.score_samples(broken).mean() < autoencoder.score_samples(rows).mean() - 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_latent": 0}, "n_latent must be a whole number"),
        ({"hidden_sizes": ()}, "hidden_sizes must be one or more sizes"),
        ({"max_epochs": 0}, "max_epochs must be a whole number"),
        ({"learning_rate": -1.0}, "learning_rate must lie in"),
    ],
)
def test_an_autoencoder_refuses(rows, wrong, message):
    with pytest.raises(ValueError, match=message):
        Autoencoder(**wrong).fit(rows)


def test_distances_are_those_of_brute_force(rows, plain):
    scaled = (plain - plain.mean(axis=0)) / plain.std(axis=0)
    new = rows[:7] + np.array([0.3, -2, 0.01, 0, 0.3])
    own = (new[:, :3] - plain.mean(axis=0)) / plain.std(axis=0)
    distances = np.sort(np.linalg.norm(own[:, None] - scaled, axis=2), axis=1)
    model = NearestNeighbors(n_neighbors=3).fit(rows)
    assert model.score_samples(new) == pytest.approx(-distances[:, 2])
    new[0, 3] = 8.0
    assert model.score_samples(new)[0] < -1e5


def test_neighbours_are_refused():
    with pytest.raises(DataError, match="more than the 3 rows"):
        NearestNeighbors().fit(np.arange(3.0)[:, None])
    with pytest.raises(ValueError, match="n_neighbors must be a whole number"):
        NearestNeighbors(n_neighbors=0).fit(np.arange(3.0)[:, None])
