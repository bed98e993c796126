"""A schedule as it is declared, and what it says of every epoch: a table of factors, their tail and peak."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, Union

import numpy as np
from pydantic import Field, PlainValidator, SerializeAsAny, ValidationError, ValidationInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from linreg_sweep.errors import did_you_mean, listed
from linreg_sweep.schedules import SCHEDULES
from linreg_sweep.schedules.base import Clock, Floats, Numbers, Settings, Tail, fault
from linreg_sweep.schedules.warmup import Warmup, warm

NO_OVERRIDES: Mapping[str, Floats] = MappingProxyType({})


def declare(given: Any, info: ValidationInfo | None = None) -> Settings:
    """Returns the settings of a schedule that is declared as a word, as a mapping with `name`, or as itself.

    Raises:
        ValidationError: of pydantic, below the place of the schedule; or
        PydanticCustomError: it names no schedule.
    """
    if isinstance(given, Settings):
        return given
    mapping = given if isinstance(given, dict) else {"name": given}
    name = mapping.get("name")
    if not isinstance(name, str) or name not in SCHEDULES:
        hint = (
            did_you_mean(name, SCHEDULES)
            if isinstance(name, str)
            else f"known here: {listed([*SCHEDULES], 30)}"
        )
        raise fault("must be a schedule's name, or a block of keys with its name", hint)
    model = SCHEDULES[name].settings
    try:
        return model.model_validate(mapping, context=info and info.context)
    except ValidationError as error:
        raise _with_known_keys(error, name, model) from None


def _with_known_keys(error: ValidationError, name: str, model: type[Settings]) -> ValidationError:
    """Returns the error with a hint at each unknown key of the schedule, which names those it has."""
    errors: list[InitErrorDetails] = []
    for found in error.errors(include_url=False):
        kind: Any = found["type"]
        if kind == "extra_forbidden":
            is_below = len(found["loc"]) > 1
            keys = ", ".join(sorted(set((Warmup if is_below else model).model_fields) - {"name"}))
            hint = f"a warm-up has {keys}" if is_below else f"the schedule {name} has {keys}"
            context = {"text": "unknown key", "hint": hint, "at_key": True}
            kind = PydanticCustomError("fault", "{text}", context)
        elif kind == "fault":
            kind = PydanticCustomError("fault", "{text}", found["ctx"])
        details: InitErrorDetails = {"type": kind, "loc": found["loc"], "input": found["input"]}
        errors.append(details | {"ctx": found["ctx"]} if "ctx" in found else details)
    return ValidationError.from_exception_data(name, errors)


if TYPE_CHECKING:
    Declared: TypeAlias = Settings
else:
    _Schema = Annotated[
        Union[tuple(each.settings for each in SCHEDULES.values())],  # noqa: UP007
        Field(discriminator="name"),
    ]
    Declared = Annotated[
        SerializeAsAny[Settings],
        PlainValidator(declare, json_schema_input_type=Literal[tuple(SCHEDULES)] | _Schema),
    ]
"""A declared schedule, as a field of a pydantic model: a word, or a block of keys with `name`."""


def label(declared: Settings) -> str:
    """Returns a schedule as tables name it: its name, and in brackets whatever is not at its default."""
    shown = []
    for key, field in type(declared).model_fields.items():
        value = getattr(declared, key)
        if key not in ("name", "warmup") and value != field.default:
            shown.append(f"{key}={_text(value)}")
    if declared.warmup is not None:
        shown.append(f"warmup={declared.warmup.label}")
    return f"{name_of(declared)}({', '.join(shown)})" if shown else name_of(declared)


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_text, value))}]"
    return f"{value!r}".removesuffix(".0") if isinstance(value, float) else str(value)


def name_of(declared: Settings) -> str:
    """Returns the name of a declared schedule."""
    return str(getattr(declared, "name"))  # noqa: B009 - each subclass has it, as a literal of its own


def factors(
    declared: Settings,
    first_epoch: int,
    n_epochs: int,
    epochs: Floats,
    flattest: Floats,
    steepest: Floats,
    overrides: Mapping[str, Floats] = NO_OVERRIDES,
) -> Floats:
    """Returns the factors on the learning rate in a row of epochs [n_epochs, k or 1].

    Args:
        declared: the schedule.
        first_epoch: how many epochs have been done before the first of the row.
        n_epochs: epochs in the row.
        epochs: each trial's own [k] or [1].
        flattest: the least curvature apart from 0 of what each trial descends [k] or [1].
        steepest: the largest curvature, likewise.
        overrides: settings that vary, by their keys (`gamma`, `warmup.epochs`), [k] each; NaN where a
            trial has what is declared.
    """
    epoch = np.arange(first_epoch, first_epoch + n_epochs, dtype=np.float64)[:, None]
    return _at(declared, epoch, epochs, flattest, steepest, overrides)


def _at(
    declared: Settings,
    epoch: Floats,
    epochs: Floats,
    flattest: Floats,
    steepest: Floats,
    overrides: Mapping[str, Floats],
) -> Floats:
    """Returns the factors at some epochs [n, 1] or [n, k]."""
    h, main_epochs = _numbers(declared, epochs, overrides)
    clock = Clock(epoch, main_epochs, flattest, steepest)
    factor = SCHEDULES[name_of(declared)].factor
    if declared.warmup is None:
        return factor(clock, h)
    length, start = h["warmup.epochs"], h["warmup.start"]
    main = factor(replace(clock, epoch=np.maximum(epoch - length, 0)), h)
    return np.where(epoch < length, warm(epoch, length, start), main)


def _numbers(declared: Settings, epochs: Floats, overrides: Mapping[str, Floats]) -> tuple[Numbers, Floats]:
    """Returns the settings as arrays, and the epochs of the schedule's own clock [k] or [1]."""
    given: dict[str, Any] = {key: getattr(declared, key) for key in type(declared).model_fields}
    warmup = given.pop("warmup")
    if warmup is not None:
        given |= {f"warmup.{key}": getattr(warmup, key) for key in type(warmup).model_fields}
    h: dict[str, Any] = {}
    for key, value in given.items():
        h[key] = value if isinstance(value, str) else np.atleast_1d(np.array(value, dtype=np.float64))
        if key in overrides:
            varied = np.asarray(overrides[key], dtype=np.float64)
            h[key] = np.where(np.isnan(varied), h[key], varied)
    own = np.asarray(epochs, dtype=np.float64)
    main_epochs = np.maximum(own - h["warmup.epochs"], 1) if warmup is not None else np.maximum(own, 1)
    if "epochs" in h:  # NaN where it is left out
        main_epochs = np.where(np.isnan(h["epochs"]), main_epochs, h["epochs"])
    return h, main_epochs


