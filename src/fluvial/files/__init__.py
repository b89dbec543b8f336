"""Reading, typing and writing of table files, CSV and Parquet.

Nothing is imported here, since pyarrow is slow to load: `table_file` reads a file, `row_range`
takes some of its rows, `numeric_columns` turns its columns into numbers, `text_cells` tells what
the cells of a CSV file are, and `table_output` writes a table.
"""
