"""The models: what a config may hold, with every range, and a sentence on each key.

All are frozen and strict, and refuse keys they do not know. A check that needs two fields stands at the
later one, so that all complaints about a file are found in one go.
"""

from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from linreg_sweep.config.parameters import Parameter, Product, Values, each_alone, merged
from linreg_sweep.config.scalars import UNPRINTABLE
from linreg_sweep.config.training import TrainingConfig
from linreg_sweep.guards.escapes import OBEYED
from linreg_sweep.holdout import Holdout
from linreg_sweep.kinds import MAX_COUNT, Count, CountOrZero, Factor, Fraction, Model, Positive, Seed
from linreg_sweep.text_format import TEXT, TextFormat
from linreg_sweep.theory.outcome import BestBy
from linreg_sweep.variants import fault
from linreg_sweep.words import KeyPath, show

NO_TEXT = (".parquet", ".pq", ".xlsx")
"""How names of files of data end that are no text."""

_BLANKS = dict.fromkeys(map(ord, "\t\n\r"), " ")


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

_INTERVAL: TypeAdapter[int] = TypeAdapter(CountOrZero)


def _interval_or_log(given: Any) -> int | Literal["log"]:
    if given == "log":
        return "log"
    if isinstance(given, str):
        raise fault(f"must be 0, a number of epochs or log, got {show(given)}")
    return _INTERVAL.validate_python(given)


IntervalOrLog = Annotated[
    int | Literal["log"],
    PlainValidator(_interval_or_log),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0, "maximum": MAX_COUNT}, {"const": "log"}]}),
]


class DataConfig(Model):
    """What is fitted: the built-in data, or columns of a file."""

    name: Literal["tutorial"] | None = None
    """Built-in data: tutorial, the tutorial's 30 rows. Give this or path."""
    path: Text | None = Field(None, validate_default=True)
    """A .csv, .tsv, .txt (also .gz), Parquet or .xlsx file, a folder or a pattern such as *.parquet, relative
    to the file that says so. Give this or name."""
    format: TextFormat = Field(TextFormat(), validate_default=True)
    """How a file of text is written."""
    missing: Literal["refuse", "drop"] = "refuse"
    """Whether rows with a missing cell in a chosen column are refused or left out."""
    x: Texts | None = None
    """The columns fitted from; without, every numeric column that is not in y."""
    y: Texts | None = Field(None, validate_default=True)
    """The target columns, one or several."""
    standardize: bool = False
    """Whether each x column is z-scored (population standard deviation)."""
    fit_bias: bool = True
    """Whether a bias is fitted."""
    holdout: Annotated[Holdout | None, AfterValidator(Holdout.checked)] = None
    """The rows that no trial is trained on; the fit is measured on them."""

    @field_validator("path")
    @classmethod
    def _one_source(cls, path: str | None, info: ValidationInfo) -> str | None:
        if "name" in info.data:
            if path is not None and info.data["name"] is not None:
                raise fault(f"cannot be combined with name, got {show(path)}", "give name or path")
            if path is None and info.data["name"] is None:
                raise fault("is required where there is no name", "give name: tutorial, or path and y")
        return path

    @field_validator("format")
    @classmethod
    def _of_a_file_of_text(cls, form: TextFormat, info: ValidationInfo) -> TextFormat:
        path = info.data.get("path")
        is_other = path is None or PurePath(path).suffix.lower() in NO_TEXT
        if form != TextFormat() and is_other and "path" in info.data:
            given = "built-in data" if path is None else show(path)
            raise fault(f"applies to text files ({', '.join(TEXT)}, or .gz of these) only, not to {given}")
        if path is not None and (clash := form.clash(path)):
            raise fault(*clash)
        return form

    @field_validator("missing")
    @classmethod
    def _missing_of_a_file(cls, missing: str, info: ValidationInfo) -> str:
        if missing == "drop" and info.data.get("path", "") is None and info.data.get("name") is not None:
            raise fault("cannot be combined with name: built-in data have no missing cells", "remove it")
        return missing

    @field_validator("x", "y")
    @classmethod
    def _columns_of_a_file(
        cls, columns: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        if columns is not None and info.data.get("name") is not None and info.data.get("path", "") is None:
            raise fault("cannot be combined with name: built-in data has its own columns", "remove it")
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

    @property
    def optimizers(self) -> tuple[str, ...]:
        """Those that any trial has."""
        return (self.training.optimizer,)

    @property
    def best_by(self) -> BestBy:
        """The column whose least value is best."""
        return "converged_at"

    @property
    def products(self) -> tuple[Product, ...]:
        """What is varied; of a config nothing, which is a product of one trial."""
        return ({},)

    @property
    def n_folds(self) -> int:
        """How many folds the rows are held out in; 1 where they are held out once, or none are."""
        return 1 if self.data.holdout is None else self.data.holdout.n_folds

    @property
    def says_folds(self) -> bool:
        """Whether it says itself which folds trials have."""
        return False

    def place_of(self, name: str, *, in_unit: bool = False) -> KeyPath:
        """Returns where a hyperparameter of `training` is declared.

        Args:
            name: of the hyperparameter.
            in_unit: of several products that vary it, the first that does so in a unit is meant.
        """
        return ("training", name)

    def values_of(self, name: str, otherwise: Any) -> tuple[Any, ...]:
        """Returns the values of a word or a boolean that trials have; `otherwise` is the set-up's."""
        found: dict[Any, None] = {}
        for parameters in map(each_alone, self.products):
            declared = parameters.get(name)
            found |= dict.fromkeys(declared.values if isinstance(declared, Values) else (otherwise,))
        return tuple(found)

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Every parameter by its name; of a union, as the first product that varies it has it."""
        return merged(self.products)
