"""How far a run is, as its maker says it in status.json while at it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Annotated, TypeAlias

from linreg_sweep.errors import ResultsError
from linreg_sweep.storage import files
from linreg_sweep.storage.metadata import Count
from linreg_sweep.storage.store import Store
from linreg_sweep.storage.typed import fits, types_of

RUNNING, FINISHED, STOPPED, BROKEN = "running", "finished", "stopped", "broken"
"""What a run's maker is at, or ended with: all is there; told to stop; an error ended it."""

MAX_BYTES = 2**20
"""Of status.json."""


def now(to: str = "milliseconds") -> str:
    """Returns the time, ISO 8601 in UTC, to the millisecond or the `seconds`."""
    return datetime.now(UTC).isoformat(timespec=to)


def moment(text: str) -> datetime:
    """Returns the time that `now` gave, with its zone.

    Raises:
        ValueError: it is none.
    """
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"no time zone: {text}")
    return found


Moment: TypeAlias = Annotated[str, moment]


@dataclass(frozen=True)
class Status:
    """What the maker of a run says.

    Attributes:
        state: RUNNING or what it ended with.
        pid: the number of its process.
        host: the name of its machine.
        workers: what trains, in words.
        started: when it began, ISO 8601.
        updated: when it said this.
        n_parts: parts of the sweep.
        parts_done: those that are there.
        n_trials: trials of the sweep.
        trials_done: those that are there.
        trials_before: those that were there when it began.
        failed: those that could not be trained.
        outcomes: how many ended in each, by name.
        last_error: what went wrong last; empty: nothing.
    """

    state: str
    pid: Count
    host: str
    workers: str
    started: Moment
    updated: Moment
    n_parts: Count
    parts_done: Count
    n_trials: Count
    trials_done: Count
    trials_before: Count
    failed: Count = 0
    outcomes: Mapping[str, Count] = field(default_factory=dict)
    last_error: str = ""

    @property
    def seconds(self) -> float:
        """For how long it was at it, when it said this; 0 where the clock was put back meanwhile."""
        return max(0.0, (moment(self.updated) - moment(self.started)).total_seconds())

    @property
    def rate(self) -> float:
        """Trials a second since it began; 0: none yet."""
        return max(0, self.trials_done - self.trials_before) / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds for the rest, at this rate; None: not known yet."""
        return max(0, self.n_trials - self.trials_done) / self.rate if self.rate > 0 else None

    def content(self) -> bytes:
        """Returns it as status.json has it."""
        return (json.dumps(asdict(self), indent=2) + "\n").encode()


def read_status(store: Store) -> Status | None:
    """Returns what status.json says; None where there is none that can be read."""
    try:
        status = Status(**json.loads(files.read(store.status, MAX_BYTES)))
        is_told = all(fits(getattr(status, name), kind) for name, kind in types_of(Status).items())
    except (OSError, ResultsError, ValueError, TypeError, RecursionError):
        return None
    return status if is_told else None
