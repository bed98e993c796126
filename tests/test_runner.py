"""Facts about parts over workers: each comes once, few are in flight, and what kills is found and named."""

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from linreg_sweep import runner
from linreg_sweep.crew import Missing, trained
from linreg_sweep.errors import Complaint, ConfigError, SweepError
from linreg_sweep.runner import PARTS_A_WAVE, Order
from linreg_sweep.spans import Span, span_of
from linreg_sweep.workers.hire import PROCESSES, hired

SIZE = 8


@dataclass(frozen=True)
class Facts:
    """What failed."""

    failures: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Piece:
    """What stands for a part here: what each of its trials came to."""

    span: Span
    cells: tuple[Any, ...]
    facts: Facts = Facts()


def put_together(span: Span, pieces: Sequence[Piece], failures: Mapping[int, str]) -> Piece:
    """Returns a part from pieces, in the order of its trials; None stands for a trial that failed."""
    cells: dict[int, Any] = dict.fromkeys(range(span.first, span.stop))
    for piece in pieces:
        trained = zip(range(piece.span.first, piece.span.stop), piece.cells, strict=True)
        cells |= {trial: cell for trial, cell in trained if cell is not None}
    assert {trial for trial, cell in cells.items() if cell is None} == set(failures)
    return Piece(span, tuple(cells.values()), Facts(failures))


def spans(*parts: int) -> list[Span]:
    """Returns whole parts by their numbers, of 8 trials each."""
    return [span_of(part, SIZE, 10_000) for part in parts]


def thrice(span: Span) -> Piece:
    """Returns three times the number of each trial."""
    return Piece(span, tuple(3 * trial for trial in range(span.first, span.stop)))


def run(
    make: Callable[[Span], Piece],
    parts: Sequence[Span],
    jobs: int | None,
    *,
    failed: Mapping[Span, Mapping[int, str]] | None = None,
    part: Callable[[Span], Piece] = thrice,
    stop: Callable[[], bool] = lambda: False,
    told: list[str] | None = None,
) -> Any:
    """Yields what becomes of parts over so many jobs."""
    order = Order(make, put_together, stop, (told if told is not None else []).append)
    missing = Missing(parts, failed or {}, part)
    hire = partial(hired, PROCESSES, jobs, None)
    return trained(order, missing, hire, lambda who: None, alone_first=jobs is None)


@pytest.mark.parametrize("jobs", [None, 1, 2])
@pytest.mark.parametrize("numbers", [[], [7], list(range(40)), [5, 2, 9]])
def test_every_part_comes_once(numbers: list[int], jobs: int | None) -> None:
    """However many workers there are, each part asked for is made, and no other."""
    found = sorted(run(thrice, spans(*numbers), jobs), key=lambda piece: piece.span)
    assert found == sorted(map(thrice, spans(*numbers)), key=lambda piece: piece.span)


def test_one_job_works_in_process_and_in_order() -> None:
    """Nothing is started, and each part is made when it is asked for."""
    made: list[int] = []

    def work(span: Span) -> Piece:
        made.append(span.part)
        return thrice(span)

    parts = run(work, spans(3, 1, 2), jobs=1)
    assert made == []
    next(parts)
    assert made == [3]
    assert len(list(parts)) == 2
    assert made == [3, 1, 2]


def process(span: Span) -> Piece:
    """Returns the process that works."""
    time.sleep(0.05)
    return Piece(span, (os.getpid(),) * span.n_trials)


def test_two_jobs_work_in_other_processes() -> None:
    """Work is done by processes other than this one."""
    assert all(os.getpid() not in piece.cells for piece in run(process, spans(*range(8)), jobs=2))


def test_a_small_sweep_stays_in_process() -> None:
    """Where nothing is said and little is to do, no worker is started."""
    assert {piece.cells[0] for piece in run(process, spans(*range(20)), None)} == {os.getpid()}


