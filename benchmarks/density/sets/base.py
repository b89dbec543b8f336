"""What a set of the benchmark is: rows to fit to, rows to tune on, rows to score."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Rows:
    """The rows of one set, float64, in an order of no meaning.

    Attributes:
        train: (n, D), to fit to.
        validation: (m, D), to tune on.
        test: (k, D), to score.
        truth: (k,) the true log density of the test rows, in nats; None where it is unknown.
        again: (k, D) rows drawn as the test rows were, where samples are judged.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    truth: np.ndarray | None = None
    again: np.ndarray | None = None

    def fingerprint(self) -> str:
        """Return a digest of all rows: results for other rows are no results for these."""
        digest = sha256()
        for field in fields(self):
            if (array := getattr(self, field.name)) is not None:
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def few(self) -> "Rows":
        """Return the first rows of each part, to see that everything runs."""
        return replace(
            self,
            train=self.train[:1000],
            validation=self.validation[:300],
            test=self.test[:500],
            truth=None if self.truth is None else self.truth[:500],
            again=None if self.again is None else self.again[:500],
        )


@dataclass(frozen=True)
class DataSet:
    """A named set.

    Attributes:
        name: as the command line and the tables call it.
        group: "real", "targets" (the true density is known) or "shapes".
        make: makes the rows, given the folder of tables; the same at each call.
        path: the file or folder among the tables that it needs, if any.
    """

    name: str
    group: str
    make: Callable[[Path], Rows]
    path: str | None = None
