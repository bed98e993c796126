"""The kinds of numbers that can be declared, each with its range, and what all declared blocks share.

A training field and the sweep parameter of the same name share one kind, so they refuse the same values.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MAX_COUNT = 10**12
"""The largest count of anything: epochs, rows, points."""


class Model(BaseModel):
    """What all declared blocks have in common."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


def _whole(value: Any) -> Any:
    """Lets 1e4 be the whole number 10000."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Fraction = Annotated[Number, Field(gt=0, lt=1)]
Share = Annotated[Number, Field(ge=0, le=1)]
Factor = Annotated[Number, Field(gt=1)]
Decay = Annotated[Number, Field(ge=0, lt=1)]
Count = Annotated[int, Field(strict=True, ge=1, le=MAX_COUNT), BeforeValidator(_whole)]
CountOrZero = Annotated[int, Field(strict=True, ge=0, le=MAX_COUNT), BeforeValidator(_whole)]
Limit = Annotated[int, Field(strict=True, ge=1, le=2**63 - 1), BeforeValidator(_whole)]
Seed = Annotated[int, Field(strict=True, ge=0, le=2**63 - 1), BeforeValidator(_whole)]
