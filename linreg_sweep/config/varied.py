"""What a sweep can vary: the names, how each may be written, and the kind of its values.

Nothing is listed here that is declared elsewhere: the keys of `training`, those of every optimizer and those
of the set-up's schedule can vary, each by its own kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, BeforeValidator, Field, Strict, TypeAdapter, ValidationError

from linreg_sweep.config.parameters import MAX_INTEGER, OWN_WEIGHT
from linreg_sweep.config.training import OPTIMIZER_KEYS, TrainingConfig
from linreg_sweep.kinds import Count, CountOrZero, Number, Seed
from linreg_sweep.variants import fault

BLOCKS = ("schedule.", "average.")
"""Begin the names of numbers of the set-up's blocks: `schedule.gamma`."""

FIXED = ("engine", "dtype", "device", "early_stop")
"""Keys of `training` that are one and the same in all trials."""


@dataclass(frozen=True, eq=False)
class Kind:
    """The kind of a parameter's values.

    Attributes:
        type: what pydantic checks them by.
    """

    type: Any

    @cached_property
    def _plain(self) -> Any:
        return get_args(self.type)[0] if get_origin(self.type) is Annotated else self.type

    @property
    def is_whole(self) -> bool:
        """Whether they are whole numbers."""
        return self._plain is int

    @property
    def is_number(self) -> bool:
        """Whether they are numbers; else one is chosen of words, booleans or whole schedules."""
        return self._plain in (int, float)

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """What checks one of them."""
        return TypeAdapter(self.type)

    @cached_property
    def column(self) -> TypeAdapter[tuple[Any, ...]]:
        """What checks many of them."""
        many: Any = tuple
        return TypeAdapter(many[self.type, ...])

    def takes(self, value: Any) -> bool:
        """Returns whether this is one of them."""
        try:
            self.adapter.validate_python(value)
        except ValidationError:
            return False
        return True


def _named(size: Any) -> Any:
    """Returns the rows of a step, of which the set-up's null is no number.

    Raises:
        PydanticCustomError: it is given.
    """
    if size is None:
        hint = "for all rows write how many there are, or any larger number"
        raise fault("must be a whole number, got null", hint)
    return size


def _kinds() -> dict[str, Kind]:
    hints = get_type_hints(TrainingConfig, include_extras=True) | OPTIMIZER_KEYS
    types = {name: hints[name] for name in TrainingConfig.model_fields if name not in FIXED}
    types |= {
        "initial_weight": Number,
        "batch_size": Annotated[Count, BeforeValidator(_named)],
        "standardize": bool,
    }
    types["seed"] = Annotated[Seed, Field(le=MAX_INTEGER)]
    types["fold"] = Annotated[CountOrZero, Field(le=MAX_INTEGER)]
    return {name: Kind(Annotated[bool, Strict()] if kind is bool else kind) for name, kind in types.items()}


KINDS = _kinds()
"""The kind of every parameter by its name, the features' own weights and the schedule's numbers apart."""

NAMES = (*KINDS, f"{OWN_WEIGHT}<x>", "schedule.<key>")


def canonical(name: str, kinds: Mapping[str, Kind] = KINDS) -> str:
    """Returns a parameter's one name: `training.loss` is `loss`, `data.standardize` is `standardize`."""
    for block in ("training.", "data."):
        bare = name.removeprefix(block)
        belongs = (bare == "standardize") == (block == "data.") and bare not in ("seed", "fold")
        if bare != name and belongs and (bare in kinds or bare.startswith((OWN_WEIGHT, *BLOCKS))):
            return bare
    if name in kinds:
        return name
    return next((f"{block}{name}" for block in BLOCKS if f"{block}{name}" in kinds), name)


def kinds_with(training: TrainingConfig) -> Mapping[str, Kind]:
    """Returns the kind of every parameter of a set-up, the numbers of its blocks of keys among them."""
    own = dict(KINDS)
    for block in BLOCKS:
        own |= _numbers_of(block, getattr(training, block[:-1]))
    return own


def _numbers_of(above: str, declared: BaseModel) -> dict[str, Kind]:
    """Returns the kinds of the numbers of a block, and of the blocks that stand in it."""
    kinds: dict[str, Kind] = {}
    hints = get_type_hints(type(declared), include_extras=True)
    for key in type(declared).model_fields:
        value, options = (
            getattr(declared, key),
            [each for each in get_args(hints[key]) if each is not NoneType],
        )
        if isinstance(value, BaseModel):
            kinds |= _numbers_of(f"{above}{key}.", value)
            continue
        kind = Kind(hints[key] if get_origin(hints[key]) is Annotated or len(options) != 1 else options[0])
        if kind.is_number:
            kinds[f"{above}{key}"] = kind
    return kinds


def kind_of(name: str, kinds: Mapping[str, Kind] = KINDS) -> Kind | None:
    """Returns the kind of a parameter by its one name; None: there is no such parameter."""
    if name.startswith(OWN_WEIGHT) and name != OWN_WEIGHT:
        return kinds["initial_weight"]
    return kinds.get(name)
