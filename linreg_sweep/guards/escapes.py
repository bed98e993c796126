"""Text from outside, made safe to show: one line, of bounded length, that no terminal obeys.

File names, columns and cells may hold anything: escape sequences that clear a screen or forge a
line, and marks that turn the order of letters round, so that a name reads as another.
"""

import re
from unicodedata import category

MAX_LETTERS = 1000

OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls, line ends, marks of direction, and halves of characters (bytes that are not UTF-8)."""

JOINERS = "\u200c\u200d"
"""Between letters of Persian and of India's scripts, and in emoji: invisible, but these need them."""


def escape_control(text: str, most: int | None = MAX_LETTERS) -> str:
    r"""Returns a text with escapes such as `\x1b` for what a terminal obeys, or nobody sees.

    These are controls, line ends, marks of format and direction, halves of characters, and what Unicode
    has not assigned or left to private use.

    Args:
        text: any.
        most: letters; of a longer text the middle is left out. None: any number.
    """
    if most is not None and len(text) > most:
        text = f"{text[: most // 2]} ... {text[-most // 2 :]}"
    if text.isprintable():
        return text
    return "".join(letter if _is_seen(letter) else ascii(letter)[1:-1] for letter in text)


def _is_seen(letter: str) -> bool:
    return letter.isprintable() or letter in JOINERS or category(letter) == "Zs"
