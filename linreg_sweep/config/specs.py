"""One parameter's declaration, read: a function for each way to write one, which notes all it refuses."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from math import floor, isfinite
from typing import Any

from pydantic import TypeAdapter, ValidationError

from linreg_sweep.config.faults import MOST_COMPLAINTS, Fault
from linreg_sweep.config.kinds import VARIABLE, Count, Number, Positive
from linreg_sweep.config.messages import NUMBER, WORDS
from linreg_sweep.config.nodes import MAX_ITEMS
from linreg_sweep.config.parameters import (
    MOST_DECIMALS,
    MOST_INTEGER,
    OWN_WEIGHT,
    WHOLE,
    Normal,
    Points,
    Steps,
    Uniform,
    Values,
)
from linreg_sweep.config.scalars import ScalarError, read_scalar
from linreg_sweep.config.suggestions import FEW, LONGEST, ONE_NUMBER, block, called
from linreg_sweep.config.words import Key, KeyPath, show

MOST_POINTS = 10**6
"""Points of one parameter that are still suggested."""


@dataclass
class Spec:
    """One parameter's declaration while it is read.

    Attributes:
        name: of the parameter.
        given: its keys but for the unit.
        method: of the sweep.
        unit: as it is given, if it is.
        reads: whether another declaration of the parameter would be read without a fault.
        faults: what was found wrong with it.
    """

    name: str
    given: Mapping[str, Any]
    method: str = "grid"
    unit: Mapping[str, Any] = field(default_factory=dict)
    reads: Callable[[Mapping[str, Any]], bool] = lambda keys: False
    faults: list[Fault] = field(default_factory=list)

    @property
    def kind(self) -> Any:
        """The kind of number that the parameter's values are."""
        return VARIABLE["initial_weight" if self.name.startswith(OWN_WEIGHT) else self.name]

    @property
    def is_whole(self) -> bool:
        """Whether the parameter's values are whole numbers."""
        return self.name in WHOLE

    def refuse(self, path: Key | KeyPath, text: str, hint: str = "") -> None:
        """Notes a fault below this parameter."""
        self.faults.append(Fault(path if isinstance(path, tuple) else (path,), text, hint))

    def read(self, value: Any, kind: Any, *path: Key) -> Any:
        """Returns a value of a kind, or None and a fault."""
        try:
            return _adapter(kind).validate_python(value)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                self.refuse(path, *WORDS[details["type"]](details))
        return None

    def number(self, key: str, kind: Any = None) -> Any:
        """Returns the value at a key, or None where it is missing (noted elsewhere) or refused."""
        return self.read(self.given[key], kind or self.kind, key) if key in self.given else None

    def shown(self, key: str) -> str:
        """Returns what is given at a key, as messages show it."""
        return show(self.given[key])

    def written(self, keys: Mapping[str, Any]) -> str:
        """Returns a declaration of the parameter as text to paste, if it can be read; else nothing."""
        keys = {**keys, **self.unit}
        return block(self.name, keys) if self.reads(keys) else ""

    def write(self, *choices: Mapping[str, Any], then: str = "") -> str:
        """Returns a hint to write one of some declarations, of those that can be read."""
        found = list(dict.fromkeys(filter(None, map(self.written, choices))))
        return f"write {' or '.join(found)}{then}" if found else ""

    def refuse_order(self, **others: Any) -> None:
        """Notes that the ends are not in order; others are keys that stand in for what is given."""
        low, high = sorted((self.given["min"], self.given["max"]))
        if low == high:
            hint = self.write({"value": low})
        else:
            then = "; `values: [...]` keeps an order of its own" if self.method == "grid" else ""
            hint = self.write({**self.given, "min": low, "max": high, **others}, then=then)
        self.refuse("max", f"must be above min ({self.shown('min')}), got {self.shown('max')}", hint)

    def scale(self) -> Any:
        """Returns linear or log."""
        scale = self.given.get("scale", "linear")
        if scale in ("linear", "log"):
            return scale
        self.refuse("scale", f"must be linear or log, got {show(scale)}")
        return None

    def ends(self, scale: str | None) -> tuple[Any, Any] | None:
        """Returns min and max, or None and faults."""
        low, high = self._end("min", scale), self._end("max", scale)
        if low is None or high is None:
            return None
        if not isfinite(high - low):
            self.refuse("max", f"must be less than 1.8e308 above min, got {self.shown('max')}")
        return low, high

    def _end(self, key: str, scale: str | None) -> Any:
        end = self.given.get(key)
        if scale == "log" and isinstance(end, int | float) and not isinstance(end, bool) and end <= 0:
            hint = "give a range above 0" + ("" if self.kind is Positive else ", or scale: linear")
            self.refuse(key, f"must be above 0 when scale is log, got {show(end)}", hint)
            return None
        return self.number(key)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def as_list(given: Any) -> str:
    """Returns the list that a text of numbers with commas between them was meant as, or nothing."""
    parts = [part.strip() for part in given.split(",")] if isinstance(given, str) else []
    is_list = len(parts) > 1 and all(NUMBER.fullmatch(part) for part in parts)
    return f"[{', '.join(parts)}]" if is_list else ""


