"""Processes that hear signals, whatever whoever started the tests ignores."""

import signal


def hear_signals() -> None:
    """Lets a process that is being started (preexec_fn) hear the signals that are to end commands.

    Under nohup, or in the background of a shell, tests ignore some, and all that they start would.
    """
    for name in ("SIGHUP", "SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
