"""The edge of stability, measured: the learning rate at which descent stops being stable, by bisection.

An epoch of descent is an affine map, so the difference of two trials evolves linearly, whatever
their starts: it dies out below the edge and grows above it. The engine trains pairs of trials at
many rates at once; from the end of one round the difference, brought back to its first length, is
where the next begins (power iteration), so that the direction which grows first is what is left.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from linreg_sweep.array_types import Floats
from linreg_sweep.config import load_sweep
from linreg_sweep.config.parameters import Values, each_alone
from linreg_sweep.engines import load_engine
from linreg_sweep.engines.interface import Trials
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.theory.applies import LinearTheory, NoTheory, theory_of
from linreg_sweep.theory.problem import Problem
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.groups import Group
from linreg_sweep.trials.loading import Arrays, load_data
from linreg_sweep.trials.prepare import prepare

CLOSE_ENOUGH = 1e-9
"""Relative distance of two rates between which the edge lies."""

RATES = 15
"""Rates that are trained at once: a round leaves a sixteenth of the range."""

EPOCHS = 128
"""Epochs over which growth is measured, after as many in which others die out."""

ROUNDS = 4
"""Power iterations before growth is measured."""

MAX_ROWS = 100
"""Combinations of momentum and batch size that are measured."""

MAX_DOUBLINGS = 60

DIED_OUT = 100.0
"""Times the root of the unit of rounding: differences that fall below this share of the first have died."""

FAR_APART = 1e3
"""How far apart two trials start, relative to the optimum."""


@dataclass(frozen=True)
class Edge:
    """The edge for one momentum and batch size.

    Attributes:
        momentum: of the descent.
        batch_size: rows a step.
        largest_stable: the largest rate that was measured to be stable.
        smallest_unstable: the smallest that was measured not to be, next above it.
        stability_limit: by theory, of drawn batches in mean square; None: none is known.
    """

    momentum: float
    batch_size: int
    largest_stable: float
    smallest_unstable: float
    stability_limit: float | None

    @property
    def relative_difference(self) -> float | None:
        """How far the middle of the two measured rates lies from theory's limit, relative to it."""
        if self.stability_limit is None:
            return None
        return (self.largest_stable + self.smallest_unstable) / 2 / self.stability_limit - 1


@dataclass(frozen=True)
class Edges:
    """The edges of a sweep.

    Attributes:
        name: of the sweep.
        engine: that measured.
        loss: of the descent.
        dtype: its precision.
        is_drawn: whether no two epochs see the rows in one order.
        rows: one a combination of momentum and batch size.
        varied: which of momentum and batch_size the sweep varies.
        no_limit: why theory has no limit for some of them, half a sentence each.
        notes: what a person should know of the data.
    """

    name: str
    engine: str
    loss: str
    dtype: str
    is_drawn: bool
    rows: tuple[Edge, ...]
    varied: tuple[str, ...]
    no_limit: tuple[str, ...]
    notes: tuple[str, ...]


def edge(
    sweep: str | Path | Mapping[str, Any], *, overrides: Iterable[str] = (), data: Arrays | None = None
) -> Edges:
    """Measures the learning rate at which a sweep's descent stops being stable.

    Args:
        sweep: a sweep file, or the same as a mapping; numbers that it varies beside momentum and batch
            size are taken from its set-up.
        overrides: texts like `training.loss=mse`, as `--set` takes them.
        data: x and y, instead of what the declaration names.

    Raises:
        ConfigError: the declaration is invalid, has too many combinations or several losses, optimizers
            or the like, or its data are flat.
        DataError: the data cannot be read or fitted.
    """
    declaration = load_sweep(sweep, overrides, data_given=data is not None)
    table = load_data(declaration, data)
    experiment = prepare(declaration, table)
    engine = "numpy" if experiment.is_predicted_by_engine else declaration.config.training.engine
    groups = _groups(experiment)
    first = groups[0]
    if not first.problem.curvature[1]:
        text = "the data have no curvature: every learning rate is stable"
        raise ConfigError(Complaint(str(experiment.data.source), text))
    theory = theory_of(replace(first.options.method, batch_size=None), first.problem)
    if not isinstance(theory, LinearTheory) or theory.method.schedule is not None:
        text = "must be sgd at a constant learning rate: an epoch of others is no linear map"
        key, word = ("optimizer", "sgd") if isinstance(theory, NoTheory) else ("schedule", "constant")
        block = "parameters" if key in experiment.space.names else "training"
        raise declaration.error((block,), text, f"--set {block}.{key}={word}")
    measured = [_Measured(engine, theory, group) for group in groups]
    with threadpool_limits(limits=1), np.errstate(all="ignore"):
        rows = tuple(each.edge() for each in measured)
    return Edges(
        declaration.config.name,
        engine,
        first.problem.loss,
        first.options.dtype,
        any(each.is_drawn for each in measured),
        rows,
        tuple(name for name in ("momentum", "batch_size") if name in experiment.space.parameters),
        tuple(dict.fromkeys(filter(None, map(Group.why_no_limit, groups)))),
        table.notes,
    )


