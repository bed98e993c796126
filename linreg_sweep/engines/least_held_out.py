"""The epoch at which trials cost least on held-out rows, where theory knows each of their states."""

import numpy as np

from linreg_sweep.array_types import Floats, Indices, Integers
from linreg_sweep.engines.interface import TrainOptions, Trials
from linreg_sweep.engines.spectral import Descent, begin, blocks_of
from linreg_sweep.theory import course as courses
from linreg_sweep.theory.best_epoch import Least, least_cost, settled
from linreg_sweep.theory.held_out import HeldOut
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.residuals import Residuals


def least_held_out(problem: Problem, trials: Trials, options: TrainOptions, last: Integers) -> Least:
    """Tells at which epoch K trials cost least on held-out rows.

    Args:
        problem: whose rows are held out.
        trials: their numbers.
        options: how they descend.
        last: the epochs that each does [K].
    """
    epoch, cost = np.zeros(len(trials), np.int64), np.full(len(trials), np.nan)
    if problem.held_out is not None:
        with np.errstate(all="ignore"):  # diverged trials overflow
            for block, _ in blocks_of(trials, options.method):
                found = least_of(begin(trials, options, block), problem.held_out, last[block])
                epoch[block], cost[block] = found.epoch, found.cost
    return Least(epoch, cost)


def least_of(descent: Descent, held_out: HeldOut, last: Integers) -> Least:
    """Returns the same of trials along the eigenvectors of what they descend."""
    residuals = Residuals.of(held_out, descent.trials.quadratic, descent.errors)
    if descent.options.method.schedule is not None:
        return _follow_costs(descent, residuals, last)
    return least_cost(descent.moving, residuals, last)


def _follow_costs(descent: Descent, residuals: Residuals, last: Integers) -> Least:
    """Returns the least cost on held-out rows of trials whose epochs are gone through."""
    count = len(last)
    epoch, least, final = np.zeros(count, np.int64), np.full(count, np.inf), np.full(count, np.nan)

    def look(now: int, live: Indices, factors: Floats) -> None:
        cost = residuals.take(live).cost(factors)
        lower = (cost < least[live]) & (now <= last[live])
        epoch[live[lower]], least[live[lower]] = now, cost[lower]
        ends = last[live] == now
        final[live[ends]] = cost[ends]

    course = descent.course("float64").still_where(descent.energy == 0)
    courses.follow(course, last, np.empty(0, np.int64), look=look)
    return settled(epoch, least, last, final)
