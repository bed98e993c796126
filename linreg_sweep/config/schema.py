"""The models: what a config and a sweep may hold, with every range, and a sentence on each key.

All are frozen and strict, and refuse keys they do not know. A check that needs two fields stands at the
later one, so that all complaints about a file are found in one go.
"""

from math import prod
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import CoreSchema, core_schema

from linreg_sweep.config.axes import read_parameters
from linreg_sweep.config.faults import Fault
from linreg_sweep.config.kinds import (
    MOST,
    Count,
    CountOrZero,
    Factor,
    Fraction,
    Limit,
    Momentum,
    Number,
    Positive,
    Seed,
    Text,
    Texts,
    fault,
    name_fault,
)
from linreg_sweep.config.messages import raised
from linreg_sweep.config.parameters import Parameter, Values, count
from linreg_sweep.config.words import show
from linreg_sweep.guards.names import NAME

_NUMBER: TypeAdapter[float] = TypeAdapter(Number)
_NUMBERS: TypeAdapter[tuple[float, ...]] = TypeAdapter(Annotated[tuple[Number, ...], Field(strict=False)])
_INTERVAL: TypeAdapter[int] = TypeAdapter(CountOrZero)


def _number_or_numbers(given: Any) -> float | tuple[float, ...]:
    if not isinstance(given, list | tuple):
        return _NUMBER.validate_python(given)
    if not given:
        raise fault("must be a number or a list of numbers, got []")
    return _NUMBERS.validate_python(given)


def _interval_or_log(given: Any) -> int | Literal["log"]:
    if given == "log":
        return "log"
    if isinstance(given, str):
        raise fault(f"must be 0, a number of epochs or log, got {show(given)}")
    return _INTERVAL.validate_python(given)


def _name(name: str) -> str:
    text = name_fault(name)
    if text:
        raise fault(text)
    return name


