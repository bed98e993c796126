"""Progress on stderr: a bar with rate and time left on a terminal, a line now and then in a log."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Never, TextIO

from linreg_sweep.terminal.console import drop
from linreg_sweep.words import rounded

if TYPE_CHECKING:
    from tqdm import tqdm

SECONDS_A_LINE = 30.0

PATIENCE = 2.0
"""Seconds that a person waits without a word."""


@contextmanager
def waiting(stream: TextIO, text: str) -> Iterator[None]:
    """Says what is waited for where that takes longer than a moment, if a stream is a terminal."""
    if not stream.isatty():
        yield
        return
    timer = threading.Timer(PATIENCE, print, [text], {"file": stream, "flush": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class Progress:
    """How far a run is; `update` it whenever that changes."""

    def __init__(self, stream: TextIO, *, plain: bool = False) -> None:
        """Shows nothing until the first `update`; then a bar, if the stream is a terminal and not plain."""
        self._stream = stream
        self._with_bar = stream.isatty() and not plain
        self._bar: tqdm[Never] | None = None
        self._began = self._shown_at = time.monotonic()
        self._first: int | None = None
        self._done = self._total = 0

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()

    def update(self, done: int, total: int) -> None:
        """Shows that so many trials of so many are there."""
        if self._first is None:
            self._first = done
            if self._with_bar and done < total:
                from tqdm import tqdm

                self._bar = tqdm(
                    file=self._stream,
                    total=total,
                    initial=done,
                    unit=" trials",
                    unit_scale=True,
                    dynamic_ncols=True,
                    leave=False,
                )
        self._done, self._total = done, total
        try:
            self._show()
        except OSError:  # nobody reads it any more: no reason to stop
            drop(self._stream)

    def _show(self) -> None:
        done, total = self._done, self._total
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
        elif time.monotonic() - self._shown_at > SECONDS_A_LINE and done < total:
            self._shown_at = time.monotonic()
            rate = (done - (self._first or 0)) / (self._shown_at - self._began)
            left = f", about {(total - done) / rate:,.0f} s left" if rate else ""
            print(f"{self.standing()}, {rounded(rate)} a second{left}", file=self._stream, flush=True)

    @property
    def nothing_missing(self) -> bool:
        """Whether all trials were there from the beginning."""
        return self._first == self._total > 0

    def standing(self) -> str:
        """Says how far the run is."""
        if self._first is None:
            return "No trial is done yet"
        return f"{self._done:,} of {self._total:,} trials are done"
