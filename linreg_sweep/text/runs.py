"""What `run` and `show` say of a run: its summary, its best trial, theory beside it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from math import inf
from typing import TYPE_CHECKING, Any

from linreg_sweep.analysis.formats import Table, as_text, cells_of, ends_of
from linreg_sweep.analysis.legend import Bounds, legend
from linreg_sweep.analysis.quality import table_of
from linreg_sweep.column_types import parameter_names
from linreg_sweep.engines import ENGINES
from linreg_sweep.text.lines import format_lines
from linreg_sweep.text.phrases import columns_of, number
from linreg_sweep.text.seeds import format_over_seeds
from linreg_sweep.theory.outcome import INSTEAD, OUTCOMES, SILENT_MEANING
from linreg_sweep.words import counted, joined, plural, rows_of

if TYPE_CHECKING:
    from linreg_sweep.runs.results import Run

MAX_FAILURES_SHOWN = 5
"""Failed trials that are named."""


def format_run(run: "Run", table: Table, columns: list[str]) -> Iterator[str]:
    """Yields what a finished run found: what was swept, some columns of its summary, the best trial."""
    data = run.metadata["data"]
    rows = rows_of(data["rows"], data.get("held_out_rows", []))
    yield (
        f"{run.name}: {counted(run.n_trials, 'trial')} on {data['source']},"
        f" {rows}, loss {', '.join(run.losses)}, engine {run.metadata['engine']}"
    )
    yield ""
    cells = cells_of(table)
    shown = {name: cells[name] for name in columns}
    yield as_text(shown, "table")
    yield ""
    yield from format_legend(shown, run)
    yield ""
    outcomes = run.metadata["outcomes"]
    yield ", ".join(f"{outcomes[name]:,} {name}" for name in OUTCOMES) + "."
    yield from format_rows(run, cells)
    yield from format_best(run)
    yield from _fitted_line(run)
    yield from format_quality(run)
    yield from _edge(run)
    yield from format_over_seeds(run)
    yield from _agreement(run)


def format_legend(table: Table, run: "Run") -> Iterator[str]:
    """Yields what the columns of a run's table say, with their units."""
    cells = cells_of(table)
    columns = [name for name, column in cells.items() if any(cell is not None for cell in column)]
    regimes = [str(cell) for cell in dict.fromkeys(cells.get("regime", [])) if cell is not None]
    measured = bool(run.metadata["regime_measured"])
    return legend(columns, regimes, Bounds.of_metadata(run.metadata), measured=measured)


def format_failures(run: "Run") -> Iterator[str]:
    """Yields which trials of a run could not be trained, and why: the first of them."""
    failures = run.failures
    yield f"{counted(run.n_failed, 'trial')} could not be trained, and the tables above leave them out:"
    for trial, reason in list(failures.items())[:MAX_FAILURES_SHOWN]:
        yield f"  trial {trial}: {reason}"
    if run.n_failed > MAX_FAILURES_SHOWN:
        yield f"To see all of them: linreg-sweep show {run.path} --where \"outcome == 'failed'\""
    yield "The same command tries them again."


def format_rows(run: "Run", table: Table) -> Iterator[str]:
    """Yields in which rows of a summary every trial converged, and which row does best on the whole."""
    cells = cells_of(table)
    if len(cells["trials"]) > 1:
        yield from _safe(cells, is_words=run.types[next(iter(cells))].is_words)
        if run.best_by in ("converged_at", "cost", "average_cost"):
            yield from _best_row(cells)


