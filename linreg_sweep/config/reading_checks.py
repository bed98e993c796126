"""What two keys of a parameter must hold together, each of which is right by itself."""

from math import floor, isfinite
from typing import Any

from linreg_sweep.config.faults import MAX_COMPLAINTS
from linreg_sweep.config.parameters import (
    MAX_DECIMALS,
    MAX_INTEGER,
    Normal,
    Parameter,
    Points,
    Steps,
    Uniform,
    Values,
)
from linreg_sweep.config.reading import Reading
from linreg_sweep.config.shapes import GRID
from linreg_sweep.words import show

MAX_POINTS = 10**6
"""Points of one parameter that are still suggested."""


def check(reading: Reading, parameter: Parameter) -> None:
    """Notes what is wrong between the keys of a declaration, each of which is right by itself."""
    match parameter:
        case Values():
            _check_distinct(reading)
        case Points():
            if _check_ends(reading, parameter):
                _check_points(reading, parameter)
        case Steps():
            if _check_ends(reading, parameter):
                _check_steps(reading, parameter)
        case Uniform():
            _check_ends(reading, parameter)
        case Normal():
            _check_normal(reading, parameter)


def _check_distinct(reading: Reading) -> None:
    first: dict[Any, int] = {}
    given = reading.given.get("values", ())
    for place, item in enumerate(given):
        if len(reading.faults) > MAX_COMPLAINTS:
            return
        value = reading.kind.adapter.validate_python(item)
        if first.setdefault(value, place) != place:
            reading.refuse(("values", place), f"must not repeat a value, got {show(item)} again")


def _check_ends(reading: Reading, parameter: Points[Any] | Steps[Any, Any] | Uniform[Any]) -> bool:
    """Notes ends that no scale has, or that are not in order; returns whether there are none such."""
    low, high = parameter.min, parameter.max
    if parameter.scale == "log":
        for key, end in (("min", low), ("max", high)):
            if end <= 0:
                reading.refuse(
                    key,
                    f"must be above 0 when scale is log, got {reading.shown(key)}",
                    "give a range above 0, or scale: linear",
                )
    if not isfinite(high - low):
        reading.refuse("max", f"must be less than 1.8e308 above min, got {reading.shown('max')}")
    may_be_one = isinstance(parameter, Points) and parameter.num == 1
    if low > high or (low == high and not may_be_one):
        if low == high:
            hint = reading.write({"value": reading.given["min"]})
        else:
            first, last = sorted((reading.given["min"], reading.given["max"]))
            then = "; `values: [...]` keeps an order of its own" if reading.method == GRID else ""
            hint = reading.write({**reading.given, "min": first, "max": last}, then=then)
        reading.refuse("max", f"must be above min ({reading.shown('min')}), got {reading.shown('max')}", hint)
    return not reading.faults


def _check_points(reading: Reading, points: Points[Any]) -> None:
    low, high, num = points.min, points.max, points.num
    if low < high and num == 1:
        reading.refuse("num", "must be at least 2 where min and max differ, got 1", "use value for one point")
    elif reading.kind.is_whole and points.scale == "log":
        ratio = (high / max(low, 1)) ** (1 / max(num - 1, 1))
        places = range(num) if 1 < num <= 1000 else ()
        near = sorted({min(high, max(low, round(low * ratio**place))) for place in places})
        hint = reading.write({"values": near}) or "use values"
        reading.refuse("scale", f"must be linear, because {reading.name} is a whole number", hint)
    elif reading.kind.is_whole and num > 1 and (high - low) % (num - 1):
        apart = f"{(high - low) / (num - 1):.6g} apart"
        text = f"must give whole numbers, but {num} points from {low} to {high} are {apart}"
        reading.refuse("num", text, reading.write(*_whole_points(low, high, num)) or "use step or values")


def _check_steps(reading: Reading, steps: Steps[Any, Any]) -> None:
    low, high, step = steps.min, steps.max, steps.step
    if steps.decimals > MAX_DECIMALS or max(-steps.first, steps.last, steps.stride) > MAX_INTEGER:
        text = f"must give numbers that a float holds to every digit, got {show(step)}"
        reading.refuse("step", text, reading.write(*_whole_steps(low, high, step)) or "use num")
        return
    behind = (steps.last - steps.first) % steps.stride
    if behind:
        lower = steps.last - behind
        near = [end / steps.denominator for end in (lower, lower + steps.stride) if end > steps.first]
        shown = " or ".join(show(int(end) if end == int(end) else end) for end in near)
        given = [reading.shown(key) for key in ("step", "min", "max")]
        text = "must be reachable in steps of {} from {}, got {}".format(*given)
        num = max(2, round((high - low) / step) + 1)
        ends_at = [{"min": low, "max": end, "step": step} for end in near]
        points = (
            _whole_points(low, high, num)
            if reading.kind.is_whole
            else [{"min": low, "max": high, "num": num}]
        )
        written = reading.write(*ends_at, *points)
        nearest = f"the nearest end{' is' if len(near) == 1 else 's are'} {shown}"
        reading.refuse("max", text, f"{nearest}: {written}" if written else nearest)


def _check_normal(reading: Reading, normal: Normal) -> None:
    if normal.scale == "linear" and not reading.kind.takes(-1.0):
        key, how = (
            ("scale", "be log") if "scale" in reading.given else ("distribution", "come with scale: log")
        )
        hint = reading.write({**reading.given, "scale": "log"})
        key = key if key in reading.given else "mu"
        reading.refuse(key, f"must {how}, because {reading.name} is never below 0", hint)
    elif abs(normal.mu) + 10 * normal.sigma > (700 if normal.scale == "log" else 1e304):
        text = f"must keep mu +- 10 sigma in the range of a float, got {reading.shown('sigma')}"
        reading.refuse("sigma", text)


def _whole_points(low: int, high: int, num: int) -> list[dict[str, Any]]:
    """Returns about so many points from low to high that are whole numbers."""
    near = sorted(range(2, min(high - low, 10_000) + 2), key=lambda each: abs(each - num))
    found = [each for each in near if (high - low) % (each - 1) == 0][:1]
    return [{"min": low, "max": high, "num": each} for each in found]


def _whole_steps(low: float, high: float, step: float) -> list[dict[str, Any]]:
    """Returns points from low on, about a step apart: to high, or to the nearest ends that steps meet."""
    steps = (high - low) / step
    if not isfinite(steps) or steps > MAX_POINTS:
        return []
    if steps > 1 and abs(steps - round(steps)) <= 1e-9 * steps:
        return [{"min": low, "max": high, "num": round(steps) + 1}]
    ends = [count for count in (floor(steps), floor(steps) + 1) if count]
    met = [{"min": low, "max": low + count * step, "num": count + 1} for count in ends]
    return [*met, {"min": low, "max": high, "num": max(2, round(steps) + 1)}]