def tail(declared: Settings, epochs: Floats, overrides: Mapping[str, Floats] = NO_OVERRIDES) -> Tail:
    """Returns what the factor comes to in the long run, for each trial [k] or [1]; see Tail.

    Args:
        declared: the schedule.
        epochs: each trial's own [k] or [1].
        overrides: settings that vary, as `factors` takes them.
    """
    h, main_epochs = _numbers(declared, epochs, overrides)
    found = SCHEDULES[name_of(declared)].tail(main_epochs, h)
    return found if declared.warmup is None else replace(found, begins=found.begins + h["warmup.epochs"])


def peak(
    declared: Settings,
    epochs: Floats,
    flattest: Floats,
    steepest: Floats,
    overrides: Mapping[str, Floats] = NO_OVERRIDES,
) -> Floats:
    """Returns the largest factor in a run of each trial's epochs [k] or [1].

    Of Chebyshev steps it is that of a whole cycle. The arguments are those of `factors`.
    """
    h, main_epochs = _numbers(declared, epochs, overrides)
    begins = h["warmup.epochs"] if declared.warmup is not None else np.zeros(1)
    last = np.maximum(epochs - 1.0 - begins, 0)
    candidates = SCHEDULES[name_of(declared)].peaks(last, main_epochs, h)
    if declared.warmup is not None:  # the last epoch of the warm-up, and none after the run's own last
        run = np.maximum(np.asarray(epochs, dtype=np.float64) - 1, 0)
        warmed = np.minimum(begins - 1, run)
        candidates = (warmed, *(np.where(run < begins, warmed, each + begins) for each in candidates))
    stacked = np.stack(np.broadcast_arrays(*candidates))
    highest: Floats = np.max(_at(declared, stacked, epochs, flattest, steepest, overrides), axis=0)
    return highest
