"""A file beside the output from which a fit that was killed goes on, bit by bit as it would have.

It holds what takes long: of each flow that is trained the last snapshot of its training, or the
whole fit. All else is computed anew, which gives the same. It is a model file of a kind of its own.
"""

import os
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from fluvial.artifacts import Entries, naming, read_model, write_model
from fluvial.densities.fitted import Fitted
from fluvial.densities.identity import refuse_other
from fluvial.densities.stored_fit import fitted_of, stored_fit
from fluvial.errors import DataWarning, ModelFileError

KIND = "Checkpoint"
"""The kind of model file."""

SUFFIX = ".checkpoint"
"""What the name of a checkpoint has behind that of the model file."""

AFTER_SECONDS = 60.0
"""Seconds that a fit has lasted when it first writes a checkpoint, where none is asked for."""

INTERVAL_SECONDS = 20.0
"""Seconds between two snapshots of a flow's training at least: so much work a kill may cost."""

MOST_TIME = 0.05
"""Share of the time that may go into writing checkpoints; large ones are written less often."""

SEPARATOR = "/"
"""Stands between the name of a flow's fit and that of an array of it."""


class Checkpoint:
    """What a fit has done so far, in a file.

    Hand it to the `fit` of an estimator; once the model is saved, `remove` it.

    Args:
        path: the file; written whole or not at all, and replaced where it exists.
        resume: whether to go on from it. The fit then raises a ModelFileError where it is damaged
            or of another fit (other rows, hyperparameters, seed or versions), and an OSError where
            there is none.
        after: seconds that the fit has lasted when it first writes the file; what ends sooner
            leaves none.

    Examples:
        >>> from fluvial import FlowDensity
        >>> checkpoint = Checkpoint("model.fluvial.checkpoint", after=0)
        >>> X = np.random.default_rng(0).normal(size=(200, 2))
        >>> density = FlowDensity(flow="maf", max_epochs=2, random_state=0)
        >>> density.fit(X, checkpoint=checkpoint).save("model.fluvial")
        >>> checkpoint.remove()
    """

    def __init__(
        self, path: str | os.PathLike, *, resume: bool = False, after: float = AFTER_SECONDS
    ):
        self.path = Path(path)
        self._resume, self._after = resume, after
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._identify: Callable[[], dict[str, Any]] | None = None
        self._identity: dict[str, Any] | None = None
        self._arrays: dict[str, dict[str, np.ndarray]] = {}
        self._finished: dict[str, dict[str, Any]] = {}
        self._writing = 0.0
        self._failed = False

    def begin(self, identify: Callable[[], dict[str, Any]]) -> None:
        """Begin a fit: read the file where it is to be resumed.

        Args:
            identify: returns what must be equal for the fit to be the same, see
                `fluvial.densities.identity`. Called late, since it takes time.

        Raises:
            ModelFileError: where the file is damaged or of another fit.
            OSError: where it cannot be read.
        """
        # Whatever an earlier fit has left here is not of this one.
        self._identify, self._identity = identify, None
        self._arrays, self._finished = {}, {}
        self._began, self._failed = time.monotonic(), False
        if self._resume:
            self._read()

    def _read(self) -> None:
        where = str(self.path)
        file = read_model(self.path, kind=KIND)
        with naming(KIND, where):
            entries = Entries(file.header)
            self._finished = {
                name: entries.below("finished").below(name).values
                for name in entries.below("finished").values
            }
            for name, array in file.arrays.items():
                part, separator, rest = name.partition(SEPARATOR)
                if not separator:
                    raise ModelFileError(f"an array belongs to no fit: {name[:80]!r}")
                self._arrays.setdefault(part, {})[rest] = array
            refuse_other(entries.below("identity").values, self._own_identity())

    def part(self, name: str) -> "Part":
        """Return what is kept of the fit of one flow, given a name that no other has."""
        return Part(self, name)

    def remove(self) -> None:
        """Remove the file, once the model is safe elsewhere; no error where that fails."""
        with suppress(OSError):
            self.path.unlink()

    def has_begun(self) -> bool:
        """Whether the fit has lasted long enough for checkpoints."""
        return not self._failed and time.monotonic() - self._began >= self._after

    def interval(self) -> float:
        """Return the seconds between two snapshots of one fit at least."""
        return max(INTERVAL_SECONDS, self._writing / MOST_TIME)

    def arrays(self, name: str) -> Mapping[str, np.ndarray] | None:
        """Return the arrays of one fit."""
        return self._arrays.get(name)

    def facts(self, name: str) -> dict[str, Any] | None:
        """Return what the header tells of a fit that has ended, None of any other."""
        return self._finished.get(name)

    def put(
        self, name: str, arrays: dict[str, np.ndarray], facts: dict[str, Any] | None = None
    ) -> None:
        """Keep the arrays of one fit, with the facts of one that has ended, and write the file.

        A file that cannot be written is warned of once, and none is tried again: the fit goes on.
        """
        with self._lock:
            self._arrays[name] = arrays
            if facts is not None:
                self._finished[name] = facts
            if not self.has_begun():
                return
            began = time.monotonic()
            try:
                self._write()
            except OSError as error:
                self._failed = True
                why = error.strerror or error
                message = f"{self.path}: no checkpoint can be written, and the fit goes on: {why}"
                warnings.warn(message, DataWarning, stacklevel=2)
            self._writing = time.monotonic() - began

    def _write(self) -> None:
        arrays = {
            f"{part}{SEPARATOR}{name}": array
            for part, of_part in self._arrays.items()
            for name, array in of_part.items()
        }
        header = {"identity": self._own_identity(), "finished": self._finished}
        write_model(self.path, kind=KIND, header=header, arrays=arrays)

    def _own_identity(self) -> dict[str, Any]:
        if self._identity is None:
            if self._identify is None:
                raise RuntimeError("a checkpoint must begin before it is written")
            self._identity = self._identify()
        return self._identity


class Part:
    """What a checkpoint keeps of the fit of one flow; the `Snapshots` of its training.

    Args:
        checkpoint: of the whole fit.
        name: of this one.
    """

    def __init__(self, checkpoint: Checkpoint, name: str):
        self._checkpoint, self._name = checkpoint, name
        self._saved = -np.inf

    @property
    def where(self) -> str:
        """What messages call it."""
        return str(self._checkpoint.path)

    def load(self) -> Mapping[str, np.ndarray] | None:
        """Return the arrays of the last snapshot, None where there is none."""
        return self._checkpoint.arrays(self._name)

    def is_due(self) -> bool:
        """Whether it is time for the next snapshot."""
        waited = time.monotonic() - self._saved
        return self._checkpoint.has_begun() and waited >= self._checkpoint.interval()

    def save(self, arrays: dict[str, np.ndarray]) -> None:
        """Keep a snapshot, and write the file."""
        self._checkpoint.put(self._name, arrays)
        self._saved = time.monotonic()

    def finished(self) -> Fitted | None:
        """Return the fit where it has ended.

        Raises:
            ModelFileError: where what the file holds is no such fit.
        """
        facts, arrays = self._checkpoint.facts(self._name), self.load()
        if facts is None:
            return None
        with naming(KIND, self.where):
            return fitted_of(facts, arrays or {})

    def finish(self, fitted: Fitted) -> None:
        """Keep the fit that has ended, and write the file."""
        arrays, facts = stored_fit(fitted)
        self._checkpoint.put(self._name, arrays, facts)
