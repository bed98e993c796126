"""A million rows of data cost one pass; then a trial costs what it costs on thirty."""

import time
from functools import partial

import numpy as np

from benchmarks import trained
from benchmarks.machine import ROUNDS, in_turn, middle, shown
from linreg_sweep.theory.problem import Problem, make_problem

ENGINES = {"closed_form": 10_000, "numpy": 500, "numba": 2000}
"""The engines that work on H and C, and the epochs that each trains."""

N_TRIALS = 65536


def main() -> None:
    """Prints one table: the pass over the rows, and the cost of a trial after it."""
    generator = np.random.default_rng(0)
    problems: dict[int, Problem] = {}
    passes: dict[int, float] = {}
    for n_rows in (30, 1_000_000):
        x = generator.normal(5, 2, (n_rows, 1))
        y = 3 * x - 1 + generator.normal(size=(n_rows, 1))
        started = time.perf_counter()
        problems[n_rows] = make_problem(x, y, loss="half_mse", fit_bias=True)
        passes[n_rows] = time.perf_counter() - started
    costs = in_turn(
        {
            (engine, n_rows): partial(_seconds, engine, problem, n_epochs)
            for engine, n_epochs in ENGINES.items()
            for n_rows, problem in problems.items()
        }
    )
    rows = []
    for engine, n_epochs in ENGINES.items():
        few, many = (1e6 * middle(costs[engine, n_rows]) / N_TRIALS for n_rows in problems)
        rows.append((f"{engine}, {n_epochs:,} epochs", f"{few:.3f}", f"{many:.3f}", f"{many / few:.2f}"))
    print(f"{N_TRIALS:,} trials of one feature; medians of {ROUNDS} rounds in turn")
    print()
    print(shown(("", "us a trial, 30 rows", "us a trial, 1,000,000 rows", "ratio"), rows))
    print()
    print(f"The pass over the rows: {passes[30]:.3f} s for 30, {passes[1_000_000]:.2f} s for 1,000,000.")


def _seconds(engine: str, problem: Problem, n_epochs: int) -> float:
    rates = np.geomspace(0.01, 0.9, N_TRIALS) * 2 / problem.eigenvalues[-1]
    started = time.perf_counter()
    trained.train(engine, problem, {"learning_rate": rates}, n_epochs)
    return time.perf_counter() - started
