"""The kinds of numbers and texts a config is made of: each with its range, defined once.

A training field and the sweep parameter of the same name share one kind, so they refuse the same values.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from linreg_sweep.config.scalars import UNPRINTABLE
from linreg_sweep.config.words import show
from linreg_sweep.guards.harmless import OBEYED
from linreg_sweep.guards.names import DEVICE, is_name

_BLANKS = dict.fromkeys(map(ord, "\t\n\r"), " ")

MOST = 10**12
"""The largest count of anything: epochs, rows, points."""


def name_fault(name: str) -> str:
    """Returns what is wrong with a name, nothing where it can be one."""
    if is_name(name):
        return ""
    if DEVICE.fullmatch(name):
        return f"must not be what Windows calls a device, got {show(name)}"
    text = "must be up to 100 letters, digits, '-', '_' and '.', with no '.' at its start"
    return f"{text}, got {show(name)}"


def fault(text: str, hint: str = "") -> PydanticCustomError:
    """Returns an error for a validator to raise, in our own words."""
    return PydanticCustomError("fault", "{text}", {"text": text, "hint": hint})


def _whole(value: Any) -> Any:
    """Lets 1e4 be the whole number 10000."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _printable(text: str) -> str:
    if UNPRINTABLE.search(text) or OBEYED.search(text.translate(_BLANKS)):
        raise fault("must be text without control characters")
    return text


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _distinct(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts:
        raise fault("must name at least one column")
    seen: set[str] = set()
    for text in texts:
        if text in seen:
            raise fault(f"must name each column once, got {show(text)} twice")
        seen.add(text)
    return texts


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[Number, Field(gt=0)]
Fraction = Annotated[Number, Field(gt=0, lt=1)]
Factor = Annotated[Number, Field(gt=1)]
Momentum = Annotated[Number, Field(ge=0, lt=1)]
Count = Annotated[int, Field(strict=True, ge=1, le=MOST), BeforeValidator(_whole)]
CountOrZero = Annotated[int, Field(strict=True, ge=0, le=MOST), BeforeValidator(_whole)]
Limit = Annotated[int, Field(strict=True, ge=1, le=2**63 - 1), BeforeValidator(_whole)]
Seed = Annotated[int, Field(strict=True, ge=0, le=2**63 - 1), BeforeValidator(_whole)]

Text = Annotated[str, Field(min_length=1), AfterValidator(_printable)]
Texts = Annotated[
    tuple[Text, ...],
    Field(strict=False),
    BeforeValidator(_one_or_more, json_schema_input_type=Text | list[Text]),
    AfterValidator(_distinct),
]

VARIABLE: dict[str, Any] = {
    "learning_rate": Positive,
    "initial_weight": Number,
    "initial_bias": Number,
    "epochs": CountOrZero,
    "batch_size": Count,
    "momentum": Momentum,
}
"""The training fields that a sweep can vary, with the kind of each."""
