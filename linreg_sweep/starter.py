"""A first config and a first sweep for some data: text that says why each number is what it is.

Learning rates are laid out around the stability limit 2/lambda_max, so that some trials diverge, some
converge and some are too slow; what would be hopeless without standardizing is standardized.
"""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from linreg_sweep.config.schema import OutcomeConfig
from linreg_sweep.config.writer import quoted
from linreg_sweep.data import Data, from_arrays, spread
from linreg_sweep.errors import DataError
from linreg_sweep.theory.outcome import stability_limit
from linreg_sweep.theory.problem import Problem, make_problem
from linreg_sweep.trials.prepare import criteria_of

HARD_CONDITION = 1e4
N_RATES = 25
LOWEST, CHOSEN, HIGHEST = 1 / 300, 0.75, 1.2  # learning rates, as shares of the stability limit
FEWEST_EPOCHS, MOST_EPOCHS = 1000, 200_000

CRITERIA = criteria_of(OutcomeConfig())
"""When a trial ends where a config does not say."""


def starter(
    data: Data, *, name: str, data_path: str | None, x: Sequence[str] | None, y: Sequence[str] | None
) -> tuple[str, str]:
    """Returns the text of `configs/<name>.yaml` and of `sweeps/<name>.yaml`, which fit a bias.

    Args:
        data: the data that the config will name.
        name: of the sweep; letters, digits, `-`, `_` and `.`.
        data_path: of the data, relative to the config; None: the built-in tutorial.
        x: the columns to name in the config; None: its default, every numeric column not in y.
        y: the targets to name in the config; None: those of the data.

    Returns:
        (config, sweep), both YAML, with comments that are true of these data.

    Raises:
        DataError: the data are so large that their squares overflow.
    """
    as_given = make_problem(data.inputs(), data.y, loss="half_mse", fit_bias=True)
    data, problem, reason = _standardized(data, as_given)
    limit = float(stability_limit(problem.curvature[1]))
    weights, why_weights = _starting_weights(problem)
    columns = ", ".join(data.x_names) if len(data.x_names) <= 8 else f"{len(data.x_names)} columns"
    config = [
        _comment(f"One trial: {', '.join(data.y_names)} on {columns}, {len(data.x)} rows of {data.source}"),
        _comment(f"Run it with: linreg-sweep train configs/{name}.yaml"),
        "data:",
        *_data_lines(data, data_path, x, y, reason),
        "training:",
        *_training_lines(problem, limit, weights, standardized=data.standardize),
        "outcome:",
        f"  tolerance: {CRITERIA.tolerance:g}  # converged: within this share of the variance of y",
    ]
    return "\n".join(config) + "\n", "\n".join(_sweep_lines(name, limit, weights, why_weights)) + "\n"


def _standardized(data: Data, problem: Problem) -> tuple[Data, Problem, str]:
    """Standardizes data that descend too slowly as they are; returns them, their problem and why."""
    condition = problem.condition_number
    if data.standardize or condition <= HARD_CONDITION:
        return data, problem, ""
    # The slowest direction shrinks by (kappa-1)/(kappa+1) an epoch (Nocedal and Wright, eq. 3.29).
    epochs = math.log(1e3) * condition / 2
    reason = (
        f"As they are, the columns have condition number {_rounded(condition, 4)}: even at the best rate the"
        f" slowest direction needs about {_count(epochs)} epochs to come a thousand times closer"
    )
    try:
        scaled = from_arrays(data.x, data.y, data.x_names, data.y_names, standardize=True)
    except DataError as error:
        return data, problem, f"{reason}. Not standardized: {error.complaints[0].text}"
    better = make_problem(scaled.inputs(), data.y, loss=problem.loss, fit_bias=True)
    after = f"{reason}. Standardized, it is {_rounded(better.condition_number, 4)}"
    return replace(scaled, source=data.source), better, after


def _data_lines(
    data: Data, path: str | None, x: Sequence[str] | None, y: Sequence[str] | None, reason: str
) -> list[str]:
    lines = ["  name: tutorial"] if path is None else [f"  path: {quoted(path)}"]
    if path is not None:
        listed = f"  x: [{', '.join(map(quoted, x or ()))}]"
        lines.append(listed if x is not None else "  # x: by default every numeric column that is not in y")
        lines.append(f"  y: [{', '.join(map(quoted, y or data.y_names))}]")
    lines += _remark(reason)
    return [*lines, "  standardize: true"] if data.standardize else lines


