"""What commands say to a person, as lines of text: nothing here prints or trains."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from linreg_sweep import tables
from linreg_sweep.errors import Complaint, ResultsError
from linreg_sweep.formats import as_text
from linreg_sweep.outcome import OUTCOME_MEANING, OUTCOMES, REGIME_MEANING
from linreg_sweep.planning import Axis, Plan
from linreg_sweep.results import BINS, MOST_ROWS, Run
from linreg_sweep.tables import COLUMN_MEANING
from linreg_sweep.training import Training

if TYPE_CHECKING:
    from linreg_sweep.engines.autograd_steps import Step

LISTED = [
    "name",
    "trials",
    "done",
    *OUTCOMES,
    "best_trial",
    "best_learning_rate",
    "best_converged_at",
    "best_cost",
    "created",
    "run",
]
"""The columns of a list of runs."""


def printed_rows(training: Training) -> Iterator[str]:
    """Yields a line an epoch, in the tutorial's words: `Epoch : 1, Weight : 1.351, Bias : ...`."""
    for row in zip(*training.rows.values(), strict=True):
        named = zip(training.rows, row, strict=True)
        yield ", ".join(
            f"{name.capitalize()} : {value}" if name == "epoch" else f"{_capital(name)} : {value:.3f}"
            for name, value in named
        )


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


def ending(training: Training) -> str:
    """Returns how a trial ended and why, in two sentences."""
    at = {"converged": training.epoch_of("converged_at"), "diverged": training.epoch_of("diverged_at")}
    epoch = at.get(training.outcome) or int(training.last["epochs"][0])
    how = f"{training.outcome.capitalize()} at epoch {epoch:,}: {OUTCOME_MEANING[training.outcome]}."
    if training.regime is None:
        return how
    ratio = float(training.last["stability_ratio"][0])
    edge = "" if np.isnan(ratio) else f" ({ratio:.3g} of the stability limit)"
    regime = training.regime.replace("_", " ")
    return f"{how}\nThe learning rate is {regime}{edge}: {REGIME_MEANING[training.regime]}."


def planned(plan: Plan) -> Iterator[str]:
    """Yields what a sweep would do, line by line."""
    yield f"{plan.name}: {plan.n_trials:,} {_plural('trial', plan.n_trials)}"
    yield ""
    yield as_text(pd.DataFrame([_axis_row(axis) for axis in plan.axes]), "table")
    yield ""
    if plan.stability_limit is None:
        yield "Stability limit: no one limit holds for all trials (momentum varies, or mini-batches)."
    else:
        yield f"Stability limit: {plan.stability_limit:.6g}; a larger learning rate diverges here."
    if plan.best_rate is not None:
        yield f"Best fixed learning rate: {plan.best_rate:.6g}; it shrinks the slowest error fastest."
    yield f"Condition number: {plan.condition_number:,.4g} (1 is easiest; epochs needed grow in proportion)."
    yield f"Disk: at most {_size(plan.disk)}, in {plan.n_parts:,} {_plural('part', plan.n_parts)}."
    yield f"Memory: at most {_size(plan.memory)} a worker, beside the libraries it loads."


def _axis_row(axis: Axis) -> dict[str, object]:
    values = "one a trial" if axis.values is None else f"{axis.values:,}"
    return {"parameter": axis.name, "values": values, "first": axis.first, "last": axis.last, "how": axis.how}


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"


