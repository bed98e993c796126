"""What a sweep varies: the values of trials by their number, made when asked for.

A sweep is a union of products, mostly of one. Samplers make the numbers of each; what is no number, a word,
a boolean or a whole schedule, is a choice: its column holds whole numbers that stand for its values.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from itertools import islice, product
from typing import Any

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.config import Config, ListSweep, RandomSweep, Sweep
from linreg_sweep.config.parameters import (
    Parameter,
    Product,
    Tuples,
    Values,
    each_alone,
    has_unit,
    largest,
    merged,
)
from linreg_sweep.config.sweeps import DRAWN, values_of, with_folds
from linreg_sweep.config.varied import KINDS
from linreg_sweep.samplers import Grid, Listed, Random, Sampler

Choices = Mapping[str, tuple[Any, ...]]

RATIO = "stability_ratio"
"""What the values of learning_rate are called where they are declared as shares of a stability limit."""

MAX_COMBINATIONS = 10_000
"""Combinations of what is no number that are told apart."""


@dataclass(frozen=True)
class Space:
    """Everything a sweep varies.

    Attributes:
        samplers: of each product, in the declared order.
        parameters: what is declared for each name, coded; of a union as the first product has it.
        choices: what is no number: the values that the whole numbers 0, 1, ... in its column stand for.
        is_interleaved: whether draw i belongs to product i mod m, of m; else one product follows the other.
    """

    samplers: tuple[Sampler, ...]
    parameters: Mapping[str, Parameter]
    choices: Choices = field(default_factory=dict)
    is_interleaved: bool = False

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of all parameters, in the declared order."""
        return tuple(dict.fromkeys(name for names in self.products for name in names))

    @property
    def products(self) -> tuple[tuple[str, ...], ...]:
        """The names that each product varies."""
        return tuple(sampler.names for sampler in self.samplers)

    @property
    def n_trials(self) -> int:
        """How many trials there are; exact for any size."""
        if self.is_interleaved:
            return self.samplers[0].n_trials
        return sum(sampler.n_trials for sampler in self.samplers)

    @property
    def is_one_product(self) -> bool:
        """Whether trials are no union, and no list either."""
        return len(self.samplers) == 1 and not isinstance(self.samplers[0], Listed)

    @property
    def is_ordered(self) -> bool:
        """Whether trials are the combinations of a grid, one product."""
        return len(self.samplers) == 1 and isinstance(self.samplers[0], Grid)

    @property
    def labels(self) -> Mapping[str, tuple[str, ...]]:
        """The text that each whole number of a choice is shown as."""
        return {name: tuple(map(label, values)) for name, values in self.choices.items()}

    def values(self, start: int, stop: int) -> dict[str, Floats]:
        """Returns the values [stop - start] of each parameter in the trials from start to stop - 1.

        It is NaN where a trial's product does not vary the parameter.
        """
        if len(self.samplers) == 1:
            return _in_units(self.samplers[0], self.samplers[0].values(start, stop))
        found = self._unknown(max(0, stop - start))
        first = 0
        for place, sampler in enumerate(self.samplers):
            if self.is_interleaved:
                each = sampler.n_each if isinstance(sampler, Random) else 1
                rows = np.arange(start, stop) // each % len(self.samplers) == place
                part = {name: column[rows] for name, column in sampler.values(start, stop).items()}
            else:
                begin, end = (min(max(edge - first, 0), sampler.n_trials) for edge in (start, stop))
                rows = slice(begin + first - start, end + first - start) if begin < end else slice(0, 0)
                part = sampler.values(begin, end) if begin < end else {}
                first += sampler.n_trials
            for name, column in _in_units(sampler, part).items():
                found[name][rows] = column
        return found

    def sample(self, n_sampled: int) -> dict[str, Floats]:
        """Returns the values of so many trials taken at random, or of all where there are no more.

        Those of a random sweep are its first; of others each is a draw of its own, from a fixed seed. It
        takes the same time for any number of trials.
        """
        if n_sampled >= self.n_trials or self.is_interleaved:
            return self.values(0, min(n_sampled, self.n_trials))
        if len(self.samplers) == 1:
            return _in_units(self.samplers[0], self.samplers[0].sample(n_sampled))
        found = self._unknown(n_sampled)
        edges, first = [0], 0
        for sampler in self.samplers:  # each has its share of the sample, to the nearest whole number
            first += sampler.n_trials
            edges.append(round(n_sampled * first / self.n_trials))
        for sampler, begin, end in zip(self.samplers, edges, edges[1:], strict=False):
            for name, column in _in_units(sampler, sampler.sample(end - begin)).items():
                found[name][begin:end] = column
        return found

    def _unknown(self, count: int) -> dict[str, Floats]:
        return {name: np.full(count, np.nan) for name in self.columns}

    @property
    def columns(self) -> tuple[str, ...]:
        """The names that `values` has."""
        return tuple(dict.fromkeys(name for sampler in self.samplers for name in _columns(sampler)))

    @property
    def has_units(self) -> bool:
        """Whether the learning rates of any product are shares of a stability limit; see RATIO."""
        return RATIO in self.columns

    def ends(self, name: str) -> tuple[float, float]:
        """Returns the smallest and the largest value of a parameter in all products that vary it."""
        found = [sampler.ends(_declared(name)) for sampler in self.samplers if name in _columns(sampler)]
        return min(low for low, _ in found), max(high for _, high in found)

    def largest(self, name: str) -> float:
        """Returns a number that no value of a parameter is above, see config.parameters."""
        return max(
            largest(each_alone(sampler.product)[_declared(name)])
            if isinstance(sampler, Random)
            else sampler.ends(_declared(name))[1]
            for sampler in self.samplers
            if name in _columns(sampler)
        )

    def combinations(
        self, least: Sequence[str] = (), extreme: Sequence[str] = ()
    ) -> Iterator[dict[str, float]]:
        """Yields each combination of what is no number that trials may have, of very many the first.

        Args:
            least: numbers that stand in each combination, too: the smallest that its product varies them to.
            extreme: numbers whose smallest and largest are combined with these and with each other.

        Yields:
            Codes and these numbers by their names; what its product does not vary is left out. RATIO is
            among them, as 1, where its learning rates are shares of a stability limit.
        """
        found = dict.fromkeys(
            frozenset({*each.items(), *numbers})
            for sampler in self.samplers
            for each in islice(_combinations(sampler, self.choices), MAX_COMBINATIONS)
            for numbers in product(*_numbers(sampler, least, extreme))
        )
        yield from map(dict, islice(found, MAX_COMBINATIONS))


