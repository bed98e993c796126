"""A first config and a first sweep for some data: text that says why each number is what it is.

Learning rates are laid out around the stability limit 2/lambda_max, and epochs by the closed form of every
trial, so that most converge, some diverge and some are too slow; what would be hopeless without
standardizing is standardized, and what would take long to iterate is not iterated.
"""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linreg_sweep.analysis.formats import condition
from linreg_sweep.blocks import ends
from linreg_sweep.config.schema import OutcomeConfig
from linreg_sweep.config.writer import quoted
from linreg_sweep.data import Data, standardized
from linreg_sweep.engines.closed_form import train
from linreg_sweep.engines.interface import TrainOptions, Trials
from linreg_sweep.engines.pace import numpy_pace
from linreg_sweep.errors import DataError
from linreg_sweep.kinds import MAX_COUNT
from linreg_sweep.standardizing import moments
from linreg_sweep.theory.outcome import MISSING, stability_limit
from linreg_sweep.theory.problem import Problem, make_problem
from linreg_sweep.trials.prepare import criteria_of

HARD_CONDITION = 1e4
N_RATES = 25
LOWEST, CHOSEN, HIGHEST = 1 / 30, 0.75, 1.2  # learning rates, as shares of the stability limit
FEWEST_EPOCHS = 100
UNFINISHED = 0.2
"""Share of the sweep's trials that may run out of epochs."""

LONG = 5.0
"""Seconds above which a sweep is not iterated."""

FARTHEST = 10
"""The largest weight that a trial starts from, in standard deviations of y a standard deviation of its x."""

ROUNDINGS = 16
"""Roundings of the largest value below which a standard deviation is noise, not spread."""

CRITERIA = criteria_of(OutcomeConfig())
"""When a trial ends where a config does not say."""


@dataclass(frozen=True)
class Layout:
    """The sweep that is laid out.

    Attributes:
        rates: lowest and highest learning rate, as they are written.
        chosen: the config's.
        weights: the starts.
        why: the starts are these.
        epochs: that a trial has.
        converged_at: when the config's trial converges; None: not within 10**12 epochs.
        unfinished: trials of the sweep that run out of these epochs.
        seconds: that one core would iterate it.
    """

    rates: tuple[str, str]
    chosen: str
    weights: list[float]
    why: str
    epochs: int
    converged_at: int | None
    unfinished: int
    seconds: float


def scaffold_texts(
    data: Data,
    *,
    name: str,
    data_path: str | None,
    x: Sequence[str] | None,
    y: Sequence[str] | None,
    remarks: Sequence[str] = (),
    reading: Sequence[str] = (),
) -> tuple[str, str]:
    """Returns the text of `configs/<name>.yaml` and of `sweeps/<name>.yaml`, which fit a bias.

    Both are YAML, with comments that are true of these data. The path of the data is relative to the config;
    None: the built-in tutorial. x and y are the columns to name in the config; None: its default, or those of
    the data. Remarks stand above the config; a line of `reading` says how the file is read.

    Raises:
        DataError: the data are so large that their squares overflow.
    """
    as_given = _problem_of(data)
    data, problem, reason = _standardized(data, as_given)
    limit = float(stability_limit(problem.curvature[1]))
    plan = _laid_out(problem, limit)
    columns = ", ".join(data.x_names) if len(data.x_names) <= 8 else f"{len(data.x_names)} columns"
    config = [
        *map(_comment, remarks),
        _comment(f"One trial: {', '.join(data.y_names)} on {columns}, {len(data.x):,} rows of {data.source}"),
        _comment(f"Run it with: linreg-sweep train configs/{name}.yaml"),
        "data:",
        *_data_lines(data, data_path, reading, x, y, reason),
        "training:",
        *_training_lines(problem, limit, plan, standardized=data.standardize),
        "outcome:",
        f"  tolerance: {CRITERIA.tolerance:g}  # converged: within this share of the variance of y",
    ]
    return "\n".join(config) + "\n", "\n".join(_sweep_lines(name, limit, plan)) + "\n"


def _problem_of(data: Data) -> Problem:
    names = (*data.x_names, *data.y_names)
    return make_problem(data.seen(), data.y, loss="half_mse", fit_bias=True, noise=data.noise(), names=names)


