"""The density of a table: which rows judge, what is fitted and weighted, and what comes of it.

It knows nothing of scikit-learn's interface; `fluvial.estimators` are shells around it.
"""

from fluvial.densities.checkpoint import Checkpoint as Checkpoint
from fluvial.densities.fitting import fit_table_density as fit_table_density
from fluvial.densities.hyperparameters import Hyperparameters as Hyperparameters
from fluvial.densities.table_density import HeldOut as HeldOut, TableDensity as TableDensity
