"""The skeletons of CONTRIBUTING.md work as they stand."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from fluvial import bijectors
from fluvial.flows.recipes import Recipe
from fluvial.testing import check_bijector, randomise

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
FILES = ("bijectors/modulus.py", "check.py", "flows/modulus.py")
LINES = re.findall(r"^ +`(.*)`$", TEXT, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def names():
    """Run the Python blocks one after another, the check of the bijector among them."""
    assert len(BLOCKS) == len(FILES)
    assert not hasattr(bijectors, "Modulus"), "the package has it now: choose another example"
    found: dict = {"__name__": "skeleton", "jax": jax, "jnp": jax.numpy}
    with pytest.MonkeyPatch.context() as patch:
        for block in BLOCKS:
            exec(block, found)
            # The line in __init__.py, without which the later blocks do not find the class.
            patch.setattr(bijectors, "Modulus", found["Modulus"], raising=False)
        yield found


@pytest.mark.parametrize("number", range(len(FILES)), ids=FILES)
def test_the_linter_accepts_the_blocks(number):
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        run = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", _path(number), "-"],
            input=BLOCKS[number],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=60,
        )
        assert run.returncode == 0, run.stdout + run.stderr


def _path(number: int) -> str:
    # The check is typed into a session and needs no docstring: a test's rules.
    return ("tests/" if FILES[number] == "check.py" else "src/fluvial/") + FILES[number]


@pytest.mark.parametrize("name", ["Modulus", "modulus_flow"])
def test_the_examples_in_their_docstrings_run(names, name):
    report: list[str] = []
    runner = doctest.DocTestRunner()
    examples = doctest.DocTestFinder(recurse=False).find(names[name], name, globs=names)
    for example in examples:
        runner.run(example, out=report.append)
    assert runner.failures == 0, "".join(report)
    assert runner.tries > 0


def test_the_lines_to_add_work_as_they_stand(names):
    export, case, catalogue, *_ = LINES
    assert export == "from fluvial.bijectors.modulus import Modulus as Modulus"
    ((_, build),) = eval(f"{{{case}}}", names).items()
    check_bijector(randomise(build(jax.random.key(0)), jax.random.key(1)), jax.random.key(2))
    assert re.fullmatch(r"\| `Modulus` \|( [^|]+\|){3}", catalogue)


def test_the_lines_of_a_flow_work_as_they_stand(names, getkey):
    recipe, case = LINES[-2:]
    ((name, made),) = eval(f"{{{recipe}}}", names | {"Recipe": Recipe}).items()
    assert made.build is names[name]
    ((_, build),) = eval(f"{{{case}}}", names | {"flows": _Flows(names)}).items()
    assert build(getkey()).event_shape == (2,)


class _Flows:
    """Stands for `fluvial.flows` with the line of the new recipe."""

    def __init__(self, names):
        self.modulus_flow = names["modulus_flow"]


def test_the_bijector_is_a_transformer_that_starts_as_the_identity(names):
    scalar = names["Modulus"]()
    assert scalar.forward(3.0) == pytest.approx(3.0)
    assert bijectors.n_parameters(scalar) == 1


def test_the_flow_keeps_the_contract(names, getkey):
    flow = names["modulus_flow"](getkey(), n_features=2, n_layers=1, hidden_sizes=(8,))
    assert flow.sample(getkey(), (5,)).shape == (5, 2)
    check_bijector(randomise(flow.bijector, getkey(), 0.2), getkey())


def test_the_flow_takes_a_condition_and_a_single_column(names, getkey):
    flow = names["modulus_flow"](
        getkey(), n_features=1, n_layers=3, hidden_sizes=(8,), condition_shape=(1,)
    )
    flow = randomise(flow, getkey())
    x = jax.numpy.zeros((2, 1))
    log_prob = flow.log_prob(x, jax.numpy.array([[0.0], [1.0]]))
    assert log_prob[0] != log_prob[1]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^    make (\w+)", TEXT, re.MULTILINE))))
def test_the_targets_exist(target):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
