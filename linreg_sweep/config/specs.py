"""One parameter's declaration, read: a function for each way to write one, which notes all it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from math import isfinite
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
from linreg_sweep.config.words import Key, KeyPath, show


@dataclass
class Spec:
    """One parameter's declaration while it is read: what is given, and what was found wrong with it."""

    name: str
    given: Mapping[str, Any]
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

    def refuse_order(self) -> None:
        """Notes that the ends are not in order."""
        self.refuse("max", f"must be above min ({self.shown('min')}), got {self.shown('max')}")

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


def settle_value(spec: Spec) -> Values | None:
    """Settles `{value: 0}`, or simply `0`."""
    value = spec.number("value")
    return None if value is None else Values((value,))


def settle_values(spec: Spec) -> Values | None:
    """Settles `{values: [0, 1]}`."""
    given = spec.given["values"]
    if not isinstance(given, list) or not given:
        listed = as_list(given)
        hint = f"write {listed}" if listed else ""
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
        spec.refuse("scale", f"must be linear, because {spec.name} is a whole number", "use values")
    elif spec.is_whole and num > 1 and (high - low) % (num - 1):
        apart = f"{(high - low) / (num - 1):.6g} apart"
        text = f"must make whole numbers, but {num} points from {low} to {high} lie {apart}"
        spec.refuse("num", text, "use step or values")
    return Points(low, high, num, scale)


def settle_steps(spec: Spec) -> Steps | None:
    """Settles `{min: 1, max: 2, step: 0.5}`."""
    if spec.scale() == "log":
        spec.refuse("scale", "must be linear where there is a step", "use num for a log scale")
    ends, step = spec.ends(None), spec.number("step", Count if spec.is_whole else Positive)
    if ends is None or step is None:
        return None
    low, high = ends
    if low >= high:
        spec.refuse_order()
        return None
    steps = Steps(low, high, step)
    if steps.decimals > MOST_DECIMALS or max(-steps.first, steps.last, steps.stride) > MOST_INTEGER:
        text = f"must make numbers of which a float holds every digit, got {spec.shown('step')}"
        spec.refuse("step", text, "use num")
        return None
    behind = (steps.last - steps.first) % steps.stride
    if behind:
        lower = steps.last - behind
        near = [end / steps.denominator for end in (lower, lower + steps.stride) if end > steps.first]
        shown = " or ".join(show(int(end) if spec.is_whole else end) for end in near)
        step, low, high = spec.shown("step"), spec.shown("min"), spec.shown("max")
        text = f"must be met by a step of {step} from {low}, got {high}"
        spec.refuse("max", text, f"the nearest end{' is' if len(near) == 1 else 's are'} {shown}")
    return steps


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
        key = "scale" if "scale" in spec.given else "distribution"
        text = f"must come with scale: log, because {spec.name} is above 0"
        spec.refuse(key, text if key == "distribution" else f"must be log, because {spec.name} is above 0")
    elif mu is not None and sigma is not None and abs(mu) + 10 * sigma > (700 if scale == "log" else 1e304):
        spec.refuse("sigma", f"must keep mu +- 10 sigma in the range of a float, got {spec.shown('sigma')}")
    return None if None in (mu, sigma, scale) else Normal(mu, sigma, scale)
