"""One self-contained HTML page of one run or several: map, laboratory, tables, how to run it again."""
