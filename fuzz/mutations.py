"""Bytes changed a little: flips, cuts, repeats, and words of one's trade where others stood."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

Mutation = Callable[[Random, bytes, Sequence[bytes]], bytes]

LARGE = 2000
"""One case in so many is repeated up to a mebibyte: what is slow shows there."""

_WORDS = re.compile(rb"[A-Za-z_]+|[0-9.eE+-]+|\s+|.", re.DOTALL)


def words(name: str) -> list[str]:
    """Returns the lines of a file in `words`."""
    return Path(__file__).with_name("words").joinpath(f"{name}.txt").read_text(encoding="utf-8").splitlines()


def mutated(random: Random, content: bytes, trade: Sequence[bytes]) -> bytes:
    """Returns a content changed in one to six ways.

    Args:
        random: decides.
        content: what to change.
        trade: words that are put in.
    """
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        content = random.choice(_MUTATIONS)(random, content, trade)
    if not random.randrange(LARGE):
        content = _repeat(random, content, random.choice((10_000, 2**20)))
    return content


def _span(random: Random, content: bytes, most: int = 64) -> tuple[int, int]:
    start = random.randint(0, len(content))
    return start, min(len(content), start + random.randint(0, most))


def _flip(random: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    if not content:
        return content
    changed = bytearray(content)
    for _time in range(random.choice((1, 1, 2, 8))):
        at = random.randrange(len(changed))
        changed[at] = random.choice((changed[at] ^ (1 << random.randrange(8)), 0, 255, random.randrange(256)))
    return bytes(changed)


def _cut(random: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    start, stop = _span(random, content)
    return content[:start] + content[stop:]


def _truncate(random: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    at = random.randint(0, len(content))
    return content[:at] if random.random() < 0.8 else content[at:]


def _move(random: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    start, stop = _span(random, content)
    at = random.randint(0, len(content))
    return content[:at] + content[start:stop] + content[at:]


def _insert(random: Random, content: bytes, trade: Sequence[bytes]) -> bytes:
    at = random.randint(0, len(content))
    return content[:at] + random.choice(trade) + content[at:]


def _swap_words(random: Random, content: bytes, trade: Sequence[bytes]) -> bytes:
    parts = _WORDS.findall(content[:20_000])
    if not parts:
        return content
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(len(parts))
        parts[at] = random.choice((random.choice(trade), random.choice(parts), b""))
    return b"".join(parts) + content[20_000:]


def _repeat_some(random: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    return _repeat(random, content, random.choice((100, 1000)))


def _repeat(random: Random, content: bytes, size: int) -> bytes:
    """Repeats a few bytes until they are as many as `size`."""
    start, stop = _span(random, content, most=random.choice((1, 4, 40)))
    piece = content[start:stop] or b"x"
    return content[:start] + piece * (size // len(piece)) + content[stop:]


_MUTATIONS: tuple[Mutation, ...] = (
    _flip,
    _cut,
    _truncate,
    _move,
    _insert,
    _insert,
    _swap_words,
    _swap_words,
    _repeat_some,
)
