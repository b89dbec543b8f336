"""What columns of whole numbers held is what rows drawn from their density get back."""

import numpy as np
import pytest

from fluvial.errors import ModelFileError
from fluvial.tables.lattice import Lattice


def lattice_of(values, kind="float64"):
    return Lattice.find(np.array(values, float)[:, None], [kind])


def restored(lattice, values):
    return lattice.restore(np.array(values, float)[:, None])[:, 0].tolist()


@pytest.mark.parametrize(
    ("values", "drawn", "expected"),
    [
        ([0, 1, 2, 7], [-3.2, 0.4, 1.6, 6.9, 99.0], [0, 0, 2, 7, 7]),
        ([5, 15, 35], [4.0, 11.0, 19.9, 26.0, 1e300], [5, 15, 15, 25, 35]),
        ([-4, -2, 0, 3], [-4.4, -2.6, 2.5], [-4, -3, 2]),
        ([0, 0, 1], [-0.6, 0.49, 0.51, 1.7], [0, 0, 1, 1]),
        ([7, 7, 7], [7.0], [7]),
        ([0, 9, 2**31 - 1], [4.4, 1e12], [4, 2**31 - 1]),
    ],
)
@pytest.mark.parametrize("kind", ["int64", "uint8", "bool", "boolean", "float64"])
def test_whole_numbers_are_rounded_and_bounded(values, drawn, expected, kind):
    assert restored(lattice_of(values, kind), drawn) == expected


@pytest.mark.parametrize("values", [[0.5, 1, 2], [1e300, 2e300, 3e300], [0, 57.3, 0]])
def test_columns_of_fractions_stay_as_they_are(values):
    drawn = [-1.5, 0.123, 1e308, -1e308]
    assert restored(lattice_of(values), drawn) == drawn


def test_integers_beyond_float64s_exact_ones_keep_their_bounds():
    lattice = lattice_of([0, 5, 2.0**63], "uint64")
    assert restored(lattice, [-1.0, 2.4, 1e300]) == [0, 2, 2.0**63]


def test_columns_are_judged_one_by_one_and_rows_not_modified():
    rows = np.array([[1.0, 0.5], [4.0, 1.5]])
    lattice = Lattice.find(rows, ["int64", "float64"])
    drawn = np.array([[1.4, 1.4], [3.4, 3.4]])
    assert lattice.restore(drawn).tolist() == [[1.0, 1.4], [4.0, 3.4]]
    assert drawn.tolist() == [[1.4, 1.4], [3.4, 3.4]]


def test_a_model_file_holds_it_or_holds_none():
    lattice = lattice_of([5, 15, 35])
    again = Lattice.from_arrays(lattice.to_arrays(), n_columns=1)
    assert again is not None
    assert restored(again, [26.0]) == [25]
    assert Lattice.from_arrays({}, n_columns=1) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step", [-1.0]),
        ("step", [np.nan]),
        ("lowest", [99.0]),
        ("highest", [np.inf]),
        ("highest", [1.0, 2.0]),
        ("step", np.array([1])),
    ],
)
def test_what_no_lattice_has_is_refused(name, value):
    arrays = lattice_of([5, 15, 35]).to_arrays() | {name: np.asarray(value)}
    with pytest.raises(ModelFileError, match="steps and bounds"):
        Lattice.from_arrays(arrays, n_columns=1)
