"""How a trial descends: what every trial has, and every key of every optimizer, as the optimizers say."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias, get_type_hints

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    ValidationInfo,
    create_model,
    field_validator,
)

from linreg_sweep import averages
from linreg_sweep.engines import ENGINES
from linreg_sweep.kinds import Count, CountOrZero, Model, Number, Positive
from linreg_sweep.method import Order
from linreg_sweep.optimizers import OPTIMIZERS
from linreg_sweep.optimizers.base import Settings
from linreg_sweep.schedules import SCHEDULES
from linreg_sweep.schedules import declared as schedules
from linreg_sweep.theory.outcome import Loss
from linreg_sweep.variants import fault
from linreg_sweep.words import show

_NUMBER: TypeAdapter[float] = TypeAdapter(Number)
_NUMBERS: TypeAdapter[tuple[float, ...]] = TypeAdapter(Annotated[tuple[Number, ...], Field(strict=False)])


def _number_or_numbers(given: Any) -> float | tuple[float, ...]:
    if not isinstance(given, list | tuple):
        return _NUMBER.validate_python(given)
    if not given:
        raise fault("must be a number or a list of numbers, got []")
    return _NUMBERS.validate_python(given)


NumberOrNumbers = Annotated[
    float | tuple[float, ...],
    PlainValidator(_number_or_numbers, json_schema_input_type=Number | list[Number]),
    PlainSerializer(lambda value: value),  # pydantic's own takes the list that it makes of a tuple for wrong
]

if TYPE_CHECKING:
    _Name: TypeAlias = str
    _Engine: TypeAlias = str
else:
    _Name = Literal[tuple(OPTIMIZERS)]
    _Engine = Literal[tuple(ENGINES)]

OPTIMIZER_KEYS: dict[str, Any] = {}
"""The kind of every optimizer's every key."""

_SENTENCES: dict[str, dict[str, list[str]]] = defaultdict(dict)
for _name, _optimizer in OPTIMIZERS.items():
    _hints = get_type_hints(_optimizer.settings, include_extras=True)
    for _key, _field in _optimizer.settings.model_fields.items():
        OPTIMIZER_KEYS.setdefault(_key, _hints[_key])
        _SENTENCES[_key].setdefault(_field.description or "", []).append(_name)


def keys_of(optimizer: str) -> tuple[str, ...]:
    """Returns the keys of an optimizer, its own before those that all have."""
    keys = OPTIMIZERS[optimizer].settings.model_fields
    return tuple(sorted(keys, key=lambda key: key in Settings.model_fields))


class _Rule(Model):
    """Which formula a step follows."""

    engine: _Engine = "numpy"
    """What computes: NumPy, many trials at once; torch's autograd; theory's closed form; or Numba."""
    loss: Loss = "half_mse"
    """What a step descends; the same learning rate means another step under each."""
    optimizer: _Name = "sgd"
    """The update rule, as torch.optim defines it; it decides which of the next keys there are."""


if TYPE_CHECKING:

    class _OptimizerKeys(_Rule):
        def __getattr__(self, key: str) -> Any: ...

else:

    def _described(key: str) -> str:
        told = (f"{', '.join(names)}: {sentence}" for sentence, names in _SENTENCES[key].items())
        return f"{' '.join(told)} Null: the optimizer's own default."

    _OptimizerKeys = create_model(
        "_OptimizerKeys",
        __base__=_Rule,
        **{
            key: (kind | None, Field(None, description=_described(key)))
            for key, kind in OPTIMIZER_KEYS.items()
        },
    )