def _numbers(
    sampler: Sampler, least: Sequence[str], extreme: Sequence[str]
) -> Iterator[list[tuple[str, float]]]:
    """Yields, by name, what some numbers of a product are looked at as, and whether its rates are shares."""
    yield from ([(name, sampler.ends(name)[0])] for name in least if name in sampler.names)
    for name in extreme:
        ends = filter(np.isfinite, dict.fromkeys(sampler.ends(name)) if name in sampler.names else ())
        yield from filter(None, [[(name, end) for end in ends]])
    if RATIO in _columns(sampler):
        yield [(RATIO, 1.0)]


def _combinations(sampler: Sampler, choices: Choices) -> Iterator[dict[str, float]]:
    if isinstance(sampler, Listed):
        names = [name for name in sampler.names if name in choices]
        rows = np.unique(np.array([sampler.columns[name] for name in names]).T, axis=0) if names else [()]
        yield from (dict(zip(names, map(float, row), strict=True)) for row in rows)
        return
    axes = []
    for key, parameter in sampler.product.items():  # type: ignore[attr-defined]
        if isinstance(parameter, Tuples):
            chosen = [name for name in parameter.names if name in choices]
            columns = [parameter.column(name) for name in chosen]
            axes.append(
                [dict(zip(chosen, row, strict=True)) for row in dict.fromkeys(zip(*columns, strict=True))]
            )
        elif key in choices and isinstance(parameter, Values):
            axes.append([{key: value} for value in parameter.values])
    for each in product(*(axis for axis in axes if axis)):
        yield {name: value for part in each for name, value in part.items()}


def _declared(name: str) -> str:
    return "learning_rate" if name == RATIO else name


def _columns(sampler: Sampler) -> tuple[str, ...]:
    """Returns what the values of a sampler are called."""
    return tuple(_in_units(sampler, dict.fromkeys(sampler.names, np.empty(0))))


