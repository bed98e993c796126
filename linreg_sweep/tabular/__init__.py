"""Tables in files: which columns are asked for (table), and how each kind of file gives them."""

from linreg_sweep.tabular.table import Table, name_complaints, read_table

__all__ = ["Table", "name_complaints", "read_table"]
