"""What comes after a run: two runs of a million trials compared, beside reading their tables; pictures."""

import sys
import tempfile
from pathlib import Path

from benchmarks.machine import ROUNDS, middle, shown
from benchmarks.million import SWEEP, timed

READ = "import sys, linreg_sweep as ls\nfor run in sys.argv[1:]: ls.load(run).trials"


def main() -> None:
    """Prints one table: seconds, ratio to the reading of both tables, and peak memory of cold processes."""
    with tempfile.TemporaryDirectory() as folder:
        sweep = Path(folder) / "million.yaml"
        runs = {}
        for name, rates, loss in (("a", 1000, "half_mse"), ("b", 1000, "mse"), ("ten", 10_000, "half_mse")):
            out = f"{folder}/{name}"
            sweep.write_text(SWEEP.format(rates=rates).replace("epochs:", f"loss: {loss}, epochs:"))
            timed(["-m", "linreg_sweep", "run", str(sweep), "--out", out])
            (runs[name],) = map(str, Path(out).iterdir())
        picture = ["-m", "linreg_sweep", "plot", runs["ten"], "-o", f"{folder}/map.png"]
        ways = {
            "read both tables, 1 million trials each": ["-c", READ, runs["a"], runs["b"]],
            "compare them": ["-m", "linreg_sweep", "compare", runs["a"], runs["b"]],
            "plot the map of 10 million trials": picture,
        }
        figures: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for round_ in range(ROUNDS + 1):
            for name, arguments in ways.items():
                measured = timed(arguments)
                if round_:
                    figures[name].append(measured)
            print(f"round {round_} of {ROUNDS}", file=sys.stderr)
    seconds = {name: middle([first for first, _ in found]) for name, found in figures.items()}
    memory = {name: middle([second for _, second in found]) for name, found in figures.items()}
    base = next(iter(seconds.values()))
    rows = [
        (name, f"{took:.2f}", f"{took / base:.2f}", f"{memory[name]:.0f}") for name, took in seconds.items()
    ]
    print(shown(("", "seconds", "times the reading", "peak memory, MB"), rows))
