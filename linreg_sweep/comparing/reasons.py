"""Why two runs differ, in sentences: what their settings, data and theory explain, no trial read."""

from collections.abc import Iterator
from dataclasses import dataclass

from linreg_sweep.analysis.formats import condition
from linreg_sweep.errors import SweepError
from linreg_sweep.runs.reopening import reopen
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.problem import loss_factor


@dataclass(frozen=True)
class Compared:
    """A run as sentences speak of it, and whether its trials see z-scores of x."""

    label: str
    run: Run
    is_standardized: bool


def reasons(first: Compared, second: Compared) -> Iterator[str]:
    """Yields what explains why two runs differ, a sentence each, without a full stop."""
    yield from _losses(first, second)
    varies = any("standardize" in each.run.varied for each in (first, second))
    if first.is_standardized != second.is_standardized and not varies:
        scaled = second if second.is_standardized else first
        yield (
            f"{scaled.label} standardizes x: final parameters are compared in the units of the data; its"
            " data.sha256 is of the standardized columns"
        )
        yield from _conditions(first, second)
    engine, other = (each.run.metadata["engine"] for each in (first, second))
    if engine != other:
        yield f"Engine {engine} against {other}: they descend alike but may round last bits differently"
    limits = [each.run.metadata.get("edge", {}).get("stability_limit") for each in (first, second)]
    if None not in limits and limits[0] != limits[1]:
        yield (
            f"The stability limit by theory is {limits[0]:.6g} in {first.label},"
            f" {limits[1]:.6g} in {second.label}"
        )
    for each in (first, second):
        if not each.run.finished:
            done = f"{each.run.n_trials_done:,} of {each.run.n_trials:,} trials are done"
            yield f"{each.label} is not finished: {done}"


def _losses(first: Compared, second: Compared) -> Iterator[str]:
    """Yields what another loss on the same data does to a step."""
    a, b = (each.run.losses[0] for each in (first, second))
    is_one = all(len(each.run.losses) == 1 for each in (first, second))
    hashes = {each.run.metadata["data"]["sha256"] for each in (first, second)}
    if is_one and a != b and len(hashes) == 1:
        times = _factor(second.run) / _factor(first.run)
        yield (
            f"{second.label} descends {b}, {first.label} {a}: at the same learning rate its"
            f" step is {times:.6g} times as long, so that a rate in {second.label} does what"
            f" {times:.6g} times the rate does in {first.label}"
        )


def _factor(run: Run) -> float:
    """Returns what a run's loss multiplies the gradient by."""
    data = run.metadata["data"]
    return float(loss_factor(run.losses[0], data["rows"], len(data["targets"])))


def _conditions(*runs: Compared) -> Iterator[str]:
    """Yields the condition numbers of H, where the data of all runs are still there to tell."""
    try:
        problems = [(each.label, reopen(each.run).problem) for each in runs]
    except SweepError:  # they have moved or changed: nothing is lost but this sentence
        return
    moving = [(label, each) for label, each in problems if any(each.curvature)]
    known = [f"{condition(each.condition_number)} in {label}" for label, each in moving]
    if known:
        yield f"The condition number of H, by which the flattest direction lags, is {', '.join(known)}"
