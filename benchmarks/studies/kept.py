"""Measurements that are kept: a file each, so that a study may be stopped and goes on."""

import json
import os
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from fluvial.errors import TrainingError

Cell = dict[str, Any]
"""What is measured: numbers, texts and lists of them, by name."""

Record = dict[str, Any]
"""A cell and what was found, in one: `seconds` of processor time, `failed` where training did."""

Measure = Callable[[Cell, Path], dict[str, Any]]
"""From a cell and the folder of tables to what is found."""


class Kept:
    """The files of a folder, one a cell, named by a digest of it."""

    def __init__(self, folder: Path):
        self._folder = folder

    def path(self, cell: Cell) -> Path:
        """Return where the measurement of a cell is kept."""
        digest = sha256(json.dumps(cell, sort_keys=True).encode()).hexdigest()[:16]
        return self._folder / f"{cell['kind']}-{digest}.json"

    def read(self, cell: Cell) -> Record | None:
        """Return a kept measurement, or None."""
        path = self.path(cell)
        return json.loads(path.read_text()) if path.exists() else None

    def measure(self, cell: Cell, measure: Measure, data: Path) -> Record:
        """Measure a cell and keep what is found; a training that fails is a finding, too."""
        began = time.process_time()
        try:
            found = measure(cell, data)
        except TrainingError as error:
            found = {"failed": str(error)}
        record = {**cell, **found, "seconds": time.process_time() - began}
        path = self.path(cell)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        part.write_text(json.dumps(record))
        part.replace(path)
        return record
