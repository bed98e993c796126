"""Facts about status.json and run.log: what they say of a run, and that nothing depends on them."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from linreg_sweep.execution.parts import Facts
from linreg_sweep.execution.ranges import range_of_part
from linreg_sweep.runs.journal import Journal
from linreg_sweep.runs.status import BROKEN, FINISHED, RUNNING, STOPPED, Status, moment, read_status
from linreg_sweep.storage.store import Store

STATUS = Status(
    *(RUNNING, 7, "here", "2 processes", "2026-11-25T10:00:00.000+00:00", "2026-11-25T10:00:20.000+00:00"),
    *(4, 2, 400, 200, 100),
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """The directory of a run."""
    return Store(tmp_path)


def test_a_status_comes_back(store: Store) -> None:
    """As JSON that anyone can read; rate and time left follow from it."""
    store.status.write_bytes(STATUS.content())
    assert read_status(store) == STATUS
    assert json.loads(store.status.read_text())["workers"] == "2 processes"
    assert (STATUS.seconds, STATUS.rate, STATUS.seconds_left) == (20, 5, 40)


def test_no_time_is_left_known_before_the_first_trial() -> None:
    """No rate, and no division by nothing."""
    begun = replace(STATUS, trials_done=100)
    assert (begun.rate, begun.seconds_left) == (0, None)
    assert replace(STATUS, updated=STATUS.started).rate == 0


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"updated": "2026-11-25T09:00:00.000+00:00"}, (0, 0, None)),
        ({"trials_done": 50}, (20, 0, None)),
        ({"trials_done": 500}, (20, 20, 0)),
    ],
)
def test_no_number_is_below_zero(change: dict[str, Any], expected: tuple[float, float, float | None]) -> None:
    """Where the clock was put back, parts were set aside, or somebody else counted."""
    told = replace(STATUS, **change)
    assert (told.seconds, told.rate, told.seconds_left) == expected


def test_a_status_that_means_nothing_is_none(store: Store) -> None:
    """Whatever someone has put there."""
    cases: list[dict[str, Any]] = [
        {"pid": "<b>"},
        {"outcomes": [1]},
        {"n_trials": None},
        {"updated": "yesterday"},
        {"updated": "2026-11-25T10:00:00"},
        {"more": 1},
        {"last_error": 5},
        {"outcomes": {"converged": "x"}},
        {"outcomes": {"converged": -1}},
        {"n_trials": 10**400},
        {"failed": True},
    ]
    for change in cases:
        store.status.write_text(json.dumps(json.loads(STATUS.content()) | change))
        assert read_status(store) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_status_that_cannot_be_read_is_none(store: Store, content: bytes) -> None:
    """Cut short, or no JSON, or none at all."""
    assert read_status(store) is None
    store.status.write_bytes(content)
    assert read_status(store) is None


def test_a_journal_counts_what_is_there(store: Store) -> None:
    """What was there before, what came, and what took the place of something."""
    first, second = range_of_part(0, 10, 15), range_of_part(1, 10, 15)
    with Journal(store) as journal:
        there = read_status(store)
        assert there is not None
        assert there.state == RUNNING
        journal.begin(15, 2, {first: Facts(0, 10, {}, {"converged": 8, "diverged": 1}, {3: "killed"})})
        journal.work_with("2 processes")
        journal.add(second, Facts(1, 10, {}, {"converged": 5}))
        assert journal.trials_done == 15
        journal.add(first, Facts(0, 10, {}, {"converged": 9, "diverged": 1}))
        journal.is_complete = True
    told = read_status(store)
    assert told is not None
    assert (told.state, told.n_trials, told.trials_done, told.trials_before) == (FINISHED, 15, 15, 10)
    assert (told.n_parts, told.parts_done, told.failed, told.workers) == (2, 2, 0, "2 processes")
    assert told.outcomes == {"converged": 14, "diverged": 1}
    lines = [line.split(" ", 1) for line in store.log.read_text().splitlines()]
    assert [text.split(" by process")[0] for _, text in lines] == [
        "begun",
        "trains with 2 processes",
        "finished: 15 of 15 trials are done",
    ]
    assert [moment(when) for when, _ in lines] == sorted(moment(when) for when, _ in lines)


class Once(Event):
    """Is set by the first who waits for it."""

    def wait(self, timeout: float | None = None) -> bool:
        """Returns whether somebody waited before."""
        was_set = self.is_set()
        self.set()
        return was_set


def test_a_line_of_the_log_says_how_fast_it_goes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what was done since it began, a hundred trials in 400 seconds, and not by whole trials a second."""
    monkeypatch.setattr("linreg_sweep.runs.journal.SECONDS_A_LINE", 0.0)
    journal = Journal(store)
    began = (datetime.now(UTC) - timedelta(seconds=400)).isoformat()
    journal._status, journal._ended = replace(STATUS, started=began, updated=began), Once()
    journal._repeat()
    assert store.log.read_text().endswith(" 200 of 400 trials are done, 0.25 a second\n")


@pytest.mark.parametrize(
    ("error", "state", "last"),
    [
        (None, STOPPED, ""),
        (KeyboardInterrupt(), STOPPED, ""),
        (SystemExit(143), STOPPED, ""),
        (ValueError("no\nroom"), BROKEN, "no\nroom"),
    ],
)
def test_a_journal_tells_how_it_ended(
    store: Store, error: BaseException | None, state: str, last: str
) -> None:
    """Told to stop, or broken and why; a line of the log stays a line."""
    with suppress(ValueError, KeyboardInterrupt, SystemExit), Journal(store) as journal:
        journal.begin(15, 2, {})
        if error is not None:
            raise error
    told = read_status(store)
    assert told is not None
    assert (told.state, told.last_error) == (state, last)
    assert store.log.read_text().splitlines()[-1].endswith(f" {state}: 0 of 15 trials are done")
    assert len(store.log.read_text().splitlines()) == (3 if last else 2)


def test_what_went_wrong_is_told_and_kept(store: Store) -> None:
    """To who asked for it, in the log, and as the last error."""
    told: list[str] = []
    with Journal(store, told.append) as journal:
        journal.went_wrong("lost: part 3")
    found = read_status(store)
    assert found is not None
    assert told == [found.last_error] == ["lost: part 3"]
    assert "lost: part 3" in store.log.read_text()


def test_a_journal_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """The directory has gone; someone else will say so."""
    with Journal(Store(tmp_path / "gone")) as journal:
        journal.begin(15, 2, {})
    assert journal.standing == "0 of 15 trials are done"