def _size(count: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            break
        count /= 1000
    return f"{count:,.0f} {unit}" if count >= 100 or unit == "bytes" else f"{count:.2g} {unit}"


def told_run(run: Run) -> Iterator[str]:
    """Yields what a finished run found: what was swept, the summary, its columns, the best trial."""
    data = run.metadata["data"]
    yield (
        f"{run.name}: {run.n_trials:,} {_plural('trial', run.n_trials)} on {data['source']},"
        f" {data['rows']:,} rows, loss {run.metadata['loss']}, engine {run.metadata['engine']}"
    )
    yield ""
    table = shown(run, [], None, as_trials=False, where=None, sort=None, top=None, exact=False)
    yield as_text(table, "table")
    yield ""
    yield from legend(table, run)
    yield ""
    outcomes = run.metadata["outcomes"]
    yield ", ".join(f"{outcomes[name]:,} {name}" for name in OUTCOMES) + "."
    if len(table) > 1:
        yield _best_row(table)
    yield _best_trial(run)


def _best_row(table: pd.DataFrame) -> str:
    """Returns which row of a summary brings most of its trials home, and those soonest."""
    order = table.sort_values(
        ["share_converged", "median_converged_at", "best_cost"], ascending=[False, True, True]
    )
    best = order.iloc[0]
    named = ", ".join(
        f"{name} {_number(best[name])}" for name in table.columns[: list(table.columns).index("trials")]
    )
    if not best["converged"]:
        return f"No trial converged; {named} came nearest."
    return (
        f"Best {named}: {best['converged']:,} of {best['trials']:,} trials converged,"
        f" after a median of {best['median_converged_at']:,.10g} epochs."
    )


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _best_trial(run: Run) -> str:
    best = run.metadata["best"]
    varied = ", ".join(f"{name} {best[name]:.6g}" for name in run.varied) or "the set-up's values"
    at = best.get("converged_at")
    how = f"converged at epoch {at:,}" if at is not None else "no trial converged; this one came nearest"
    return f"Best single trial: {best['trial']:,} ({varied}): {how}, cost {best['cost']:.6g}."


def listed(runs: Iterable[Run]) -> tuple[pd.DataFrame, list[Complaint]]:
    """Returns one row a run, and what is wrong with the runs that cannot be read.

    A row has name, trials, outcomes, the best trial, when the run was made and where it is.
    """
    rows: list[dict[str, object]] = []
    complaints: list[Complaint] = []
    for run in runs:
        try:
            rows.append(_list_row(run))
        except ResultsError as error:
            complaints += error.complaints
    counts = [*OUTCOMES, "best_trial", "best_converged_at"]
    return pd.DataFrame(rows, columns=LISTED).astype(dict.fromkeys(counts, "Int64")), complaints


def _list_row(run: Run) -> dict[str, object]:
    outcomes = run.metadata.get("outcomes", {})
    best = run.metadata.get("best", {})
    return {
        "name": run.name,
        "trials": run.n_trials,
        "done": run.n_trials_done,
        **{name: outcomes.get(name) for name in OUTCOMES},
        "best_trial": best.get("trial"),
        "best_learning_rate": best.get("learning_rate"),
        "best_converged_at": best.get("converged_at"),
        "best_cost": best.get("cost"),
        "created": run.metadata["created"],
        "run": str(run.path),
    }


def shown(
    run: Run,
    by: Sequence[str],
    bins: int | None,
    as_trials: bool,
    where: str | None,
    sort: str | None,
    top: int | None,
    exact: bool,
) -> pd.DataFrame:
    """Returns the table that `show` is asked for.

    Args:
        run: which run.
        by: the parameters a summary goes by; none: the run's own choice.
        bins: ranges that each is gathered into; 0: none, every value; None: as many values as a
            person can read, unless the table is to be exact.
        as_trials: trials rather than a summary.
        where: a comparison that chooses trials.
        sort: a column, with `-` before it for descending.
        top: at most so many rows; of unsorted trials, the best.
        exact: for a machine rather than a person.
    """
    trials = None if where is None else run.where(where)
    if as_trials:
        table = run.trials if trials is None else trials
        return _ordered(table, sort, top, best=True)
    by = list(by) or run.default_by()
    if bins is None and not exact:
        bins = BINS if run.n_values(by) > MOST_ROWS else 0
    table = run.summary(by, bins or None) if trials is None else tables.summary(trials, by, bins or None)
    return _ordered(table, sort, top, best=False)


def _ordered(table: pd.DataFrame, sort: str | None, top: int | None, *, best: bool) -> pd.DataFrame:
    if sort is not None:
        name = sort.removeprefix("-")
        tables.check_column(name, map(str, table.columns))
        table = table.sort_values(name, ascending=name == sort, kind="stable", na_position="last")
    elif best and top is not None:
        return tables.best(table, top)
    return table if top is None else table.head(top)


def legend(table: pd.DataFrame, run: Run) -> Iterator[str]:
    """Yields what the columns of a table say, with their units."""
    meant = [name for name in table.columns if name in COLUMN_MEANING and table[name].notna().any()]
    width = max(map(len, [*meant, "regime too_high"] if "regime" in table else meant), default=0)
    for name in meant:
        yield f"{name:<{width}}  {COLUMN_MEANING[name]}"
    if "regime" in table:
        for name, meaning in REGIME_MEANING.items():
            yield f"{'regime ' + name:<{width}}  {meaning}"
