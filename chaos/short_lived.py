"""Runs a command that kills itself at its Nth flush or rename: `python -m chaos.short_lived N ARGUMENTS`.

The command is the one that everybody has; what ends it is put under it from here. A file that is about to be
flushed is cut first, as if the death had come halfway through its writing.
"""

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from typing import Any


def mortal(call: Callable[..., Any], is_last: Callable[[], bool]) -> Callable[..., Any]:
    """Returns a call of the system that ends this process in place of the last time it would be made."""

    def made(*arguments: Any, **named: Any) -> Any:
        if is_last():
            if isinstance(arguments[0], int):
                _cut(arguments[0])
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments, **named)

    return made


def _cut(descriptor: int) -> None:
    try:
        os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
    except OSError:  # a folder
        return


def main() -> int:
    """Runs the command line."""
    last = sys.argv.pop(1)
    calls = count(1)
    for name in ("fsync", "replace"):
        setattr(os, name, mortal(getattr(os, name), lambda: next(calls) == int(last)))
    from linreg_sweep.__main__ import main as command

    return command()


if __name__ == "__main__":
    sys.exit(main())
