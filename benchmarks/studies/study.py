"""What a study is: cells to measure, how to measure one, and what to write of all."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.studies.kept import Cell, Measure, Record
from benchmarks.studies.page import Page


@dataclass(frozen=True)
class Study:
    """A named study.

    Attributes:
        name: as the command line calls it.
        cells: makes the cells of the reduced (False) or the whole (True) grid, given the folder of
            tables, in an order in which a run that is cut short is of use.
        measure: measures one.
        report: writes tables and figures of what is known so far.
    """

    name: str
    cells: Callable[[bool, Path], list[Cell]]
    measure: Measure
    report: Callable[[list[Record], Page], None]
