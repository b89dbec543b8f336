"""A room of src/fluvial imports only the rooms above it, no modules import each other in a loop,
and the heavy libraries come late.

The imports are read from the source, those inside functions included.
"""

import ast
import re
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"

ROOMS = (
    "_version",
    "errors",
    "weights",
    "shapes",
    "methods",
    "parameters",
    "parallel",
    "compilation_cache",
    "programs",
    "networks",
    "bijectors",
    "distributions",
    "flows",
    "training",
    "tables",
    "artifacts",
    "files",
    "densities",
    "anomaly",
    "estimators",
    "pyod",
    "baselines",
    "evaluation",
    "plots",
    "report",
    "cli",
)
ABOVE: dict[str, set[str]] = {room: set(ROOMS[:i]) for i, room in enumerate(ROOMS)}
ABOVE["testing"] = ABOVE["distributions"] | {"distributions"}
ABOVE["__main__"] = {"cli"}

# What `import fluvial` offers by name, and the room that it comes from.
EXPORTED = {
    "__version__": "_version",
    "DensityRatio": "estimators",
    "FlowAnomalyDetector": "estimators",
    "FlowDensity": "estimators",
    "FlowSynthesizer": "estimators",
    "load": "estimators",
}

BEFORE_TABLES = set(ROOMS[: ROOMS.index("tables")]) | {"testing"}
NEEDS_JAX_ALONE = {"errors", "weights", "shapes", "methods", "parameters", "networks", "bijectors"}
EXTRAS = {
    "fluvial.bijectors.continuous": "diffrax",
    "fluvial.distributions._numpyro": "numpyro",
    "fluvial.pyod._detector": "pyod",
}
"""Modules that need a package which is not always installed; it is imported in use alone."""

COMES_WITH_JAX = {"equinox", "jax", "jaxtyping", "numpy"}


def imports(code: str, module: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the full name of everything that the code of a module imports."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            start = module.rsplit(".", node.level)[0] if node.level else ""
            for alias in node.names:
                yield node.lineno, ".".join(filter(None, (start, node.module, alias.name)))
        elif isinstance(node, ast.Call):
            name = _imported_by_call(node)
            if name is not None:
                yield node.lineno, name


def _imported_by_call(call: ast.Call) -> str | None:
    function = getattr(call.func, "attr", getattr(call.func, "id", ""))
    first = call.args[0] if call.args else None
    if function in {"import_module", "__import__"} and isinstance(first, ast.Constant):
        return str(first.value)
    return None


def violations(code: str, module: str) -> list[str]:
    """Return what in the code of a module, such as `fluvial.flows.maf`, breaks the layering."""
    room = module.split(".")[1]
    found = []
    for line, name in imports(code, module):
        top, _, rest = name.partition(".")
        if top == "fluvial":
            first = rest.split(".")[0]
            target = EXPORTED.get(first, first)
            if target != room and target not in ABOVE[room]:
                found.append(f"{module}:{line}: {room} may not import {name}")
        elif top == "sklearn" and room in BEFORE_TABLES:
            found.append(f"{module}:{line}: scikit-learn is imported from tables down only")
        elif room in NEEDS_JAX_ALONE and not _comes_with_jax(top) and top != EXTRAS.get(module):
            found.append(f"{module}:{line}: {room} needs JAX and Equinox alone, not {top}")
    return found


def _comes_with_jax(top: str) -> bool:
    return top in COMES_WITH_JAX or top in sys.stdlib_module_names


def _modules() -> dict[str, Path]:
    found = {}
    for path in sorted((SOURCE / "fluvial").rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts)] = path
    # The package's own __init__ is lazy and belongs to no room: tests/test_package.py.
    del found["fluvial.__init__"]
    return found


MODULES = _modules()


@pytest.mark.parametrize("module", EXTRAS)
def test_extras_are_imported_in_use_alone(module):
    """By a function of the module, or by a module that none imports at its top."""
    inner = module.rpartition(".")[2]
    for name, path in MODULES.items():
        code = path.read_text(encoding="utf-8")
        top = "\n".join(line for line in code.splitlines() if line[:1] not in (" ", "#"))
        tops = {m.group(1) for m in re.finditer(r"^(?:from|import) (\S+)", top, re.MULTILINE)}
        late = EXTRAS[module] if name != module or not inner.startswith("_") else None
        assert not any(t.split(".")[0] == late for t in tops), name
        assert not inner.startswith("_") or module not in tops, name


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_rooms_above_it(module):
    assert violations(MODULES[module].read_text(encoding="utf-8"), module) == []


def test_every_room_has_its_place_in_the_list():
    assert {module.split(".")[1] for module in MODULES} <= set(ABOVE)


