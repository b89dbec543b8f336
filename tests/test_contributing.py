"""The skeletons of CONTRIBUTING.md work as they stand."""

import re
from pathlib import Path

import jax
import pytest

from fluvial.testing import check_bijector, randomise

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def names() -> dict:
    """Run the Python blocks one after another, the check of the bijector among them."""
    blocks = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    assert len(blocks) == 3
    found: dict = {"__name__": "skeleton"}
    for block in blocks:
        exec(block, found)
    return found


def test_the_bijector_starts_as_the_identity(names):
    assert names["SinhArcsinh"]().forward(3.0) == pytest.approx(3.0)


def test_the_flow_keeps_the_contract(names, getkey):
    flow = names["sinh_arcsinh_flow"](getkey(), n_features=2, n_layers=1, hidden_sizes=(8,))
    assert flow.sample(getkey(), (5,)).shape == (5, 2)
    check_bijector(randomise(flow.bijector, getkey(), 0.2), getkey())


def test_the_flow_takes_a_condition_and_a_single_column(names, getkey):
    flow = names["sinh_arcsinh_flow"](
        getkey(), n_features=1, n_layers=3, hidden_sizes=(8,), condition_shape=(1,)
    )
    flow = randomise(flow, getkey())
    x = jax.numpy.zeros((2, 1))
    log_prob = flow.log_prob(x, jax.numpy.array([[0.0], [1.0]]))
    assert log_prob[0] != log_prob[1]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^    make (\w+)", TEXT, re.MULTILINE))))
def test_the_targets_exist(target):
    makefile = (Path(__file__).parents[1] / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
