"""The kinds of columns, each a file that keeps the contract of `ColumnGroup`."""

from fluvial.tables.columns.contract import ColumnGroup as ColumnGroup
from fluvial.tables.columns.gaussianised import GaussianisedColumns as GaussianisedColumns
from fluvial.tables.columns.linear import LinearColumns as LinearColumns
from fluvial.tables.columns.numeric import NumericColumns as NumericColumns
from fluvial.tables.columns.resolution import Resolution as Resolution
