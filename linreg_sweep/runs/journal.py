"""What is written while a run is made, for those who look on or read it afterwards: run.log, status.json.

Nothing depends on it: where it cannot be written, the run goes on.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

from linreg_sweep.execution.parts import Facts
from linreg_sweep.execution.ranges import TrialRange
from linreg_sweep.runs.lock import holder
from linreg_sweep.runs.status import BROKEN, FINISHED, RUNNING, STOPPED, Status, now
from linreg_sweep.storage import files
from linreg_sweep.storage.store import Store
from linreg_sweep.words import rounded

SECONDS_A_STATUS = 1.0
SECONDS_A_STATUS_AFAR = 20.0
"""Between two writings of status.json, on a disk and in an object store."""

SECONDS_A_LINE = 30.0
"""Between two lines of the log that say how far the run is."""


class Journal:
    """Says what happens to a run, from when it is entered until it is left."""

    def __init__(self, store: Store, report: Callable[[str], None] = lambda sentence: None) -> None:
        """Writes nothing yet; `report` is called with what went wrong, too."""
        self._report = report
        self._store = store
        self._every = SECONDS_A_STATUS if files.is_local(store.path) else SECONDS_A_STATUS_AFAR
        pid, host = holder()
        began = now()
        self._status = Status(RUNNING, pid, host, "", began, began, 0, 0, 0, 0, 0)
        self._there: dict[TrialRange, Facts] = {}
        self._ended = threading.Event()
        self._pulse = threading.Thread(target=self._repeat, daemon=True)
        self.is_complete = False

    def __enter__(self) -> Self:
        self._write()
        self._pulse.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        state = FINISHED if self.is_complete else STOPPED
        if isinstance(error, Exception):
            state = BROKEN
            self._note(str(error) or type(error).__name__)
        try:
            self._pulse.join()
        finally:  # also where someone is in a hurry
            self._status = replace(self._status, state=state)
            self.say(f"{state}: {self.standing}")
            self._write()

    @property
    def standing(self) -> str:
        """How far the run is, in words."""
        status = self._status
        return f"{status.trials_done:,} of {status.n_trials:,} trials are done"

    @property
    def trials_done(self) -> int:
        """How many trials are there."""
        return self._status.trials_done

    def begin(self, n_trials: int, n_parts: int, there: Mapping[TrialRange, Facts]) -> None:
        """Takes how large the sweep is, and what the parts of it that are there say of themselves."""
        self._status = replace(self._status, n_parts=n_parts, n_trials=n_trials)
        self._there = dict(there)
        self._count(self._there.items(), 1)
        self._status = replace(self._status, trials_before=self._status.trials_done)
        self.say(f"begun by process {self._status.pid} on {self._status.host}: {self.standing}")

    def work_with(self, workers: str) -> None:
        """Takes who trains, in words."""
        self._status = replace(self._status, workers=workers)
        self.say(f"trains with {workers}")

    def add(self, trial_range: TrialRange, facts: Facts) -> None:
        """Takes a part that is there now, in place of what was there of it."""
        before = self._there.get(trial_range)
        if before is not None:
            self._count([(trial_range, before)], -1)
        self._there[trial_range] = facts
        self._count([(trial_range, facts)], 1)

    def _count(self, parts: Iterable[tuple[TrialRange, Facts]], sign: int) -> None:
        status = self._status
        outcomes = Counter(status.outcomes)
        n_parts = n_trials = failed = 0
        for trial_range, facts in parts:
            n_parts, n_trials, failed = (
                n_parts + 1,
                n_trials + trial_range.n_trials,
                failed + len(facts.failures),
            )
            outcomes.update({name: sign * count for name, count in facts.outcomes.items()})
        self._status = replace(
            status,
            parts_done=status.parts_done + sign * n_parts,
            trials_done=status.trials_done + sign * n_trials,
            failed=status.failed + sign * failed,
            outcomes=dict(outcomes),
        )

    def went_wrong(self, what: str) -> None:
        """Takes what went wrong on the way, a sentence."""
        self._note(what)
        self._report(what)

    def _note(self, what: str) -> None:
        self._status = replace(self._status, last_error=what)
        self.say(what)

    def say(self, what: str) -> None:
        """Writes a line to the log."""
        line = " ".join(what.splitlines())
        files.write_best_effort(self._store.log, f"{now()} {line}\n".encode(), after=True)

    def _write(self) -> Status:
        """Writes the status as of now, and returns it."""
        status = replace(self._status, updated=now())
        files.write_best_effort(self._store.status, status.content())
        return status

    def _repeat(self) -> None:
        """Writes the status again and again, and now and then a line to the log, until the end."""
        beats = 0
        while not self._ended.wait(self._every):
            beats += 1
            rate = self._write().rate
            if beats % max(1, round(SECONDS_A_LINE / self._every)) == 0:
                self.say(f"{self.standing}, {rounded(rate)} a second")
