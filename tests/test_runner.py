"""Facts about parts over workers: each comes once, few are in flight, and what kills is found and named."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from linreg_sweep.errors import Complaint, ConfigError, SweepError
from linreg_sweep.execution import runner
from linreg_sweep.execution.missing import Missing, train_missing
from linreg_sweep.execution.ranges import TrialRange, contiguous_ranges, range_of_part
from linreg_sweep.execution.runner import PARTS_A_WAVE, Runner, Work
from linreg_sweep.workers.backends import PROCESSES, open_backend
from linreg_sweep.workers.interface import WorkersLostError

SIZE = 8


@dataclass(frozen=True)
class Facts:
    """What failed."""

    failures: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Piece:
    """What stands for a part here: what each of its trials came to."""

    trial_range: TrialRange
    cells: tuple[Any, ...]
    facts: Facts = Facts()


def put_together(trial_range: TrialRange, pieces: Sequence[Piece], failures: Mapping[int, str]) -> Piece:
    """Returns a part from pieces, in the order of its trials; None stands for a trial that failed."""
    cells: dict[int, Any] = dict.fromkeys(range(trial_range.first, trial_range.stop))
    for piece in pieces:
        trained = zip(range(piece.trial_range.first, piece.trial_range.stop), piece.cells, strict=True)
        cells |= {trial: cell for trial, cell in trained if cell is not None}
    assert {trial for trial, cell in cells.items() if cell is None} == set(failures)
    return Piece(trial_range, tuple(cells.values()), Facts(failures))


def ranges(*parts: int) -> list[TrialRange]:
    """Returns whole parts by their numbers, of 8 trials each."""
    return [range_of_part(part, SIZE, 10_000) for part in parts]


def thrice(trial_range: TrialRange) -> Piece:
    """Returns three times the number of each trial."""
    return Piece(trial_range, tuple(3 * trial for trial in range(trial_range.first, trial_range.stop)))


def run(
    make: Callable[[TrialRange], Piece],
    parts: Sequence[TrialRange],
    jobs: int | None,
    *,
    failed: Mapping[TrialRange, Mapping[int, str]] | None = None,
    part: Callable[[TrialRange], Piece] = thrice,
    stop: Callable[[], bool] = lambda: False,
    told: list[str] | None = None,
) -> Any:
    """Yields what becomes of parts over so many jobs."""
    work = Work(make, put_together, False, stop, (told if told is not None else []).append)
    missing = Missing(parts, failed or {}, part)
    open_workers = partial(open_backend, PROCESSES, jobs, None)
    return train_missing(work, missing, open_workers, lambda who: None, alone_first=jobs is None)


@pytest.mark.parametrize("jobs", [None, 1, 2])
@pytest.mark.parametrize("numbers", [[], [7], list(range(40)), [5, 2, 9]])
def test_every_part_comes_once(numbers: list[int], jobs: int | None) -> None:
    """However many workers there are, each part asked for is made, and no other."""
    found = sorted(run(thrice, ranges(*numbers), jobs), key=lambda piece: piece.trial_range)
    assert found == sorted(map(thrice, ranges(*numbers)), key=lambda piece: piece.trial_range)


def test_one_job_works_in_process_and_in_order() -> None:
    """Nothing is started, and each part is made when it is asked for."""
    made: list[int] = []

    def work(trial_range: TrialRange) -> Piece:
        made.append(trial_range.part)
        return thrice(trial_range)

    parts = run(work, ranges(3, 1, 2), jobs=1)
    assert made == []
    next(parts)
    assert made == [3]
    assert len(list(parts)) == 2
    assert made == [3, 1, 2]


def process(trial_range: TrialRange) -> Piece:
    """Returns the process that works."""
    time.sleep(0.05)
    return Piece(trial_range, (os.getpid(),) * trial_range.n_trials)


def test_two_jobs_work_in_other_processes() -> None:
    """Work is done by processes other than this one."""
    assert all(os.getpid() not in piece.cells for piece in run(process, ranges(*range(8)), jobs=2))


def test_a_small_sweep_stays_in_process() -> None:
    """Where nothing is said and little is to do, no worker is started."""
    assert {piece.cells[0] for piece in run(process, ranges(*range(20)), None)} == {os.getpid()}


def test_a_long_sweep_gets_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is said and the first part shows that it pays, the rest goes to workers."""
    monkeypatch.setattr(runner, "WORTH_WORKERS", 0.1)
    made = {piece.trial_range.part: piece.cells[0] for piece in run(process, ranges(*range(6)), None)}
    assert sorted(made) == list(range(6))
    assert made[0] == os.getpid()
    assert os.getpid() not in {made[number] for number in range(1, 6)}


