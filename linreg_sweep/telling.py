"""What commands say to a person, as lines of text: nothing here prints or trains."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf, isnan, log, log1p
from typing import TYPE_CHECKING, Any

from linreg_sweep.data import parameter_names
from linreg_sweep.formats import Table, as_text, cells_of
from linreg_sweep.legend import Bounds, legend
from linreg_sweep.outcome import OUTCOMES

if TYPE_CHECKING:
    from linreg_sweep.edge_search import Edges
    from linreg_sweep.engines.autograd_steps import Step
    from linreg_sweep.planning import Axis, Plan
    from linreg_sweep.results import Run
    from linreg_sweep.training import Training
    from linreg_sweep.verification import Verification

MOST_IN_A_ROW = 6
"""Parameters above which only the last row of a training shows them."""

MOST_IN_A_LINE = 5
"""Features above which the fitted line is not written out."""

WIDTH = 100
"""Characters after which a long row is wrapped."""

EXPECTED = {
    "converged": "converge",
    "unfinished": "are not done within their epochs",
    "diverged": "diverge",
}
"""What a plan says of the trials that will have each outcome."""

NOT_FINITE = "not finite"


def printed_rows(training: "Training") -> Iterator[str]:
    """Yields a line an epoch, in the tutorial's words: `Epoch : 1, Weight : 1.351, Bias : ...`.

    Where there are many parameters, the last row alone shows them.
    """
    names = list(training.rows)
    rows = list(zip(*training.rows.values(), strict=True))
    few = len(names) - 2 <= MOST_IN_A_ROW
    for number, row in enumerate(rows):
        cells = {name: _cell(name, value) for name, value in zip(names, row, strict=True)}
        if few:
            yield ", ".join(cells.values())
            continue
        parts = [cells.pop("epoch"), cells.pop("cost")]
        if number == len(rows) - 1:
            parts += cells.values()
        yield _wrapped(parts)


def _cell(name: str, value: Any) -> str:
    return f"{_capital(name)} : {value}" if name == "epoch" else f"{_capital(name)} : {value:.3f}"


def _wrapped(parts: Iterable[str]) -> str:
    """Returns parts with commas between them, in lines that end at a comma."""
    lines = [""]
    for part in parts:
        joined = f"{lines[-1]}, {part}" if lines[-1] else part
        if lines[-1] and len(joined) > WIDTH:
            lines[-1] += ","
            lines.append(f"  {part}")
        else:
            lines[-1] = joined
    return "\n".join(lines)


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]


def printed_steps(names: Sequence[str], steps: Iterable["Step"]) -> Iterator[str]:
    """Yields gradients and parameters at every moment of an epoch of autograd.

    Args:
        names: of the entries of theta.
        steps: the moments.
    """
    for step in steps:
        if step.moment == "before zero_grad":
            yield f"Epoch : {step.epoch}"
        gradients = [None] * len(names) if step.gradient is None else step.gradient.ravel().tolist()
        told = ", ".join(
            f"{_capital(name)}.grad : {'None' if gradient is None else format(gradient, '.4f')}"
            f", {_capital(name)} : {value:.5f}"
            for name, gradient, value in zip(names, gradients, step.theta.ravel(), strict=True)
        )
        yield f"  {step.moment:<16}  {told}"


def ending(training: "Training") -> Iterator[str]:
    """Yields how a trial ended and why, a sentence a line."""
    bounds = Bounds.of(training.experiment.criteria)
    at = {"converged": training.epoch_of("converged_at"), "diverged": training.epoch_of("diverged_at")}
    epoch = at.get(training.outcome) or int(training.last["epochs"][0])
    yield f"{training.outcome.capitalize()} at epoch {epoch:,}: {bounds.outcome(training.outcome)}."
    yield _least_cost(training)
    if training.outcome == "unfinished" and training.regime in ("good", "high"):
        yield from _flattest(training)
    if training.regime is not None:
        ratio = float(training.last["stability_ratio"][0])
        edge = "" if isnan(ratio) else f" ({ratio:.3g} of the stability limit)"
        regime = training.regime.replace("_", " ")
        yield f"The learning rate is {regime}{edge}: {bounds.regime(training.regime)}."


def _flattest(training: "Training") -> Iterator[str]:
    """Yields how slow the flattest direction is, for plain descent on all rows."""
    experiment, settings = training.experiment, training.experiment.config.training
    curvature = experiment.problem.eigenvalues[experiment.problem.eigenvalues > 0]
    if experiment.has_mini_batches or settings.momentum or not len(curvature):
        return
    steepest, flattest = float(curvature[-1]), float(curvature[0])
    step = settings.learning_rate * flattest
    if not 0 < step < 2 or step == 1:
        return
    shrinking = -log1p(-step if step < 1 else step - 2)  # -ln|1 - step|, also where step is tiny
    yield (
        f"The flattest direction needs about {_count(log(10) / shrinking)} epochs for each factor of 10"
        f" (condition number {_count(steepest / flattest)})."
    )


def _count(number: float) -> str:
    return f"{number:,.0f}" if 100 <= number < 1e9 else f"{number:.3g}"


def _least_cost(training: "Training") -> str:
    """Returns the least-squares optimum, in the data's own units."""
    experiment = training.experiment
    data, problem = experiment.data, experiment.problem
    theta = data.unscaled(problem.optimum[None], problem.fit_bias)[0]
    suffix = "_unscaled" if data.standardize else ""
    names = parameter_names(data.x_names, data.y_names, problem.fit_bias)
    first = f"Least possible cost {problem.cost_min:.6g}"
    parameters = [f"{name}{suffix} {_number(value)}" for name, value in zip(names, theta.flat, strict=True)]
    return _wrapped([f"{first}, at {parameters[0]}", *parameters[1:]]) + "."


