"""From a table to rows a flow can see, and back."""

from fluvial.tables.columns import Resolution as Resolution
from fluvial.tables.conditions import (
    Condition as Condition,
    ConditionColumns as ConditionColumns,
)
from fluvial.tables.lattice import Lattice as Lattice
from fluvial.tables.redundancy import LeftOut as LeftOut
from fluvial.tables.scaler import TableScaler as TableScaler
from fluvial.tables.schema import Schema as Schema, read_table as read_table
from fluvial.tables.windows import sliding_windows as sliding_windows