def test_what_is_in_flight_is_bounded(tmp_path: Path) -> None:
    """While the consumer rests, workers begin no more than a wave of parts."""

    def work(trial_range: TrialRange) -> Piece:
        (tmp_path / str(trial_range.part)).touch()
        return thrice(trial_range)

    parts = run(work, ranges(*range(200)), jobs=2)
    made = [next(parts)]
    time.sleep(0.5)
    assert len(list(tmp_path.iterdir())) <= 2 * PARTS_A_WAVE < 200
    made += parts
    assert sorted(piece.trial_range.part for piece in made) == list(range(200))


@pytest.mark.parametrize("jobs", [1, 2])
def test_once_told_to_stop_what_was_begun_is_finished(tmp_path: Path, jobs: int) -> None:
    """No part is begun after that, and none that was begun is lost."""

    def work(trial_range: TrialRange) -> Piece:
        (tmp_path / str(trial_range.part)).touch()
        time.sleep(0.2)
        return thrice(trial_range)

    made: list[Piece] = []
    for piece in run(work, ranges(*range(40)), jobs, stop=lambda: len(made) >= 2):
        made.append(piece)
    assert {piece.trial_range.part for piece in made} == {int(file.name) for file in tmp_path.iterdir()}
    assert 2 <= len(made) <= 2 + 2 * jobs


def test_of_a_part_in_pieces_nothing_comes_once_told_to_stop() -> None:
    """What could be made of it by then lacks trials, so it is no part."""
    begun: list[TrialRange] = []

    def work(trial_range: TrialRange) -> Piece:
        begun.append(trial_range)
        return raising([3], trial_range)

    assert list(run(work, ranges(0), 1, stop=lambda: len(begun) > 3)) == []
    assert begun == [*ranges(0, 0), TrialRange(0, 0, 4), TrialRange(0, 0, 2)]


# --- what dies, and what that costs


