"""The demo's split, its measure and the densities it compares with."""

import numpy as np
import pyarrow.csv as arrow_csv
import pytest
from scipy.stats import multivariate_normal
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import roc_auc_score

from fluvial.cli.demo_baselines import gaussian_scores, kernel_density_scores
from fluvial.cli.demo_table import load_demo_table


@pytest.fixture(scope="module")
def table():
    return load_demo_table()


def test_the_parts_hold_every_row_once(table):
    rows, _ = load_breast_cancer(return_X_y=True)
    together = np.concatenate([table.train, table.rest])
    assert np.array_equal(np.sort(together, axis=0), np.sort(rows, axis=0))


def test_two_thirds_of_the_benign_rows_are_fitted(table):
    assert (len(table.train), (~table.is_malignant).sum()) == (238, 119)
    rows, target = load_breast_cancer(return_X_y=True)
    benign = {row.tobytes() for row in np.asarray(rows)[np.asarray(target) == 1]}
    assert all(row.tobytes() in benign for row in table.train)
    assert [row.tobytes() in benign for row in table.rest] == list(~table.is_malignant)


def test_the_files_hold_the_values_and_the_diagnosis(table, tmp_path):
    table.write(tmp_path / "train.csv", tmp_path / "rest.csv")
    train, rest = (arrow_csv.read_csv(tmp_path / name) for name in ("train.csv", "rest.csv"))
    assert train.column_names == [*table.names, "diagnosis"]
    for written, expected in ((train, table.train), (rest, table.rest)):
        values = np.stack([written.column(name).to_numpy() for name in table.names], axis=-1)
        assert np.array_equal(values, expected)
    assert set(train.column("diagnosis").to_pylist()) == {"benign"}
    diagnosis = np.array(rest.column("diagnosis").to_pylist())
    assert np.array_equal(diagnosis == "malignant", table.is_malignant)


def test_low_densities_count_as_malignant(table):
    assert table.quality(np.where(table.is_malignant, -1.0, 1.0)) == (1, 1)
    assert table.quality(np.where(table.is_malignant, 1.0, -1.0))[0] == 0


def test_the_gaussian_is_the_one_of_mean_and_covariance(table):
    scores = gaussian_scores(table.train, table.rest)
    mean, spread = table.train.mean(0), table.train.std(0)
    train, rest = (table.train - mean) / spread, (table.rest - mean) / spread
    covariance = np.cov(train.T, bias=True) + 1e-6 * np.eye(30)
    exact = multivariate_normal.logpdf(rest, np.zeros(30), covariance)  # pyright: ignore[reportArgumentType]
    np.testing.assert_allclose(scores, exact, rtol=1e-6)


def test_the_kernel_density_falls_with_the_distance_from_the_rows(table):
    scores = kernel_density_scores(table.train, table.rest)
    assert roc_auc_score(table.is_malignant, -scores) > 0.9
    far = table.rest + 100 * table.rest.std(axis=0)
    assert (kernel_density_scores(table.train, far) < scores).all()
