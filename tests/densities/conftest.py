from tests.estimators.conftest import density as density, rows as rows