def _standardized(data: Data, problem: Problem) -> tuple[Data, Problem, str]:
    """Standardizes data that descend too slowly as they are; returns them, their problem and why."""
    number = problem.condition_number
    if data.standardize or number <= HARD_CONDITION:
        return data, problem, ""
    # The slowest direction shrinks by (kappa-1)/(kappa+1) an epoch (Nocedal and Wright, eq. 3.29).
    epochs = math.log(1e3) * number / 2
    reason = (
        f"As they are, the columns have condition number {condition(number)}: even at the best rate the"
        f" slowest direction needs about {_count(epochs)} epochs to come a thousand times closer"
    )
    try:
        scaled = standardized(data)
    except DataError as error:
        return data, problem, f"{reason}. Not standardized: {error.complaints[0].text}"
    better = _problem_of(scaled)
    after = f"{reason}. Standardized, it is {condition(better.condition_number)}"
    return scaled, better, after


def _data_lines(
    data: Data,
    path: str | None,
    reading: Sequence[str],
    x: Sequence[str] | None,
    y: Sequence[str] | None,
    reason: str,
) -> list[str]:
    lines = ["  name: tutorial"] if path is None else [f"  path: {quoted(path)}"]
    lines += [f"  {line}" for line in reading]
    if path is not None:
        listed = f"  x: [{', '.join(map(quoted, x or ()))}]"
        lines.append(listed if x is not None else "  # x: by default every numeric column that is not in y")
        lines.append(f"  y: [{', '.join(map(quoted, y or data.y_names))}]")
    lines += _remark(reason)
    return [*lines, "  standardize: true"] if data.standardize else lines


def _laid_out(problem: Problem, limit: float) -> Layout:
    """Returns a sweep of which most trials end: when each does is known from its closed form."""
    weights, why = _starting_weights(problem)
    low, high = _rounded(LOWEST * limit, 2), _rounded(HIGHEST * limit, 2)
    chosen = _rounded(CHOSEN * limit, 2)
    rates = np.geomspace(float(low), float(high), N_RATES)
    grid, starts = np.meshgrid([float(chosen), *rates], [0.0, *weights], indexing="ij")
    theta = np.zeros((grid.size, *problem.shape))
    theta[:, :-1] = starts.reshape(-1, 1, 1)
    high_excess = CRITERIA.diverged_excess(problem.excess_cost(theta), problem.cost_min, problem.scale)
    results = train(
        problem,
        Trials(theta, np.full(grid.size, MAX_COUNT), {"learning_rate": grid.ravel()}, problem.quadratic),
        TrainOptions(CRITERIA.converged_excess(problem.scale), high_excess),
    )
    ends = np.where(results.converged_at == MISSING, results.diverged_at, results.converged_at)
    ends = np.where(ends == MISSING, MAX_COUNT + 1, ends).reshape(grid.shape)
    own, sweep = int(ends[0, 0]), np.sort(ends[1:, 1:], axis=None)
    enough = max(own, int(sweep[-1 - int(UNFINISHED * len(sweep))]))
    epochs = min(max(int(_round_up(enough)), FEWEST_EPOCHS), MAX_COUNT)
    done = np.minimum(sweep, epochs)
    _, a_step, a_trial = numpy_pace(problem.shape, problem.n_rows)
    return Layout(
        rates=(low, high),
        chosen=chosen,
        weights=weights,
        why=why,
        epochs=epochs,
        converged_at=own if own <= MAX_COUNT else None,
        unfinished=int((sweep > epochs).sum()),
        seconds=float(a_step * done.max() + a_trial * done.sum()),
    )


def _training_lines(problem: Problem, limit: float, plan: Layout, *, standardized: bool) -> list[str]:
    """Returns how the trial descends, and when it gets there."""
    n_trials = N_RATES * len(plan.weights)
    within = (
        f"within {_count(MAX_COUNT)} epochs"
        if plan.converged_at is None
        else f"at epoch {plan.converged_at:,}"
    )
    converges = f"{'does not converge' if plan.converged_at is None else 'converges'} {within}"
    told = (
        f"Condition number {condition(problem.condition_number)}: this trial {converges}; with this many"
        f" epochs {plan.unfinished} of the sweep's {n_trials} trials are unfinished"
    )
    why = f"No epoch is iterated: engine numpy would take about {_count(plan.seconds)} seconds"
    engine = [*_remark(why), "  engine: closed_form"] if plan.seconds > LONG else []
    return [
        *engine,
        f"  loss: {problem.loss}",
        f"  # Stable below 2/lambda_max = {_rounded(limit, 4)}; this is three quarters of it",
        f"  learning_rate: {plan.chosen}",
        f"  initial_weight: 0{'  # per standard deviation of a column' if standardized else ''}",
        "  initial_bias: 0",
        *_remark(told),
        f"  epochs: {plan.epochs}",
    ]


