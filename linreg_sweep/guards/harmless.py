"""Text from outside, made safe to show: one line, of bounded length, that no terminal obeys.

File names, columns and cells may hold anything: escape sequences that clear a screen or forge a
line, and marks that turn the order of letters round, so that a name reads as another.
"""

import re

MOST_LETTERS = 1000

OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls, line ends, marks of direction, and halves of characters (bytes that are not UTF-8)."""


def harmless(text: str, most: int | None = MOST_LETTERS) -> str:
    r"""Returns a text with escapes such as `\x1b` for what a terminal obeys.

    Args:
        text: any.
        most: letters; of a longer text the middle is left out. None: any number.
    """
    if most is not None and len(text) > most:
        text = f"{text[: most // 2]} ... {text[-most // 2 :]}"
    return OBEYED.sub(lambda match: ascii(match[0])[1:-1], text)
