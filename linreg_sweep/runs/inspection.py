"""What is there of a run, looked at byte by byte before it is added to: whole parts, and no others."""

from collections.abc import Callable, Mapping
from functools import partial

from linreg_sweep.execution.crew import Missing
from linreg_sweep.execution.parts import Facts, Part
from linreg_sweep.execution.spans import Span, span_of
from linreg_sweep.runs.results import Run
from linreg_sweep.storage import files
from linreg_sweep.storage.files import Place
from linreg_sweep.storage.parquet import facts_of
from linreg_sweep.storage.store import Store


def whole_parts(run: Run, tell: Callable[[str], None]) -> dict[Span, Facts]:
    """Returns what each whole part of a run says of itself, and sets others aside.

    One part is read at a time. What writers that were killed have left is removed.

    Args:
        run: which run.
        tell: takes a sentence for each file that is set aside.

    Raises:
        ResultsError: the disk cannot be read or written.
    """
    store = run.store
    folders = [store.trials, *([store.history] if run.metadata["history"] else [])]
    for folder in (store.path, *folders):
        files.remove_temporaries(folder)
    numbers = {folder: store.part_numbers(folder) for folder in folders}
    there: dict[Span, Facts] = {}
    for number in sorted(set.union(*numbers.values())):
        found = [
            _checked(run, folder, number, tell) if number in numbers[folder] else None for folder in folders
        ]
        facts = found[0]
        # a part is whole with its history alone, and both must be of the same training
        if facts is not None and found == [facts] * len(folders):
            there[span_of(number, run.part_size, run.n_trials)] = facts
    return there


def _checked(run: Run, folder: Place, number: int, tell: Callable[[str], None]) -> Facts | None:
    """Returns what a part's file says of itself; one that is not what it should be is set aside."""
    place = run.store.part(folder, number)
    facts = facts_in(place)
    is_right = facts is not None and number == facts.part < run.n_parts and facts.part_size == run.part_size
    if is_right:
        return facts
    set_aside(run.store, place, tell, anew=number < run.n_parts)
    return None


def missing_of(run: Run, there: Mapping[Span, Facts]) -> Missing:
    """Returns what a run lacks beside the parts that are there."""
    every = (span_of(number, run.part_size, run.n_trials) for number in range(run.n_parts))
    return Missing(
        parts=[span for span in every if span not in there],
        trials={span: facts.failures for span, facts in there.items() if facts.failures},
        read_part=partial(_read_part, run, there),
    )


def _read_part(run: Run, there: Mapping[Span, Facts], span: Span) -> Part:
    """Returns a part that is there."""
    store = run.store
    trials = files.read(store.part(store.trials, span.part))
    history = files.read(store.part(store.history, span.part)) if run.metadata["history"] else None
    return Part(span, trials, history, there[span])


def set_aside(store: Store, place: Place, tell: Callable[[str], None], *, anew: bool = True) -> None:
    """Moves a damaged file out of the way, and tells of it, and whether it is made anew."""
    aside = store.set_aside(place)
    then = ", and will be made again" if anew else ""
    tell(f"damaged: {place} is not what was written; it is now {aside}{then}")


def facts_there(store: Store) -> Facts | None:
    """Returns what the first whole part says of itself; None: there is none."""
    for number in sorted(store.part_numbers(store.trials)):
        facts = facts_in(store.part(store.trials, number))
        if facts is not None:
            return facts
    return None


def facts_in(part: Place) -> Facts | None:
    """Returns what a part's file says of itself; None: it is not whole, of another table, or gone.

    Raises:
        ResultsError: the disk cannot read it.
    """
    try:
        told = facts_of(part)
        return Facts.of(told) if told is not None and told["table"] == part.parent.name else None
    except FileNotFoundError:
        return None
    except (AttributeError, KeyError, TypeError, ValueError):  # sealed, but not by this version
        return None
