"""The sets of the benchmark, by name."""

from itertools import chain, zip_longest

from benchmarks.density.sets.base import DataSet, Rows as Rows
from benchmarks.density.sets.shapes import SHAPES
from benchmarks.density.sets.tables import REAL
from benchmarks.density.sets.targets import TARGETS

GROUPS = {"real": REAL, "targets": TARGETS, "shapes": SHAPES}

# In turns of the groups, so that a run that is cut short has seen something of each.
SETS = {
    dataset.name: dataset
    for dataset in chain.from_iterable(zip_longest(*GROUPS.values()))
    if dataset is not None
}


def choose(names: list[str]) -> list[DataSet]:
    """Return the sets of these names; the name of a group stands for its sets.

    Raises:
        KeyError: for an unknown name.
    """
    chosen: dict[str, DataSet] = {}
    for name in names or SETS:
        for dataset in GROUPS[name] if name in GROUPS else (SETS[name],):
            chosen[dataset.name] = dataset
    return list(chosen.values())
