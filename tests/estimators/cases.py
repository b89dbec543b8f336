"""The tiny estimators and the table that the tests share."""

from typing import Any

import numpy as np
from sklearn.base import clone

TINY = {
    "flow": "maf",
    "n_layers": 2,
    "hidden_sizes": (8,),
    "max_epochs": 5,
    "learning_rate": 0.01,
    "random_state": 0,
}


def table(n=300, seed=0):
    """Rows of three columns of very different units."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=n)
    return np.column_stack(
        [first, 1e6 + 50 * (first**2 + rng.normal(size=n)), 1e-4 * rng.gamma(3, size=n)]
    )


def fresh(model, **changed) -> Any:
    """Return an unfitted estimator with the same hyper-parameters but for the changed ones."""
    copy: Any = clone(model)
    return copy.set_params(**changed)
