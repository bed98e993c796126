"""The models of sweeps: what varies on top of a config, and how trials take their values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from itertools import product as combinations
from math import inf, prod
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema, field_validator
from pydantic_core import CoreSchema, core_schema

from linreg_sweep.config.faults import MAX_COMPLAINTS, at
from linreg_sweep.config.messages import raised
from linreg_sweep.config.parameters import (
    Normal,
    Parameter,
    Product,
    Steps,
    Tuples,
    Values,
    count,
    each_alone,
    names_of,
    written,
)
from linreg_sweep.config.products import EMPTY, read_columns, read_products
from linreg_sweep.config.schema import Config, Text
from linreg_sweep.config.shapes import GRID, RANDOM
from linreg_sweep.config.training import OPTIMIZER_KEYS, TrainingConfig, keys_of
from linreg_sweep.config.varied import kinds_with
from linreg_sweep.errors import Complaint
from linreg_sweep.guards.names import NAME, name_fault
from linreg_sweep.kinds import Count, Limit, Model
from linreg_sweep.theory.outcome import BestBy
from linreg_sweep.variants import fault
from linreg_sweep.words import KeyPath, show


def _name(name: str) -> str:
    text = name_fault(name)
    if text:
        raise fault(text)
    return name


Name = Annotated[str, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": f"^{NAME}$"})]


DRAWN = {"random": "Random"}
"""The methods that draw trials, and the class of each, in the file of `samplers/` that is called as it is."""

if TYPE_CHECKING:
    _Drawn: TypeAlias = str
    _Method: TypeAlias = str
else:
    _Drawn = Literal[tuple(DRAWN)]
    _Method = Literal[("grid", *DRAWN, "list")]


class _Settled:
    """Tells pydantic that what a field holds is made by its validator, and saves it a schema."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        return core_schema.any_schema()


class BestConfig(Model):
    """Which trial is the best."""

    by: BestBy | None = None
    """The column whose least value is best. Null: held_out_cost if rows are held out, else converged_at."""


class SweepBase(Config):
    """What sweeps of every method have on top of a config."""

    name: Name
    """Begins the name of the run's directory; without, the name of the file."""
    method: _Method
    """How trials take their values."""
    max_trials: Limit = 10**8
    """The most trials a run may have; raise it to mean it."""
    best: BestConfig = BestConfig()
    """Which trial is the best."""

    @property
    def best_by(self) -> BestBy:
        """The column whose least value is best."""
        return self.best.by or ("converged_at" if self.data.holdout is None else "held_out_cost")

    @property
    def optimizers(self) -> tuple[str, ...]:
        """Those that any trial has."""
        found = (optimizers_of(product, self.training.optimizer) for product in self.products)
        return tuple(dict.fromkeys(name for names in found for name in names))


class ProductSweep(SweepBase):
    """A sweep whose parameters are declared one by one."""

    declared: Annotated[tuple[Product, ...], _Settled, Field(alias="parameters")]
    """What varies: a block of parameters, or a list of them, whose trials come one after the other."""

    @property
    def products(self) -> tuple[Product, ...]:
        """What is varied: a union of products, mostly one; in each, every fold that rows are held out in."""
        return tuple(with_folds(product, self.n_folds) for product in self.declared)

    @property
    def says_folds(self) -> bool:
        """Whether it says itself which folds trials have."""
        return any("fold" in names_of(product) for product in self.declared)

    def place_of(self, name: str, *, in_unit: bool = False) -> KeyPath:
        """Returns where a hyperparameter is declared; see Config."""
        for place, each in enumerate(self.declared):
            for key, parameter in each.items():
                if name in names_of({key: parameter}) and (parameter.unit or not in_unit):
                    return ("parameters", *([place] if len(self.declared) > 1 else []), key)
        return super().place_of(name)

    @field_validator("declared", mode="plain")
    @classmethod
    def _settle(cls, given: Any, info: ValidationInfo) -> tuple[Product, ...]:
        if "method" not in info.data:
            return ()
        training: TrainingConfig | None = info.data.get("training")
        kinds = None if training is None else kinds_with(training)
        products, faults = read_products(given, RANDOM if info.data["method"] in DRAWN else GRID, kinds)
        for place, product in enumerate(products):
            found = faults_of_optimizers(product, training) if training is not None else ()
            faults += [each.below(place) if isinstance(given, list) else each for each in found]
        faults += cls._check_size(products, info.data)
        if faults:
            raise raised(faults)
        return products

    @classmethod
    def _check_size(cls, products: tuple[Product, ...], data: dict[str, Any]) -> list[Complaint]:
        return []