NumberOrNumbers = Annotated[
    float | tuple[float, ...],
    PlainValidator(_number_or_numbers, json_schema_input_type=Number | list[Number]),
]
IntervalOrLog = Annotated[
    int | Literal["log"],
    PlainValidator(_interval_or_log),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0, "maximum": MOST}, {"const": "log"}]}),
]
Name = Annotated[str, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": f"^{NAME}$"})]


class Model(BaseModel):
    """What all blocks have in common."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


class DataConfig(Model):
    """What is fitted: the built-in data, or columns of a file."""

    name: Literal["tutorial"] | None = None
    """Built-in data: tutorial, the tutorial's 30 rows. Give this or path."""
    path: Text | None = Field(None, validate_default=True)
    """A CSV or Parquet file, relative to the file that says so. Give this or name."""
    x: Texts | None = None
    """The columns fitted from; without, every numeric column that is not in y."""
    y: Texts | None = Field(None, validate_default=True)
    """The target columns, one or several."""
    standardize: bool = False
    """Whether each x column is z-scored (population standard deviation)."""
    fit_bias: bool = True
    """Whether a bias is fitted."""

    @field_validator("path")
    @classmethod
    def _one_source(cls, path: str | None, info: ValidationInfo) -> str | None:
        if "name" in info.data:
            if path is not None and info.data["name"] is not None:
                raise fault(f"does not go with name, got {show(path)}", "give name or path")
            if path is None and info.data["name"] is None:
                raise fault("is required where there is no name", "give name: tutorial, or path and y")
        return path

    @field_validator("x", "y")
    @classmethod
    def _columns_of_a_file(
        cls, columns: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        if columns is not None and info.data.get("name") is not None and info.data.get("path", "") is None:
            raise fault("does not go with name: built-in data has its own columns", "remove it")
        return columns

    @field_validator("y")
    @classmethod
    def _targets(cls, y: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        if y is None and info.data.get("path") is not None:
            raise fault("is required with path", "name the target column, as in y: [price]")
        x = set(info.data.get("x") or ())
        both = [column for column in y or () if column in x]
        if both:
            raise fault(f"must not share columns with x, got {show(both[0])} in both")
        return y


class TrainingConfig(Model):
    """How a trial descends."""

    engine: Literal["numpy", "torch", "closed_form", "numba"] = "numpy"
    """What computes: NumPy, many trials at once; torch's autograd; theory's closed form; or Numba."""
    loss: Literal["half_mse", "mse", "sse"] = "half_mse"
    """What a step descends; the same learning rate means another step under each."""
    learning_rate: Positive = 0.005
    """The step's factor on the gradient."""
    initial_weight: NumberOrNumbers = 0.0
    """Where every weight starts, or a list with one number a feature."""
    initial_bias: Number = 0.0
    """Where the bias starts."""
    epochs: CountOrZero = 10000
    """The most passes over the data."""
    batch_size: Count | None = None
    """Rows a step; null for all of them."""
    shuffle: bool = False
    """Whether mini-batches are permuted every epoch, from the seed, or stay in file order."""
    momentum: Momentum = 0.0
    """Momentum as in torch.optim.SGD."""
    nesterov: bool = False
    """Whether the momentum is Nesterov's, as in torch.optim.SGD."""
    dtype: Literal["float32", "float64"] = "float64"
    """The precision of the descent."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where torch computes."""
    early_stop: bool = True
    """Whether a trial ends when it has converged, or runs all its epochs unless it diverges."""

    @field_validator("nesterov")
    @classmethod
    def _needs_momentum(cls, nesterov: bool, info: ValidationInfo) -> bool:
        swept = (info.context or {}).get("swept", ())
        if nesterov and info.data.get("momentum") == 0 and "momentum" not in swept:
            raise fault("must be false where momentum is 0, got true", "set momentum, for example to 0.9")
        return nesterov

    @field_validator("dtype")
    @classmethod
    def _closed_form_is_exact(cls, dtype: str, info: ValidationInfo) -> str:
        if dtype != "float64" and info.data.get("engine") == "closed_form":
            raise fault("must be float64 with engine closed_form, got 'float32'", "it has no steps to round")
        return dtype

    @field_validator("device")
    @classmethod
    def _needs_torch(cls, device: str, info: ValidationInfo) -> str:
        if device == "cuda" and info.data.get("engine", "torch") != "torch":
            raise fault(f"must be cpu with engine {info.data['engine']}, got 'cuda'", "use engine: torch")
        return device


class SettleConfig(Model):
    """When a learning rate counts as good: the steepest direction shrinks to a fraction in some epochs."""

    epochs: Count = 10
    """Epochs within which it settles."""
    fraction: Fraction = 0.01
    """What is left of it by then."""


class OutcomeConfig(Model):
    """When a trial has converged or diverged."""

    tolerance: Positive = 1e-6
    """Excess cost at which a trial has converged, over y's variance (without a bias, its mean square)."""
    divergence: Factor = 1e6
    """Cost above which it has diverged, over the larger of the start's cost and y's variance, likewise."""
    settle: SettleConfig = SettleConfig()
    """What divides low, good and high learning rates."""


class HistoryConfig(Model):
    """Which states of every trial are kept."""

    every: IntervalOrLog = 0
    """0: none; 1000: at epochs 0, 1000, 2000, ...; log: at 1, 2, 5, 10, ..."""


class Config(Model):
    """A training set-up: one file is one trial that runs by itself."""

    data: DataConfig
    """What is fitted."""
    training: TrainingConfig = TrainingConfig()
    """How a trial descends."""
    outcome: OutcomeConfig = OutcomeConfig()
    """When a trial has converged or diverged."""
    history: HistoryConfig = HistoryConfig()
    """Which states of every trial are kept."""
    seed: Seed = 0
    """Random values and permutations are pure functions of it."""


class _Settled:
    """Tells pydantic that what a field holds is made by its validator, and saves it a schema."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        return core_schema.any_schema()


class SweepBase(Config):
    """What sweeps of every method have on top of a config."""

    name: Name
    """Begins the name of the run's directory; without, the name of the file."""
    method: Literal["grid", "random"]
    """How trials take their values."""
    max_trials: Limit = 10**8
    """The most trials a run may have; raise it to mean it."""
    parameters: Annotated[dict[str, Parameter], _Settled]
    """What varies."""

    @field_validator("parameters", mode="plain")
    @classmethod
    def _settle(cls, given: Any, info: ValidationInfo) -> dict[str, Parameter]:
        if "method" not in info.data:
            return {}
        parameters, faults = read_parameters(given, info.data["method"])
        faults += cls._check_together(parameters, info.data)
        if faults:
            raise raised(faults)
        return parameters

    @classmethod
    def _check_together(cls, parameters: dict[str, Parameter], data: dict[str, Any]) -> list[Fault]:
        momentum = parameters.get("momentum")
        if "training" in data and data["training"].nesterov and momentum is not None:
            least = min(momentum.values) if isinstance(momentum, Values) else getattr(momentum, "min", 1)
            if least <= 0:
                path = ("momentum",) if isinstance(momentum, Values) else ("momentum", "min")
                return [Fault(path, f"must be above 0 with nesterov, got {show(least)}")]
        return []


class GridSweep(SweepBase):
    """Every combination of the parameters' points; the last declared parameter turns fastest."""

    method: Literal["grid"]
    """How trials take their values: every combination."""

    @classmethod
    def _check_together(cls, parameters: dict[str, Parameter], data: dict[str, Any]) -> list[Fault]:
        faults = super()._check_together(parameters, data)
        trials, most = prod(map(count, parameters.values())), data.get("max_trials")
        if most is not None and trials > most:
            made = f"{trials:,}" if trials < 10**30 else "more than 10**30"
            text = f"must make at most {most:,} trials (max_trials), got {made}"
            faults.append(Fault((), text, "declare fewer points, or raise max_trials", at_key=True))
        return faults


class RandomSweep(SweepBase):
    """Independent draws; a trial's values depend on the seed, the parameter's name and its number alone."""

    method: Literal["random"]
    """How trials take their values: drawn at random."""
    trials: Count
    """How many trials there are."""

    @field_validator("trials")
    @classmethod
    def _not_too_many(cls, trials: int, info: ValidationInfo) -> int:
        most = info.data.get("max_trials")
        if most is not None and trials > most:
            raise fault(f"must be at most {most:,} (max_trials), got {trials:,}", "raise max_trials")
        return trials


Sweep = GridSweep | RandomSweep

SWEEPS: dict[str, type[GridSweep] | type[RandomSweep]] = {"grid": GridSweep, "random": RandomSweep}
"""The model of each method."""
