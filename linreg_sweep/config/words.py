"""How messages write paths and values, and which word was meant."""

import difflib
from collections.abc import Iterable
from decimal import Context

Key = str | int
KeyPath = tuple[Key, ...]

_SHOWN = 60


def path_text(path: KeyPath) -> str:
    """Returns a path as messages write it: `parameters.learning_rate.values[2]`."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            name = shorten(key)
            shown = name if name.replace("_", "a").replace("-", "a").isalnum() else repr(name)
            text += f".{shown}" if text else shown
    return text


def show(value: object) -> str:
    """Returns a value as messages show it: as YAML would say it, and at most 60 characters."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(shorten(value))
    if isinstance(value, int) and value.bit_length() > 10_000:
        return "a huge whole number"  # Python refuses to print more than 4,300 digits
    if isinstance(value, int) and abs(value) >= 10**16:
        return f"{Context(prec=6).create_decimal(value).normalize():e}"
    return shorten(repr(value))


def shorten(text: str) -> str:
    """Returns a text cut to 60 characters, the last three of which then are dots."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def closest(given: str, names: Iterable[str]) -> str:
    """Returns the name that was meant, the one `did_you_mean` suggests; empty where none is close."""
    close = difflib.get_close_matches(given, sorted(set(names)), n=1, cutoff=0.6)
    return close[0] if close else ""
