"""The reference: a page for every room of the package, with every public name.

The pages are written before the build reads them, into docs/api, which git ignores. When all is
read, every public name must be documented, or the build fails.
"""

import ast
import inspect
import typing
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

from site_docstrings import first_sentence
from sphinx.errors import SphinxError

import fluvial

FOLDER = Path(__file__).parents[1] / "api"
WITH_INHERITED = {"FlowAnomalyDetector", "FlowDensity", "FlowSynthesizer", "Flow", "DensityRatio"}
"""Classes whose inherited methods are what they are used for."""

NOT_THEIRS = "BaseEstimator, DensityMixin, OutlierMixin, TransformerMixin, object"


def setup(app: Any) -> dict[str, bool]:
    """Write the pages first, and look for missing names last."""
    app.connect("builder-inited", lambda app: write_pages(), priority=100)
    app.connect("autodoc-skip-member", is_routing)
    app.connect("env-check-consistency", lambda app, env: refuse_missing(env))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def rooms() -> list[str]:
    """Return the public modules by their names, in alphabetical order."""
    values = {name: getattr(fluvial, name) for name in fluvial.__all__}
    return sorted(name for name, value in values.items() if isinstance(value, ModuleType))


def own_names() -> list[str]:
    """Return what `fluvial` itself offers beside its rooms and its version."""
    names = (name for name in fluvial.__all__ if not name.startswith("_"))
    return sorted(name for name in names if not isinstance(getattr(fluvial, name), ModuleType))


def public_names(room: str) -> list[str]:
    """Return what a room offers: what an `__init__` imports, or what a file defines."""
    module = import_module(f"fluvial.{room}")
    if "__dir__" in vars(module):
        return sorted(dir(module), key=str.lower)
    is_folder = hasattr(module, "__path__")
    source = inspect.getsource(module)
    names = []
    for name, value in vars(module).items():
        if name.startswith("_") or isinstance(value, ModuleType):
            continue
        home = getattr(value, "__module__", None)
        own = home == module.__name__ and getattr(value, "__name__", name) == name
        assigned = f"\n{name} = " in source or f"\n{name}: " in source
        if own or assigned or (is_folder and f"{name} as {name}" in source):
            names.append(name)
    return sorted(names, key=str.lower)


def write_pages() -> None:
    """Write the index and the page of each room, where they have changed."""
    FOLDER.mkdir(exist_ok=True)
    pages = {room: page_of(room) for room in rooms()} | {"index": index_page()}
    for old in FOLDER.glob("*.rst"):
        if old.stem not in pages:
            old.unlink()
    for name, text in pages.items():
        path = FOLDER / f"{name}.rst"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def index_page() -> str:
    """Return the page that lists the rooms and the names of `fluvial` itself."""
    lines = [*_title("API", "="), ""]
    lines += ["``import fluvial`` imports nothing until a name is used. It offers", ""]
    lines += [f"* :py:obj:`fluvial.{n} <fluvial.estimators.{n}>`" for n in own_names()]
    lines += ["* ``fluvial.__version__``, the version,", "", "and these rooms:", ""]
    lines += [".. list-table::", "   :widths: 25 75", ""]
    for room in rooms():
        summary = first_sentence(import_module(f"fluvial.{room}").__doc__ or "")
        lines += [f"   * - :doc:`fluvial.{room} <{room}>`", f"     - {summary}"]
    lines += ["", ".. toctree::", "   :hidden:", ""]
    return "\n".join(lines + [f"   {room}" for room in rooms()]) + "\n"


def page_of(room: str) -> str:
    """Return the page of a room: its purpose, a table of its names, and each of them."""
    names = public_names(room)
    lines = [*_title(f"fluvial.{room}", "="), "", f".. automodule:: fluvial.{room}"]
    lines += ["   :no-members:", "", f".. currentmodule:: fluvial.{room}", ""]
    if names:
        lines += [".. list-table::", "   :widths: 30 70", ""]
        for name in names:
            lines += [f"   * - :py:obj:`{name}`", f"     - {_summary(room, name)}"]
        lines.append("")
    for name in names:
        lines += [*_directive(room, name), ""]
    return "\n".join(lines)


def _summary(room: str, name: str) -> str:
    value = getattr(import_module(f"fluvial.{room}"), name)
    if _is_data(value):
        return first_sentence("\n".join(_text_below(room, name)))
    text = value.__doc__
    return first_sentence(text) if isinstance(text, str) else ""


def _is_data(value: object) -> bool:
    is_class = inspect.isclass(value) and not typing.get_origin(value)
    return not (is_class or inspect.isroutine(value))


def _directive(room: str, name: str) -> list[str]:
    value = getattr(import_module(f"fluvial.{room}"), name)
    if _is_data(value):
        return [f".. py:data:: {name}", "", *(f"   {line}" for line in _text_below(room, name))]
    if inspect.isclass(value):
        lines = [f".. autoclass:: {name}"]
        if issubclass(value, BaseException):
            return [*lines, "   :show-inheritance:"]
        return [*lines, f"   :inherited-members: {NOT_THEIRS}"] if name in WITH_INHERITED else lines
    return [f".. autofunction:: {name}"]


def _text_below(room: str, name: str) -> list[str]:
    """Return the string that stands below an assignment, wherever in the room it is."""
    home = Path(str(inspect.getsourcefile(import_module(f"fluvial.{room}"))))
    files = sorted(home.parent.glob("*.py")) if home.name == "__init__.py" else [home]
    for path in files:
        body = ast.parse(path.read_text(encoding="utf-8")).body
        for statement, below in pairwise([*body, ast.Pass()]):
            targets = getattr(statement, "targets", [getattr(statement, "target", None)])
            if name not in (getattr(target, "id", None) for target in targets):
                continue
            text = getattr(getattr(below, "value", None), "value", None)
            if isinstance(text, str):
                return inspect.cleandoc(text).splitlines()
            return [f"``{ast.unparse(statement)}``"] if len(ast.unparse(statement)) < 88 else []
    return []


def is_routing(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Leave out what scikit-learn adds to every estimator for its own plumbing."""
    return name.endswith(("_request", "_metadata_routing", "set_output")) or None


def refuse_missing(env: Any) -> None:
    """Fail where a public name is on no page.

    Raises:
        SphinxError: naming all that are missing.
    """
    documented = set(env.domains["py"].objects)
    wanted = [f"fluvial.{room}.{name}" for room in rooms() for name in public_names(room)]
    wanted += [f"fluvial.estimators.{name}" for name in own_names()]
    missing = sorted(set(wanted) - documented)
    if missing:
        raise SphinxError(f"the reference lacks {', '.join(missing)}")


def _title(text: str, line: str) -> list[str]:
    return [text, line * len(text)]
