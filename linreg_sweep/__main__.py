"""`linreg-sweep` and `python -m linreg_sweep`: the command line, quiet also as it comes and goes.

While modules are loaded, and once all is said, a signal has nothing to save: Python would answer it with
tracebacks from wherever it is just then.
"""

import os
import signal
import sys


def main() -> int:
    """Runs the command line and returns its exit code."""
    _end_at_once()
    _open_what_is_closed()
    try:
        from linreg_sweep.cli import main as command

        return command()
    except (MemoryError, ImportError, RuntimeError) as error:
        if not _is_for_memory(error):
            raise
        os.write(2, b"not enough memory. Hint: allow this process more (ulimit -v), or train smaller parts\n")
        return 1
    finally:
        _end_at_once()


def _is_for_memory(error: BaseException | None) -> bool:
    """Returns whether an error comes of too little memory: for an object, a library, or a thread's stack."""
    words = ("failed to map segment", "cannot allocate memory", "can't start new thread")
    while error is not None:
        if isinstance(error, MemoryError) or any(each in str(error).lower() for each in words):
            return True
        error = error.__cause__ or error.__context__
    return False


def _open_what_is_closed() -> None:
    """Lets stdout and its kin lead nowhere where they were closed, as by `>&-`.

    Else the next file that is opened would have their number, and take what is written to them.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            os.set_inheritable(number, True)  # worker processes fail without a stderr
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115


def _end_at_once() -> None:
    """Lets signals end this process as they would end any; those that are ignored stay so."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