class GridSweep(ProductSweep):
    """Every combination of the parameters' points; the last declared parameter turns fastest."""

    method: Literal["grid"]
    """How trials take their values: every combination."""

    @classmethod
    def _check_size(cls, products: tuple[Product, ...], data: dict[str, Any]) -> list[Complaint]:
        folded = (with_folds(each, _folds(data)) for each in products)
        trials, most = sum(prod(map(count, each.values())) for each in folded), data.get("max_trials")
        if most is None or trials <= most:
            return []
        made = f"{trials:,}" if trials < 10**30 else "more than 10**30"
        text = f"must give at most {most:,} trials (max_trials), got {made}"
        return [at((), text, "declare fewer points, or raise max_trials", at_key=True)]


class RandomSweep(ProductSweep):
    """Independent draws; a trial's values depend on the seed, the parameter's name and its number alone."""

    method: _Drawn
    """How trials take their values: drawn at random."""
    trials: Count
    """How many trials there are; where rows are held out in folds, each of them is one in every fold."""

    @field_validator("trials")
    @classmethod
    def _not_too_many(cls, trials: int, info: ValidationInfo) -> int:
        most = info.data.get("max_trials")
        if most is not None and trials > most:
            raise fault(f"must be at most {most:,} (max_trials), got {trials:,}", "raise max_trials")
        return trials


class TrialList(Model):
    """Trials as they stand: the columns of a file."""

    path: Text | None = None
    """A CSV file, relative to the file that says so: a column per parameter, a row per trial."""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    """That of the file's bytes, where it must be the same."""
    columns: Annotated[dict[str, tuple[Any, ...]], _Settled]
    """The values of each parameter, a trial after the other."""

    @property
    def n_trials(self) -> int:
        """How many there are."""
        return len(next(iter(self.columns.values())))

    def spec(self) -> dict[str, Any]:
        """Returns the declaration, as YAML would say it: the columns, or the file where these are many."""
        if self.path is not None:
            return {"path": self.path, "sha256": self.sha256}
        return {"columns": {name: written(column) for name, column in self.columns.items()}}


class ListSweep(SweepBase):
    """Trials as they stand in a file."""

    method: Literal["list"]
    """How trials take their values: from a list."""
    trials: TrialList
    """The trials."""

    @property
    def products(self) -> tuple[Product, ...]:
        """What is varied: all columns together."""
        return (with_folds(values_of(self.trials.columns), self.n_folds),)

    @property
    def says_folds(self) -> bool:
        """Whether it says itself which folds trials have."""
        return "fold" in self.trials.columns

    def place_of(self, name: str, *, in_unit: bool = False) -> KeyPath:
        """Returns where a hyperparameter is declared; see Config."""
        return ("trials", "columns", name) if name in self.trials.columns else super().place_of(name)

    @field_validator("trials")
    @classmethod
    def _fits(cls, trials: TrialList, info: ValidationInfo) -> TrialList:
        training, most = info.data.get("training"), info.data.get("max_trials")
        columns, faults = read_columns(trials.columns, None if training is None else kinds_with(training))
        if faults:
            raise raised([each.below("columns") for each in faults])
        trials = trials.model_copy(update={"columns": columns})
        if most is not None and trials.n_trials > most:
            raise fault(f"must be at most {most:,} (max_trials), got {trials.n_trials:,}", "raise max_trials")
        if training is not None:
            faults = list(islice(_faults_of_rows(trials.columns, training), MAX_COMPLAINTS + 1))
            if faults:
                raise raised(faults)
        return trials


def with_folds(product: Product, n_folds: int) -> Product:
    """Returns a product in which each trial is one in every fold, unless it says which folds it has."""
    if n_folds == 1 or "fold" in names_of(product):
        return product
    return {**product, "fold": Steps(0, n_folds - 1, 1)}


def _folds(data: Mapping[str, Any]) -> int:
    """Returns how many folds a set-up has, of what has been checked of it."""
    holdout = getattr(data.get("data"), "holdout", None)
    return 1 if holdout is None else int(holdout.n_folds)


def values_of(columns: Mapping[str, Sequence[Any]]) -> Product:
    """Returns the different values of each parameter of a list of trials."""
    return {
        name: Values(tuple(each for each in dict.fromkeys(column) if each is not None))
        for name, column in columns.items()
    }