def planned(plan: "Plan") -> Iterator[str]:
    """Yields what a sweep would do, line by line."""
    yield f"{plan.name}: {_counted(plan.n_trials, 'trial')} on {plan.what}"
    yield ""
    yield as_text(_columns([_axis_row(axis) for axis in plan.axes]), "table")
    yield ""
    if plan.stability_limit is None:
        yield "Stability limit: no one limit holds for all trials (momentum varies, or mini-batches)."
    else:
        yield f"Stability limit: {plan.stability_limit:.6g}; a larger learning rate diverges here."
    if plan.best_rate is not None:
        yield f"Best fixed learning rate: {plan.best_rate:.6g}; it shrinks the slowest error fastest."
    yield f"Condition number: {plan.condition_number:,.4g} (1 is easiest; epochs needed grow in proportion)."
    yield ""
    yield from _forecast(plan)
    yield ""
    yield f"Disk: at most {_size(plan.disk)}, in {_counted(plan.n_parts, 'part')}."
    yield f"Memory, beside the libraries: at most {_size(plan.memory)} a worker."


def _forecast(plan: "Plan") -> Iterator[str]:
    """Yields what theory expects, and what of the sweep is wasted."""
    expected = plan.forecast
    told = expected.n_trials - expected.unknown
    of = f"a sample of {expected.n_trials:,} trials" if expected.is_sample else "the trials"
    if expected.unknown:
        why = "mini-batches have no closed form, or rounding may decide them"
        share = f"{expected.unknown:,} of {of.removeprefix('the ')}" if told else f"any of {of}"
        yield f"Theory tells nothing of {share}: {why}."
    if not told:
        return
    counts = ", ".join(f"{_share(expected.outcomes[name], told)} {EXPECTED[name]}" for name in OUTCOMES)
    yield f"Theory expects, of {of}: {counts}." if not expected.unknown else f"Of the others: {counts}."
    if expected.fastest is None or expected.rates is None or expected.fastest_epochs is None:
        yield f"Warning: no trial{' of the sample' * expected.is_sample} can converge within its epochs."
        return
    varied = [axis.name for axis in plan.axes]
    where = ", ".join(f"{name} {expected.fastest[name]:.6g}" for name in varied if name in expected.fastest)
    epochs = expected.fastest_epochs
    yield f"The best trial needs {_counted(epochs, 'epoch')}{f': {where}' if where else ''}."
    if expected.is_mostly_wasted:
        low, high = expected.rates
        yield (
            f"Warning: {100 * expected.wasted:.0f} % of the trials cannot converge."
            f" Those that can have learning rates from {low:.6g} to {high:.6g};"
            f" {_share(expected.too_slow, told)} are below, {_share(expected.too_fast, told)} above."
        )


def _share(count: int, total: int) -> str:
    return f"{count:,} ({100 * count / total:.0f} %)"


def edge_table(measured: "Edges", *, exact: bool) -> Table:
    """Returns the edges of a sweep, one a row.

    Args:
        measured: what was measured.
        exact: rates as numbers; else with as many digits as were measured, for people.
    """

    def shown(rate: float | None) -> float | str | None:
        return rate if exact or rate is None else f"{rate:.11g}"

    return _columns(
        [
            {name: getattr(row, name) for name in measured.varied}
            | {
                "largest_stable": shown(row.largest_stable),
                "smallest_unstable": shown(row.smallest_unstable),
                "stability_limit": shown(row.stability_limit),
                "relative_difference": row.relative_difference,
            }
            for row in measured.rows
        ]
    )