def _sweep_lines(name: str, limit: float, plan: Layout) -> list[str]:
    """Returns the sweep, from rates that are too slow to rates that diverge."""
    weights = plan.weights
    starts = f"{len(weights)} start{'s' * (len(weights) > 1)}"
    return [
        _comment(f"{N_RATES} learning rates by {starts}: {N_RATES * len(weights)} trials"),
        _comment(f"Run it with: linreg-sweep run sweeps/{name}.yaml"),
        f"name: {quoted(name)}",
        f"extends: ../configs/{name}.yaml",
        "method: grid",
        "parameters:",
        f"  # From a thirtieth of the stability limit {_rounded(limit, 4)}, which is slow,"
        " to 1.2 times it, which diverges",
        f"  learning_rate: {{min: {plan.rates[0]}, max: {plan.rates[1]}, num: {N_RATES}, scale: log}}",
        f"  # {plan.why}",
        f"  initial_weight: {{values: [{', '.join(_rounded(weight, 3) for weight in weights)}]}}",
        "  initial_bias: 0",
    ]


def _starting_weights(problem: Problem) -> tuple[list[float], str]:
    """Returns five weights round zero, the outer ones twice as far out as any best weight, and why these.

    Where y does not vary beyond rounding, the best weights are rounding as well, and 0 is the one start;
    but where y is 0 throughout, only a start elsewhere descends at all.
    """
    low, high = ends(problem.y)
    largest = np.maximum(np.abs(low), np.abs(high))
    noise = ROUNDINGS * np.finfo(np.float64).eps * largest
    if (moments(problem.y)[2] <= noise).all() and largest.any():
        return [0.0], "y does not vary beyond rounding, so that no weight is better than 0"
    fitted = sorted(float(weight) for weight in problem.optimum[:-1].ravel())
    found = f"the best weight is {_rounded(fitted[0], 4)}"
    if len(fitted) > 1:
        found = f"the best weights lie between {_rounded(fitted[0], 4)} and {_rounded(fitted[-1], 4)}"
    farthest = _round_up(min(2 * float(np.abs(problem.optimum[:-1]).max()), _sensible(problem)))
    weights = [-farthest, -farthest / 2, 0.0, farthest / 2, farthest]
    return weights, f"On both sides of zero; {found}"


def _sensible(problem: Problem) -> float:
    """Returns a weight that is large for these data, however near-collinear columns blow up the best."""
    of_x, of_y = moments(problem.x)[2], float(moments(problem.y)[2].max())
    varying = of_x[of_x > 0]
    return FARTHEST * of_y / float(varying.min()) if len(varying) and of_y else np.inf


def _round_up(value: float) -> float:
    """Returns the next of 1, 2, 5, 10, 20, ...; 1 for 0."""
    if value <= 0:
        return 1
    decade = 10.0 ** math.floor(math.log10(value))
    step = next(step for step in (1, 2, 5, 10) if step * decade >= value * (1 - 1e-12))
    return float(f"{step * decade:.1g}")


def _rounded(value: float, digits: int) -> str:
    return f"{float(f'{value:.{digits}g}'):g}"


def _count(value: float) -> str:
    return f"{float(f'{value:.2g}'):,.0f}" if value < 1e12 else f"{value:.2g}"


def _comment(text: str) -> str:
    """Returns a comment of one line, whatever the file and its columns are called."""
    return "# " + "".join(letter if letter.isprintable() else " " for letter in text)


def _remark(text: str) -> list[str]:
    """Returns indented comment lines, none for an empty text."""
    return [f"  {_comment(line)}" for line in textwrap.wrap(text, 90)]
