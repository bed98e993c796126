"""What a declaration was meant as that cannot be read: text to paste, which was read before."""

from contextlib import suppress
from dataclasses import replace
from math import isfinite
from typing import Any

from linreg_sweep.config.messages import NUMBER, suggest
from linreg_sweep.config.reading import Reading
from linreg_sweep.config.scalars import ScalarError, read_scalar
from linreg_sweep.config.shapes import ALL_KEYS, RANDOM, keys_of
from linreg_sweep.config.suggestions import FEW, LONGEST, ONE_NUMBER, SYNONYMS, called, distribution
from linreg_sweep.errors import Complaint


def with_better_hint(reading: Reading, found: Complaint) -> Complaint:
    """Returns a fault of a step that falls, or is on a log scale, with points to write instead."""
    given = reading.given
    numbers = [given.get(key) for key in ("min", "max", "step")]
    if "step" not in given or not all(type(each) in (int, float) for each in numbers) or not given["step"]:
        return found
    low, high = sorted((given["min"], given["max"]))
    num = max(2, round((high - low) / abs(given["step"])) + 1) if isfinite(high - low) else FEW
    if found.path == ("step",) and given["step"] < 0:
        ends = {"min": low, "max": high}
        hint = reading.write({**ends, "step": -given["step"]}, {**ends, "num": FEW})
        return replace(found, hint=hint or found.hint)
    if found.path == ("scale",) and given["scale"] == "log":
        hint = reading.write({"min": low, "max": high, "num": min(num, 41), "scale": "log"})
        return replace(found, hint=hint or "use num for a log scale")
    return found


def of_distribution(reading: Reading, given: Any) -> str:
    """Returns a hint for the distribution of another tool, or for one in a grid."""
    if str(given).lower() in ("choice", "categorical", "discrete"):
        return "write values: [...], a list"
    keys = distribution(given, reading.given)
    if keys is None or reading.method == RANDOM:
        return reading.write(keys or {})
    grid = {key: value for key, value in keys.items() if key in ("min", "max", "scale")} | {"num": FEW}
    hint = reading.write(grid)
    return f"this key is for method random; in a grid {hint}" if hint else ""


def for_unknown_key(reading: Reading, key: str) -> str:
    """Returns a hint for a key that no shape of the parameter has."""
    own = {key for shape in reading.shapes.values() for key in keys_of(shape)}
    if not reading.kind.is_number and key in ALL_KEYS[reading.method]:
        return f"{reading.name} is no number: write values: [...]"
    for method, keys in ALL_KEYS.items():
        if method != reading.method and key in keys:
            return f"this key is for method {method}"
    if key.lower() in SYNONYMS:
        return f"write {SYNONYMS[key.lower()]}"
    return suggest(key, own)


def as_list(given: Any) -> str:
    """Returns the list that a text of numbers with commas between them was meant as, or nothing."""
    parts = [part.strip() for part in given.split(",")] if isinstance(given, str) else []
    is_list = len(parts) > 1 and all(NUMBER.fullmatch(part) for part in parts)
    return f"[{', '.join(parts)}]" if is_list else ""


def meant(reading: Reading, given: Any) -> str:
    """Returns a hint for a text that calls a function of NumPy, or lists numbers."""
    keys = called(given)
    if keys is None:
        return reading.write({"values": _numbers(given)}) if _numbers(given) else ""
    if reading.method == RANDOM and "value" not in keys:
        keys = {key: value for key, value in keys.items() if key not in ("num", "step")}
    return reading.write(keys)


def _numbers(given: Any) -> list[Any]:
    """Returns the numbers that a text such as `0.1, 0.2` or `0.1 0.2` lists."""
    if not isinstance(given, str) or len(given) > LONGEST or ONE_NUMBER.fullmatch(given.strip()):
        return []
    parts = given.replace(",", " ").split()
    if len(parts) < 2 or not all(map(NUMBER.fullmatch, parts)):
        return []
    with suppress(ScalarError):  # 007
        return [read_scalar(part) for part in parts]
    return []
