"""The code of the pages runs, and the tutorials use nothing that is not public."""

import ast
import re
from importlib import import_module
from inspect import ismodule
from pathlib import Path

import pytest
from matplotlib import pyplot

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("first-steps", "how-to", "extending")
TUTORIALS = sorted((DOCS / "tutorials").glob("[0-9][0-9]_*.py"))


def code_of(page: str) -> str:
    """Return all the code of a page, with what takes long made short."""
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL))
    for long, short in (("max_seconds=60", "max_seconds=1"), ("max_epochs=50", "max_epochs=2")):
        code = code.replace(long, short)
    return code


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.filterwarnings("ignore::fluvial.errors.DataWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = code_of(page)
    assert code
    names = {"__name__": "page"}
    exec(code, names)
    pyplot.close("all")


def imports(path: Path):
    """Yield the names of Fluvial that a script imports, as module and name."""
    for statement in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(statement, ast.Import):
            yield from ((each.name, None) for each in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            yield from ((statement.module or "", each.name) for each in statement.names)


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_uses_what_is_public_alone(path):
    found = [(module, name) for module, name in imports(path) if module.startswith("fluvial")]
    assert found
    for module, name in found:
        parts = module.split(".")
        assert len(parts) <= 2, f"{module} lies within a room"
        assert not (name or "").startswith("_")
        if name is not None:
            value = getattr(import_module(module), name)
            assert not ismodule(value) or module == "fluvial", f"{module}.{name} is a module"


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_ends_with_exercises_and_their_solutions(path):
    text = path.read_text(encoding="utf-8")
    assert "# Exercises\n" in text
    assert "# Solutions\n" in text
    assert text.index("# Exercises\n") < text.index("# Solutions\n")


def test_the_page_of_tutorials_counts_them():
    listed = re.findall(r"^\d\. ", (DOCS / "tutorials.md").read_text("utf-8"), flags=re.MULTILINE)
    assert len(listed) == len(TUTORIALS)


def test_every_page_is_reached():
    pages = {path.stem for path in DOCS.glob("*.md")} - {"index"}
    trees = "\n".join(path.read_text(encoding="utf-8") for path in DOCS.glob("*.md"))
    reached = set()
    for tree in re.findall(r"^```\{toctree\}\n(.*?)^```$", trees, flags=re.MULTILINE | re.DOTALL):
        reached |= set(tree.split())
    assert pages <= reached
