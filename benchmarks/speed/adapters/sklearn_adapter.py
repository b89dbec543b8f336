"""scikit-learn's kernel density."""

from benchmarks.speed.adapters.base import Adapter, Prepared, repeated
from benchmarks.speed.data import KERNEL_BANDWIDTH, KERNEL_COLUMNS, KERNEL_ROWS, table
from benchmarks.speed.tasks import Task
from sklearn.neighbors import KernelDensity


class SklearnAdapter(Adapter):
    """Its defaults: a tree, exact sums."""

    packages = ("scikit-learn", "numpy")

    def prepare_kernel_density(self, task: Task) -> Prepared:
        """Prepare a kernel density's score_samples."""
        density = KernelDensity(bandwidth=KERNEL_BANDWIDTH).fit(table(KERNEL_ROWS, KERNEL_COLUMNS))
        queries = table(task.rows, KERNEL_COLUMNS, seed=1)
        return Prepared(repeated(lambda: density.score_samples(queries)), compiles=False)


ADAPTER = SklearnAdapter()
