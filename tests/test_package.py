"""`import fluvial` is lazy, and its names are the ones that it promises."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import fluvial

PACKAGE = Path(fluvial.__file__).parent

HEAVY = {
    "matplotlib",
    "narwhals",
    "optax",
    "pandas",
    "polars",
    "pyarrow",
    "rich",
    "safetensors",
    "sklearn",
    "typer",
}


def _imported_by(statement: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has loaded after the statement."""
    code = (
        f"import sys; before = set(sys.modules); {statement}\n"
        "import json; print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    # The parent of the package comes first, so that a checkout that is not installed works too.
    path = f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); "
    run = subprocess.run(
        [sys.executable, "-c", path + code], capture_output=True, text=True, check=True, timeout=60
    )
    return {module.split(".")[0] for module in json.loads(run.stdout)}


def test_import_fluvial_loads_nothing_but_itself():
    loaded = _imported_by("import fluvial; dir(fluvial); fluvial.__version__")
    assert loaded - set(sys.stdlib_module_names) == {"fluvial"}


def test_import_bijectors_needs_jax_and_equinox_alone():
    theirs = _imported_by("import equinox, jax, jax.scipy.linalg, jax.scipy.stats, jaxtyping")
    loaded = _imported_by("import fluvial.bijectors")
    assert theirs & HEAVY == set()
    assert loaded - theirs - set(sys.stdlib_module_names) == {"fluvial"}


def test_a_room_is_imported_on_first_use():
    loaded = _imported_by("import fluvial; fluvial.errors.DataError")
    assert loaded - set(sys.stdlib_module_names) == {"fluvial"}
    assert "jax" in _imported_by("import fluvial; fluvial.bijectors.Affine")


@pytest.mark.parametrize("name", fluvial.__all__)
def test_every_promised_name_is_there(name):
    assert getattr(fluvial, name) is not None
    assert name in dir(fluvial)


def test_every_room_but_the_command_line_is_promised():
    found = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    found |= {path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("_")}
    estimators = {"DensityRatio", "FlowAnomalyDetector", "FlowDensity", "FlowSynthesizer", "load"}
    assert found - {"cli"} == set(fluvial.__all__) - estimators - {"__version__"}


def test_the_estimators_are_those_of_their_room():
    assert fluvial.FlowDensity is fluvial.estimators.FlowDensity
    assert fluvial.FlowAnomalyDetector is fluvial.estimators.FlowAnomalyDetector
    assert fluvial.load is fluvial.estimators.load


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'fluvial' has no attribute 'flow_density'"):
        fluvial.flow_density  # noqa: B018


def test_every_module_states_its_purpose():
    for path in PACKAGE.rglob("*.py"):
        first = path.read_text(encoding="utf-8").lstrip().partition("\n")[0]
        assert first.startswith('"""'), path
        assert len(first) > len('""".""'), path
