"""What comes after a run: two of a million trials compared, beside reading their tables; a page, a map."""

import tempfile
from functools import partial
from pathlib import Path

from benchmarks.machine import in_turn, middle, shown
from benchmarks.million import declared, timed, trained

READ = "import sys, linreg_sweep as ls\nfor run in sys.argv[1:]: ls.load(run).trials"


def main() -> None:
    """Prints one table: seconds, ratio to the reading of both tables, and peak memory of cold processes."""
    with tempfile.TemporaryDirectory() as folder:
        runs = {}
        for name, rates, loss in (("a", 1000, "half_mse"), ("b", 1000, "mse"), ("ten", 10_000, "half_mse")):
            out = Path(folder) / name
            out.mkdir()
            trained(declared(rates, loss=loss), str(out))
            (runs[name],) = map(str, out.glob("million-*"))
        report = ["-m", "linreg_sweep", "report"]
        picture = ["-m", "linreg_sweep", "plot", runs["ten"], "-o", f"{folder}/map.png"]
        ways = {
            "read both tables, 1 million trials each": ["-c", READ, runs["a"], runs["b"]],
            "compare them": ["-m", "linreg_sweep", "compare", runs["a"], runs["b"]],
            "report on one of them": [*report, runs["a"], "-o", f"{folder}/one.html"],
            "report on both": [*report, runs["a"], runs["b"], "-o", f"{folder}/both.html"],
            "plot the map of 10 million trials": picture,
        }
        figures = in_turn({name: partial(timed, arguments) for name, arguments in ways.items()})
        pages = {name: (Path(folder) / f"{name}.html").stat().st_size / 1e6 for name in ("one", "both")}
    seconds = {name: middle([first for first, _ in found]) for name, found in figures.items()}
    memory = {name: middle([second for _, second in found]) for name, found in figures.items()}
    base = next(iter(seconds.values()))
    rows = [
        (name, f"{took:.2f}", f"{took / base:.2f}", f"{memory[name]:.0f}") for name, took in seconds.items()
    ]
    print(shown(("", "seconds", "times the reading", "peak memory, MB"), rows))
    print(", ".join(f"page of {name}: {size:.2f} MB" for name, size in pages.items()))
