"""`python -m benchmarks.anomaly.ranking [--methods ...] [--data DIR]`: rank real tables' rows.

Results are kept in .bench/anomaly, one file a method and table; what is there is not done again.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.anomaly.ranking.methods import NAMES, OURS
from benchmarks.anomaly.ranking.report import lines
from benchmarks.anomaly.ranking.tables import GROUPS
from benchmarks.speed.environments import BENCH, ROOT, Environments

PYOD = ("ECOD", "COPOD", "HBOS")


def main() -> None:
    """Judge the methods that are asked for, then print the table of all that is kept."""
    arguments = _arguments()
    for name in arguments.methods:
        folder = _folder(name)
        folder.mkdir(parents=True, exist_ok=True)
        if arguments.again:
            for path in folder.glob("*.json"):
                path.unlink()
        _run(name, arguments.data, folder, arguments.groups)
    for group in arguments.groups:
        print("\n".join(["", group, "", *lines(_kept(group))]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("FLUVIAL_DATA", "data")))
    parser.add_argument("--methods", nargs="*", choices=NAMES, default=list(NAMES))
    parser.add_argument("--groups", nargs="*", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--again", action="store_true", help="forget what is kept of the methods")
    return parser.parse_args()


def _run(name: str, data: Path, folder: Path, groups: list[str]) -> None:
    # The peers of PyOD run in its environment, the others beside Fluvial.
    python = Environments().python("pyod") if name in PYOD else sys.executable
    command = [python, "-m", "benchmarks.anomaly.ranking.worker", name, data.resolve(), folder]
    subprocess.run([str(part) for part in [*command, *groups]], cwd=ROOT, check=True)


def _folder(name: str) -> Path:
    return BENCH / "anomaly" / re.sub(r"\W+", "-", name)


def _kept(group: str) -> dict[str, dict[str, dict[str, float]]]:
    """Return what is kept of the methods that are done with as many tables as Fluvial is."""
    found = {}
    for name in NAMES:
        files = _folder(name).glob(f"{group}.*.json")
        results = {path.stem: json.loads(path.read_text()) for path in files}
        if results:
            found[name] = results
    wanted = len(found.get(OURS, ()))
    return {name: results for name, results in found.items() if len(results) >= wanted}


if __name__ == "__main__":
    main()
