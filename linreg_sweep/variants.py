"""Blocks of keys of several kinds, told apart by a word; the word alone can stand for its block."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Annotated, Any, ClassVar, Literal, get_args

import numpy as np
from pydantic import BaseModel, Field, PlainValidator, SerializeAsAny, ValidationError, ValidationInfo
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from linreg_sweep.kinds import Model
from linreg_sweep.words import did_you_mean, listed


def fault(text: str, hint: str = "", *, at_key: bool = False) -> PydanticCustomError:
    """Returns an error for a validator to raise, in our own words."""
    return PydanticCustomError("fault", "{text}", {"text": text, "hint": hint, "at_key": at_key})


class Variant(Model):
    """A block of one of several kinds, whose text names it in tables."""

    tag: ClassVar[str]
    """The key whose value is the word of its kind, a literal."""

    @property
    def word(self) -> str:
        """That of its kind."""
        return str(getattr(self, self.tag))

    def __str__(self) -> str:
        """Returns its word, and in brackets what is not at its default."""
        values = {key: getattr(self, key) for key in type(self).model_fields if key != self.tag}
        shown = [
            f"{key}={_text(value)}"
            for key, value in sorted(values.items(), key=lambda item: isinstance(item[1], BaseModel))
            if value != type(self).model_fields[key].default
        ]
        return f"{self.word}({', '.join(shown)})" if shown else self.word


def one_of(kind: type[Variant], variants: Mapping[str, type[Variant]], noun: str) -> Any:
    """Returns the type of a field that holds one of several models: given as itself, a word or a block.

    All of the models, by their words, are of a kind; the noun says in messages what the field is.
    """
    words, union, tag = Literal[tuple(variants)], reduce(or_, variants.values()), kind.tag

    def read(given: Any, info: ValidationInfo) -> Variant:
        if isinstance(given, kind):
            return given
        block = given if isinstance(given, dict) else {tag: given}
        word = block.get(tag)
        if not isinstance(word, str) or word not in variants:
            known = f"known here: {listed([*variants], len(variants))}"
            hint = (isinstance(word, str) and did_you_mean(word, variants, else_list=False)) or known
            if isinstance(given, dict) and tag not in given:
                raise fault(f"must have the key {tag}, which says what kind of {noun} it is", hint)
            must = f"must be one of the kinds of {noun}, or a block of keys with its {tag}"
            raise fault(f"{must}, got {word!r}", hint)
        try:
            return variants[word].model_validate(block, context=info.context)
        except ValidationError as error:
            raise _naming_keys(error, variants[word], f"{noun} {word}", tag) from None

    schema = words | Annotated[union, Field(discriminator=tag)]
    validated = PlainValidator(read, json_schema_input_type=schema)
    whole: Any = SerializeAsAny  # of the model that it is, not of the kind alone
    return Annotated[kind, whole(), validated]


def _naming_keys(error: ValidationError, model: type[Model], name: str, tag: str) -> ValidationError:
    """Returns the error with a hint at each unknown key, which names those there are."""
    errors: list[InitErrorDetails] = []
    for found in error.errors(include_url=False):
        kind: Any = found["type"]
        if kind == "extra_forbidden":
            above = found["loc"][:-1]
            keys = ", ".join(sorted(_fields(model, above).keys() - {tag}))
            known = f"{' '.join([name, *map(str, above)])} has {keys or 'no keys'}"
            kind = fault("unknown key", known, at_key=True)
        elif kind == "fault":
            kind = fault(**found["ctx"])
        details: InitErrorDetails = {"type": kind, "loc": found["loc"], "input": found["input"]}
        if "ctx" in found:
            details["ctx"] = found["ctx"]
        errors.append(details)
    return ValidationError.from_exception_data(name, errors)


def _fields(model: type[BaseModel], path: tuple[Any, ...]) -> dict[str, FieldInfo]:
    """Returns the fields of the block at a path below a model, which may be left out there."""
    for key in path:
        annotation = model.model_fields[str(key)].annotation
        blocks = [each for each in (annotation, *get_args(annotation)) if hasattr(each, "model_fields")]
        model = blocks[0]
    return model.model_fields


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_text, value))}]"
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def numbers(declared: Model, prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings of a block by their keys, as trials have them; a block below it is left out.

    They are numbers [k] or [1], NaN for null; lists [m]; words as they are. Of the values [k] that vary from
    trial to trial, those count whose names begin with a prefix such as `schedule.`; NaN where a trial has
    what is declared.
    """
    found: dict[str, Any] = {}
    for key in type(declared).model_fields:
        given = getattr(declared, key)
        if isinstance(given, BaseModel):
            continue
        found[key] = given if isinstance(given, str) else np.atleast_1d(np.array(given, dtype=np.float64))
        if prefix + key in values:
            varied = np.asarray(values[prefix + key], dtype=np.float64)
            found[key] = np.where(np.isnan(varied), found[key], varied)
    return found
