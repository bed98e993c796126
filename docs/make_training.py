"""Makes the tables of docs/training.md: keys, defaults and meanings, from the sentences that the code has.

Run by `make gallery`; a test holds the page to be what this makes.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined

from linreg_sweep.averages import AVERAGES
from linreg_sweep.optimizers import OPTIMIZERS
from linreg_sweep.optimizers.base import Settings
from linreg_sweep.schedules import SCHEDULES

PAGE = Path(__file__).parent / "training.md"

Fields = Mapping[str, Any]

FACTORS = {
    "constant": "1",
    "step": "gamma^⌊t / every⌋",
    "exponential": "gamma^t",
    "inverse_time": "1 / (1 + t / t0)",
    "power": "(t + 1)^-power",
    "polynomial": "(1 - min(t, N) / N)^power",
    "cosine": "final + (1 - final) (1 + cos(π min(t, N) / N)) / 2",
    "one_cycle": "torch's OneCycleLR along cosines, `learning_rate` at its peak",
    "chebyshev": "exact Chebyshev steps, in an order that keeps rounding small; declare the rate 2 / (L + µ)",
    "silver": "1 + r^(v₂(t + 1) - 1), r = 1 + √2; declare the rate 1 / L",
    "list": "as listed",
}
"""What each schedule multiplies the learning rate by after t epochs; N is its `epochs`."""


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """Returns the text of the page, its tables made from the code."""
    tables = {
        "optimizers": _table({name: each.settings.model_fields for name, each in OPTIMIZERS.items()}),
        "schedules": _table({name: each.settings.model_fields for name, each in SCHEDULES.items()}, FACTORS),
        "averages": _table({name: each.model_fields for name, each in AVERAGES.items()}),
    }
    pieces = re.split(r"(<!-- \w+ -->\n)", PAGE.read_text(encoding="utf-8"))
    for place, piece in enumerate(pieces):
        name = piece.removeprefix("<!-- ").removesuffix(" -->\n")
        if name in tables:
            pieces[place + 1] = "".join(f"| {' | '.join(row)} |\n" for row in tables[name])
    return "".join(pieces)


COMMON = {*Settings.model_fields, "warmup", "name", "kind"}
"""Keys that all have, which the page tells once, and the words that choose one."""


def _table(kinds: Mapping[str, Fields], factors: Mapping[str, str] | None = None) -> Iterator[list[str]]:
    head = ["name", *(["factor in epoch t"] if factors else []), "key", "default", "meaning"]
    yield head
    yield ["---"] * len(head)
    for name, fields in kinds.items():
        first = [f"`{name}`", *([factors[name]] if factors else [])]
        own = [key for key in fields if key not in COMMON]
        for key in own or [key for key in fields if key in ("name", "kind")]:
            shown = [f"`{key}`", _default(fields[key].default)] if own else ["", ""]
            yield [*first, *shown, fields[key].description]
            first = [""] * len(first)


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "required"
    if value is None:
        return "the trial's own"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
