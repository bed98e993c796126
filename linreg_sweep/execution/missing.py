"""Who makes what of a sweep: the first parts here, the rest by workers, and at last what failed before."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

from linreg_sweep.execution.ranges import TrialRange, contiguous_ranges
from linreg_sweep.execution.runner import Runner, Work
from linreg_sweep.workers.in_process import InProcess
from linreg_sweep.workers.interface import Workers

OpenWorkers: TypeAlias = Callable[[], AbstractContextManager[Workers]]


@dataclass(frozen=True)
class Missing:
    """What is missing of a sweep.

    Attributes:
        parts: those that are not there.
        trials: of parts that are there, the trials that could not be trained, with the reasons.
        read_part: returns such a part.
    """

    parts: Sequence[TrialRange]
    trials: Mapping[TrialRange, Mapping[int, str]]
    read_part: Callable[[TrialRange], Any]

    def __bool__(self) -> bool:
        return bool(self.parts or self.trials)


def train_missing(
    work: Work,
    missing: Missing,
    open_workers: OpenWorkers,
    say: Callable[[str], None],
    *,
    alone_first: bool,
) -> Generator[Any, None, None]:
    """Yields each missing part as it comes in.

    Args:
        work: how parts are made.
        missing: which.
        open_workers: starts workers, and ends them.
        say: called with who trains, in words.
        alone_first: begin in this process, and start workers only if that would pay.

    Raises:
        SweepError: workers die whatever they are given, or none are left.
    """
    runner, parts = Runner(work), missing.parts
    if alone_first:
        parts = yield from runner.one_by_one(parts, InProcess())
    if work.stop() or not (parts or missing.trials):
        return
    with open_workers() as workers:
        say(str(workers))
        yield from runner.parts(parts, workers)
        for trial_range, failures in missing.trials.items():
            if work.stop():
                return
            tried = list(
                runner.parts(list(contiguous_ranges(trial_range.part, failures)), workers, whatever=True)
            )
            left = dict(failures)
            for piece in tried:
                for trial in range(piece.trial_range.first, piece.trial_range.stop):
                    left.pop(trial)
                left |= piece.facts.failures
            yield work.put_together(trial_range, [missing.read_part(trial_range), *tried], left)
