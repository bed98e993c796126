"""What to do about trials that do not converge: settings with which they do, each tried by the closed form.

A pure function of the experiment; the words for it are in text/advice.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Context
from itertools import compress

import numpy as np
from threadpoolctl import threadpool_limits

from linreg_sweep.array_types import Floats, Integers
from linreg_sweep.blocks import blocks, ends
from linreg_sweep.data import standardized
from linreg_sweep.engines import ENGINES
from linreg_sweep.engines.batches import rows_of_epoch
from linreg_sweep.engines.closed_form import train
from linreg_sweep.engines.interface import Results, TrainOptions, Trials
from linreg_sweep.errors import DataError
from linreg_sweep.kinds import MAX_COUNT
from linreg_sweep.method import Method
from linreg_sweep.theory.applies import LinearTheory, theory_of
from linreg_sweep.theory.outcome import CONVERGED
from linreg_sweep.theory.problem import Problem, loss_factor, make_problem
from linreg_sweep.trials.costs import seconds
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.prediction import predict

SHARES = (*np.arange(0.05, 0.951, 0.05).tolist(), 0.975, 0.99, 0.999)
"""Learning rates that are tried, as shares of the stability limit; so is the best rate of plain descent."""

SAMPLED = 1024
"""Trials of a sweep among which the one with the farthest start is looked for."""

MAX_BATCHES = 2048
"""Batches whose curvature is computed; of more, those with the longest rows."""

SWINGS = 1e4
"""How far below the tolerance momentum must bring a trial, which may swing back above it, to be looked at."""

LONG = 20.0
"""Seconds above which a person should know beforehand what a training takes."""

LOOKS = 2000
"""Epochs at which it is then looked at."""

TRIED = 3
"""Rates that come down first, among which the quickest is: with momentum one may pass by chance."""


@dataclass(frozen=True)
class Way:
    """Settings with which a trial converges on all rows at once.

    Attributes:
        condition_number: of the data that it then sees.
        limit: the stability limit of its learning rates.
        learning_rate: one of the quickest, of two digits.
        epochs: within which it converges, rounded up to two digits.
        survives_rounding: whether its steps get there in the precision asked for; else only the engine
            `closed_form` does.
        seconds: that one core trains the experiment, if each trial does so many epochs; None: not known.
        settings: what has to be set to what, by the keys that `--set` takes.
        left_out: columns that do not vary, which standardizing asks to be left out.
    """

    condition_number: float
    limit: float
    learning_rate: float
    epochs: int
    survives_rounding: bool
    seconds: float | None
    settings: Mapping[str, object]
    left_out: tuple[str, ...] = ()

    @property
    def is_slow(self) -> bool:
        """Whether its steps take long."""
        return self.seconds is not None and self.seconds >= LONG


@dataclass(frozen=True)
class Advice:
    """What would make a trial converge.

    Attributes:
        longer: at its own learning rate; None: never, or it varies, or steps do not see all rows.
        as_it_is: with another rate and enough epochs; None: no way is known.
        overflows: whether the cost at the farthest start is more than a number can be.
        standardized: with standardized data, too; None: they are, cannot be, or it takes as long.
        from_zero: with a start at 0; None: it takes as long.
        batch_size: rows a step, the fewest of all trials; None: all.
        batch_limit: the rate below which the step on each batch of the first epoch is stable; None likewise.
    """

    longer: Way | None
    as_it_is: Way | None
    overflows: bool
    standardized: Way | None
    from_zero: Way | None
    batch_size: int | None
    batch_limit: float | None


def is_needed(outcomes: Mapping[str, int]) -> bool:
    """Returns whether most of a run's trials did not converge."""
    return 2 * outcomes["converged"] < sum(outcomes.values())


def advise(experiment: Experiment) -> Advice | None:
    """Returns what would make the trials of an experiment converge, even that with the farthest start.

    None: it is not known, since they do not descend on one problem at a constant rate by a rule that theory
    covers, or there is no one place to declare it: what a union or a list varies.
    """
    if len(experiment.problems) > 1 or not experiment.space.is_one_product:
        return None
    problem, values = experiment.problem, experiment.sample(SAMPLED)
    groups = experiment.groups(values)
    method = groups[0].options.method
    theory = theory_of(replace(method, batch_size=None), problem)
    is_one = all(replace(group.options.method, batch_size=method.batch_size) == method for group in groups)
    if not isinstance(theory, LinearTheory) or not is_one or method.schedule or method.is_penalised:
        return None
    starts = np.concatenate([group.trials.start for group in groups])
    far = int(np.argmax(problem.excess_cost(starts)))
    of_far = {
        name: np.concatenate([group.trials.values[name] for group in groups])[far : far + 1]
        for name in groups[0].trials.values
    }
    epochs = int(min(group.trials.epochs.min() for group in groups))
    sizes = [size for group in groups if (size := group.options.method.batch_size) is not None]
    batch_size = min(sizes, default=None)
    start, rate = starts[far], float(of_far["learning_rate"][0])
    keeps_rate = batch_size is None and "learning_rate" not in experiment.space.names
    descent = _Descent(experiment, theory, of_far, epochs, batch_size is None)
    zero = {descent.key(name): 0 for name in experiment.fixed() if name.startswith("initial_")}
    with threadpool_limits(limits=1):
        as_it_is = descent.quickest(problem, start)
        at_zero = descent.quickest(problem, np.zeros_like(start), zero)
        return Advice(
            longer=descent.way(problem, start, rate, {}) if keeps_rate else None,
            as_it_is=as_it_is,
            overflows=not np.isfinite(problem.excess_cost(start[None])[0]),
            standardized=_if_quicker(_standardized(experiment, descent, start), as_it_is),
            from_zero=_if_quicker(at_zero, as_it_is),
            batch_size=batch_size,
            batch_limit=batch_size and _batch_limit(problem, method, batch_size, descent.momentum),
        )


