"""Data of any size: files, beside pyarrow's own reading and one product, and rows made on the fly."""

import json
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
from openpyxl import Workbook
from pyarrow import csv, parquet

from benchmarks.machine import in_turn, middle, shown

Way = TypeVar("Way", str, int)

ROUNDS = 3
"""Rounds in turn: files of this size take seconds."""

N_FEATURES = 10
N_TEXT, N_PARQUET, N_EXCEL = 1_000_000, 8_000_000, 50_000
"""Rows of the files."""

N_MADE, N_SIMULATED, N_ASKED = (1_000_000, 4_000_000), 100_000_000, 1_000_000_000
"""Rows that are made on the fly, with 20 features: few, many once, and as many as these say by arithmetic."""

BARE = """
from pyarrow import csv
table = csv.read_csv(path)
a = np.column_stack([*table.columns, np.ones(len(table))])
a.T @ a
"""

READ = """
from linreg_sweep.data import from_file
from linreg_sweep.theory.problem import make_problem
data = from_file(path, None, "y")
make_problem(data.seen(), data.y, loss="half_mse", fit_bias=True)
"""

RUN = """
import linreg_sweep as ls, tempfile
rates = {"min": 0.1, "max": 1.2, "num": 12, "unit": "stability_limit"}
sweep = {"name": "s", "method": "grid", "parameters": {"learning_rate": rates}}
sweep |= {"data": {"path": path, "y": "y"}, "training": {"epochs": 1000, "engine": "numpy"}}
with tempfile.TemporaryDirectory() as out:
    ls.run(sweep, out=out, jobs=1)
"""

EXCEL = """
from openpyxl import load_workbook
sheet = load_workbook(path, read_only=True, data_only=True).worksheets[0]
rows = iter(sheet.iter_rows(values_only=True))
next(rows)
a = np.array([*rows], np.float64)
a.T @ a
"""

MADE = """
from benchmarks.loading import Made
from linreg_sweep.theory.problem import make_problem
make_problem(Made(int(path), 20), Made(int(path), 1), loss="half_mse", fit_bias=True)
"""

CHILD = """
import json, re, sys, time
import numpy as np
import linreg_sweep.sweep, linreg_sweep.data, pyarrow.csv, pyarrow.parquet, openpyxl
path, began = sys.argv[1], time.process_time()
{code}
seconds, said = time.process_time() - began, open("/proc/self/status").read()
print(json.dumps([seconds, int(re.search(r"VmHWM:\\s*([0-9]+)", said)[1]) / 1000]))
"""


class Made:
    """Rows of numbers between 0 and 1, each a hash of its place, made whenever they are asked for."""

    def __init__(self, n_rows: int, width: int) -> None:
        """Makes none yet."""
        self.shape = n_rows, width

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        first, stop, _ = rows.indices(len(self))
        width = self.shape[1]
        found = np.arange(first * width, stop * width, dtype=np.uint64) + np.uint64(width << 40)
        with np.errstate(over="ignore"):
            for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
                found = (found ^ (found >> np.uint64(shift))) * np.uint64(factor)
        return (found.reshape(-1, width) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def main() -> None:
    """Prints two tables: files, and rows made on the fly."""
    with tempfile.TemporaryDirectory() as folder:
        text, table, sheet = (f"{folder}/{name}" for name in ("a.csv", "a.parquet", "a.xlsx"))
        csv.write_csv(_table(N_TEXT, 0), text)
        with parquet.ParquetWriter(table, _table(1, 0).schema) as writer:
            for part in range(N_PARQUET // N_TEXT):
                writer.write_table(_table(N_TEXT, part))
        _write_excel(sheet)
        of_text, of_excel = (
            f"CSV of {N_TEXT:,} x {N_FEATURES + 1}",
            f".xlsx of {N_EXCEL:,} x {N_FEATURES + 1}",
        )
        ways = {
            f"pyarrow reads a {of_text}; one product": (BARE, text),
            "linreg-sweep reads it strictly; optimum and spectrum": (READ, text),
            "`run` of it, 12 trials": (RUN, text),
            f"openpyxl reads an {of_excel}; one product": (EXCEL, sheet),
            "linreg-sweep reads it strictly; optimum and spectrum ": (READ, sheet),
            f"`run` of Parquet of {N_PARQUET:,} x {N_FEATURES + 1}, 12 trials": (RUN, table),
        }
        found = _measured(ways)
    rows, base = [], 1.0
    for name, (seconds, memory) in found.items():
        base = seconds if "one product" in name else base
        ratio = "" if "Parquet" in name else f"{seconds / base:.2f}"
        rows.append((name.strip(), f"{seconds:.2f}", ratio, f"{memory:.0f}"))
    print(f"CPU seconds of one process after its imports, medians of {ROUNDS} rounds in turn")
    print()
    print(shown(("", "seconds", "times the product", "peak memory, MB"), rows))
    made = _measured({n: (MADE, str(n)) for n in N_MADE})
    made |= _measured({N_SIMULATED: (MADE, str(N_SIMULATED))}, rounds=1)  # minutes
    on_the_fly = [(f"{n:,} x 20", f"{seconds:.1f}", f"{memory:.0f}") for n, (seconds, memory) in made.items()]
    few, most = made[N_MADE[0]][0], made[N_SIMULATED][0]
    asked = few + (most - few) / (N_SIMULATED - N_MADE[0]) * (N_ASKED - N_MADE[0])
    on_the_fly.append((f"{N_ASKED:,} x 20, by arithmetic", f"{asked:,.0f}", ""))
    print()
    print("Rows made on the fly, in every pass again: optimum and spectrum")
    print()
    print(shown(("", "CPU seconds", "peak memory, MB"), on_the_fly))


def _table(n_rows: int, seed: int) -> pa.Table:
    generator = np.random.default_rng(seed)
    x = generator.normal(1, 3, (n_rows, N_FEATURES))
    y = x @ np.arange(1.0, N_FEATURES + 1) + generator.normal(size=n_rows)
    return pa.table({**{f"x{i}": column for i, column in enumerate(x.T)}, "y": y})


def _write_excel(path: str) -> None:
    book = Workbook(write_only=True)
    sheet, table = book.create_sheet(), _table(N_EXCEL, 0)
    sheet.append(table.column_names)
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        sheet.append(row)
    book.save(path)


def _measured(ways: dict[Way, tuple[str, str]], rounds: int = ROUNDS) -> dict[Way, tuple[float, float]]:
    """Returns the median seconds and megabytes of each way, in a process of its own each time."""
    found = in_turn({name: partial(_child, *way) for name, way in ways.items()}, rounds, warms_up=False)
    return {
        name: (middle([s for s, _ in each]), middle([m for _, m in each])) for name, each in found.items()
    }


def _child(code: str, path: str) -> list[float]:
    """Returns the seconds and megabytes of a process of its own."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    arguments = [sys.executable, "-c", CHILD.format(code=code), path]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, env=environment, cwd=ROOT)
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


ROOT = Path(__file__).parents[1]
