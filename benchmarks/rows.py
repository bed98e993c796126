"""A million rows of data cost one pass; then a trial costs what it costs on thirty."""

import time

import numpy as np

from benchmarks.machine import ROUNDS, middle, shown
from linreg_sweep.config.schema import OutcomeConfig
from linreg_sweep.engines import load_engine
from linreg_sweep.engines.interface import TrainOptions, Trials
from linreg_sweep.theory.problem import Problem, make_problem
from linreg_sweep.trials.prepare import criteria_of

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
    costs: dict[tuple[str, int], list[float]] = {}
    for round_ in range(ROUNDS + 1):
        for engine, n_epochs in ENGINES.items():
            for n_rows, problem in problems.items():
                seconds = _seconds(engine, problem, n_epochs)
                if round_:
                    costs.setdefault((engine, n_rows), []).append(seconds)
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
    start = np.zeros((N_TRIALS, *problem.shape))
    outcome = OutcomeConfig(tolerance=1e-300)  # no trial ends early, so that all do the same work
    criteria = criteria_of(outcome)
    options = TrainOptions(
        criteria.converged_excess(problem.scale),
        criteria.diverged_excess(problem.excess_cost(start), problem.cost_min, problem.scale),
    )
    trials = Trials(start, np.full(N_TRIALS, n_epochs), {"learning_rate": rates}, problem.quadratic)
    started = time.perf_counter()
    load_engine(engine)(problem, trials, options)
    return time.perf_counter() - started
