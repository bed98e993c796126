"""How messages write paths and values."""

from decimal import Context

from linreg_sweep.errors import shorten

Key = str | int
KeyPath = tuple[Key, ...]


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
    try:
        return shorten(repr(value))
    except (ValueError, RecursionError):  # a list of huge numbers, or of itself
        return f"a {type(value).__name__}"