def _groups(experiment: Experiment) -> list[Group]:
    """Returns a trial of every momentum with every batch size that the sweep's trials have."""
    n_rows, set_up = experiment.problem.n_rows, experiment.example
    fixed = dict(_shared(experiment))
    otherwise = {
        "momentum": set_up.trials.values.get("momentum", np.zeros(1))[0],
        "batch_size": set_up.options.method.batch_size or n_rows,
    }
    found: dict[tuple[float, int], None] = {}
    for parameters in map(each_alone, experiment.config.products):
        axes = []
        for name, number in otherwise.items():
            parameter = parameters.get(name, Values((number,)))
            if not isinstance(parameter, Values):
                text = "must be declared by value or values: the edge is measured for each"
                raise ConfigError(Complaint(f"parameters.{name}", text, f"--set parameters.{name}=0.9"))
            axes.append(parameter.values)
        found |= dict.fromkeys((momentum, min(int(size), n_rows)) for momentum, size in product(*axes))
    if len(found) > MAX_ROWS:
        text = f"must have at most {MAX_ROWS} combinations of momentum and batch size, got {len(found)}"
        raise ConfigError(Complaint("parameters", text, "declare fewer of them"))
    steps_are_batches = any(size < n_rows for _, size in found)
    for name, words in experiment.space.labels.items():
        if name != "average" and (name != "order" or steps_are_batches):
            _refuse_several(name, words)
    return [experiment.example_with(fixed | dict(zip(otherwise, each, strict=True))) for each in found]


def _shared(experiment: Experiment) -> Iterator[tuple[str, float]]:
    """Yields the numbers beside momentum that vary and move an edge, the one value of all trials each."""
    space, values = experiment.space, experiment.example.trials.values
    if "fold" in space.names:
        low, high = space.ends("fold")
        _refuse_several("fold", [f"{fold:g}" for fold in dict.fromkeys((low, high))])
        yield "fold", low
    for name in experiment.moving:
        if name in values and name != "momentum":
            is_everywhere = all(name in names for names in space.products)
            several = sorted({*space.ends(name), *(() if is_everywhere else values[name].tolist())})
            _refuse_several(name, [f"{number:g}" for number in several])
            yield name, several[0]


def _refuse_several(name: str, values: Sequence[str]) -> None:
    """Raises a ConfigError where trials have several values of something that moves the edge."""
    if len(values) > 1:
        text = f"must be the same in all trials, got {', '.join(values)}: each has its own edge"
        hint = f"set {name} to one of them, for example --set parameters.{name}={values[0]}"
        raise ConfigError(Complaint(f"parameters.{name}", text, hint))


