"""What is there of a run, looked at byte by byte before it is added to: whole parts, and no others."""

from collections.abc import Callable, Mapping
from functools import partial

from linreg_sweep.column_types import Array
from linreg_sweep.execution.missing import Missing
from linreg_sweep.execution.parts import Facts, Part
from linreg_sweep.execution.ranges import TrialRange, range_of_part
from linreg_sweep.runs.results import Run
from linreg_sweep.storage import files
from linreg_sweep.storage.files import AnyPath
from linreg_sweep.storage.layout import Layout
from linreg_sweep.storage.parquet import facts_and_columns
from linreg_sweep.storage.store import Store, is_own
from linreg_sweep.theory.outcome import FAILED, OUTCOMES


def whole_parts(run: Run, report: Callable[[str], None]) -> dict[TrialRange, Facts]:
    """Returns what each whole part of a run says of itself, and sets others aside.

    One part is read at a time. What writers that were killed have left is removed. `report` takes a sentence
    for each file that is set aside.

    Raises:
        ResultsError: the disk cannot be read or written.
    """
    store = run.store
    folders = [store.trials, *([store.history] if run.metadata["history"] else [])]
    for folder in (store.path, *folders):
        files.remove_temporaries(folder, is_own)
    numbers = {folder: store.part_numbers(folder) for folder in folders}
    there: dict[TrialRange, Facts] = {}
    for number in sorted(set.union(*numbers.values())):
        found = [
            _checked(run, folder, number, report) if number in numbers[folder] else None for folder in folders
        ]
        facts = found[0]
        # a part is whole with its history alone, and both must be of the same training
        if facts is not None and found == [facts] * len(folders):
            there[range_of_part(number, run.part_size, run.n_trials)] = facts
    return there


def _checked(run: Run, folder: AnyPath, number: int, report: Callable[[str], None]) -> Facts | None:
    """Returns what a part's file says of itself; one that is not what it should be is set aside."""
    place = run.store.part(folder, number)
    facts = facts_in(place, run.layout(folder.name)) if number < run.n_parts else None
    if facts is not None and (facts.part, facts.part_size) == (number, run.part_size):
        return facts
    set_aside(run.store, place, report, again=number < run.n_parts)
    return None


def missing_of(run: Run, there: Mapping[TrialRange, Facts]) -> Missing:
    """Returns what a run lacks beside the parts that are there."""
    every = (range_of_part(number, run.part_size, run.n_trials) for number in range(run.n_parts))
    return Missing(
        parts=[trial_range for trial_range in every if trial_range not in there],
        trials={trial_range: facts.failures for trial_range, facts in there.items() if facts.failures},
        read_part=partial(_read_part, run, there),
    )


def _read_part(run: Run, there: Mapping[TrialRange, Facts], trial_range: TrialRange) -> Part:
    """Returns a part that is there."""
    store = run.store
    trials = files.read(store.part(store.trials, trial_range.part))
    history = files.read(store.part(store.history, trial_range.part)) if run.metadata["history"] else None
    return Part(trial_range, trials, history, there[trial_range])


def set_aside(store: Store, place: AnyPath, report: Callable[[str], None], *, again: bool = True) -> None:
    """Moves a damaged file out of the way, and reports it, and whether it is made again."""
    aside = store.set_aside(place)
    then = ", and will be made again" if again else ""
    report(f"damaged: {place} is not what was written; it is now {aside}{then}")


def facts_there(store: Store) -> Facts | None:
    """Returns what the first whole part says of itself; None: there is none."""
    for number in sorted(store.part_numbers(store.trials)):
        facts = facts_in(store.part(store.trials, number))
        if facts is not None:
            return facts
    return None


def facts_in(part: AnyPath, layout: Layout | None = None) -> Facts | None:
    """Returns what a part's file says of itself; None: it is not whole, of another table, or gone.

    Where a layout says what it is to hold, what it says of its rows must be so.

    Raises:
        ResultsError: the disk cannot read it.
    """
    try:
        found = facts_and_columns(part, layout)
        if found is None or found[0]["table"] != part.parent.name:
            return None
        facts = Facts.of(found[0])
    except FileNotFoundError:
        return None
    except (KeyError, ValueError):  # sealed, but not by this version
        return None
    return facts if layout is None or _are_so(facts, found[1]) else None


def _are_so(facts: Facts, columns: Mapping[str, Array]) -> bool:
    """Returns whether the rows of a part are what it says of itself; those of its history tell nothing."""
    if "outcome" not in columns:
        return True
    counts = {name: int((columns["outcome"] == code).sum()) for code, name in enumerate(OUTCOMES)}
    failed = columns["trial"][columns["outcome"] == FAILED]
    return counts == facts.outcomes and failed.tolist() == sorted(facts.failures)
