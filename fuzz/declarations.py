"""Configs and sweeps: examples changed, and structures of their own words."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from fuzz.mutations import mutated, words
from linreg_sweep.config.messages import key_paths
from linreg_sweep.config.shapes import ALL_KEYS
from linreg_sweep.config.sweeps import RandomSweep
from linreg_sweep.config.varied import KINDS

ROOT = Path(__file__).parents[1]

SAID = {
    folder: [file.read_bytes() for file in sorted((ROOT / folder).glob("*.yaml"))]
    for folder in ("configs", "sweeps")
}

KEYS = sorted(
    {path[-1] for path in key_paths(RandomSweep)}
    | {key for keys in ALL_KEYS.values() for key in keys}
    | {
        *KINDS,
        "training.loss",
        "schedule.final",
        "learning_rate, momentum",
        "initial_weight_x",
        "initial_weight_",
        "unit",
        "extends",
        "<<",
        "nonsense",
    }
)

SHAPES = [("value",), ("values",), ("min", "max"), ("min", "max", "num", "scale"), ("min", "max", "step")]
SHAPES += [("distribution", "mu", "sigma", "scale"), ("distribution", "min", "max", "scale")]

NUMBERS = words("numbers")
NUMBERS += ["1" * 399, "1" * 401, "0." + "3" * 390, "'" + "1" * 3000 + "x'", "-" * 50]

WORDS = words("values")

NOISE = [
    *(b"\x00", b"\x1b[2J", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"\r", b"\r\n"),
    *(b"\n", b"\t", b"  ", b": ", b"\n- ", b"\n  ", b"\xe2\x80\xa8", b"\xc2\x85", b"\xe2\x80\xae", b"[" * 50),
]
TOKENS: Sequence[bytes] = [*(word.encode() for word in (*KEYS, *NUMBERS, *WORDS)), *NOISE]


def declaration(random: Random, kind: str) -> bytes:
    """Returns the content of a file, a changed example or a structure; kind is configs or sweeps."""
    if random.random() < 0.6:
        return mutated(random, random.choice(SAID[kind]), TOKENS)
    text = _whole(random, kind) if random.random() < 0.8 else _block(random, 0)
    content = text.encode("utf-8", "replace")
    return mutated(random, content, TOKENS) if random.random() < 0.3 else content


def _whole(random: Random, kind: str) -> str:
    """Returns what is nearly right: the known blocks, with values that may be any."""
    lines = ["data: {name: tutorial}" if random.random() < 0.7 else f"data: {flow(random, 1)}"]
    for block in ("training", "outcome", "history"):
        if random.random() < 0.3:
            lines.append(f"{block}: {{{', '.join(_pair(random, 1) for _ in range(random.randint(0, 3)))}}}")
    if kind == "sweeps":
        lines.append(f"method: {random.choice(('grid', 'random', 'random', 'gird', 'list'))}")
        lines += [f"trials: {number(random)}"] * (random.random() < 0.5)
        lines += [f"max_trials: {number(random)}"] * (random.random() < 0.1)
        lines.append("parameters:")
        is_union = random.random() < 0.2
        for name in random.sample(
            [*KINDS, "initial_weight_x", "rate", "learning_rate, epochs"], random.randint(1, 3)
        ):
            starts = "- " if is_union else "  "
            lines.append(f"{starts}{name}: {_parameter(random)}")
    lines += [f"seed: {number(random)}"] * (random.random() < 0.2)
    return "\n".join(lines) + "\n"


def _parameter(random: Random) -> str:
    if random.random() < 0.1:
        return flow(random, 1)
    keys = random.choice(SHAPES)
    return "{" + ", ".join(f"{key}: {_fitting(random, key)}" for key in keys if random.random() < 0.93) + "}"


def _fitting(random: Random, key: str) -> str:
    if random.random() < 0.1:
        return flow(random, 2)
    match key:
        case "values":
            return f"[{', '.join(number(random) for _ in range(random.randint(0, 5)))}]"
        case "scale":
            return random.choice(("linear", "log"))
        case "distribution":
            return random.choice(("uniform", "normal"))
    return number(random)


def number(random: Random) -> str:
    """Returns a number, or what looks like one."""
    if random.random() < 0.4:
        return random.choice(NUMBERS)
    return random.choice(
        (str(random.randint(0, 50)), f"{random.lognormvariate(0, 6):.{random.randint(1, 17)}g}")
    )


def scalar(random: Random) -> str:
    """Returns a word or a number."""
    return random.choice((random.choice(WORDS), number(random), number(random)))


def _pair(random: Random, level: int) -> str:
    return f"{random.choice(KEYS)}: {flow(random, level + 1)}"


def flow(random: Random, level: int) -> str:
    """Returns any value, written on one line; level counts what it stands in."""
    if level < 4 and random.random() < 0.2:
        return f"[{', '.join(flow(random, level + 1) for _ in range(random.randint(0, 4)))}]"
    if level < 4 and random.random() < 0.2:
        return "{" + ", ".join(_pair(random, level) for _ in range(random.randint(0, 4))) + "}"
    return scalar(random)


def _block(random: Random, level: int) -> str:
    lines = []
    for _ in range(random.randint(1, 5)):
        key = random.choice(KEYS)
        if level < 3 and random.random() < 0.4:
            below = _block(random, level + 1).replace("\n", "\n  ")
            lines.append(f"{key}:\n  {below}")
        else:
            lines.append(f"{key}: {scalar(random)}")
    return "\n".join(lines)
