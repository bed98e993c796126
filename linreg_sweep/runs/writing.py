"""Parts on their way to disk: while one is flushed, the next is trained."""

from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from linreg_sweep.execution.parts import Part
from linreg_sweep.storage import files
from linreg_sweep.storage.store import Store


def written(store: Store, parts: Iterable[Part]) -> Generator[Part, None, None]:
    """Yields each part, as they are made, once it is on disk.

    Raises:
        ResultsError: a part cannot be written; those yielded before are whole.
    """
    with ThreadPoolExecutor(max_workers=1) as writer:
        before: tuple[Part, Future[None]] | None = None
        for part in parts:
            if before is not None:
                before[1].result()
                yield before[0]
            before = part, writer.submit(_write, store, part)
        if before is not None:
            before[1].result()
            yield before[0]


def _write(store: Store, part: Part) -> None:
    """Writes the history before the trials, so that a part whose trials are there is complete."""
    number = part.trial_range.part
    if part.history is not None:
        files.write(store.part(store.history, number), part.history)
    files.write(store.part(store.trials, number), part.trials)
