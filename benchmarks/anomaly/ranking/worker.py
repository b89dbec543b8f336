"""The process of one method: `python -m benchmarks.anomaly.ranking.worker NAME DATA FOLDER`.

Writes a line of JSON for each table into FOLDER, where it is not there yet.
"""

import json
import sys
import time
import traceback
import warnings
from pathlib import Path

from benchmarks.anomaly.ranking.measures import measured
from benchmarks.anomaly.ranking.methods import strangeness
from benchmarks.anomaly.ranking.tables import GROUPS, tables

CHANCE = {"auroc": 0.5}
"""What counts where a method fails; its average precision is the share of anomalies."""


def main() -> None:
    """Judge one method on all tables of some groups."""
    name, data, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    groups = tuple(sys.argv[4:]) or GROUPS
    warnings.simplefilter("ignore")
    for table in tables(data, groups):
        path = folder / f"{table.group}.{table.name}.json"
        if path.exists():
            continue
        start, failed = time.perf_counter(), None
        try:
            found = measured(strangeness(name, table.train, table.test), table.is_anomaly)
            result = found._asdict()
        except Exception:  # a peer may fail in any way, which is a result
            failed = traceback.format_exc(limit=1)
            share = float(table.is_anomaly.mean())
            result = {**CHANCE, "average_precision": share, "f1": share}
        result |= {"seconds": time.perf_counter() - start, "failed": failed}
        path.write_text(json.dumps(result))
        print(name, table.group, table.name, result, flush=True)


if __name__ == "__main__":
    main()