def hinted(spec: Spec, given: Any) -> str:
    """Returns a hint for a text that calls a function of NumPy, or lists numbers."""
    keys = called(given)
    if keys is None:
        return spec.write({"values": _numbers(given)}) if _numbers(given) else ""
    if spec.method == "random" and "value" not in keys:
        keys = {key: value for key, value in keys.items() if key not in ("num", "step")}
    return spec.write(keys)


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


def settle_value(spec: Spec) -> Values | None:
    """Settles `{value: 0}`, or simply `0`."""
    value = spec.number("value")
    return None if value is None else Values((value,))


def settle_values(spec: Spec) -> Values | None:
    """Settles `{values: [0, 1]}`."""
    given = spec.given["values"]
    if not isinstance(given, list) or not given:
        listed = as_list(given)
        hint = f"write {listed}" if listed else hinted(spec, given)
        spec.refuse("values", f"must be a list of at least one number, got {show(given)}", hint)
        return None
    if len(given) > MAX_ITEMS:
        text = f"must be a list of at most {MAX_ITEMS:,}, got {len(given):,}"
        spec.refuse("values", text, "use num, step or a random sweep")
        return None
    first: dict[float, int] = {}
    for index, item in enumerate(given):
        if len(spec.faults) > MOST_COMPLAINTS:
            break
        value = spec.read(item, spec.kind, "values", index)
        if value is not None and first.setdefault(value, index) != index:
            spec.refuse(("values", index), f"must not repeat a value, got {show(item)} again")
    return Values(tuple(first))


def settle_points(spec: Spec) -> Points | None:
    """Settles `{min: 1, max: 2, num: 5, scale: log}`."""
    scale = spec.scale()
    ends, num = spec.ends(scale), spec.number("num", Count)
    if ends is None or num is None or scale is None:
        return None
    low, high = ends
    if low > high or (low == high and num > 1):
        spec.refuse_order()
    elif low < high and num == 1:
        spec.refuse("num", "must be at least 2 where min and max differ, got 1", "use value for one point")
    elif spec.is_whole and scale == "log":
        ratio = (high / max(low, 1)) ** (1 / max(num - 1, 1))
        places = range(num) if 1 < num <= 1000 else ()
        near = sorted({min(high, max(low, round(low * ratio**place))) for place in places})
        hint = spec.write({"values": near}) or "use values"
        spec.refuse("scale", f"must be linear, because {spec.name} is a whole number", hint)
    elif spec.is_whole and num > 1 and (high - low) % (num - 1):
        apart = f"{(high - low) / (num - 1):.6g} apart"
        text = f"must make whole numbers, but {num} points from {low} to {high} lie {apart}"
        spec.refuse("num", text, spec.write(*_whole_points(low, high, num)) or "use step or values")
    return Points(low, high, num, scale)


