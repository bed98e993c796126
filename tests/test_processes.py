"""Facts about work in other processes on this machine."""

import signal

from linreg_sweep.workers.processes import Processes


def is_deaf(item: int) -> bool:
    """Returns whether Ctrl+C is held back from this process."""
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_workers_are_born_deaf_to_an_interrupt() -> None:
    """A terminal sends Ctrl+C to all processes: what it means is for the command to say, which hears it."""
    assert list(Processes(2).each(is_deaf, range(4))) == [True] * 4
    assert not is_deaf(0)