def _training_lines(problem: Problem, limit: float, weights: list[float], *, standardized: bool) -> list[str]:
    """Returns how the trial descends, with the epochs that every start of the sweep needs, up to a bound."""
    rate = _rounded(CHOSEN * limit, 2)
    needed = _epochs_needed(problem, float(rate), weights)
    epochs = min(max(int(_round_up(needed)), FEWEST_EPOCHS), MOST_EPOCHS)
    told = f"{needed:,}" if needed < 1e15 else f"{needed:.2g}"
    convergence = (
        f"Condition number {_rounded(problem.condition_number, 4)}: at this rate every start of the sweep"
        f" converges within {told} epochs"
    )
    if needed > epochs:
        convergence += ", which is more than these: expect unfinished trials"
    return [
        f"  loss: {problem.loss}",
        f"  # Stable below 2/lambda_max = {_rounded(limit, 4)}; this is three quarters of it",
        f"  learning_rate: {rate}",
        f"  initial_weight: 0{'  # per standard deviation of a column' if standardized else ''}",
        "  initial_bias: 0",
        *_remark(convergence),
        f"  epochs: {epochs}",
    ]


def _sweep_lines(name: str, limit: float, weights: list[float], why_weights: str) -> list[str]:
    """Returns the sweep, from rates that are too slow to rates that diverge."""
    starts = f"{len(weights)} start{'s' * (len(weights) > 1)}"
    return [
        _comment(f"{N_RATES} learning rates by {starts}: {N_RATES * len(weights)} trials"),
        _comment(f"Run it with: linreg-sweep run sweeps/{name}.yaml"),
        f"name: {quoted(name)}",
        f"extends: ../configs/{name}.yaml",
        "method: grid",
        "parameters:",
        f"  # From a three-hundredth of the stability limit {_rounded(limit, 4)}, which is slow,"
        " to 1.2 times it, which diverges",
        f"  learning_rate: {{min: {_rounded(LOWEST * limit, 2)}, max: {_rounded(HIGHEST * limit, 2)},"
        f" num: {N_RATES}, scale: log}}",
        f"  # {why_weights}",
        f"  initial_weight: {{values: [{', '.join(_rounded(weight, 3) for weight in weights)}]}}",
        "  initial_bias: 0",
    ]


def _starting_weights(problem: Problem) -> tuple[list[float], str]:
    """Returns five weights round zero, the outer ones twice as far out as any best weight, and why these.

    Where y does not vary beyond rounding, the best weights are rounding as well, and 0 is the one start;
    but where y is 0 throughout, only a start elsewhere descends at all.
    """
    _, deviation, noise = spread(problem.targets)
    if (deviation <= noise).all() and problem.targets.any():
        return [0.0], "y does not vary beyond rounding, so that no weight is better than 0"
    fitted = sorted(float(weight) for weight in problem.optimum[:-1].ravel())
    found = f"the best weight is {_rounded(fitted[0], 4)}"
    if len(fitted) > 1:
        found = f"the best weights lie between {_rounded(fitted[0], 4)} and {_rounded(fitted[-1], 4)}"
    farthest = _round_up(2 * float(np.abs(problem.optimum[:-1]).max()))
    weights = [-farthest, -farthest / 2, 0.0, farthest / 2, farthest]
    return weights, f"On both sides of zero; {found}"


def _epochs_needed(problem: Problem, rate: float, weights: list[float]) -> int:
    """Returns a bound on the epochs until trials from these weights and bias 0 have converged.

    The excess cost shrinks at least by the square of the slowest direction's factor each epoch.
    """
    start = np.zeros((len(weights), *problem.shape))
    start[:, :-1] = np.array(weights)[:, None, None]
    steps = rate * problem.eigenvalues[problem.eigenvalues > 0]
    slowest = max(math.log1p(-step) if step < 0.5 else math.log(max(abs(1 - step), 1e-16)) for step in steps)
    ahead = float(problem.excess_cost(start).max()) / CRITERIA.converged_excess(problem.scale)
    epochs = math.log(max(ahead, 1.0)) / (-2 * slowest) if slowest else math.inf
    return math.ceil(min(epochs, 1e300))


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