def settle_steps(spec: Spec) -> Steps | None:
    """Settles `{min: 1, max: 2, step: 0.5}`."""
    if _falls(spec):
        return None
    ends, step = spec.ends(None), spec.number("step", Count if spec.is_whole else Positive)
    if ends is None or step is None:
        return None
    low, high = ends
    if low >= high:
        spec.refuse_order()
        return None
    num = max(2, round((high - low) / step) + 1)
    if spec.scale() == "log":
        hint = spec.write({"min": low, "max": high, "num": min(num, 41), "scale": "log"})
        spec.refuse("scale", "must be linear where there is a step", hint or "use num for a log scale")
        return None
    steps = Steps(low, high, step)
    if steps.decimals > MOST_DECIMALS or max(-steps.first, steps.last, steps.stride) > MOST_INTEGER:
        text = f"must make numbers of which a float holds every digit, got {spec.shown('step')}"
        spec.refuse("step", text, spec.write(*_whole_steps(low, high, step)) or "use num")
        return None
    behind = (steps.last - steps.first) % steps.stride
    if behind:
        lower = steps.last - behind
        near = [end / steps.denominator for end in (lower, lower + steps.stride) if end > steps.first]
        shown = " or ".join(show(int(end) if end == int(end) else end) for end in near)
        text = (
            f"must be met by a step of {spec.shown('step')} from {spec.shown('min')}, got {spec.shown('max')}"
        )
        ends_at = [{"min": low, "max": end, "step": step} for end in near]
        points = _whole_points(low, high, num) if spec.is_whole else [{"min": low, "max": high, "num": num}]
        written = spec.write(*ends_at, *points)
        nearest = f"the nearest end{' is' if len(near) == 1 else 's are'} {shown}"
        spec.refuse("max", text, f"{nearest}: {written}" if written else nearest)
    return steps


def _falls(spec: Spec) -> bool:
    """Notes a step below 0, and says how its points are written."""
    given: list[Any] = [spec.given.get(key) for key in ("min", "max", "step")]
    low, high, step = given
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in given)
    if not numbers or step >= 0:
        return False
    low, high = sorted((low, high))
    hint = spec.write({"min": low, "max": high, "step": -step}, {"min": low, "max": high, "num": FEW})
    spec.refuse("step", f"must be above 0, got {show(step)}", hint)
    return True


def _whole_points(low: int, high: int, num: int) -> list[dict[str, Any]]:
    """Returns about so many points from low to high that are whole numbers."""
    near = sorted(range(2, min(high - low, 10_000) + 2), key=lambda each: abs(each - num))
    found = [each for each in near if (high - low) % (each - 1) == 0][:1]
    return [{"min": low, "max": high, "num": each} for each in found]


def _whole_steps(low: float, high: float, step: float) -> list[dict[str, Any]]:
    """Returns points from low on, about a step apart: to high, or to the nearest ends that steps meet."""
    steps = (high - low) / step
    if not isfinite(steps) or steps > MOST_POINTS:
        return []
    if steps > 1 and abs(steps - round(steps)) <= 1e-9 * steps:
        return [{"min": low, "max": high, "num": round(steps) + 1}]
    ends = [count for count in (floor(steps), floor(steps) + 1) if count]
    met = [{"min": low, "max": low + count * step, "num": count + 1} for count in ends]
    return [*met, {"min": low, "max": high, "num": max(2, round(steps) + 1)}]


def settle_uniform(spec: Spec) -> Uniform | None:
    """Settles `{min: 1, max: 2, scale: log}` of a random sweep."""
    scale = spec.scale()
    ends = spec.ends(scale)
    if ends is None or scale is None:
        return None
    low, high = ends
    if low >= high:
        spec.refuse_order()
    return Uniform(low, high, scale)


def settle_normal(spec: Spec) -> Normal | None:
    """Settles `{distribution: normal, mu: 0, sigma: 1, scale: log}`."""
    scale = spec.scale()
    mu, sigma = spec.number("mu", Number), spec.number("sigma", Positive)
    if spec.is_whole or spec.name == "momentum":
        reason = "is a whole number" if spec.is_whole else "lies between 0 and 1"
        spec.refuse("distribution", f"must be uniform, because {spec.name} {reason}", "use min and max")
    elif scale == "linear" and spec.kind is Positive:
        key, how = ("scale", "be log") if "scale" in spec.given else ("distribution", "come with scale: log")
        hint = spec.write({**spec.given, "scale": "log"})
        spec.refuse(key, f"must {how}, because {spec.name} is above 0", hint)
    elif mu is not None and sigma is not None and abs(mu) + 10 * sigma > (700 if scale == "log" else 1e304):
        spec.refuse("sigma", f"must keep mu +- 10 sigma in the range of a float, got {spec.shown('sigma')}")
    return None if None in (mu, sigma, scale) else Normal(mu, sigma, scale)
