"""What a check has found: the worst error of each invariant, and what is broken."""

import numpy as np
from jaxtyping import Array, ArrayLike


class Findings:
    """Invariants by name, with the worst error of each, and messages on those that are broken."""

    def __init__(self):
        self.worst: dict[str, float] = {}
        self.faults: list[str] = []

    def finite(self, what: str, fault: str, values: Array) -> None:
        """Note whether all values are finite: the error is the share of those that are not."""
        bad = np.argwhere(~np.isfinite(values))
        self._note(what, len(bad) / max(values.size, 1))
        if len(bad):
            self.faults.append(f"{fault}: {len(bad)} of {values.size}, first at {bad[0].tolist()}")

    def close(self, what: str, fault: str, got: Array, wanted: ArrayLike, rtol: float) -> None:
        """Note the worst error, relative to 1 + magnitude, and whether it is within `rtol`."""
        found, sought = np.asarray(got), np.asarray(wanted)
        error = np.abs(found - sought) / (1 + np.abs(sought))
        worst = np.unravel_index(np.argmax(np.where(np.isnan(error), np.inf, error)), error.shape)
        self._note(what, float(error[worst]))
        if not np.all(error <= rtol):
            self.faults.append(
                f"{fault}: {found[worst]} against {sought[worst]} at {[int(i) for i in worst]}, "
                f"where 1 + magnitude times {rtol:g} was allowed"
            )

    def _note(self, what: str, error: float) -> None:
        # A NaN is the worst of all.
        known = self.worst.get(what, 0.0)
        self.worst[what] = error if not error <= known else known