def test_the_page_on_architecture_lists_the_rooms_in_their_order():
    page = (SOURCE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)(?:\.py|/)` \|", page, flags=re.MULTILINE)
    there = {module.split(".")[1] for module in MODULES} - {"__main__", "_version"}
    assert set(listed) == there
    assert [room for room in listed if room != "testing"] == [r for r in ROOMS if r in there]


def test_the_modules_are_found():
    assert {"fluvial.bijectors.affine", "fluvial.errors", "fluvial.flows.flow"} <= set(MODULES)


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("fluvial.bijectors.affine", "import fluvial.flows"),
        ("fluvial.bijectors.affine", "import fluvial.flows.maf as maf"),
        ("fluvial.bijectors.affine", "from fluvial import flows"),
        ("fluvial.bijectors.affine", "from fluvial.flows import maf"),
        ("fluvial.bijectors.affine", "from ..flows import maf"),
        ("fluvial.bijectors.affine", "from .. import flows"),
        ("fluvial.bijectors.__init__", "from ..flows import maf"),
        ("fluvial.bijectors.affine", "def f():\n    from fluvial.flows import maf"),
        ("fluvial.bijectors.affine", "class A:\n    def f(self):\n        import fluvial.flows"),
        ("fluvial.bijectors.affine", "import_module('fluvial.flows')"),
        ("fluvial.bijectors.affine", "importlib.import_module('fluvial.flows')"),
        ("fluvial.bijectors.affine", "import optax"),
        ("fluvial.bijectors.affine", "import fluvial.testing"),
        ("fluvial.training.fit", "import sklearn.utils"),
        ("fluvial.training.fit", "def f():\n    from sklearn.base import clone"),
        ("fluvial.tables.schema", "from fluvial import FlowDensity"),
        ("fluvial.testing.check", "from fluvial.flows import maf"),
        ("fluvial.testing.check", "from sklearn.base import clone"),
        ("fluvial.estimators.density", "from fluvial.cli import main"),
        ("fluvial.cli.fit", "from fluvial.testing import check_bijector"),
        ("fluvial.errors", "import fluvial.parameters"),
    ],
)
def test_a_violation_is_found(module, code):
    assert len(violations(code, module)) == 1


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("fluvial.flows.maf", "import fluvial.bijectors"),
        ("fluvial.flows.maf", "from fluvial.errors import ShapeError"),
        ("fluvial.flows.maf", "from fluvial.flows.flow import Flow"),
        ("fluvial.flows.maf", "from . import flow"),
        ("fluvial.flows.__init__", "from .flow import Flow"),
        ("fluvial.flows.maf", "from ..bijectors import Affine"),
        ("fluvial.bijectors.affine", "import math\nimport numpy as np\nimport jax.numpy as jnp"),
        ("fluvial.tables.schema", "import sklearn"),
        ("fluvial.testing.check", "from fluvial.bijectors import Bijector"),
        ("fluvial.cli.fit", "from fluvial import FlowAnomalyDetector, __version__, load"),
    ],
)
def test_what_is_allowed_passes(module, code):
    assert violations(code, module) == []


def modules_imported(code: str, module: str, known: Collection[str]) -> set[str]:
    """Return which of the known modules the code of a module imports, wherever it does so."""
    found = set()
    for _, name in imports(code, module):
        # The longest beginning that is a module; a package stands for its __init__.
        while name and not {name, f"{name}.__init__"} & set(known):
            name = name.rpartition(".")[0]
        found |= {name, f"{name}.__init__"} & set(known)
    return found - {module}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the modules that import each other in a loop: those that reach themselves."""
    reached = {module: set(near) for module, near in graph.items()}
    for between in graph:
        for module in graph:
            if between in reached[module]:
                reached[module] |= reached[between]
    loops = {
        tuple(sorted(other for other in near if module in reached[other]))
        for module, near in reached.items()
        if module in near
    }
    return [list(loop) for loop in sorted(loops)]


def test_no_modules_import_each_other_in_a_loop():
    sources = {module: path.read_text(encoding="utf-8") for module, path in MODULES.items()}
    graph = {module: modules_imported(code, module, MODULES) for module, code in sources.items()}
    assert sum(map(len, graph.values())) > len(MODULES)
    assert circles(graph) == []


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ({"f.a": "import f.b", "f.b": "def g():\n    from f import a"}, [["f.a", "f.b"]]),
        ({"f.a": "from f import b", "f.b": "from f import c", "f.c": ""}, []),
        ({"f.__init__": "from f import a", "f.a": "import f"}, [["f.__init__", "f.a"]]),
        (
            {"f.a": "if TYPE_CHECKING:\n    from .b import B", "f.b": "from f.a import A"},
            [["f.a", "f.b"]],
        ),
    ],
)
def test_a_loop_is_found(codes, expected):
    graph = {module: modules_imported(code, module, codes) for module, code in codes.items()}
    assert circles(graph) == expected
