"""The kinds of texts a config is made of; those of numbers are in `linreg_sweep.kinds`."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from linreg_sweep.config.scalars import UNPRINTABLE
from linreg_sweep.guards.escapes import OBEYED
from linreg_sweep.guards.names import DEVICE, is_name
from linreg_sweep.variants import fault
from linreg_sweep.words import show

_BLANKS = dict.fromkeys(map(ord, "\t\n\r"), " ")


def name_fault(name: str) -> str:
    """Returns what is wrong with a name, nothing where it can be one."""
    if is_name(name):
        return ""
    if DEVICE.fullmatch(name):
        return f"must not be what Windows calls a device, got {show(name)}"
    text = "must be up to 100 letters, digits, '-', '_' and '.', with no '.' at its start"
    return f"{text}, got {show(name)}"


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


Text = Annotated[str, Field(min_length=1), AfterValidator(_printable)]
Texts = Annotated[
    tuple[Text, ...],
    Field(strict=False),
    BeforeValidator(_one_or_more, json_schema_input_type=Text | list[Text]),
    AfterValidator(_distinct),
]