def _in_units(sampler: Sampler, values: dict[str, Floats]) -> dict[str, Floats]:
    """Returns values by their names; learning rates as RATIO, where they are shares of a stability limit."""
    if not has_unit(getattr(sampler, "product", {})):
        return values
    return {RATIO if name == "learning_rate" else name: value for name, value in values.items()}


def label(value: Any) -> str:
    """Returns the text that a value of a choice is shown as."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def make_space(config: Config | Sweep) -> Space:
    """Returns what a declaration varies; a config is a sweep of one trial that varies nothing."""
    if isinstance(config, ListSweep):
        return listed_space(config.trials.columns, 1 if config.says_folds else config.n_folds)
    setup = {name: getattr(config.training, name, None) for name in KINDS}
    setup |= {"standardize": config.data.standardize}
    if isinstance(config, RandomSweep):
        module = import_module(f"linreg_sweep.samplers.{config.method}")
        way: type[Random] = getattr(module, DRAWN[config.method])
        return random_space(config.products, config.trials, config.seed, setup, way)
    return grid_space(*config.products, setup=setup)


def grid_space(*products: Product, setup: Mapping[str, Any] | None = None) -> Space:
    """Returns the space of every combination of the parameters' points, product after product.

    The set-up's values are those of choices that some product does not vary.
    """
    choices = choices_of(products, setup or {})
    coded = tuple(_coded(product, choices) for product in products)
    return Space(tuple(map(Grid, coded)), merged(coded), choices)


def random_space(
    products: Sequence[Product],
    n_trials: int,
    seed: int,
    setup: Mapping[str, Any] | None = None,
    way: type[Random] = Random,
) -> Space:
    """Returns the space of independent draws, of one product after the other in turn; see grid_space."""
    choices = choices_of(products, setup or {})
    coded = tuple(_coded(product, choices) for product in products)
    samplers = tuple(way(product, n_trials, seed) for product in coded)
    return Space(samplers, merged(coded), choices, is_interleaved=len(samplers) > 1)


def listed_space(columns: Mapping[str, Sequence[Any]], n_folds: int = 1) -> Space:
    """Returns the space of trials as they stand, from the values of each parameter; in so many folds each."""
    product = values_of(columns)
    choices = choices_of([product], {})
    listed: dict[str, Floats] = {}
    for name, column in columns.items():
        codes = {value: code for code, value in enumerate(choices.get(name, ()))}
        listed[name] = np.array([*map(codes.get, column)] if codes else column, np.float64)  # None is NaN
    if n_folds > 1:
        n_trials = len(next(iter(listed.values())))
        listed = {name: np.repeat(column, n_folds) for name, column in listed.items()}
        listed["fold"] = np.tile(np.arange(n_folds, dtype=np.float64), n_trials)
    parameters = merged([with_folds(_coded(product, choices), n_folds)])
    return Space((Listed(listed),), parameters, choices)


def choices_of(products: Sequence[Product], setup: Mapping[str, Any]) -> Choices:
    """Returns the values of every parameter that is no number, each once, as they are declared.

    The set-up's stands last where a product does not vary the parameter.
    """
    alone = [each_alone(product) for product in products]
    found: dict[str, dict[Any, None]] = {}
    for parameters in alone:
        for name, parameter in parameters.items():
            if isinstance(parameter, Values) and not _is_number(parameter.values[0]):
                found.setdefault(name, {}).update(dict.fromkeys(parameter.values))
    for name, values in found.items():
        if name in setup and not all(name in parameters for parameters in alone):
            values[setup[name]] = None
    return {name: tuple(values) for name, values in found.items()}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _coded(product: Product, choices: Choices) -> Product:
    """Returns a product with whole numbers for what is no number."""
    codes = {name: {value: float(code) for code, value in enumerate(each)} for name, each in choices.items()}
    coded: dict[str, Parameter] = {}
    for key, parameter in product.items():
        if isinstance(parameter, Tuples):
            rows = zip(
                *(
                    [codes[name][each] for each in column] if name in codes else column
                    for name, column in ((name, parameter.column(name)) for name in parameter.names)
                ),
                strict=True,
            )
            coded[key] = Tuples(parameter.names, tuple(rows), parameter.unit)
        elif isinstance(parameter, Values) and key in codes:
            coded[key] = Values(tuple(codes[key][value] for value in parameter.values))
        else:
            coded[key] = parameter
    return coded
