"""How a file of text is written: what separates its values, how its numbers look, what stands for nothing."""

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from linreg_sweep.kinds import Model
from linreg_sweep.variants import fault
from linreg_sweep.words import show

TEXT = (".csv", ".tsv", ".txt")
"""How names of files of text end, before the .gz of those that are packed."""

Separator = Literal[",", ";", "\t", "|", " ", ":"]
# fmt: off
Encoding = Literal[
    "utf-8", "latin-1", "cp1252", "utf-16", "iso8859-2", "iso8859-15", "cp1250", "cp1251", "koi8-r", "cp437",
    "cp850", "mac-roman", "shift-jis", "euc-jp", "gb18030", "big5", "euc-kr",
]
# fmt: on


def _marker(given: Any) -> Any:
    if isinstance(given, int | float) and not isinstance(given, bool):
        raise fault(f"must be text, got {show(given)}", f'in double quotes, "{given}"')
    return given


def _markers(given: Any) -> Any:
    return [given] if isinstance(given, str | int | float) else given


def _trimmed(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        if text != text.strip() or not text.isprintable():
            raise fault(f"must be printable, without spaces around it, got {show(text)}")
    return texts


Marker = Annotated[str, Field(min_length=1), BeforeValidator(_marker, json_schema_input_type=str)]
Markers = Annotated[
    tuple[Marker, ...],
    Field(strict=False),
    BeforeValidator(_markers, json_schema_input_type=Marker | list[Marker]),
    AfterValidator(_trimmed),
]


class TextFormat(Model):
    """How a .csv, .tsv or .txt file is written."""

    separator: Separator | None = None
    """What separates values; a blank: any run of blanks and tabs. Null: a tab in .tsv, a comma else."""
    decimal: Literal[".", ","] = "."
    """What stands before decimals."""
    thousands: Literal[".", ",", " ", "'", "_"] | None = None
    """What stands between groups of three digits, of numbers that have groups; a blank may be unbreakable."""
    encoding: Encoding = "utf-8"
    """How letters are kept."""
    header: bool = True
    """Whether the first row holds the names; without one, columns are called column_1, column_2, ..."""
    missing: Markers = ()
    """What a missing cell holds, besides nothing, NA, NaN, null and none; a number: in any spelling."""

    def separator_in(self, path: str | PurePath) -> Separator:
        """Returns what separates the values of a file."""
        return self.separator or ("\t" if text_kind(path) == ".tsv" else ",")

    def clash(self, path: str | PurePath) -> tuple[str, str] | None:
        """Returns what of this cannot hold at once in a file, and a hint; None: all of it can."""
        separator = self.separator_in(path)
        if self.thousands == self.decimal:
            return f"decimal and thousands must differ, both are {show(self.decimal)}", ""
        if separator == self.decimal:
            hint = "" if self.separator else 'say what separates values, as in separator: ";"'
            return f"separator and decimal must differ, both are {show(separator)}", hint
        if separator == self.thousands == " ":
            return "separator and thousands must differ, both are ' '", ""
        return None


def text_kind(path: str | PurePath) -> str:
    """Returns how the name of a file of text ends, .gz apart and in small letters; of another, nothing."""
    suffixes = [suffix.lower() for suffix in PurePath(str(path)).suffixes]
    last = (suffixes[:-1] if suffixes[-1:] == [".gz"] else suffixes)[-1:]
    return last[0] if last and last[0] in TEXT else ""


def column_names(count: int) -> list[str]:
    """Returns what the columns of a file without a header are called."""
    return [f"column_{place + 1}" for place in range(count)]


def as_declared(found: TextFormat) -> str:
    """Returns what is not as it is by default, as `data.format` of a config says it, on one line."""
    keys = {key: getattr(found, key) for key in TextFormat.model_fields}
    said = {key: value for key, value in keys.items() if value != TextFormat.model_fields[key].default}
    return "{" + ", ".join(f"{key}: {_as_yaml(value)}" for key, value in said.items()) + "}"


def _as_yaml(value: str | bool | Sequence[str]) -> str:
    return value if isinstance(value, str) and value[0].isalnum() else json.dumps(value, ensure_ascii=False)