def killing(folder: Path, trials: Sequence[int], times: int, trial_range: TrialRange) -> Piece:
    """Kills its own process over some trials, each so many times; notes each beginning."""
    with (folder / "begun").open("a") as file:
        file.write(f"{trial_range.part}:{trial_range.first}-{trial_range.stop}\n")
    for trial in trials:
        killed = len(list(folder.glob(f"{trial}-*")))
        if trial_range.first <= trial < trial_range.stop and killed < times:
            (folder / f"{trial}-{killed}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return thrice(trial_range)


def test_a_worker_that_dies_costs_its_part_one_more_try(tmp_path: Path) -> None:
    """All parts come whole; none is begun more than twice, and once what had come before the death."""
    told: list[str] = []
    made, came = [], set[int]()
    for piece in run(partial(killing, tmp_path, [83], 1), ranges(*range(20)), 2, told=told):
        made.append(piece)
        came |= set() if told else {piece.trial_range.part}
    assert sorted(made, key=lambda piece: piece.trial_range) == list(map(thrice, ranges(*range(20))))
    begun = (tmp_path / "begun").read_text().split()
    assert begun.count("10:80-88") == 2
    assert max(map(begun.count, begun)) == 2
    assert len(came) >= 5
    assert not came & {int(line.split(":")[0]) for line in begun if begun.count(line) == 2}
    assert all(line.startswith("lost: part ") and "SIGKILL" in line for line in told)
    assert any(line.startswith("lost: part 10, trials 80 to 87: ") for line in told)


@pytest.mark.system
def test_a_trial_that_kills_is_found_and_the_others_are_kept(tmp_path: Path) -> None:
    """Its part is halved until it stands alone; the reason is kept with it, and nothing else is lost."""
    told: list[str] = []
    made = list(run(partial(killing, tmp_path, [83], 99), ranges(*range(20)), 2, told=told))
    failed = {trial: reason for piece in made for trial, reason in piece.facts.failures.items()}
    assert failed == {83: "its worker process was killed (SIGKILL(-9))"}
    cells = [cell for piece in sorted(made, key=lambda piece: piece.trial_range) for cell in piece.cells]
    assert cells == [None if trial == 83 else 3 * trial for trial in range(160)]
    assert "failed: part 10, trial 83: its worker process was killed (SIGKILL(-9))" in told
    begun = (tmp_path / "begun").read_text().split()
    assert begun.count("10:80-84") == 1
    assert begun.count("10:83-84") == 2


def raising(trials: Sequence[int], trial_range: TrialRange) -> Piece:
    """Runs out of memory over some trials."""
    if set(trials) & set(range(trial_range.first, trial_range.stop)):
        raise MemoryError("8 GB")
    return thrice(trial_range)


@pytest.mark.parametrize("jobs", [None, 1, 2])
def test_an_error_is_a_trials_own(jobs: int | None) -> None:
    """An exception that is no death costs nothing but the trials over which it comes, in process too."""
    made = list(run(partial(raising, [3, 4, 17]), ranges(*range(4)), jobs))
    failed = {trial: reason for piece in made for trial, reason in piece.facts.failures.items()}
    assert failed == dict.fromkeys([3, 4, 17], "MemoryError: 8 GB")
    cells = [cell for piece in sorted(made, key=lambda piece: piece.trial_range) for cell in piece.cells]
    assert cells == [None if trial in failed else 3 * trial for trial in range(32)]


def refusing(trial_range: TrialRange) -> Piece:
    """Finds something that a person can mend."""
    raise ConfigError(Complaint("here", "must be otherwise"))


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_person_can_mend_is_said_at_once(jobs: int) -> None:
    """It is no fault of the trials, so nothing is halved for it."""
    with pytest.raises(ConfigError, match="here: must be otherwise"):
        list(run(refusing, ranges(1, 2, 3), jobs))


def broken(trial_range: TrialRange) -> Piece:
    """Fails whatever it is given."""
    raise OSError("no GPU")


def test_where_nothing_can_be_made_the_sweep_ends() -> None:
    """Losses without end are no trials' fault; how many, the last reason and what to do are said."""
    with pytest.raises(SweepError) as caught:
        list(run(broken, [TrialRange(0, 0, 2**20)], 1))
    assert str(caught.value) == (
        f"work was lost {runner.MAX_AT_FIRST + 1} times in a row: OSError: no GPU. Hint: finished parts are "
        "kept; fix this, or use fewer --jobs if memory ran out, and run again"
    )
    assert caught.value.exit_code == 1


def test_neighbours_that_fail_are_all_found() -> None:
    """However many stand side by side, in a part or over several; none of them ends the sweep."""
    bad = range(30, 101)
    made = list(run(partial(raising, bad), [*ranges(0, 1, 2), TrialRange(3, 24, 124), *ranges(20, 21)], 1))
    failed = {trial: reason for piece in made for trial, reason in piece.facts.failures.items()}
    assert failed == dict.fromkeys(bad, "MemoryError: 8 GB")
    assert sum(piece.trial_range.n_trials for piece in made) == 5 * SIZE + 100


def test_of_a_part_that_fails_whole_not_every_trial_is_tried_alone() -> None:
    """After so many losses in a row the rest is taken for lost, with that in the reason; others go on."""
    made = list(run(partial(raising, range(8, 10_000)), [*ranges(0), TrialRange(1, 8, 2008)], 1))
    failed = made[1].facts.failures
    assert sorted(failed) == list(range(8, 2008))
    assert failed[8] == "MemoryError: 8 GB"
    assert failed[2007] == f"MemoryError: 8 GB (not tried alone: {runner.MAX_IN_A_PART} losses in a row)"


@dataclass
class Crowd:
    """Many workers, of whom one dies once with all that is in flight."""

    count: int = 64
    has_died: bool = False

    def each(self, work: Any, items: Any) -> Any:
        """Yields what work makes, but for the first wave."""
        given = list(items)
        if not self.has_died:
            self.has_died = True
            raise WorkersLostError("one of many was killed")
        return map(work, given)


def test_one_death_among_many_workers_is_one_loss() -> None:
    """However much was in flight with it, all of it is made."""
    work = Work(thrice, put_together)
    found = list(Runner(work).parts(ranges(*range(100)), Crowd()))
    assert sorted(piece.trial_range.part for piece in found) == list(range(100))


class Eager:
    """Workers who die at once, while a thread of theirs goes on taking work."""

    count = 4

    def __init__(self, die: Callable[[], object] = lambda: None) -> None:
        self.die = die
        self.items: Iterator[TrialRange] = iter(())
        self.taken: list[TrialRange] = []
        self.has_died = False

    def take(self, sentence: str = "") -> None:
        """Takes one more item."""
        self.taken += [trial_range for trial_range in [next(self.items, None)] if trial_range is not None]

    def each(self, work: Any, items: Any) -> Any:
        """Yields what work makes, but for the first wave."""
        if self.has_died:
            return map(work, items)
        self.has_died, self.items = True, iter(items)
        self.take()
        self.die()
        raise WorkersLostError("killed")


def test_a_part_that_is_taken_while_others_are_found_lost_is_made() -> None:
    """Nothing is given once a wave is over, so that each part is lost, left or made."""
    eager = Eager()
    work = Work(thrice, put_together, report=eager.take)
    found = list(Runner(work).parts(ranges(*range(4)), eager))
    assert sorted(piece.trial_range for piece in found) == ranges(*range(4))
    assert eager.taken == ranges(0)


def test_a_part_that_is_being_taken_as_a_wave_ends_is_made() -> None:
    """Whether it was given is settled once; that it then was, costs no more than to make it twice."""
    is_taking, is_over = threading.Event(), threading.Event()

    def stop() -> bool:
        if threading.current_thread() is thread:
            is_taking.set()
            is_over.wait(10)
        return False

    def report(sentence: str) -> None:
        is_over.set()
        thread.join()

    def die() -> None:
        thread.start()
        assert is_taking.wait(10)

    eager = Eager(die)
    thread = threading.Thread(target=eager.take)
    found = list(Runner(Work(thrice, put_together, stop=stop, report=report)).parts(ranges(*range(4)), eager))
    assert sorted(piece.trial_range for piece in found) == ranges(*range(4))
    assert eager.taken == ranges(0, 1)


def test_trials_that_all_fail_again_end_no_sweep() -> None:
    """They are known to; however many are lost in a row, that says nothing of others."""
    n_trials = 2 * runner.MAX_AT_FIRST
    there = put_together(TrialRange(0, 0, n_trials), [], dict.fromkeys(range(n_trials), "killed"))
    failed = {there.trial_range: there.facts.failures}
    (made,) = run(partial(raising, range(n_trials)), [], 1, failed=failed, part=lambda trial_range: there)
    assert made.facts.failures == dict.fromkeys(range(n_trials), "MemoryError: 8 GB")


@pytest.mark.parametrize("jobs", [1, 2])
def test_trials_that_failed_before_are_tried_again_and_nothing_else_is(tmp_path: Path, jobs: int) -> None:
    """What now comes out takes its place in the part that is there; what does not, keeps a reason."""
    there = put_together(range_of_part(2, SIZE, 100), [], dict.fromkeys(range(16, 24), ""))
    there = put_together(
        there.trial_range, [thrice(TrialRange(2, 17, 21)), thrice(TrialRange(2, 22, 24))], {16: "a", 21: "b"}
    )
    (made,) = run(
        partial(raising, [21]),
        [],
        jobs,
        failed={there.trial_range: there.facts.failures},
        part=lambda trial_range: there,
    )
    assert made.cells == (48, 51, 54, 57, 60, None, 66, 69)
    assert made.facts.failures == {21: "MemoryError: 8 GB"}


@pytest.mark.parametrize(
    ("trials", "expected"),
    [((), []), ((0,), [(0, 1)]), ((3, 2, 7, 8, 0), [(0, 1), (2, 4), (7, 9)]), (range(5), [(0, 5)])],
)
def test_trials_in_a_row_are_one_range(trials: Sequence[int], expected: list[tuple[int, int]]) -> None:
    """As few as there can be, and none besides."""
    assert list(contiguous_ranges(4, trials)) == [TrialRange(4, first, stop) for first, stop in expected]
