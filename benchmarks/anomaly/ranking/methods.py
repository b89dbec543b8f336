"""All methods by name, and the strangeness that one gives."""

import numpy as np
from benchmarks.anomaly.ranking.columns import gaussianised, standardised
from benchmarks.anomaly.ranking.peers import BOTH, PEERS

OURS = "Fluvial"
GAUSSIANISED = ", Gaussianised"
NAMES = (OURS, *PEERS, *(name + GAUSSIANISED for name in BOTH))


def strangeness(name: str, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Fit a method to rows and return how strange it finds others."""
    if name == OURS:
        from fluvial import FlowAnomalyDetector

        return -FlowAnomalyDetector(random_state=0).fit(train).score_samples(test)
    if name.endswith(GAUSSIANISED):
        return BOTH[name.removesuffix(GAUSSIANISED)](*gaussianised(train, test))
    return PEERS[name](*standardised(train, test))
