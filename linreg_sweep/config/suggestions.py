"""What a declaration was meant to say, as text to paste: calls, sums and words that other tools take."""

import re
from collections.abc import Mapping
from fractions import Fraction
from math import ceil, isfinite
from typing import Any

from linreg_sweep.words import closest

FEW = 11
"""Points that a grid is suggested to have where nobody said how many."""

LONGEST = 200
"""Letters of a text that is looked at: nobody means a longer one, and looking takes time."""

_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_CALL = re.compile(r"(?:\w+\.)*(logspace|geomspace|linspace|arange|range)\(([^()]*)\)")
_ARGUMENT = re.compile(rf"(?:(\w+)\s*=\s*)?({_NUMBER})")
_SUM = re.compile(rf"({_NUMBER})\s*(\*\*|\^|\*|/|%)\s*({_NUMBER})?")
_THOUSANDS = re.compile(r"[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
ONE_NUMBER = re.compile(rf"{_THOUSANDS.pattern}|[-+]?[0-9]+,[0-9]+")
"""A text whose commas may stand within one number."""

SYNONYMS = {
    **dict.fromkeys(("low", "lower", "lo", "start", "from", "begin", "minimum"), "min"),
    **dict.fromkeys(("high", "upper", "hi", "stop", "end", "to", "maximum"), "max"),
    **dict.fromkeys(("n", "count", "points", "steps", "size", "number", "q"), "num"),
    **dict.fromkeys(("mean", "loc"), "mu"),
    **dict.fromkeys(("std", "sd", "stddev"), "sigma"),
    **dict.fromkeys(("choices", "options", "list"), "values"),
    **dict.fromkeys(("log", "log_scale"), "scale: log"),
}
"""The keys of other tools, and ours."""

_UNIFORM = ("uniform", "quniform", "intuniform", "uniformint", "randint", "int", "float")
_DISTRIBUTIONS = {
    **dict.fromkeys(("loguniform", "loguniformvalues", "reciprocal"), ("uniform", "log")),
    **dict.fromkeys(_UNIFORM, ("uniform", "linear")),
    **dict.fromkeys(("normal", "gaussian", "norm"), ("normal", "linear")),
    "lognormal": ("normal", "log"),
}
"""The distributions of other tools, without what stands between their letters: ours, and the scale."""


def block(name: str, keys: Mapping[str, Any]) -> str:
    """Returns the declaration of a parameter on one line of YAML."""
    return f"{name}: {{{', '.join(f'{key}: {_written(value)}' for key, value in keys.items())}}}"


def _written(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < 10**15
    return str(int(value)) if is_whole else str(value)


def distribution(given: object, keys: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns the keys of a random parameter that another tool's `distribution: log_uniform` stands for.

    They are those that are given beside it; those that are missing get examples.
    """
    bare = re.sub(r"[^a-z]", "", str(given).lower())
    if bare not in _DISTRIBUTIONS:
        bare = re.sub(r"[^a-z]", "", closest(bare, _DISTRIBUTIONS))
    if not bare:
        return None
    kind, scale = _DISTRIBUTIONS[bare]
    scaled = {"scale": "log"} if scale == "log" or keys.get("scale") == "log" else {}
    if kind == "normal":
        return {"distribution": "normal", "mu": keys.get("mu", 0), "sigma": keys.get("sigma", 1)} | scaled
    return {"min": keys.get("min", 0.0001), "max": keys.get("max", 0.01)} | scaled


def called(text: object) -> dict[str, Any] | None:
    """Returns the keys of a grid's parameter that a call such as `np.logspace(-4, -6, 5)` stands for."""
    match = _CALL.search(text) if isinstance(text, str) and len(text) <= LONGEST else None
    parts = [_ARGUMENT.fullmatch(part.strip()) for part in match[2].split(",")] if match else []
    if match is None or not all(parts):
        return None
    plain = [part[2] for part in parts if part and not part[1]]
    named = {part[1]: part[2] for part in parts if part and part[1]}
    if match[1] in ("arange", "range"):
        return _stepped(*plain) if 1 <= len(plain) <= 3 and not named else None
    num = named.get("num") or named.get("steps") or (plain[2] if len(plain) > 2 else "50")
    base = float(named.get("base", 10))
    if len(plain) not in (2, 3) or not num.isdigit() or not int(num):
        return None
    try:
        ends = [base ** float(end) if match[1] == "logspace" else float(end) for end in plain[:2]]
    except (OverflowError, ZeroDivisionError):
        return None
    if int(num) == 1 or ends[0] == ends[1]:
        return {"value": ends[0]}
    scale = {} if match[1] == "linspace" else {"scale": "log"}
    return {"min": min(ends), "max": max(ends), "num": int(num)} | scale


def _stepped(first: str, second: str = "", third: str = "1") -> dict[str, Any] | None:
    """Returns the points of a range, whose end is not among them, in decimals."""
    start, stop, step = (Fraction(text) for text in ((first, second, third) if second else ("0", first, "1")))
    count = ceil((stop - start) / step) if step else 0
    if count < 2:
        return {"value": float(start)} if count == 1 else None
    last = start + (count - 1) * step
    return {"min": float(min(start, last)), "max": float(max(start, last)), "step": float(abs(step))}


def calculated(text: str) -> float | None:
    """Returns the number that a text such as `10**-3`, `1/3` or `5%` comes to."""
    match = _SUM.fullmatch(text.strip())
    if match is None or (match[3] is None) != (match[2] == "%"):
        return None
    first = float(match[1])
    if match[2] == "%":
        return float(f"{match[1]}e-2") if "e" not in match[1].lower() else first / 100
    second = float(match[3])
    try:
        if match[2] in ("**", "^"):
            whole = first == 10 and second.is_integer()
            number = float(f"1e{int(second)}") if whole else first**second
        else:
            number = first * second if match[2] == "*" else first / second
    except (OverflowError, ZeroDivisionError):
        return None
    return number if not isinstance(number, complex) and isfinite(number) else None


def number(text: str, *, whole: bool) -> str:
    """Returns a hint for a text that nearly is a number; a comma may stand before thousands or decimals."""
    if len(text) > LONGEST:
        return ""
    bare = text.replace("_", "").strip()
    result = calculated(bare)
    if result is not None:
        return f"write {_written(result)}"
    if _THOUSANDS.fullmatch(bare):
        plain = bare.replace(",", "")
        if whole or bare.count(",") > 1 or "." in bare:
            return f"write {plain}"
        return f"write {plain}, or {bare.replace(',', '.')} where the comma marks decimals"
    bare = bare.replace(",", ".")
    if re.fullmatch(_NUMBER, bare):
        return f"write {bare}" + ("" if bare != text else " without quotes")
    return ""
