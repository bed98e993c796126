"""Tables in files and in memory: which columns are asked for (table), and how each kind gives them."""

from linreg_sweep.tabular.arrays import table_of_arrays
from linreg_sweep.tabular.table import Table, as_names, cells_of_rows, column_names_of, read_table

__all__ = ["Table", "as_names", "cells_of_rows", "column_names_of", "read_table", "table_of_arrays"]
