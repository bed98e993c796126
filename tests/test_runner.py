"""Facts about parts over processes: each comes once, few are in flight, and a death is told."""

import operator
import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from linreg_sweep import runner
from linreg_sweep.errors import SweepError
from linreg_sweep.runner import PARTS_A_WAVE, run_parts

SQUARE = partial(operator.mul, 3)


@pytest.mark.parametrize("jobs", [None, 1, 2])
@pytest.mark.parametrize("numbers", [[], [7], list(range(40)), [5, 2, 9]])
def test_every_part_comes_once(numbers: list[int], jobs: int | None) -> None:
    """However many workers there are, each part asked for is made, and no other."""
    assert sorted(run_parts(SQUARE, numbers, jobs)) == sorted(map(SQUARE, numbers))


def test_one_job_works_in_process_and_in_order() -> None:
    """Nothing is started, and each part is made when it is asked for."""
    made: list[int] = []
    parts = run_parts(made.append, [3, 1, 2], jobs=1)
    assert made == []
    next(parts)
    assert made == [3]
    assert list(parts) == [None, None]
    assert made == [3, 1, 2]


def test_two_jobs_work_in_other_processes() -> None:
    """Work is done by processes other than this one."""

    def process(number: int) -> int:
        return os.getpid()

    assert os.getpid() not in set(run_parts(process, range(8), jobs=2))


def test_a_small_sweep_stays_in_process() -> None:
    """Where nothing is said and little is to do, no worker is started."""

    def process(number: int) -> int:
        return os.getpid()

    assert set(run_parts(process, range(100))) == {os.getpid()}


def test_a_long_sweep_gets_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is said and the first part shows that it pays, the rest goes to workers."""
    monkeypatch.setattr(runner, "WORTH_WORKERS", 0.1)

    def process(number: int) -> tuple[int, int]:
        time.sleep(0.05)
        return number, os.getpid()

    made = dict(run_parts(process, range(6)))
    assert sorted(made) == list(range(6))
    assert made[0] == os.getpid()
    assert os.getpid() not in {made[number] for number in range(1, 6)}


def test_what_is_in_flight_is_bounded(tmp_path: Path) -> None:
    """While the consumer rests, workers begin no more than a wave of parts."""

    def note(number: int) -> int:
        (tmp_path / str(number)).touch()
        return number

    parts = run_parts(note, range(200), jobs=2)
    made = [next(parts)]
    time.sleep(0.5)
    assert len(list(tmp_path.iterdir())) <= 2 * PARTS_A_WAVE < 200
    made += parts
    assert sorted(made) == list(range(200))


def test_a_killed_worker_is_a_sweep_error(tmp_path: Path) -> None:
    """What was yielded before is whole, the message says what to do, and the next run works."""

    def work(number: int) -> int:
        if number == 20 and not (tmp_path / "killed").exists():
            (tmp_path / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    made: list[int] = []
    with pytest.raises(SweepError) as caught:
        made.extend(run_parts(work, range(30), jobs=2))
    assert str(caught.value) == (
        "a worker process was killed. Hint: finished parts are kept; "
        "run the same command again, with fewer --jobs if memory ran out"
    )
    assert caught.value.exit_code == 1
    assert set(made) >= set(range(16))
    assert 20 not in made
    left = [number for number in range(30) if number not in made]
    assert sorted(run_parts(work, left, jobs=2)) == left


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_the_work_is_raised(jobs: int) -> None:
    """A mistake in the work is not swallowed, wherever it happens."""
    with pytest.raises(ZeroDivisionError):
        list(run_parts(partial(operator.floordiv, 1), [1, 0], jobs))
