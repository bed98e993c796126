"""Whatever files and options hold, nothing but the declared errors escapes; `make fuzz` tries far more."""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.cases import MAKERS, case
from fuzz.targets import TARGETS, check_words, feed, make_folder
from fuzz.watch import Limits, watched

pytestmark = pytest.mark.system


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The current folder, with what cases may name."""
    before, here = Path.cwd(), tmp_path_factory.mktemp("fuzz")
    make_folder(here)
    os.chdir(here)
    yield
    os.chdir(before)


@pytest.mark.parametrize("kind", TARGETS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(random=st.randoms(use_true_random=False))
def test_only_declared_errors_escape(kind: str, random: Random) -> None:
    """Examples changed a little, and structures of their own words: accepted, or refused in a few lines."""
    feed(kind, MAKERS[kind](random))


@pytest.mark.parametrize("kind", ["config", "sweep", "csv", "parquet", "option", "comparison"])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(
    content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore"))
)
def test_anything_may_be_given(kind: str, content: bytes) -> None:
    """Bytes and texts of no meaning at all likewise."""
    feed(kind, content)


def test_cases_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A case is what its seed and number say, at any hour."""
    numbers = range(40)
    cases = [case(7, number) for number in numbers]
    monkeypatch.setattr("time.time", lambda: 1e9)
    assert [number for number in numbers if case(7, number) != cases[number]] == []
    assert [case(7, number) for number in numbers] != [case(8, number) for number in numbers]
    assert {case(7, number)[0] for number in numbers} == set(TARGETS)


def test_words_that_a_person_cannot_read_are_escapes() -> None:
    """A message too long, of too many lines, or that a terminal obeys, does not pass."""
    check_words("a line\nanother")
    for text in ("x" * 5000, "line\n" * 100, "a\x1b[2J"):
        with pytest.raises(AssertionError):
            check_words(text)


def test_a_process_that_takes_too_long_is_replaced() -> None:
    """Its case is named, and the next is fed to another."""
    outcomes = list(watched(0, 2, 1, Limits(seconds=-60, memory=2**33)))
    assert [outcome.number for outcome in outcomes] == [0, 1]
    assert all(outcome.escape.startswith("took longer than -60 s") for outcome in outcomes)


def test_every_case_is_fed_once() -> None:
    """Two processes share the cases; each tells what came of it, and in what time."""
    outcomes = list(watched(3, 30, 2, Limits(seconds=60, memory=2**33)))
    assert sorted(outcome.number for outcome in outcomes) == list(range(30))
    assert [outcome.escape for outcome in outcomes if outcome.escape] == []
    assert all(outcome.verdict and outcome.seconds > 0 and outcome.peak > 2**20 for outcome in outcomes)
