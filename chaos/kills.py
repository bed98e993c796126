"""Ways to die."""

import random
import signal
import time
from dataclasses import dataclass

from chaos.life import Life, kill

SHORTLY = 0.3
"""Seconds within which a second signal follows the first."""


@dataclass(frozen=True)
class Kill:
    """One of them.

    Attributes:
        name: what to call it.
        signals: what is sent.
        whom: command, all (its workers, too) or worker; on a cluster see there.
        code: what the command is to exit with, where it hears the signal.
    """

    name: str
    signals: tuple[signal.Signals, ...] = (signal.SIGKILL,)
    whom: str = "command"
    code: int = -signal.SIGKILL

    def codes(self, stage: str) -> set[int]:
        """Returns the exit codes of a command that is killed at a stage, beside 0 if it was done by then.

        A signal may end it as it would end any process before it listens, and after it has told its end.
        """
        comes_or_goes = stage in ("starting", "reporting") or len(self.signals) > 1
        return {self.code} | ({-number for number in self.signals} if comes_or_goes else set())

    def strike(self, life: Life, rng: random.Random) -> bool:
        """Does it; returns whether there was anybody left to kill."""
        for number, sent in enumerate(self.signals):
            if number:
                time.sleep(rng.uniform(0, SHORTLY))
            victims = {"command": [life.pid], "all": list(life.processes())}.get(self.whom)
            if victims is None:
                victims = rng.sample(workers, 1) if (workers := sorted(life.workers())) else []
            struck = [kill(victim, sent) for victim in victims if not life.has_ended]
            if not any(struck):
                return number > 0
        return True


IN_A_WRITE = Kill("SIGKILL, in a write")
"""The command does this to itself; see short_lived."""

WORKER = Kill("SIGKILL, a worker", whom="worker", code=0)
"""The command goes on."""

KILLS = (
    IN_A_WRITE,
    WORKER,
    Kill("SIGKILL"),
    Kill("SIGKILL, all processes", whom="all"),
    Kill("SIGTERM", (signal.SIGTERM,), code=143),
    Kill("SIGTERM, all processes", (signal.SIGTERM,), "all", 143),
    Kill("SIGINT", (signal.SIGINT,), code=130),
    Kill("SIGINT, all processes (Ctrl+C)", (signal.SIGINT,), "all", 130),
    Kill("SIGINT twice", (signal.SIGINT, signal.SIGINT), code=130),
    Kill("SIGINT twice, all processes", (signal.SIGINT, signal.SIGINT), "all", 130),
    Kill("SIGHUP", (signal.SIGHUP,), code=129),
    Kill("SIGHUP, all processes (closed terminal)", (signal.SIGHUP,), "all", 129),
)