def test_a_long_sweep_gets_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is said and the first part shows that it pays, the rest goes to workers."""
    monkeypatch.setattr(runner, "WORTH_WORKERS", 0.1)
    made = {piece.span.part: piece.cells[0] for piece in run(process, spans(*range(6)), None)}
    assert sorted(made) == list(range(6))
    assert made[0] == os.getpid()
    assert os.getpid() not in {made[number] for number in range(1, 6)}


def test_what_is_in_flight_is_bounded(tmp_path: Path) -> None:
    """While the consumer rests, workers begin no more than a wave of parts."""

    def work(span: Span) -> Piece:
        (tmp_path / str(span.part)).touch()
        return thrice(span)

    parts = run(work, spans(*range(200)), jobs=2)
    made = [next(parts)]
    time.sleep(0.5)
    assert len(list(tmp_path.iterdir())) <= 2 * PARTS_A_WAVE < 200
    made += parts
    assert sorted(piece.span.part for piece in made) == list(range(200))


@pytest.mark.parametrize("jobs", [1, 2])
def test_once_told_to_stop_what_was_begun_is_finished(tmp_path: Path, jobs: int) -> None:
    """No part is begun after that, and none that was begun is lost."""

    def work(span: Span) -> Piece:
        (tmp_path / str(span.part)).touch()
        time.sleep(0.2)
        return thrice(span)

    made: list[Piece] = []
    for piece in run(work, spans(*range(40)), jobs, stop=lambda: len(made) >= 2):
        made.append(piece)
    assert {piece.span.part for piece in made} == {int(file.name) for file in tmp_path.iterdir()}
    assert 2 <= len(made) <= 2 + 2 * jobs


# --- what dies, and what that costs


def killing(folder: Path, trials: Sequence[int], times: int, span: Span) -> Piece:
    """Kills its own process over some trials, each so many times; notes each beginning."""
    with (folder / "begun").open("a") as file:
        file.write(f"{span.part}:{span.first}-{span.stop}\n")
    for trial in trials:
        killed = len(list(folder.glob(f"{trial}-*")))
        if span.first <= trial < span.stop and killed < times:
            (folder / f"{trial}-{killed}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return thrice(span)


def test_a_worker_that_dies_costs_its_part_one_more_try(tmp_path: Path) -> None:
    """All parts come whole; none is begun more than twice, and those far from the death once."""
    told: list[str] = []
    made = list(run(partial(killing, tmp_path, [83], 1), spans(*range(20)), 2, told=told))
    assert sorted(made, key=lambda piece: piece.span) == list(map(thrice, spans(*range(20))))
    begun = (tmp_path / "begun").read_text().split()
    assert begun.count("10:80-88") == 2
    assert max(map(begun.count, begun)) == 2
    assert len(begun) <= 20 + 3
    assert all(line.startswith("lost: part ") and "SIGKILL" in line for line in told)
    assert any(line.startswith("lost: part 10, trials 80 to 87: ") for line in told)


def test_a_trial_that_kills_is_found_and_the_others_are_kept(tmp_path: Path) -> None:
    """Its part is halved until it stands alone; the reason is kept with it, and nothing else is lost."""
    told: list[str] = []
    made = list(run(partial(killing, tmp_path, [83], 99), spans(*range(20)), 2, told=told))
    failed = {trial: reason for piece in made for trial, reason in piece.facts.failures.items()}
    assert failed == {83: "its worker process was killed (SIGKILL(-9))"}
    cells = [cell for piece in sorted(made, key=lambda piece: piece.span) for cell in piece.cells]
    assert cells == [None if trial == 83 else 3 * trial for trial in range(160)]
    assert "failed: trial 83: its worker process was killed (SIGKILL(-9))" in told
    begun = (tmp_path / "begun").read_text().split()
    assert begun.count("10:80-84") == 1
    assert begun.count("10:83-84") == 2


def raising(trials: Sequence[int], span: Span) -> Piece:
    """Runs out of memory over some trials."""
    if set(trials) & set(range(span.first, span.stop)):
        raise MemoryError("8 GB")
    return thrice(span)


@pytest.mark.parametrize("jobs", [None, 1, 2])
def test_an_error_is_a_trials_own(jobs: int | None) -> None:
    """An exception that is no death costs nothing but the trials over which it comes, in process too."""
    made = list(run(partial(raising, [3, 4, 17]), spans(*range(4)), jobs))
    failed = {trial: reason for piece in made for trial, reason in piece.facts.failures.items()}
    assert failed == dict.fromkeys([3, 4, 17], "MemoryError: 8 GB")
    cells = [cell for piece in sorted(made, key=lambda piece: piece.span) for cell in piece.cells]
    assert cells == [None if trial in failed else 3 * trial for trial in range(32)]


def refusing(span: Span) -> Piece:
    """Finds something that a person can mend."""
    raise ConfigError(Complaint("here", "must be otherwise"))


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_person_can_mend_is_said_at_once(jobs: int) -> None:
    """It is no fault of the trials, so nothing is halved for it."""
    with pytest.raises(ConfigError, match="here: must be otherwise"):
        list(run(refusing, spans(1, 2, 3), jobs))


def broken(span: Span) -> Piece:
    """Fails whatever it is given."""
    raise OSError("no GPU")


def test_where_nothing_can_be_made_the_sweep_ends() -> None:
    """Losses without end are no trials' fault; the last reason is said, with what to do."""
    many = [Span(0, 0, 2**20)]
    with pytest.raises(SweepError) as caught:
        list(run(broken, many, 1))
    assert str(caught.value) == (
        "41 times in a row work was lost, whatever it was: OSError: no GPU. Hint: finished parts are kept; "
        "mend this, or use fewer --jobs if memory ran out, and run again"
    )
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_trials_that_failed_before_are_tried_again_and_nothing_else_is(tmp_path: Path, jobs: int) -> None:
    """What now comes out takes its place in the part that is there; what does not, keeps a reason."""
    there = put_together(span_of(2, SIZE, 100), [], dict.fromkeys(range(16, 24), ""))
    there = put_together(there.span, [thrice(Span(2, 17, 21)), thrice(Span(2, 22, 24))], {16: "a", 21: "b"})
    (made,) = run(
        partial(raising, [21]), [], jobs, failed={there.span: there.facts.failures}, part=lambda span: there
    )
    assert made.cells == (48, 51, 54, 57, 60, None, 66, 69)
    assert made.facts.failures == {21: "MemoryError: 8 GB"}