def _if_quicker(way: Way | None, than: Way | None) -> Way | None:
    """Returns a way that takes no more than half the epochs of another."""
    return None if way is None or (than is not None and 2 * way.epochs > than.epochs) else way


@dataclass(frozen=True)
class _Descent:
    """How trials descend, apart from their data, starts and learning rates."""

    experiment: Experiment
    theory: LinearTheory
    values: Mapping[str, Floats]
    fewest_epochs: int
    is_full: bool

    @property
    def momentum(self) -> float:
        """That of the trials."""
        return float(self.values["momentum"][0])

    def key(self, name: str) -> str:
        """Returns where a hyperparameter is set: where the sweep varies it, or in the set-up."""
        if name in self.experiment.space.names:
            return f"parameters.{name}"
        return "training.initial_weight" if name.startswith("initial_weight") else f"training.{name}"

    def quickest(
        self, problem: Problem, start: Floats, changes: Mapping[str, object] | None = None
    ) -> Way | None:
        """Returns how a trial from a start [P, O] converges fastest; None: it does not.

        Changes are the settings that lead to this problem and start.
        """
        flattest, steepest = problem.curvature
        asked = [share * self._limit(problem) for share in SHARES] if steepest else []
        asked += [2 / (flattest + steepest)] if steepest and not self.momentum else []
        rates = np.array(sorted({_rounded_down(rate) for rate in asked if np.isfinite(rate)} - {0.0}))
        epochs = self.epochs(problem, start, rates)
        came = np.flatnonzero(epochs >= 0)
        fastest = rates[came[np.argsort(epochs[came], kind="stable")]][: TRIED if self.momentum else 1]
        ways = [
            self.way(problem, start, rate, {**(changes or {}), self.key("learning_rate"): rate})
            for rate in fastest.tolist()
        ]
        return min(filter(None, ways), key=lambda way: way.epochs, default=None)

    def way(self, problem: Problem, start: Floats, rate: float, changes: Mapping[str, object]) -> Way | None:
        """Returns how a trial with this learning rate converges, and all settings; None: it does not."""
        training, varied = self.experiment.config.training, self.experiment.space.names
        enough = self.enough(problem, start, np.array([rate]))
        if enough is None:
            return None
        survives = self._survives(problem, start, rate, enough)
        seconds = self.seconds(enough)
        way = Way(problem.condition_number, self._limit(problem), rate, enough, survives, seconds, {})
        settings = dict(changes)
        if enough > self.fewest_epochs:
            settings[self.key("epochs")] = enough
        if not self.is_full:
            settings[self.key("batch_size")] = problem.n_rows if "batch_size" in varied else None
        if "momentum" in varied:
            settings["parameters.momentum"] = self.momentum
        if not ENGINES[training.engine].is_theory and (way.is_slow or not survives):
            settings["training.engine"] = "closed_form"
            of_it = {"dtype": "float64", "device": "cpu"}
            settings |= {f"training.{key}": it for key, it in of_it.items() if getattr(training, key) != it}
        return replace(way, settings=settings)

    def _limit(self, problem: Problem) -> float:
        return float(self.theory.stability_limit(problem.quadratic, self.values)[0])

    def seconds(self, epochs: int) -> float | None:
        """Returns how long one core trains all trials on all rows at once, if each does so many epochs."""
        values = {name: np.array([value]) for name, value in self.experiment.fixed().items()}
        values["batch_size"] = np.array([float(self.experiment.problem.n_rows)])
        return seconds(self.experiment, values, np.array([float(epochs)]))

    def enough(self, problem: Problem, start: Floats, rate: Floats) -> int | None:
        """Returns the epochs, rounded up, after which a trial [1] has converged for good; None: never."""
        last = int(self.epochs(problem, start, rate)[0])
        if last < 0 or rate[0] >= self._limit(problem):  # beyond the limit it only passes by
            return None
        if not last or not self.momentum:
            return _rounded_up(last)
        while last <= MAX_COUNT:  # until the later half of the looks shows that it stays
            looks = np.unique(np.linspace(0, 2 * last, LOOKS).astype(np.int64))
            states = self._trained(problem, start, rate, 0.0, looks).history.theta
            above = np.flatnonzero(problem.excess_cost(states) > self._level(problem))
            if not len(above):
                return 1
            if above[-1] <= len(looks) // 2:
                return _rounded_up(int(looks[above[-1] + 1]))
            last *= 2
        return None

    def epochs(self, problem: Problem, start: Floats, rates: Floats) -> Integers:
        """Returns when trials with these rates converge first [K], with momentum by far; -1 where never."""
        level = self._level(problem) / (SWINGS if self.momentum else 1.0)
        return self._trained(problem, start, rates, level).converged_at

    def _level(self, problem: Problem) -> float:
        return self.experiment.criteria.converged_excess(problem.scale)

    def _trained(
        self, problem: Problem, start: Floats, rates: Floats, level: float, looks: Integers | None = None
    ) -> Results:
        """Returns what trials with these rates come to, with their states at some epochs."""
        most = MAX_COUNT if looks is None else int(looks[-1])
        trials, options = self._trials(problem, start, rates, most, level)
        kept = options if looks is None else replace(options, history_epochs=looks)
        return train(problem, trials, kept)

    def _survives(self, problem: Problem, start: Floats, rate: float, epochs: int) -> bool:
        """Returns whether the rounding of steps cannot keep a trial from converging."""
        trials, options = self._trials(problem, start, np.array([rate]), epochs, self._level(problem))
        options = replace(options, dtype=self.experiment.config.training.dtype)
        return bool(predict(problem, trials, options, self.theory).outcome[0] == CONVERGED)

    def _trials(
        self, problem: Problem, start: Floats, rates: Floats, epochs: int, level: float
    ) -> tuple[Trials, TrainOptions]:
        """Returns trials with these rates [K], and how they are trained to a level of excess cost."""
        starts, criteria = np.repeat(start[None], len(rates), axis=0), self.experiment.criteria
        high = criteria.diverged_excess(problem.excess_cost(starts), problem.cost_min, problem.scale)
        values = {name: np.repeat(value, len(rates)) for name, value in self.values.items()}
        trials = Trials(
            starts, np.full(len(rates), epochs), values | {"learning_rate": rates}, problem.quadratic
        )
        return trials, TrainOptions(level, high, method=self.theory.method)


