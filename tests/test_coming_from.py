"""Every row of docs/coming-from.md runs."""

import re
from importlib.util import find_spec
from pathlib import Path

import jax
import pytest

PAGE = Path(__file__).parents[1] / "docs" / "coming-from.md"
TEXT = PAGE.read_text(encoding="utf-8")
(SETTING,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
ROWS = re.findall(r"^\| [^|]*`[^|]* \| `(.*)` \|$", TEXT, flags=re.MULTILINE)

NEEDS = {"Continuous": "diffrax", "to_numpyro": "numpyro"}


@pytest.fixture(scope="module")
def names():
    found: dict = {}
    exec(SETTING, found)
    return found


def test_the_page_has_rows_of_five_libraries():
    sections = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
    assert len(sections) == 5
    assert len(ROWS) == len(re.findall(r"^\| .*`.* \|$", TEXT, flags=re.MULTILINE)) - 1


@pytest.mark.parametrize("row", ROWS)
def test_a_row_runs(names, row):
    for word, package in NEEDS.items():
        if word in row and find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    with jax.numpy_dtype_promotion("standard"):  # optax mixes types
        assert eval(row, names) is not None
