"""What a run from anywhere may say of itself: metadata.json and status.json with something else in places."""

import copy
import json
from pathlib import Path
from random import Random
from typing import Any

from fuzz.mutations import mutated
from linreg_sweep.storage.checksum import BLANK

SWEEP: dict[str, Any] = {
    "name": "small",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 4},
    "history": {"every": 2},
    "parameters": {"learning_rate": {"values": [0.001, 0.5]}},
}
"""The run that is read, in parts of one trial."""

METADATA: dict[str, Any] = json.loads(Path(__file__).with_name("words").joinpath("metadata.json").read_text())
"""What that run says of itself when it is finished."""

STATUS: dict[str, Any] = {
    "state": "running",
    "pid": 1,
    "host": "here",
    "workers": "2 processes",
    "started": "2026-11-25T10:00:00.000+00:00",
    "updated": "2026-11-25T10:00:20.000+00:00",
    "n_parts": 2,
    "parts_done": 1,
    "n_trials": 2,
    "trials_done": 1,
    "trials_before": 0,
    "failed": 0,
    "outcomes": {"converged": 1, "unfinished": 0, "diverged": 0},
    "last_error": "",
}
"""What its maker may have said of it."""

VALUES: list[Any] = [
    *(0, -1, 1, 2, 10**9, 2**63, 10**400, 0.5, 1e308, -1e308, float("inf"), float("nan"), True, None),
    *("", "x", "1", "../../escaped", "/escaped", ".hidden", "nul", "a\nb", "\x1b[2J", "\ud800", "9" * 500),
    *("learning_rate", "trial", "cost", "converged", "finished", "2026-11-25T10:00:00", "0001-01-01T00:00Z"),
    *([], {}, [1], ["x"], [[]], {"x": 1}, {"converged": "x"}, [0.1, 0.2], [1e308, -1e308], ["learning_rate"]),
]

TOKENS = [*(json.dumps(value).encode() for value in VALUES), b"{", b"}", b"[", b"]", b",", b"\x00", b"\xff"]


def metadata(random: Random) -> bytes:
    """Returns what metadata.json may say; its seal is blank."""
    return changed(random, METADATA | {"seal": BLANK})


def status(random: Random) -> bytes:
    """Returns what status.json may say."""
    return changed(random, STATUS)


def changed(random: Random, example: dict[str, Any]) -> bytes:
    """Returns an example with something else in a few places."""
    document = copy.deepcopy(example)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        holder: Any = document
        while True:
            key = random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            inner = holder[key]
            if not (isinstance(inner, dict | list) and inner) or random.random() < 0.3:
                break
            holder = inner
        if random.random() < 0.1:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(random.choice(VALUES))
    content = json.dumps(document, indent=2).encode()
    return mutated(random, content, TOKENS) if random.random() < 0.2 else content
