"""The examples in docstrings run and give what they say."""

import doctest
from importlib import import_module
from inspect import ismodule
from pathlib import Path

import pytest

import fluvial

PACKAGE = Path(fluvial.__file__).parent
EXTRAS = {"fluvial.pyod._detector": "pyod"}
"""Modules whose examples need a package that is not always installed."""

ROOMS = ("bijectors", "distributions", "flows", "parameters", "testing", "training", "evaluation")


def _modules() -> list[str]:
    paths = sorted(PACKAGE.rglob("*.py"))
    with_examples = [path for path in paths if ">>> " in path.read_text(encoding="utf-8")]
    parts = [path.relative_to(PACKAGE.parent).with_suffix("").parts for path in with_examples]
    return [".".join(part).removesuffix(".__init__") for part in parts]


def _names() -> dict[str, object]:
    """Return what the examples take as imported."""
    names: dict[str, object] = {}
    for room in ROOMS:
        offered = vars(import_module(f"fluvial.{room}")).items()
        names |= {n: v for n, v in offered if n[0] != "_" and not ismodule(v)}
    names |= {n: getattr(fluvial, n) for n in fluvial.__all__}
    modules = {"fluvial": "fluvial", "jax": "jax", "jnp": "jax.numpy"}
    modules |= {"np": "numpy", "numpy": "numpy"}
    return names | {short: import_module(full) for short, full in modules.items()}


@pytest.mark.parametrize("name", _modules())
def test_the_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if name in EXTRAS:
        pytest.importorskip(EXTRAS[name])
    module = import_module(name)
    globs = vars(module) | _names()
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for example in doctest.DocTestFinder(recurse=True).find(module, globs=globs):
        runner.run(example, out=report.append)
    assert runner.failures == 0, "".join(report)
    assert runner.tries > 0


def test_a_wrong_example_is_found():
    text = ">>> 1 + 1\n3\n"
    example = doctest.DocTestParser().get_doctest(text, {}, "wrong", None, 0)
    assert doctest.DocTestRunner(verbose=False).run(example, out=lambda _: None).failed == 1