def told_edges(measured: "Edges") -> Iterator[str]:
    """Yields what the rates in a table of edges are, and how they were measured."""
    yield (
        f"Measured with engine {measured.engine}, loss {measured.loss}, {measured.dtype}: up to"
        " largest_stable the difference of two trials dies out, from smallest_unstable on it grows."
    )
    if measured.shuffle:
        yield "Mini-batches are shuffled: this is the edge over the first epochs of this seed."
    if measured.dtype == "float32":
        yield "The two are as close as float32 has rates, or as its rounding lets be measured."
    if any(row.stability_limit is None for row in measured.rows):
        yield "Mini-batches have no limit by theory: the measured edge stands alone."
    if any(row.stability_limit is not None for row in measured.rows):
        yield (
            "stability_limit is theory's, 2 / largest curvature or momentum's own;"
            " relative_difference is how far the measured edge lies from it."
        )


def mismatched(checked: "Verification") -> Table:
    """Returns the numbers of a run that cannot be right, one a row."""
    rows = [
        {
            "trial": mismatch.trial,
            "column": mismatch.column,
            "found": str(mismatch.found),
            "expected": mismatch.expected,
            "part": mismatch.part.name,
        }
        for mismatch in checked.mismatches
    ]
    return _columns(rows) if rows else {name: [] for name in ("trial", "column", "found", "expected", "part")}


