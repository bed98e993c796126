"""What an unquoted word of YAML means, by the core schema of YAML 1.2 (section 10.3.2).

So `1e-3` is a number, `no` and `on` are text, and nothing but true and false is a boolean. One thing is
stricter: `010` is refused, because half the world reads 8 and the other half 10.
"""

import re

from linreg_sweep.words import joined

MAX_NUMBER = 400

UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that YAML has no place for, except as escapes; those are refused too."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WHOLE = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NUMBERS = (_WHOLE, _OCTAL, _HEXADECIMAL, _FLOAT)


class ScalarError(ValueError):
    """A word that is invalid; its arguments are a message and a hint."""


def read_scalar(word: str) -> bool | int | float | str | None:
    """Returns the value of an unquoted word.

    Raises:
        ScalarError: a whole number that starts with 0, or a number of more than 400 characters.
    """
    if word in _NULL:
        return None
    if word in _BOOLEAN:
        return _BOOLEAN[word]
    if len(word) > MAX_NUMBER:
        if any(pattern.fullmatch(word) for pattern in _NUMBERS):
            raise ScalarError(f"a number has at most {MAX_NUMBER} characters, got {len(word)}", "")
        return word
    if _WHOLE.fullmatch(word):
        return _whole(word)
    if _OCTAL.fullmatch(word):
        return int(word[2:], 8)
    if _HEXADECIMAL.fullmatch(word):
        return int(word[2:], 16)
    if _FLOAT.fullmatch(word):
        return float(word)
    if _INFINITE.fullmatch(word):
        return float(word.replace(".", ""))
    return word


def _whole(word: str) -> int:
    digits = word.lstrip("+-")
    if len(digits) > 1 and digits.startswith("0"):
        ways = [f"{int(word)}"]
        if set(digits) <= set("01234567"):
            ways.append(f"0o{digits.lstrip('0') or '0'} for octal")
        ways.append(f"'{word}' in quotes for text")
        text = f"a whole number does not start with 0, got {word[:60]}"
        raise ScalarError(text, f"write {joined(ways, 'or')}")
    return int(word)
