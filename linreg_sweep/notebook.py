"""What a notebook shows while trials are trained: how many are done, as a bar of tqdm's."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Never

PATIENCE = 0.5
"""Seconds within which a run ends without a bar."""


def is_notebook() -> bool:
    """Returns whether the kernel of a notebook runs this code, and not a script or a terminal."""
    shell = sys.modules.get("IPython")
    return shell is not None and hasattr(shell.get_ipython(), "kernel")


@contextmanager
def bar() -> Iterator[Callable[[int, int], None]]:
    """Yields what is to be told how many trials are done, and of how many: in a notebook it shows a bar."""
    if not is_notebook():
        yield lambda done, total: None
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without ipywidgets the bar is text, and that is no fault
        from tqdm.auto import tqdm
    shown: list[tqdm[Never]] = []

    def tell(done: int, total: int) -> None:
        if not shown and done < total:
            shown.append(tqdm(total=total, initial=done, unit=" trials", unit_scale=True, delay=PATIENCE))
        for each in shown:
            each.update(done - each.n)

    try:
        yield tell
    finally:
        for each in shown:
            each.close()