class TrainingConfig(_OptimizerKeys):
    """How a trial descends. A key of an optimizer that is not given is None; `of` knows its default."""

    learning_rate: Positive = 0.005
    """The step's factor on the gradient."""
    schedule: schedules.Declared = SCHEDULES["constant"].settings.model_validate({"name": "constant"})
    """How the learning rate changes from epoch to epoch."""
    initial_weight: NumberOrNumbers = 0.0
    """Where every weight starts, or a list with one number a feature."""
    initial_bias: Number = 0.0
    """Where the bias starts."""
    epochs: CountOrZero = 10000
    """The most passes over the data."""
    batch_size: Count | None = None
    """Rows a step; null for all of them."""
    order: Order = "file"
    """Which rows a step sees: file order, a permutation an epoch, or each batch or row drawn, by the seed."""
    average: averages.Declared = averages.Without(kind="none")
    """Which average of the states after each step is kept."""
    dtype: Literal["float32", "float64"] = "float64"
    """The precision of the descent."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where torch computes."""
    early_stop: bool = True
    """Whether a trial ends when it has converged, or runs all its epochs unless it diverges."""

    def of(self, optimizer: str) -> Settings:
        """Returns the complete settings of an optimizer: what is given, and its defaults."""
        settings = OPTIMIZERS[optimizer].settings
        given = {key: getattr(self, key) for key in settings.model_fields}
        return settings(**{key: value for key, value in given.items() if value is not None})

    def completed(self, optimizers: Iterable[str]) -> Self:
        """Returns the same with every key of some optimizers that has one meaning, not two defaults."""
        defaults: dict[str, set[Any]] = defaultdict(set)
        for optimizer in optimizers:
            for key, value in self.of(optimizer):
                defaults[key].add(value)
        return self.model_copy(
            update={key: values.pop() for key, values in defaults.items() if len(values) == 1}
        )

    @field_validator(*OPTIMIZER_KEYS)
    @classmethod
    def _is_of_an_optimizer(cls, value: Any, info: ValidationInfo) -> Any:
        chosen = _optimizers(info)
        if value is not None and chosen and not any(info.field_name in keys_of(name) for name in chosen):
            told = "; ".join(f"{name} has {', '.join(keys_of(name))}" for name in chosen)
            others = [name for name in OPTIMIZERS if info.field_name in keys_of(name)]
            raise fault(f"unknown key: {told}", f"it is a key of {', '.join(others)}", at_key=True)
        return value

    @field_validator("nesterov", check_fields=False)
    @classmethod
    def _needs_momentum(cls, nesterov: bool | None, info: ValidationInfo) -> bool | None:
        if nesterov and not info.data.get("momentum", 1) and "momentum" not in _swept(info):
            raise fault("must be false where momentum is 0, got true", "set momentum, for example to 0.9")
        return nesterov

    @field_validator("dampening", check_fields=False)
    @classmethod
    def _goes_not_with_nesterov(cls, dampening: float | None, info: ValidationInfo) -> float | None:
        if dampening and info.data.get("nesterov") and not {"nesterov", "dampening"} & _swept(info):
            raise fault(f"must be 0 with nesterov, got {show(dampening)}")
        return dampening

    @field_validator("dtype")
    @classmethod
    def _closed_form_is_exact(cls, dtype: str, info: ValidationInfo) -> str:
        if dtype != "float64" and _is_theory(info):
            raise fault(
                f"must be float64 with engine {info.data['engine']}, got 'float32'",
                "it has no steps to round",
            )
        return dtype

    @field_validator("device")
    @classmethod
    def _needs_torch(cls, device: str, info: ValidationInfo) -> str:
        if device == "cuda" and info.data.get("engine", "torch") != "torch":
            raise fault(f"must be cpu with engine {info.data['engine']}, got 'cuda'", "use engine: torch")
        return device


def _is_theory(info: ValidationInfo) -> bool:
    """Returns whether the engine works out what theory says."""
    engine = info.data.get("engine")
    return engine is not None and ENGINES[engine].is_theory


def _swept(info: ValidationInfo) -> set[str]:
    """Returns what the sweep varies, which the checks of the set-up leave to those of the sweep."""
    swept: set[str] = (info.context or {}).get("swept", set())
    return swept


def _optimizers(info: ValidationInfo) -> tuple[str, ...]:
    """Returns the optimizers that any trial has."""
    if "optimizer" not in info.data:
        return ()
    swept: tuple[str, ...] = (info.context or {}).get("optimizers") or ("",)
    return tuple(name or str(info.data["optimizer"]) for name in swept)