def _standardized(experiment: Experiment, descent: _Descent, start: Floats) -> Way | None:
    """Returns how a trial converges fastest on z-scores; None: it sees them already, or they do not exist."""
    problem = experiment.problem
    if experiment.data.standardize or not problem.fit_bias or problem.shape[0] < 2:
        return None
    low, high = ends(problem.x)
    varies, names = low < high, experiment.data.x_names
    if not varies.any():
        return None
    kept, left_out = (tuple(compress(names, chosen)) for chosen in (varies, ~varies))
    x = problem.x[:][:, varies] if left_out else problem.x[:]
    try:
        scaled = standardized(replace(experiment.data, x=x, y=problem.y[:], x_names=kept))
        z, noise = scaled.seen(), scaled.noise()
        better = make_problem(z, problem.y, loss=problem.loss, fit_bias=True, noise=noise)
    except DataError:
        return None
    changes: dict[str, object] = {"data.standardize": True}
    if left_out:
        changes["data.x"] = [name for name in names if name not in left_out]
    way = descent.quickest(better, start[np.append(varies, True)], changes)
    return way and replace(way, left_out=left_out)


def _batch_limit(problem: Problem, method: Method, batch_size: int, momentum: float) -> float | None:
    """Returns the learning rate below which no step on a batch of the first epoch overshoots its own optimum.

    With momentum, steps add up to 1 / (1 - momentum) times as much. None: the batches are flat.
    """
    n_rows = problem.n_rows
    order = rows_of_epoch(method.order, n_rows, batch_size, method.seed, 0)
    firsts = np.arange(0, len(order), batch_size)
    sizes = np.diff(np.append(firsts, len(order))).tolist()
    factor = {size: float(loss_factor(problem.loss, size, problem.shape[1])) for size in set(sizes)}
    factors = np.array([factor[size] for size in sizes])
    squares = [(problem.rows(rows)[0] ** 2).sum(axis=1) for rows in blocks(n_rows, problem.shape[0])]
    traces = factors * np.add.reduceat(np.concatenate(squares)[order], firsts)
    steepest = 0.0
    for batch in np.argsort(-traces)[:MAX_BATCHES]:
        if traces[batch] <= steepest:  # no curvature of a batch is larger than the sum of all
            break
        rows, _ = problem.rows(order[firsts[batch] : firsts[batch] + batch_size])
        steepest = max(steepest, float(factors[batch] * np.linalg.norm(rows, 2) ** 2))
    return 2 * (1 - momentum) / steepest if steepest else None


def _rounded_down(value: float) -> float:
    """Returns a positive number cut to two digits."""
    return float(Context(prec=2, rounding=ROUND_DOWN).create_decimal_from_float(value))


def _rounded_up(count: int) -> int:
    """Returns the next number of two digits, at least 1."""
    unit = int(10 ** max(0, len(str(count)) - 2))
    return max(1, -(-count // unit) * unit)
