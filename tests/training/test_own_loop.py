"""The page on loops of one's own, and what it needs: the loss and the parts of a flow."""

import re
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial import training
from fluvial.distributions import Normal, StandardNormal
from fluvial.errors import ShapeError
from fluvial.parameters import Fixed

PAGE = Path(__file__).parents[2] / "docs" / "own-loop.md"
KEY = jax.random.key(0)


def test_the_page_runs_and_its_loops_learn():
    x = np.random.default_rng(0).normal(size=(200, 2))
    rows = (x @ [[1.0, 0.9], [0.0, 0.3]] + 1).astype(np.float32)
    blocks = re.findall(
        r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    names = {"rows": rows}
    losses = []
    for block in blocks:
        lines = block.split("@jax.jit\n")[1].split("\n\n")
        assert sum(len(part.splitlines()) for part in lines[:2]) <= 15
        exec(block, names)
        losses.append(float(names["value"]))
    likelihood, reverse, penalised = losses
    covariance = np.cov(rows.T)
    gaussian = 1 + np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1] / 2
    assert likelihood == pytest.approx(gaussian, abs=0.15)
    # The density of the page integrates to 2 pi.
    assert reverse == pytest.approx(-np.log(2 * np.pi), abs=0.15)
    assert penalised > likelihood
    assert training.loss(names["flow"], rows) == pytest.approx(likelihood, abs=0.05)


def test_the_loss_is_the_weighted_mean():
    x = jnp.array([[0.0], [1.0], [2.0]])
    weights = np.array([1.0, 0.0, 3.0])
    log_prob = np.asarray(StandardNormal(1).log_prob(x))
    assert training.loss(StandardNormal(1), x) == pytest.approx(-log_prob.mean())
    found = training.loss(StandardNormal(1), x, sample_weight=weights)
    assert found == pytest.approx(-np.average(log_prob, weights=weights))
    with pytest.raises(ShapeError):
        training.loss(StandardNormal(1), jnp.zeros(3))


def test_a_model_is_put_together_again():
    model = {"trained": Normal(1.0, 2.0, trainable=True), "fixed": Fixed(jnp.ones(2)), "name": "a"}
    params, rest = training.partition(model)
    assert len(jax.tree.leaves(params)) == 2
    assert eqx.tree_equal(eqx.combine(params, rest), model)
    with pytest.raises(ValueError, match="StandardNormal has no trainable parameters"):
        training.partition(StandardNormal(2))
