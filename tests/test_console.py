"""Facts about what stdout and stderr are given."""

import io
import os
import pty
import sys

import pytest

from linreg_sweep.errors import Complaint
from linreg_sweep.terminal.console import note, notes, say
from linreg_sweep.words import listed


def test_notes_cannot_be_forged(capsys: pytest.CaptureFixture[str]) -> None:
    """A column's name in a note stays in its line, and moves no cursor."""
    notes(["left out: a\nError: b\x1b[2J"])
    note("one\ntwo\x07")
    assert capsys.readouterr().err == "Note: left out: a\\nError: b\\x1b[2J.\none\ntwo\\x07\n"


def test_a_list_that_is_cut_short_ends_in_three_dots(capsys: pytest.CaptureFixture[str]) -> None:
    """Dots stand for the full stop: in a note, and before a hint."""
    notes([f"left out: {listed([*'abcdefghi'])}"])
    assert capsys.readouterr().err == "Note: left out: a, b, c, d, e, f, g, h, ...\n"
    assert str(Complaint("", "these do not: a, ...", "go")) == "these do not: a, ... Hint: go"


def test_a_pipe_gets_all_and_a_terminal_what_is_harmless(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs are given names to the letter; a screen is not cleared by one."""
    say("a\u202eb\x07")
    assert capsys.readouterr().out == "a\u202eb\x07\n"
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        say("a\u202eb\x07\nc")
        terminal.flush()
        assert os.read(ours, 1000) == b"a\\u202eb\\x07\r\nc\r\n"
    os.close(ours)


@pytest.mark.parametrize(
    ("encoding", "given"), [("latin-1", b"\\u4e94\\udcff\n"), ("utf-8", "\u4e94\\udcff\n".encode())]
)
def test_a_name_that_stdout_cannot_hold(encoding: str, given: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file name that is no text is printed in escapes, where it would else end in a traceback."""
    stream = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(stream, encoding))
    say("\u4e94\udcff")
    sys.stdout.flush()
    assert stream.getvalue() == given
