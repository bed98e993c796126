"""What `train` says of one trial: its epochs, autograd's steps, how it ended and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf, isfinite, log, log1p, nan
from typing import TYPE_CHECKING

from linreg_sweep.analysis.formats import condition
from linreg_sweep.analysis.legend import Bounds
from linreg_sweep.text.advice import format_advice
from linreg_sweep.text.lines import format_lines
from linreg_sweep.text.phrases import fitting_form, wrapped
from linreg_sweep.theory.outcome import MEASURED, SURPRISES, THEORY, surprise, swing

if TYPE_CHECKING:
    from linreg_sweep.engines.autograd_steps import Step
    from linreg_sweep.training import Training

MAX_IN_A_ROW = 6
"""Parameters above which only the last row of a training shows them."""

NO_FACTOR = 1e-12
"""A factor below which it is the rounding of what should be 0."""

NEARLY_STILL = 0.999
"""A factor above which what it lacks to 1 says more than the factor itself."""


def format_rows(training: "Training") -> Iterator[str]:
    """Yields a line an epoch, in the tutorial's words: `Epoch : 1, Weight : 1.351, Bias : ...`.

    Where there are many parameters, the last row alone shows them. A column has three decimals, as the
    tutorial's have, where that serves all its numbers, else six digits.
    """
    names = list(training.rows)
    rows = list(zip(*training.rows.values(), strict=True))
    forms = {name: fitting_form(column.tolist(), 3) for name, column in training.rows.items()}
    forms["epoch"] = "d"
    few = len(names) - 2 <= MAX_IN_A_ROW
    for place, row in enumerate(rows):
        cells = {
            name: f"{_capital(name)} : {value:{forms[name]}}" for name, value in zip(names, row, strict=True)
        }
        if few:
            yield ", ".join(cells.values())
            continue
        parts = [cells.pop("epoch"), cells.pop("cost")]
        if place == len(rows) - 1:
            parts += cells.values()
        yield wrapped(parts)


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]


def format_steps(names: Sequence[str], steps: Iterable["Step"]) -> Iterator[str]:
    """Yields gradients and parameters, of these names, at every moment of an epoch of autograd."""
    for step in steps:
        if step.moment == "before zero_grad":
            yield f"Epoch : {step.epoch}"
        gradients = [None] * len(names) if step.gradient is None else step.gradient.ravel().tolist()
        told = ", ".join(
            f"{_capital(name)}.grad : {'None' if gradient is None else _fitting(gradient, 4)}"
            f", {_capital(name)} : {_fitting(value, 5)}"
            for name, gradient, value in zip(names, gradients, step.theta.ravel(), strict=True)
        )
        yield f"  {step.moment:<16}  {told}"


def _fitting(value: float, decimals: int) -> str:
    return format(value, fitting_form([value], decimals))


def format_ending(training: "Training") -> Iterator[str]:
    """Yields how a trial ended and why, a sentence per line."""
    bounds = Bounds.of(training.experiment.criteria)
    at = {"converged": training.epoch_of("converged_at"), "diverged": training.epoch_of("diverged_at")}
    epoch = at.get(training.outcome)
    epoch = int(training.last["epochs"][0]) if epoch is None else epoch
    why, last = bounds.outcome(training.outcome), training.last
    costs = f"Least possible cost {training.experiment.problem.cost_min:.6g}"
    if "cost_at_optimum" in last:
        why = why.replace("least-squares optimum", "optimum of cost and penalty")
        costs += f", at the penalised optimum {float(last['cost_at_optimum'][0]):.6g}"
    yield f"{training.outcome.capitalize()} at epoch {epoch:,}: {why}."
    yield f"{costs}."
    if "average_cost" in last:
        yield f"The averaged state costs {float(last['average_cost'][0]):.6g}."
    yield from _lines(training)
    if training.outcome == "unfinished" and training.regime in ("good", "high"):
        yield from _flattest(training)
    yield from _regime(training, bounds)
    yield from _rest(training)
    if training.advice is not None:
        yield from format_advice(training.advice)


def _regime(training: "Training", bounds: Bounds) -> Iterator[str]:
    """Yields what the learning rate does to the steepest direction or, where that is measured, did."""
    regime, last, no_limit = training.regime, training.last, training.experiment.example.why_no_limit()
    if regime is None:
        return
    words, ratio = regime.replace("_", " "), float(last["stability_ratio"][0])
    if last["regime_source"][0] == MEASURED:
        measured = bounds.regime(regime, measured=True)
        because = no_limit or f"{ratio:.3g} of the stability limit in mean square, over all draws"
        yield f"The learning rate is {words}, as measured ({because}): {measured}."
        return
    share = (
        f"learning rate {ratio:.3g} of the stability limit" if no_limit is None else f"no limit: {no_limit}"
    )
    said = [
        f"Steepest direction: {words} ({share}):"
        f" {bounds.regime(regime).removeprefix('along the steepest direction ')}.",
        _steepest(training),
    ]
    why = surprise(
        *(int(last[name][0]) for name in ("outcome", "regime", "diverged_at", "predicted_outcome"))
    )
    yield " ".join([*said, *([] if why is None else [f"{SURPRISES[why]}."])])


def _rest(training: "Training") -> Iterator[str]:
    """Yields where batches bring the trial to rest, and whether that counts as converged."""
    last, level = training.last, training.experiment.converged_excess
    plateau = float(last["plateau"][0]) if "plateau" in last else nan
    if not isfinite(plateau):
        return
    share = f"{plateau / level:.3g} times what counts as converged"
    if THEORY[int(last["theory"][0])] in ("in_the_mean", "reshuffled"):
        passes = ": to converge is to pass by, not to rest" * (plateau > level)
        yield f"In the mean over all draws the excess cost comes to rest at {plateau:.4g}, {share}{passes}."
    else:
        yield f"Batches in file order bring the excess cost to rest at {plateau:.4g}, {share}."


def _steepest(training: "Training") -> str:
    """Returns how the error along the steepest direction changes from epoch to epoch."""
    example = training.experiment.example
    trials, method = example.trials, example.options.method
    [factor] = example.contraction(training.experiment.criteria.settle_epochs).tolist()
    if abs(factor) < NO_FACTOR:
        return "There each epoch removes the error."
    if method.batch_size is not None:
        return f"There each epoch over the batches multiplies the error by {factor:.4g}."
    if method.schedule is not None:
        return f"There an epoch on average multiplies the error by {factor:.4g}."
    rate, curvature = float(trials.learning_rate[0]), float(trials.quadratic.steepest[0])
    momentum, dampening = (float(trials.values[name][0]) for name in ("momentum", "dampening"))
    epochs = swing(rate, curvature, momentum, nesterov="nesterov" in method.flags, dampening=dampening)
    if 2 < epochs < inf:
        return (
            f"There a full swing takes {epochs:.3g} epochs, and each epoch shrinks it to {-factor:.4g}"
            " of its size."
        )
    if NEARLY_STILL < factor < 1 and not momentum:
        return f"There each epoch shrinks the error by {rate * curvature:.3g} of its size."
    return f"There each epoch {'in the long run ' if momentum else ''}multiplies the error by {factor:.4g}."


def _flattest(training: "Training") -> Iterator[str]:
    """Yields how slow the flattest direction is, for plain descent on all rows."""
    example = training.experiment.example
    method, flattest = example.options.method, float(example.trials.quadratic.flattest[0])
    is_plain = example.is_covered and method.schedule is None and method.batch_size is None
    if not is_plain or "momentum" in method.active or not flattest:
        return
    step = float(example.trials.learning_rate[0]) * flattest
    if not 0 < step < 2 or step == 1:
        return
    shrinking = -log1p(-step if step < 1 else step - 2)  # -ln|1 - step|, also where step is tiny
    steepest = float(example.trials.quadratic.steepest[0])
    yield (
        f"The flattest direction needs about {condition(log(10) / shrinking)} epochs for each factor of 10"
        f" (condition number {condition(steepest / flattest)})."
    )


def _lines(training: "Training") -> Iterator[str]:
    """Yields the trial's line beside those of the optimum, in the data's own units."""
    experiment, last, example = training.experiment, training.last, training.experiment.example
    suffix = "_unscaled" if experiment.data.standardize else ""
    fitted = {name: float(last[f"{name}{suffix}"][0]) for name in experiment.parameter_names}
    whole = training.outcome != "diverged" and all(map(isfinite, fitted.values()))
    lines: dict[str, Mapping[str, float]] = {"Fitted": fitted if whole else {}}
    if example.options.method.is_penalised:
        lines["Penalised"] = experiment.named(example.trials.quadratic.optimum[..., 0], example.kind)
    lines["Least squares"] = experiment.least_squares()
    yield from format_lines(experiment.data.x_names, experiment.data.y_names, lines)
