"""Facts about work that is checked where it arrives."""

import importlib
import pickle
import socket
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from linreg_sweep.errors import SweepError
from linreg_sweep.workers.checked import check
from tests.clusters import Counted, square


def test_checked_work_does_what_the_work_does() -> None:
    """Also once it was sent."""
    sent = pickle.loads(pickle.dumps(check(square, ())))
    assert [sent(item) for item in range(5)] == [0, 1, 4, 9, 16]


def test_work_is_opened_once_however_often_it_arrives(tmp_path: Path) -> None:
    """Not once for each item, nor for each copy."""
    sent = pickle.dumps(check(Counted(tmp_path, b""), ()))
    for item in range(3):
        assert pickle.loads(sent)(item) == item * item
    assert len(list(tmp_path.iterdir())) == 1


def test_work_with_a_flipped_bit_is_not_done() -> None:
    """The error names the machine, and both hashes."""
    checked = check(square, ())
    flipped = replace(checked, payload=checked.payload[:-1] + bytes([checked.payload[-1] ^ 1]))
    with pytest.raises(SweepError) as caught:
        flipped(1)
    assert socket.gethostname() in str(caught.value)
    assert f"must have SHA-256 {checked.digest}, but what arrived has " in str(caught.value)


def test_every_version_that_differs_is_told_at_once() -> None:
    """With what there is, what must be, and what is not installed; not what is right."""
    names = ("numpy", "joblib", "linreg-sweep")
    mine = dict(check(square, names).versions)
    assert mine == {name: version(name) for name in names}
    theirs = (("numpy", "0.1"), ("joblib", mine["joblib"]), ("no-such-library", "3.2"))
    with pytest.raises(SweepError) as caught:
        replace(check(square, ()), versions=theirs)(1)
    numpy, missing = caught.value.complaints
    assert numpy.where == missing.where == f"worker on {socket.gethostname()}"
    assert numpy.text == f"numpy must be 0.1, but it is {mine['numpy']}"
    assert missing.text == "no-such-library must be 3.2, but it is not installed"
    assert "install numpy 0.1 there" in numpy.hint


def test_work_whose_module_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a worker has not the package."""
    (tmp_path / "only_here.py").write_text("def work(item): return item", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    checked = check(importlib.import_module("only_here").work, ())
    del sys.modules["only_here"]
    monkeypatch.undo()
    with pytest.raises(SweepError, match="the work cannot be opened: No module named 'only_here'"):
        checked(1)
