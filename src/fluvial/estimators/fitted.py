"""The learned attributes of a density estimator, which are parts of one value."""

from typing import Any

import numpy as np

from fluvial.densities import TableDensity
from fluvial.tables import ConditionColumns, Schema, TableScaler
from fluvial.training import History


class FittedAttributes:
    """The parts of `table_density_` under scikit-learn's names; absent before fit."""

    table_density_: TableDensity

    @property
    def distribution_(self) -> Any:
        """The fitted distribution, in scaled units."""
        return self.table_density_.distribution

    @property
    def members_(self) -> tuple[dict[str, Any], ...]:
        """Name, weight and held-out log density of each component of a mixture."""
        return self.table_density_.members

    @property
    def scaler_(self) -> TableScaler:
        """From rows of the table to scaled rows and back."""
        return self.table_density_.scaler

    @property
    def schema_(self) -> Schema:
        """Names and types of the columns."""
        return self.table_density_.schema

    @property
    def condition_(self) -> ConditionColumns | None:
        """The columns of the condition, if there is one."""
        return self.table_density_.condition

    @property
    def history_(self) -> History:
        """How training went."""
        return self.table_density_.history

    @property
    def specification_(self) -> dict[str, Any]:
        """What the distribution is, as a model file holds it."""
        return self.table_density_.specification

    @property
    def held_out_indices_(self) -> np.ndarray:
        """Places of the held-out rows."""
        return self.table_density_.held_out.indices

    @property
    def held_out_score_(self) -> float | None:
        """Mean log density of the held-out rows."""
        return self.table_density_.held_out.score

    @property
    def held_out_standard_error_(self) -> float | None:
        """Standard error of that mean."""
        return self.table_density_.held_out.standard_error

    @property
    def gains_(self) -> dict[str, dict[str, float]]:
        """Held-out gains over classical densities."""
        return self.table_density_.gains

    @property
    def rounding_steps_(self) -> np.ndarray:
        """Width of the noise that each column got in training."""
        return self.table_density_.rounding_steps

    @property
    def n_samples_fit_(self) -> int:
        """Rows given to fit."""
        return self.table_density_.n_samples_fit

    @property
    def n_features_in_(self) -> int:
        """Columns given to fit."""
        return self.schema_.n_columns

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns given to fit.

        Raises:
            AttributeError: where they had none, as scikit-learn wants it.
        """
        return feature_names(self.schema_)


def feature_names(schema: Schema) -> np.ndarray:
    """Return the names of the columns of a table.

    Raises:
        AttributeError: where the table had none.
    """
    if not schema.named:
        raise AttributeError("the table had no column names that are all strings")
    return np.array(schema.names, object)
