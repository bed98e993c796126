"""`linreg-sweep` and `python -m linreg_sweep`: the command line, quiet also as it comes and goes.

While modules are loaded, and once all is said, a signal has nothing to save: Python would answer it with
tracebacks from wherever it is just then.
"""

import signal
import sys


def main() -> int:
    """Runs the command line and returns its exit code."""
    _end_at_once()
    from linreg_sweep.cli import main as command

    try:
        return command()
    finally:
        _end_at_once()


def _end_at_once() -> None:
    """Lets signals end this process as they would end any; those that are ignored stay so."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