def _faults_of_rows(columns: Mapping[str, tuple[Any, ...]], training: TrainingConfig) -> Iterator[Complaint]:
    """Yields cells that go with no key of their trial's optimizer, or lack it; and what torch refuses."""
    n_trials = len(next(iter(columns.values())))
    optimizers = columns.get("optimizer", (training.optimizer,) * n_trials)
    for name in OPTIMIZER_KEYS.keys() & columns.keys():
        has = {each: name in keys_of(each) for each in set(optimizers)}
        is_plain = all(has.values()) and None not in columns[name]
        for place, optimizer in enumerate(() if is_plain else optimizers):
            is_empty = columns[name][place] is None
            if is_empty == has[optimizer]:
                lacks = f"{optimizer} has no {name}: {optimizer} has {', '.join(keys_of(optimizer))}"
                yield at(("columns", name, place), *(EMPTY if is_empty else (lacks, "leave the cell empty")))
    of_sgd = [name for name in _TOGETHER if name in columns]
    rows = dict.fromkeys(zip(optimizers, *(columns[name] for name in of_sgd), strict=True))
    sgd = tuple(row[1:] for row in rows if row[0] == "sgd" and None not in row)
    if of_sgd and sgd:
        product: Product = {", ".join(of_sgd): Tuples(tuple(of_sgd), sgd)}
        found = faults_of_optimizers(product, training.model_copy(update={"optimizer": "sgd"}))
        yield from (replace(each, path=()) for each in found)


Sweep = GridSweep | RandomSweep | ListSweep

SWEEPS: dict[str, type[GridSweep] | type[RandomSweep] | type[ListSweep]] = {
    "grid": GridSweep,
    **dict.fromkeys(DRAWN, RandomSweep),
    "list": ListSweep,
}
"""The model of each method."""


def optimizers_of(product: Product, otherwise: str) -> tuple[str, ...]:
    """Returns the optimizers of a product's trials; `otherwise` is the set-up's."""
    varied = each_alone(product).get("optimizer")
    return varied.values if isinstance(varied, Values) else (otherwise,)


_TOGETHER = ("momentum", "nesterov", "dampening")


def faults_of_optimizers(product: Product, training: TrainingConfig) -> Iterator[Complaint]:
    """Yields keys that an optimizer of a product lacks, and what torch refuses together."""
    optimizers = optimizers_of(product, training.optimizer)
    keys = {name: key for key, parameter in product.items() for name in names_of({key: parameter})}
    for name in keys:
        lacking = [each for each in optimizers if name in OPTIMIZER_KEYS and name not in keys_of(each)]
        if lacking:
            text = f"{lacking[0]} has no {name}: {lacking[0]} has {', '.join(keys_of(lacking[0]))}"
            hint = "write a list of mappings under parameters, a product for the optimizers that have it"
            yield at((keys[name],), text, hint, at_key=True)
    varied = [name for name in _TOGETHER if name in keys]
    if "sgd" in optimizers and varied:
        fixed = {name: getattr(training.of("sgd"), name) for name in _TOGETHER}
        axes = [_extremes(key, product[key]) for key in dict.fromkeys(keys[name] for name in varied)]
        for row in combinations(*axes):
            values = {key: value for part in (fixed, *row) for key, value in part.items()}
            if values["nesterov"] and (values["momentum"] <= 0 or values["dampening"]):
                name = "momentum" if values["momentum"] <= 0 else "dampening"
                must = "above 0" if name == "momentum" else "0"
                key = keys.get(name, keys[varied[0]])
                text = f"must be {must} with nesterov, got {show(values[name])}"
                yield at((key,), text if key == name else f"{name} {text}")
                return


def _extremes(key: str, parameter: Parameter) -> list[dict[str, Any]]:
    """Returns the values of a parameter, or of several, that might be refused together with others."""
    match parameter:
        case Tuples(names):
            here = [name for name in names if name in _TOGETHER]
            if len(here) == 1:
                return _extremes(here[0], Values(parameter.column(here[0])))
            rows = dict.fromkeys(zip(*map(parameter.column, here), strict=True))
            return [dict(zip(here, row, strict=True)) for row in rows]
        case Values(values) if key == "nesterov":
            return [{key: value} for value in {*values}]
        case Values(values):
            return [{key: min(values)}, {key: max(values)}]
        case Normal():
            return [{key: -inf}, {key: inf}]
    return [{key: parameter.min}, {key: parameter.max}]
