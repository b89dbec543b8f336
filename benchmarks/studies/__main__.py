"""`python -m benchmarks.studies depth|synthetic|coccaro|rare|dimension [--full] [--out DIR]`.

Measures what is not kept yet in .bench/studies, then writes figures and a page of Markdown.
"""

import argparse
import os
import sys
import time
import warnings
from pathlib import Path

from benchmarks.speed.environments import BENCH, ROOT
from benchmarks.studies.coccaro import COCCARO
from benchmarks.studies.depth import DEPTH
from benchmarks.studies.dimension import DIMENSION
from benchmarks.studies.kept import Cell, Kept, Record
from benchmarks.studies.page import Page
from benchmarks.studies.rare import RARE_STUDY
from benchmarks.studies.study import Study
from benchmarks.studies.synthetic import SYNTHETIC_STUDY

STUDIES = {study.name: study for study in (DEPTH, SYNTHETIC_STUDY, COCCARO, RARE_STUDY, DIMENSION)}


def main() -> None:
    """Run the studies that were asked for."""
    arguments = _arguments()
    warnings.simplefilter("ignore")
    for name in arguments.studies:
        try:
            _run(STUDIES[name], arguments)
        except FileNotFoundError as error:
            sys.exit(f"{name}: no {error.filename}; give --data DIR")


def _run(study: Study, arguments: argparse.Namespace) -> None:
    kept = Kept(BENCH / "studies" / study.name)
    cells = study.cells(arguments.full, arguments.data)
    records: list[Record] = []
    for i, cell in enumerate(cells):
        record = None if arguments.again else kept.read(cell)
        if record is None and not arguments.table_only:
            began = time.monotonic()
            record = kept.measure(cell, study.measure, arguments.data)
            told = f"{study.name} {i + 1}/{len(cells)} {_short(cell)}"
            failed = f", failed: {record['failed']}" if "failed" in record else ""
            seconds = time.monotonic() - began
            print(f"{told}: {seconds:.1f} s, {record['seconds']:.1f} of processor time{failed}",
                  flush=True)  # fmt: skip
        if record is not None:
            records.append(record)
    page = Page(arguments.out, study.name)
    grid = "the whole grid" if arguments.full else "the reduced grid"
    seconds = sum(record["seconds"] for record in records)
    page.say(f"# {study.name}, {grid}")
    page.say(
        f"{len(records)} of {len(cells)} measurements, {seconds:.0f} s of processor time in all."
    )
    study.report(records, page)
    print(page.write())
    print(f"written to {arguments.out}")


def _short(cell: Cell) -> str:
    return " ".join(f"{name}={value}" for name, value in cell.items())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.studies",
        description="Measure claims of introductions to normalizing flows.",
    )
    add = parser.add_argument
    add("studies", nargs="+", choices=list(STUDIES), metavar="STUDY", help=", ".join(STUDIES))
    add("--full", action="store_true", help="the whole grid, which takes hours")
    add(
        "--out",
        type=Path,
        default=BENCH / "results" / "studies",
        help="folder of pages and figures; default: .bench/results/studies",
    )
    add(
        "--data",
        type=Path,
        default=Path(os.environ.get("FLUVIAL_DATA", ROOT.parent / "shared" / "data")),
        help="folder of the real tables; default: FLUVIAL_DATA, or shared/data beside the checkout",
    )
    add("--again", action="store_true", help="measure anew what is kept")
    add("--table-only", action="store_true", help="measure nothing, write what is kept")
    return parser.parse_args()


if __name__ == "__main__":
    main()
