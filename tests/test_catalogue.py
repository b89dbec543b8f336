"""The docs' catalogue lists every public bijector, distribution and flow, and nothing else."""

import re
from importlib import import_module
from inspect import getdoc, ismodule
from pathlib import Path

import pytest

CATALOGUE = Path(__file__).parents[1] / "docs" / "catalogue.md"
ROOMS = ("bijectors", "distributions", "flows")


def listed(room: str) -> list[str]:
    """Return the names in the first column of the room's table."""
    sections = re.split(r"^## ", CATALOGUE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    of_room = [section for section in sections if section.lower().startswith(room)]
    assert len(of_room) == 1, f"docs/catalogue.md needs one section of {room}"
    return re.findall(r"^\| `(\w+)` \|", of_room[0], flags=re.MULTILINE)


def public(room: str) -> set[str]:
    """Return the names that the room's __init__ offers."""
    names = vars(import_module(f"fluvial.{room}"))
    return {n for n, value in names.items() if not n.startswith("_") and not ismodule(value)}


@pytest.mark.parametrize("room", ROOMS)
def test_the_catalogue_lists_what_is_public(room):
    names = listed(room)
    missing = public(room) - set(names)
    assert not missing, f"add a line to docs/catalogue.md for {sorted(missing)}"
    unknown = set(names) - public(room)
    assert not unknown, f"docs/catalogue.md lists what fluvial.{room} has not: {sorted(unknown)}"


@pytest.mark.parametrize("room", ROOMS)
def test_the_catalogue_is_sorted_and_lists_nothing_twice(room):
    names = listed(room)
    assert names == sorted(set(names), key=str.lower)


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_public_is_documented(room):
    module = import_module(f"fluvial.{room}")
    for name in public(room):
        value = getattr(module, name)
        # A class must have a docstring of its own: getdoc would lend it its parent's.
        doc = value.__doc__ if isinstance(value, type) else getdoc(value)
        assert doc, f"fluvial.{room}.{name} has no docstring"
        assert ">>>" in doc or name in {"Bijector", "Distribution", "PerEvent"}, (
            f"the docstring of fluvial.{room}.{name} has no example"
        )