def _best_row(cells: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    """Yields which row of a summary does best, where rows have several trials.

    It is that of whose trials most converge; of such rows, the one of fewest epochs.
    """
    columns = (cells[name] for name in ("share_converged", "median_converged_at", "best_cost"))
    ranks = [
        (-share, *(inf if each is None else each for each in others))
        for share, *others in zip(*columns, strict=True)
    ]
    best = ranks.index(min(ranks))
    named = _setting({name: cells[name][best] for name in _names(cells)})
    trials, converged, median = (cells[name][best] for name in ("trials", "converged", "median_converged_at"))
    if converged and max(cells["trials"]) > 1:
        yield (
            f"Overall, {named} does best: {converged:,} of {counted(trials, 'trial')} converged,"
            f" after a median of {median:,.10g} {plural('epoch', median)}."
        )


def _safe(cells: Mapping[str, Sequence[Any]], *, is_words: bool = False) -> Iterator[str]:
    """Yields between which values of its one parameter a summary has nothing but converged trials."""
    name, *others = _names(cells)
    if others:
        return
    rows = [row for row, value in enumerate(cells[name]) if value is not None]
    values, converged = ([cells[column][row] for row in rows] for column in (name, "converged"))
    whole = [cells["share_converged"][row] == 1 for row in rows]
    stretches = [[*places] for is_whole, places in groupby(range(len(rows)), whole.__getitem__) if is_whole]
    if not stretches:
        value_of = "value of " * is_words  # `none` may be one, as of average
        yield f"No {value_of}{name} made every trial converge."
        return
    if is_words:
        found = joined([value for value, is_whole in zip(values, whole, strict=True) if is_whole])
        yield f"With {name} {found} every trial converged."
        return
    safe = max(stretches, key=len)
    first, last = safe[0], safe[-1]
    none = [place for place, count in enumerate(converged) if not count and place > last]
    is_rest = bool(none) and none == [*range(none[0], len(rows))]
    above = f"; from {ends_of(values[none[0]])[0]} on none did" if is_rest else ""
    low, high = ends_of(values[first])[0], ends_of(values[last])[1]
    span = low if low == high else f"from {low} to {high}"
    yield f"With {name} {span} every trial converged{above}."


def _names(cells: Mapping[str, Sequence[Any]]) -> list[str]:
    """Returns the columns that a summary goes by."""
    return list(cells)[: list(cells).index("trials")]


def format_best(run: "Run") -> Iterator[str]:
    """Yields which trial of a finished run is the best or, over folds, which setting; and the simplest."""
    if "folds" not in run.metadata:
        yield format_best_trial(run.metadata["best"], run.varied, run.best_by)
        return
    found, n_folds = run.metadata["folds"], run.n_folds
    best = found["best"]
    error = f"{number(best['mean'])} (standard error {number(best['standard_error'])})"
    yield (
        f"Best by {run.best_by} in the mean over {n_folds} folds: {_setting(best['setting'])}: {error},"
        f" trials {best['first']:,} to {best['first'] + n_folds - 1:,}."
    )
    simplest = found.get("simplest")
    if simplest is not None and simplest["first"] == best["first"]:
        yield "It is also the simplest within one standard error."
    elif simplest is not None:
        yield (
            f"Simplest within one standard error of it: {_setting(simplest['setting'])}:"
            f" {number(simplest['mean'])}, trials {simplest['first']:,} to"
            f" {simplest['first'] + n_folds - 1:,}."
        )


def _setting(cells: Mapping[str, Any]) -> str:
    """Returns hyperparameters with their values."""
    told = ", ".join(f"{name} {number(value)}" for name, value in cells.items() if value is not None)
    return told or "the set-up's values"


def format_quality(run: "Run") -> Iterator[str]:
    """Yields how well the best trial fits, beside the optimum that it makes for."""
    fits = run.metadata.get("quality")
    if not fits:
        return
    yield ""
    yield as_text(table_of(fits), "table")
    yield f"Measured {measured(run)}."


def measured(run: "Run") -> str:
    """Returns on which rows the fit of a finished run is measured, and about what R squared is."""
    data = run.metadata["data"]
    folds = run.n_folds if "folds" in run.metadata else 1
    rows = f"in the mean over {folds} folds" if folds > 1 else f"on {counted(data['rows'], 'row')}"
    if folds == 1 and "held_out_rows" in data:
        rows += f" and {counted(data['held_out_rows'][0], 'held-out row')}"
    about = "their own mean" if any("bias" in name for name in run.metadata["parameters"]) else "0"
    return f"{rows}; R2 about {about}"


def format_best_trial(best: Mapping[str, Any], varied: Sequence[str], by: str = "converged_at") -> str:
    """Returns which trial of a run is the best by a column, and how it ended.

    None among its cells is missing, or not finite; what is varied tells it from others.
    """
    how = "no trial converged; this one came closest"
    if best["outcome"] == "converged" and best["converged_at"] is not None:
        how = f"converged at epoch {best['converged_at']:,}"
    if by == "cost":
        how = str(best["outcome"])
    elif by != "converged_at":
        value = best[by] if best[by] is not None else best.get(INSTEAD.get(by, by))
        how = f"{by} {number(value)}, {best['outcome']}"
    title = "Best trial" if by == "converged_at" else f"Best trial by {by}"
    settings = _setting({name: best[name] for name in varied})
    return f"{title}: {best['trial']:,} ({settings}): {how}, cost {number(best['cost'])}."


def _fitted_line(run: "Run") -> Iterator[str]:
    """Yields the best trial's line beside that of least squares, in the data's own units."""
    best, data = run.metadata["best"], run.metadata["data"]
    fitted = {}
    if best["outcome"] != "diverged":
        names = parameter_names(data["features"], data["targets"], fit_bias=True)
        fitted = {name: best.get(f"{name}_unscaled", best.get(name)) for name in names if name in best}
    optimum = run.metadata["least_squares"]["parameters"] if "least_squares" in run.metadata else {}
    lines: dict[str, Any] = {"Fitted": fitted}
    if "penalised" in run.metadata:
        lines["Penalised"] = run.metadata["penalised"]["parameters"]
    lines["Least squares"] = optimum
    yield from format_lines(data["features"], data["targets"], lines)


def _edge(run: "Run") -> Iterator[str]:
    """Yields between which learning rates trials stopped being stable, beside theory's limit."""
    if "learning_rate" not in run.varied or any(run.types[name].is_words for name in run.varied):
        return
    edge = run.metadata["edge"]
    stable, diverged = edge["largest_stable"], edge["smallest_diverged"]
    parts = []
    if stable is not None and diverged is not None and diverged <= stable:
        alone = run.varied == ["learning_rate"]
        why = (
            "above the first limit some are stable again" if alone else "the edge moves with what else varies"
        )
        yield (
            f"Learning rates: some trials diverged from {number(diverged)} on, others were stable up to"
            f" {number(stable)}; {why}."
        )
        return
    if stable is not None:
        parts.append(f"{number(stable)} is the largest stable one")
    if diverged is not None:
        parts.append(f"{number(diverged)} the smallest that diverged")
    limit = edge["stability_limit"]
    theory = "" if limit is None else f"; by theory the edge is {number(limit)}"
    if parts:
        yield f"Learning rates: {', '.join(parts)}{theory}."


def _agreement(run: "Run") -> Iterator[str]:
    """Yields how often theory predicted the outcome, and which trials ended otherwise."""
    found = run.metadata["agreement"]
    predicted, same, others = found["predicted"], found["same_outcome"], found["others"]
    engine = ENGINES.get(run.metadata["engine"])
    if predicted and engine is not None and engine.is_theory:
        yield "Theory: these outcomes are the closed form's own."
    elif predicted:
        gap = found["largest_gap"]
        exact = found.get("epochs_predicted", same)
        of_these = "of these" if exact == same else f"of the {exact:,} whose epoch rounding cannot move"
        epochs = f", and the epoch of {found['same_epoch']:,} {of_these}"
        epochs += f" (the others at most {counted(gap, 'epoch')} off)" if gap else ""
        if found["same_epoch"] == same == predicted:
            said = f"the outcome and the epoch of {'all ' * (same > 1)}{counted(same, 'trial')}"
        else:
            said = f"the outcome of {same:,} of {predicted:,} trials{epochs}"
        yield f"Theory correctly predicted {said}."
    for word in ("mini_batches", "adaptive", "in_the_mean", "reshuffled"):
        if found.get(word):
            yield f"Theory predicts nothing for {counted(found[word], 'trial')}: {SILENT_MEANING[word]}."
    if found.get("passing"):
        yield (
            f"{counted(found['passing'], 'trial')} converged only in passing: over all draws the excess rests"
            " above the tolerance (see plateau)."
        )
    if found["lost_in_rounding"]:
        silent = counted(found["lost_in_rounding"], "trial")
        yield f"Theory predicts nothing for {silent}: rounding may decide the outcome."
    if others:
        first = "; the first" if len(others) < predicted - same else ""
        yield f"{counted(predicted - same, 'trial')} did not end as predicted{first}:"
        yield as_text(columns_of(others), "table")
        expression = "theory in ['closed_form', 'epoch_map'] and predicted_outcome != outcome"
        yield f'To see all of them: linreg-sweep show {run.path} --where "{expression}"'
