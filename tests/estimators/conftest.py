import pytest
from tests.estimators.cases import TINY, table

from fluvial.estimators import FlowAnomalyDetector, FlowDensity


@pytest.fixture(scope="session")
def rows():
    values = table()
    values.flags.writeable = False
    return values


@pytest.fixture(scope="session")
def density(rows):
    return FlowDensity(**TINY).fit(rows)


@pytest.fixture(scope="session")
def detector(rows):
    return FlowAnomalyDetector(**TINY).fit(rows)


@pytest.fixture(scope="session")
def by_density(rows):
    """A detector that ranks by its density, which held 30 rows out."""
    return FlowAnomalyDetector(**TINY, score="density").fit(rows)
