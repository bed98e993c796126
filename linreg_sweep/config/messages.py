"""The words for everything pydantic can refuse in our models: what must hold, and what was given."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from linreg_sweep.config.faults import MAX_COMPLAINTS, at
from linreg_sweep.config.renamed import what_to_write
from linreg_sweep.config.suggestions import number
from linreg_sweep.errors import Complaint
from linreg_sweep.words import KeyPath, did_you_mean, joined, show

Words = tuple[str, str]
"""A text and a hint."""


NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
"""A text that would be a number without its quotes."""


def _got(must: str) -> Callable[[ErrorDetails], Words]:
    """Returns words for an error whose text is fixed."""
    return lambda error: (f"{must}, got {show(error['input'])}", "")


def _bound(side: str, key: str) -> Callable[[ErrorDetails], Words]:
    """Returns words for a bound, which pydantic keeps in the context of the error."""

    def words(error: ErrorDetails) -> Words:
        bound = error["ctx"][key]
        shown = f"{bound:g}" if isinstance(bound, float) else f"{bound:,}"
        return f"must be {side} {shown}, got {show(error['input'])}", ""

    return words


def _number(error: ErrorDetails) -> Words:
    given = error["input"]
    if isinstance(given, int) and not isinstance(given, bool):
        return f"must be a number below 1.8e308, got {show(given)}", ""
    text = f"must be a number, got {show(given)}"
    return text, _unquoted(given)


def _whole(error: ErrorDetails) -> Words:
    return f"must be a whole number, got {show(error['input'])}", _unquoted(error["input"], whole=True)


def _unquoted(given: Any, *, whole: bool = False) -> str:
    """Returns a hint for a text that nearly is a number."""
    return number(given, whole=whole) if isinstance(given, str) else ""


def _boolean(error: ErrorDetails) -> Words:
    given = error["input"]
    meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(str(given).lower(), "")
    return f"must be true or false, got {show(given)}", f"write {meant}" if meant else ""


def _one_of(error: ErrorDetails) -> Words:
    """Words for a literal; pydantic lists the choices as one text."""
    choices = re.findall(r"'([^']*)'", str(error["ctx"]["expected"]))
    given = error["input"]
    hint = did_you_mean(given, choices) if isinstance(given, str) else ""
    return f"must be {joined(choices, 'or')}, got {show(given)}", hint if hint.startswith(
        "did you mean"
    ) else ""


def _block(error: ErrorDetails) -> Words:
    hint = "leave the key out, or give it keys" if error["input"] is None else ""
    return f"must be a block of keys, got {show(error['input'])}", hint


def _own(error: ErrorDetails) -> Words:
    return error["ctx"]["text"], error["ctx"]["hint"]


_REQUIRED = {
    "data": "give name: tutorial, or path and y, or extend a config that does",
    "parameters": "say what varies, for example learning_rate: {values: [0.001, 0.005]}",
    "trials": "say how many, for example trials: 1000",
    "columns": "give path: a CSV file with a column per parameter and a row per trial",
}


def _other(error: ErrorDetails) -> Words:
    """Words for an error that no model of ours is known to raise."""
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}, got {show(error['input'])}", ""


WORDS: dict[str, Callable[[ErrorDetails], Words]] = {
    "fault": _own,
    "missing": lambda error: ("is required", _REQUIRED.get(str(error["loc"][-1]), "")),
    "model_type": _block,
    "float_type": _number,
    "finite_number": _got("must be a finite number"),
    "int_type": _whole,
    "bool_type": _boolean,
    "string_type": _got("must be text"),
    "string_too_short": _got("must not be empty"),
    "tuple_type": _got("must be a text or a list of texts"),
    "literal_error": _one_of,
    "greater_than": _bound("above", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than": _bound("below", "lt"),
    "less_than_equal": _bound("at most", "le"),
}


def fault_of(details: ErrorDetails) -> Complaint:
    """Returns one error of pydantic's, in our words."""
    text, hint = WORDS.get(details["type"], _other)(details)
    return at(details["loc"], text, hint, at_key=details.get("ctx", {}).get("at_key", False))


def faults_of(error: ValidationError, model: type[BaseModel], extra: tuple[str, ...] = ()) -> list[Complaint]:
    """Returns what is wrong with a model's input; the top level knows some keys besides the model's."""
    faults: list[Complaint] = []
    for details in error.errors(include_url=False)[: MAX_COMPLAINTS + 1]:
        path: KeyPath = details["loc"]
        if details["type"] == "extra_forbidden":
            hint = what_to_write(str(path[-1]), details["input"]) or _unknown(path, model, extra)
            faults.append(at(path, "unknown key", hint, at_key=True))
        else:
            faults.append(fault_of(details))
    return faults


def raised(faults: list[Complaint]) -> ValidationError:
    """Returns an error for a validator to raise that carries faults below the validated field."""
    errors: list[InitErrorDetails] = []
    for fault in faults:
        context = {"text": fault.text, "hint": fault.hint, "at_key": fault.at_key}
        details = PydanticCustomError("fault", "{text}", context)
        errors.append({"type": details, "loc": fault.path, "input": None})
    return ValidationError.from_exception_data("parameters", errors)


def key_paths(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yields the path of every key that a model knows, blocks before what they hold."""
    for name, field in model.model_fields.items():
        name = field.alias or name
        yield (*above, name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from key_paths(field.annotation, (*above, name))


def _unknown(path: KeyPath, model: type[BaseModel], extra: tuple[str, ...]) -> str:
    """Returns a hint for an unknown key: it belongs elsewhere, or a known one is close."""
    paths = list(key_paths(model))
    key, above = str(path[-1]), path[:-1]
    elsewhere = sorted((known for known in paths if known[-1] == key), key=len)
    if elsewhere:
        return f"did you mean {'.'.join(elsewhere[0])}?"
    known_here = [known[-1] for known in paths if known[:-1] == above]
    return suggest(key, [*known_here, *(() if above else extra)])


def suggest(key: str, known: Iterable[str]) -> str:
    """Returns a hint for an unknown key: the known one that is close, else all there are, up to 30."""
    if ":" in key:
        return "put a space after the ':'"
    return what_to_write(key) or did_you_mean(key, known)
