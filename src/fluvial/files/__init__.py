"""Reading, typing and writing of table files, CSV and Parquet.

Everything is imported on first use, since pyarrow is slow to load.

Examples:
    >>> from pathlib import Path
    >>> path = Path("rows.csv")
    >>> _ = path.write_text("a,b\\n1,2.5\\n3,4.5\\n")
    >>> table = fluvial.files.read_table_file(path)
    >>> fluvial.files.numeric_columns(table, ["b"], advice="leave {name} out").to_pydict()
    {'b': [2.5, 4.5]}
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fluvial.files.dialect import Dialect as Dialect
    from fluvial.files.formats import file_format as file_format
    from fluvial.files.numeric import numeric_columns as numeric_columns
    from fluvial.files.row_range import RowRange as RowRange
    from fluvial.files.table_file import (
        Header as Header,
        TableFile as TableFile,
        TableInput as TableInput,
        open_table as open_table,
        read_header as read_header,
        read_table_file as read_table_file,
    )
    from fluvial.files.table_output import table_writer as table_writer, write_table as write_table
    from fluvial.files.type_guess import TypeGuess as TypeGuess, guess_types as guess_types

_MODULES = {
    "Dialect": "dialect",
    "Header": "table_file",
    "RowRange": "row_range",
    "TableFile": "table_file",
    "TableInput": "table_file",
    "TypeGuess": "type_guess",
    "file_format": "formats",
    "guess_types": "type_guess",
    "numeric_columns": "numeric",
    "open_table": "table_file",
    "read_header": "table_file",
    "read_table_file": "table_file",
    "table_writer": "table_output",
    "write_table": "table_output",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'fluvial.files' has no attribute {name!r}")
    return getattr(import_module(f"fluvial.files.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_MODULES)
