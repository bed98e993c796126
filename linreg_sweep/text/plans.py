"""What `plan` says of a sweep that is not trained."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from linreg_sweep.analysis.formats import Table, as_text, condition, shown
from linreg_sweep.text.advice import format_advice
from linreg_sweep.text.phrases import columns_of, duration, size
from linreg_sweep.theory.outcome import OUTCOMES, SILENT_MEANING
from linreg_sweep.words import counted

if TYPE_CHECKING:
    from linreg_sweep.planning import Plan
    from linreg_sweep.trials.axes import Axis

EXPECTED = {
    "converged": "converge",
    "unfinished": "run out of epochs",
    "diverged": "diverge",
}
"""What a plan says of the trials that will have each outcome."""


def format_plan(plan: "Plan") -> Iterator[str]:
    """Yields what a sweep would do, line by line."""
    yield f"{plan.name}: {counted(plan.n_trials, 'trial')} on {plan.what}"
    yield ""
    yield as_text(axes_table(plan.axes), "table")
    yield ""
    if plan.stability_limit is None:
        reasons = f" ({'; '.join(plan.no_limit)})" if plan.no_limit else ""
        yield f"Stability limit: none holds for all trials{reasons}."
    elif plan.has_schedule:
        limit = f"{plan.stability_limit:.6g}"
        yield f"Stability limit in the long run: {limit}; a smaller learning rate may diverge on the way."
    elif plan.order == "file":
        yield from _of_file_order(plan.stability_limit, plan.islands)
    elif plan.order:
        yield (
            f"Stability limit in mean square, over all draws: {plan.stability_limit:.6g}; above it the mean"
            " grows without bound, though a trial may settle."
        )
    else:
        yield f"Stability limit: {plan.stability_limit:.6g}; a larger learning rate diverges here."
    if plan.any_order_limit is not None:
        yield f"Below {plan.any_order_limit:.6g} no step makes an error grow, whatever the order of the rows."
    if plan.best_rate is not None:
        yield f"Best fixed learning rate: {plan.best_rate:.6g}; it shrinks the slowest error fastest."
    number = condition(plan.condition_number)
    yield f"Condition number: {number} (1 is the easiest; the epochs needed grow in proportion)."
    yield ""
    yield from _forecast(plan)
    if plan.advice is not None:
        yield from format_advice(plan.advice, "even the farthest start")
    yield ""
    if plan.seconds is not None:
        time = f"about {duration(plan.seconds)}" if plan.seconds >= 1 else "under a second"
        yield f"Time: {time} on one core, within a factor of about three."
    yield f"Disk: at most {size(plan.disk)}, in {counted(plan.n_parts, 'part')}."
    yield f"Memory: at most {size(plan.memory)} per worker, besides the libraries."


def _of_file_order(limit: float, islands: Sequence[tuple[float, float]]) -> Iterator[str]:
    """Yields up to where an epoch over batches in file order is stable, and where it is so again."""
    yield f"Stability limit in file order: {limit:.6g}, from which on an epoch over the batches grows."
    if islands:
        ranges = ", ".join(f"{low:.6g} to {high:.6g}" for low, high in islands)
        are = "are" if len(islands) > 1 else "is"
        yield f"Above it {counted(len(islands), 'island')} of learning rates {are} stable again: {ranges}."


def axes_table(axes: Sequence["Axis"]) -> Table:
    """Returns what a sweep varies as a table, a row per parameter; for each product of several."""
    return columns_of(
        [
            {
                **({"product": axis.product} if any(each.product for each in axes) else {}),
                "parameter": axis.name,
                "values": "one per trial" if axis.values is None else f"{axis.values:,}",
                "first": axis.first,
                "last": axis.last,
                "how": axis.how,
            }
            for axis in axes
        ]
    )


def _forecast(plan: "Plan") -> Iterator[str]:
    """Yields what theory expects, and what of the sweep is wasted; what is not known counts as neither."""
    expected = plan.forecast
    predicted = expected.n_trials - expected.unknown
    of = f"a sample of {expected.n_trials:,} trials" if expected.is_sample else "the trials"
    if expected.unknown:
        why = "; ".join(SILENT_MEANING[word] for word, count in expected.silent.items() if count)
        all_of_them = f"the {expected.n_trials:,} trials" if not expected.is_sample else of
        share = f"{expected.unknown:,} of {all_of_them}" if predicted else f"any of {of}"
        yield f"Theory predicts nothing for {share}: {why}."
    if not predicted:
        return
    counts = ", ".join(f"{_share(expected.outcomes[name], predicted)} {EXPECTED[name]}" for name in OUTCOMES)
    yield f"Theory expects of {of}: {counts}." if not expected.unknown else f"Of the others: {counts}."
    of_these = " of those that theory predicts" if expected.unknown else ""
    if expected.fastest is None or expected.rates is None or expected.fastest_epochs is None:
        none = f"None{of_these}" if of_these else f"Warning: no trial{' of the sample' * expected.is_sample}"
        yield f"{none} can converge within its epochs."
        return
    varied = [axis.name for axis in plan.axes]
    cells = {name: expected.fastest.get(name) for name in varied}
    where = ", ".join(f"{name} {shown(cell, 6)}" for name, cell in cells.items() if cell is not None)
    epochs = counted(expected.fastest_epochs, "epoch")
    yield f"The fastest trial{of_these} needs {epochs}{f': {where}' if where else ''}."
    if expected.is_mostly_wasted:
        low, high = expected.rates
        all_trials = of_these.removeprefix(" of ") or "the trials"
        wasted = f"Warning: {100 * expected.wasted:.0f} % of {all_trials} cannot converge."
        if "learning_rate" not in varied or any(isinstance(cell, str) for cell in cells.values()):
            yield wasted
            return
        yield (
            f"{wasted}"
            f" The others have learning rate{f's from {low:.6g} to' if low < high else ''} {high:.6g};"
            f" {_share(expected.below, predicted)} are below, {_share(expected.above, predicted)} above."
        )


def _share(count: int, total: int) -> str:
    return f"{count:,} ({100 * count / total:.0f} %)"
