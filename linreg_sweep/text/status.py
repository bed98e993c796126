"""How far a run is, as `status` says it to someone in another terminal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linreg_sweep.runs.lock import is_alive
from linreg_sweep.runs.results import Run, load
from linreg_sweep.runs.status import FINISHED, RUNNING, Status, moment, now, read_status
from linreg_sweep.storage import files
from linreg_sweep.text.phrases import duration
from linreg_sweep.theory.outcome import OUTCOMES
from linreg_sweep.words import counted, rounded


@dataclass(frozen=True)
class Standing:
    """How far a run is, what its maker said last, if that can be read, and whether it is at it right now."""

    run: Run
    status: Status | None
    is_alive: bool

    @property
    def state(self) -> str:
        """What is going on, in a word."""
        if self.is_alive:
            return RUNNING
        if self.run.finished:
            return FINISHED
        if self.status is None or self.status.state == RUNNING:
            return "killed"
        return "incomplete" if self.status.state == FINISHED else self.status.state

    def table(self) -> Mapping[str, Sequence[Any]]:
        """Returns a table of one row; times in seconds, the rate in trials a second."""
        status, run = self.status, self.run
        outcomes: Mapping[str, int] = {} if status is None else status.outcomes
        left = status.seconds_left if status is not None and self.is_alive else None
        cells = {
            "state": self.state,
            "parts_done": len(run.finished_parts()),
            "parts": run.n_parts,
            "trials_done": run.n_trials_done,
            "trials": run.n_trials,
            "trials_per_second": status.rate if status is not None and self.is_alive else None,
            "seconds_left": left,
            **{name: outcomes.get(name) for name in OUTCOMES},
            "failed": None if status is None else status.failed,
            "last_error": None if status is None else status.last_error or None,
            "run": str(run.path),
        }
        return {name: [cell] for name, cell in cells.items()}


def standing(path: str) -> Standing:
    """Returns how far the run in a directory is.

    Raises:
        ResultsError: there is no run, or it is damaged.
    """
    run = load(path)
    status = read_status(run.store)
    return Standing(run, status, is_alive(run.store, status))


def format_status(found: Standing) -> Iterator[str]:
    """Yields it in words."""
    run, status = found.run, found.status
    share = run.n_trials_done / run.n_trials
    yield f"{run.name}: {found.state}"
    yield (
        f"{run.n_trials_done:,} of {counted(run.n_trials, 'trial')} are done ({share:.1%}),"
        f" in {len(run.finished_parts()):,} of {counted(run.n_parts, 'part')}"
    )
    if status is not None:
        yield from _by_its_maker(found, status)
    if found.state not in (RUNNING, FINISHED):
        yield "Run the same command again to finish the rest."
    if files.exists(run.store.log):
        yield f"Log: {run.store.log}"


def _by_its_maker(found: Standing, status: Status) -> Iterator[str]:
    """Yields what the maker of a run says."""
    if status.outcomes:
        so_far = "" if found.run.finished else " so far"
        yield ", ".join(f"{status.outcomes.get(name, 0):,} {name}" for name in OUTCOMES) + so_far
    if status.failed:
        yield f"{counted(status.failed, 'trial')} could not be trained"
    who = f"process {status.pid} on {status.host}"
    if found.is_alive:
        left = status.seconds_left
        pace = f", {rounded(status.rate)} trials a second, about {duration(left)} left" if left else ""
        yield f"Trained by {who} since {status.started}{pace}"
        if status.workers:
            yield f"Workers: {status.workers}"
    elif found.run.finished:
        yield f"Finished {found.run.metadata['finished']}"
    else:
        ago = (moment(now()) - moment(status.updated)).total_seconds()
        when = f"{duration(ago)} ago" if ago >= 0 else f"{status.updated}, by a clock that was ahead"
        yield f"Last trained by {who}, last heard from {when}"
    if status.last_error:
        yield f"Last error: {status.last_error}"
