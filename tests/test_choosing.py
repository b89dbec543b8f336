"""docs/choosing-a-flow.md names recipes that there are, and measures all that suit tables."""

import re
from pathlib import Path

from fluvial import bijectors, flows
from fluvial.flows.recipes import RECIPES

TEXT = (Path(__file__).parents[1] / "docs" / "choosing-a-flow.md").read_text(encoding="utf-8")


def test_what_the_page_names_is_there():
    names = set(re.findall(r"`(?:training\.|bijector\.)?(\w+)(?:\([^`]*)?`", TEXT))
    known = set(vars(flows)) | set(vars(bijectors)) | {"FlowDensity", "fit_variational"}
    known |= {"initialise"}
    assert {name for name in names if name not in known and "_" in name} == set()


def test_every_recipe_for_tables_was_measured():
    (measured,) = re.findall(r"## Measured\n(.*?)\n## ", TEXT, flags=re.DOTALL)
    assert set(RECIPES) <= set(re.findall(r"^\| `(\w+)", measured, flags=re.MULTILINE))