@dataclass(frozen=True)
class _Measured:
    """Descent whose edge is looked for.

    Attributes:
        engine: that trains.
        theory: of steps that see all rows.
        group: a trial of it.
    """

    engine: str
    theory: LinearTheory
    group: Group

    @property
    def problem(self) -> Problem:
        """What is descended."""
        return self.group.problem

    @property
    def is_drawn(self) -> bool:
        """Whether no two epochs see the rows in one order."""
        return self.group.options.method.is_drawn

    def edge(self) -> Edge:
        """Returns the two neighbouring rates between which the difference of two trials begins to grow."""
        trials = self.group.trials
        limit = float(self.theory.stability_limit(trials.quadratic, trials.values)[0])
        known = float(self.group.stability_limit()[0])
        limit = known if np.isfinite(known) else limit
        low, high, direction = self._bracket(limit)
        kind = np.dtype(self.group.options.dtype).type
        while True:
            inner = np.linspace(low, high, RATES + 2)[1:-1].astype(kind).astype(np.float64)
            inner = np.unique(inner[(inner > low) & (inner < high)])
            if high - low <= CLOSE_ENOUGH * low or not len(inner):
                break
            grows = self._growth(inner, direction) > 0
            first = int(grows.argmax()) if grows.any() else len(inner)
            low, high = ([low, *inner][first], [*inner, high][first])
        momentum, size = float(trials.values["momentum"][0]), self.group.options.method.batch_size
        by_theory = known if np.isfinite(known) else None
        return Edge(momentum, size or self.problem.n_rows, float(low), float(high), by_theory)

    def _bracket(self, limit: float) -> tuple[float, float, Floats]:
        """Returns a stable rate, an unstable one, and the direction that grows first between them."""
        direction = np.ones(self.problem.shape) * self.problem.eigenvectors[:, -1:]
        direction = direction + 1e-3 * np.random.default_rng(0).standard_normal(direction.shape)
        kind = np.dtype(self.group.options.dtype).type
        low = high = float(kind(limit))
        for _ in range(MAX_DOUBLINGS):
            low /= 2
            if self._growth(np.array([low]), direction, rounds=1)[0] <= 0:
                break
        for _ in range(MAX_DOUBLINGS):
            high = float(kind(1.5 * high))
            if self._growth(np.array([high]), direction, rounds=1)[0] > 0:
                break
        return low, high, direction

    def _growth(self, rates: Floats, direction: Floats, rounds: int = ROUNDS) -> Floats:
        """Returns the logarithm [K] by which the difference of trials at rates [K] grows over EPOCHS epochs.

        It has a direction [P, O] at first, and after each round (power iteration) that which has grown.
        """
        ahead = np.broadcast_to(direction, (len(rates), *direction.shape)).copy()
        grown = np.zeros(len(rates))
        for _ in range(rounds):
            ahead /= np.linalg.norm(ahead, axis=(1, 2), keepdims=True)
            states = self._differences(rates, ahead)
            grown = np.array([self._largest_growth(*states[:, k]) for k in range(len(rates))])
            goes_on = np.isfinite(grown)
            ahead[goes_on] = states[-1, goes_on]
        return grown

    def _largest_growth(self, first: Floats, second: Floats, third: Floats) -> float:
        """Returns the logarithm of the largest factor by which differences [P, O] grow from one to the next.

        Where one direction is left, that is the ratio of two; where two are, or one pair that turns
        round each other, `third = a second + b first` with factors that solve `z**2 = a z + b`. No
        two epochs of drawn batches are alike, so there it is the ratio. They are [P, O], an epoch apart.
        """
        if not np.isfinite(third).all():
            return np.inf  # what overflows has grown
        eps = float(np.finfo(self.group.options.dtype).eps)
        if np.linalg.norm(third) <= DIED_OUT * np.sqrt(eps) * FAR_APART * _scale(self.problem.optimum):
            return -np.inf  # what is left is rounding, which neither grows nor shrinks
        scale = max(np.abs(first).max(), np.abs(second).max())
        if self.is_drawn:
            return float(np.log(np.linalg.norm(third / scale) / np.linalg.norm(second / scale)))
        columns = np.stack([second.ravel(), first.ravel()], axis=1) / scale
        # a second direction as small as the root of what is rounded is rounding
        (a, b), *_ = np.linalg.lstsq(columns, third.ravel() / scale, rcond=np.sqrt(eps))
        return float(np.log(np.abs(np.roots([1.0, -a, -b])).max()))

    def _differences(self, rates: Floats, ahead: Floats) -> Floats:
        """Returns the differences [3, K, P, O] of pairs of trials after 1, 2 and 3 times EPOCHS epochs."""
        problem, one = self.problem, self.group.trials
        count, epochs = len(rates), np.array([1, 2, 3]) * EPOCHS
        best = np.broadcast_to(problem.optimum, ahead.shape)
        # far apart, so that the rounding of the one place they share does not count
        start = np.concatenate([best, best + FAR_APART * _scale(problem.optimum) * ahead])
        options = replace(
            self.group.options,
            converged_excess=-1.0,
            diverged_excess=np.full(2 * count, np.inf),
            early_stop=False,
            history_epochs=epochs,
        )
        values = {name: np.repeat(value, 2 * count) for name, value in one.values.items()}
        values["learning_rate"] = np.tile(rates, 2)
        trials = Trials(start, np.full(2 * count, epochs[-1]), values, one.quadratic)
        history = load_engine(self.engine)(problem, trials, options).history
        states = np.full((3, 2 * count, *problem.shape), np.nan)  # trials that overflowed have none
        states[history.epoch // EPOCHS - 1, history.trial] = history.theta
        return np.asarray(states[:, count:] - states[:, :count])


def _scale(optimum: Floats) -> float:
    return float(np.abs(optimum).max()) or 1.0
