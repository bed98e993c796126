"""Facts about progress: a bar on a terminal, few lines in a log, and nothing that is not asked for."""

import io
import time
from contextlib import closing

import pytest

from linreg_sweep.terminal import progress
from linreg_sweep.terminal.progress import Progress, waiting


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        """Returns that it is."""
        return True


def test_a_log_stays_empty_where_all_is_quick() -> None:
    """A run of a moment writes nothing to a file or a pipe."""
    stream = io.StringIO()
    with closing(Progress(stream)) as told:
        for done in range(101):
            told.update(done, 100)
    assert stream.getvalue() == ""


def test_a_log_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each says how far the run is, how fast it goes and how long it takes; the end is not told."""
    monkeypatch.setattr(progress, "SECONDS_A_LINE", 0.0)
    stream = io.StringIO()
    with closing(Progress(stream)) as told:
        told.update(1000, 4000)
        told.update(2000, 4000)
        told.update(4000, 4000)
    first, second = stream.getvalue().splitlines()
    assert first.startswith("1,000 of 4,000 trials are done, ")
    assert second.startswith("2,000 of 4,000 trials are done, ")
    assert " a second, about " in second
    assert second.endswith(" s left")


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    """It shows how many are there, those of an earlier run included, and leaves a clean line."""
    stream = Terminal()
    with closing(Progress(stream)) as told:
        told.update(2500, 10000)
        shown = stream.getvalue()
        told.update(10000, 10000)
    assert "25%" in shown
    assert "2.50k/10.0k" in shown
    assert stream.getvalue().endswith("\r")
    assert "\n" not in stream.getvalue()


def test_no_bar_where_nothing_is_missing() -> None:
    """A finished run shows no bar even on a terminal."""
    stream = Terminal()
    with closing(Progress(stream)) as told:
        told.update(10, 10)
    assert stream.getvalue() == ""
    assert told.nothing_missing


def test_what_was_missing_is_known() -> None:
    """Whether there was anything to do, and how far it came."""
    told = Progress(io.StringIO())
    assert not told.nothing_missing
    assert told.standing() == "No trial is done yet"
    told.update(0, 2000)
    told.update(1024, 2000)
    assert not told.nothing_missing
    assert told.standing() == "1,024 of 2,000 trials are done"
    told.update(2000, 2000)
    assert not told.nothing_missing


def test_closing_twice_is_no_harm() -> None:
    """An interrupted command closes the bar before it says so, and again on its way out."""
    with closing(Progress(Terminal())) as told:
        told.update(1, 10)
        told.close()
        told.close()
    assert told.standing() == "1 of 10 trials are done"


def test_no_bar_where_it_is_to_be_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal then gets the lines of a log."""
    monkeypatch.setattr(progress, "SECONDS_A_LINE", 0.0)
    stream = Terminal()
    with closing(Progress(stream, plain=True)) as told:
        told.update(1000, 4000)
        told.update(2000, 4000)
    assert "\r" not in stream.getvalue()
    assert stream.getvalue().startswith("1,000 of 4,000 trials are done, ")


@pytest.mark.parametrize(
    ("stream", "patience", "said"),
    [(Terminal(), 0.0, "wait\n"), (Terminal(), 60.0, ""), (io.StringIO(), 0.0, "")],
)
def test_a_person_who_waits_is_told(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, patience: float, said: str
) -> None:
    """Once it takes longer than a moment, on a terminal alone."""
    monkeypatch.setattr(progress, "PATIENCE", patience)
    with waiting(stream, "wait"):
        time.sleep(0.1)
    assert stream.getvalue() == said