def _columns(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Returns records, at least one, as a table."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def verified(checked: "Verification") -> str:
    """Returns what became of a check, in a sentence or two."""
    trials = {mismatch.trial for mismatch in checked.mismatches}
    found = "every one is right" if not trials else f"{_counted(len(trials), 'row')} cannot be right"
    how = "against the closed form"
    if checked.n_retrained:
        how += f" ({checked.n_retrained:,} by training again)"
    lacking = f" {_counted(checked.n_missing, 'trial')} not there: the sweep is not finished."
    return (
        f"{_counted(checked.n_trials, 'trial')} checked {how}: {found}.{lacking if checked.n_missing else ''}"
    )


def _axis_row(axis: "Axis") -> dict[str, object]:
    values = "one a trial" if axis.values is None else f"{axis.values:,}"
    return {"parameter": axis.name, "values": values, "first": axis.first, "last": axis.last, "how": axis.how}


def _plural(noun: str, count: float) -> str:
    return noun if count == 1 else f"{noun}s"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {_plural(noun, count)}"


def _size(count: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            break
        count /= 1000
    return f"{count:,.0f} {unit}" if count >= 100 or unit == "bytes" else f"{count:.2g} {unit}"


def told_run(run: "Run", table: Table, columns: list[str]) -> Iterator[str]:
    """Yields what a finished run found: what was swept, the summary, its columns, the best trial.

    Args:
        run: which run.
        table: its summary.
        columns: those of the summary that are shown.
    """
    data = run.metadata["data"]
    yield (
        f"{run.name}: {_counted(run.n_trials, 'trial')} on {data['source']},"
        f" {_counted(data['rows'], 'row')}, loss {run.metadata['loss']}, engine {run.metadata['engine']}"
    )
    yield ""
    cells = cells_of(table)
    shown = {name: cells[name] for name in columns}
    yield as_text(shown, "table")
    yield ""
    yield from legend_of(shown, run)
    yield ""
    outcomes = run.metadata["outcomes"]
    yield ", ".join(f"{outcomes[name]:,} {name}" for name in OUTCOMES) + "."
    if len(cells["trials"]) > 1:
        yield _best_row(cells)
    yield _best_trial(run)
    yield from _fitted_line(run)
    yield from _edge(run)
    yield from _agreement(run)


def legend_of(table: Table, run: "Run") -> Iterator[str]:
    """Yields what the columns of a run's table say, with their units."""
    cells = cells_of(table)
    columns = [name for name, column in cells.items() if any(cell is not None for cell in column)]
    regimes = [str(cell) for cell in dict.fromkeys(cells.get("regime", [])) if cell is not None]
    measured = bool(run.metadata["regime_measured"])
    return legend(columns, regimes, Bounds.of_metadata(run.metadata), measured=measured)


def _best_row(cells: Mapping[str, Sequence[Any]]) -> str:
    """Returns which row of a summary brings most of its trials home, and those soonest."""

    def rank(row: int) -> tuple[float, float, float]:
        soonest, least = cells["median_converged_at"][row], cells["best_cost"][row]
        return (
            -cells["share_converged"][row],
            inf if soonest is None else soonest,
            inf if least is None else least,
        )

    best = min(range(len(cells["trials"])), key=rank)
    names = list(cells)[: list(cells).index("trials")]
    named = ", ".join(f"{name} {_number(cells[name][best])}" for name in names)
    trials, converged, median = (cells[name][best] for name in ("trials", "converged", "median_converged_at"))
    if not converged:
        return f"No trial converged; {named} came nearest."
    if trials == 1:
        return f"Best {named}: converged at epoch {median:,.10g}."
    return (
        f"Best {named}: {converged:,} of {trials:,} trials converged,"
        f" after a median of {median:,.10g} {_plural('epoch', median)}."
    )


def _number(value: object) -> str:
    """Returns a number of a table, six digits of it; one that is missing was not finite."""
    if value is None:
        return NOT_FINITE
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _best_trial(run: "Run") -> str:
    best = run.metadata["best"]
    varied = ", ".join(f"{name} {_number(best[name])}" for name in run.varied) or "the set-up's values"
    how = "no trial converged; this one came nearest"
    if best["outcome"] == "converged" and best["converged_at"] is not None:
        how = f"converged at epoch {best['converged_at']:,}"
    return f"Best single trial: {best['trial']:,} ({varied}): {how}, cost {_number(best['cost'])}."


def _fitted_line(run: "Run") -> Iterator[str]:
    """Yields the best trial's line in the data's own units, as `y = 0.872 * x - 0.29`."""
    best, data = run.metadata["best"], run.metadata["data"]
    features, targets = data["features"], data["targets"]
    if len(targets) > 1 or len(features) > MOST_IN_A_LINE or best["outcome"] == "diverged":
        return
    names = parameter_names(features, targets, fit_bias=True)
    slopes, bias = [_in_own_units(best, name) for name in names[:-1]], _in_own_units(best, names[-1])
    if None in slopes or (bias is None and names[-1] in best):
        return
    terms = [(slope, f" * {name}") for slope, name in zip(slopes, features, strict=True) if slope is not None]
    terms += [] if bias is None else [(bias, "")]
    yield f"{targets[0]} = {_sum(terms)}"


def _edge(run: "Run") -> Iterator[str]:
    """Yields between which learning rates trials stopped being stable, beside theory's limit."""
    edge = run.metadata["edge"]
    stable, diverged = edge["largest_stable"], edge["smallest_diverged"]
    parts = []
    if stable is not None:
        parts.append(f"{_number(stable)} is the largest that converged or ended below its starting cost")
    if diverged is not None:
        parts.append(f"{_number(diverged)} the smallest that diverged")
    limit = edge["stability_limit"]
    theory = "" if limit is None else f"; by theory the edge is {_number(limit)}"
    if parts:
        yield f"Learning rates: {', '.join(parts)}{theory}."


def _agreement(run: "Run") -> Iterator[str]:
    """Yields how often theory told the outcome, and which trials ended otherwise."""
    told = run.metadata["agreement"]
    predicted, same = told["predicted"], told["same_outcome"]
    silent = {
        "has no closed form for mini-batches": told["mini_batches"],
        "leaves to the rounding of steps": told["lost_in_rounding"],
    }
    if predicted and run.metadata["engine"] == "closed_form":
        yield "Theory: these outcomes are the closed form's own."
    elif predicted:
        gap = told["largest_gap"]
        epochs = f"the epoch in {told['same_epoch']:,} of these"
        epochs += f" (at most {gap:,} off)" if gap else ""
        yield f"Theory told the outcome of {same:,} of {predicted:,} trials as it came, and {epochs}."
    for what, count in silent.items():
        if count:
            yield f"Theory {what}: {_counted(count, 'trial')}, and tells nothing of them."
    if told["others"]:
        yield f"Otherwise than told ended {_counted(predicted - same, 'trial')}, the first of them:"
        yield as_text(_columns(told["others"]), "table")
        expression = "theory == 'closed_form' and predicted_outcome != outcome"
        yield f'All: linreg-sweep show {run.path} --where "{expression}"'


def _in_own_units(best: Mapping[str, Any], name: str) -> float | None:
    """Returns a parameter of the best trial; None: it is not finite, or there is none."""
    number: float | None = best.get(f"{name}_unscaled", best.get(name))
    return number


def _sum(terms: Sequence[tuple[float, str]]) -> str:
    """Returns `2 * size - 3` for factors and what each stands before."""
    first, *others = [(number, f"{abs(number):.6g}{of}") for number, of in terms]
    text = f"-{first[1]}" if first[0] < 0 else first[1]
    return text + "".join(f" {'-' if number < 0 else '+'} {term}" for number, term in others)
