"""Kinds of training that each engine must know, each with what the literal loop makes of its trials."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import TypeAdapter

from linreg_sweep import averages
from linreg_sweep.engines import load_engine
from linreg_sweep.engines.batches import rows_of_epoch
from linreg_sweep.engines.interface import Results, TrainOptions, Trials
from linreg_sweep.method import Order
from linreg_sweep.schedules import declared
from linreg_sweep.theory.problem import Problem, make_problem
from tests import literal
from tests.descents import judged, make_method, make_trials

Floats = NDArray[np.float64]

SEED = 3
HISTORY = (0, 1, 2, 5, 17, 40, 300)
STABILITY = (0.002, 0.05, 0.4, 0.6, 0.9, 0.99, 1.01, 1.2, 3.0)
"""Learning rates of the trials, relative to the stability limit of plain descent."""

SCHEDULE, AVERAGE = TypeAdapter[Any](declared.Declared), TypeAdapter[Any](averages.Declared)


@dataclass(frozen=True, eq=False)
class Case:
    """One kind of training; every trial of it has its own learning rate, start and epochs.

    Attributes:
        optimizer: its name; `flags` are its keys that are true.
        numbers: of the optimizer, the schedule and the average; those of a tuple are dealt out to the trials.
        rates: learning rates in place of those relative to the stability limit.
    """

    loss: str = "half_mse"
    features: int = 1
    targets: int = 1
    rows: int = 12
    fit_bias: bool = True
    noise: float = 0.5
    optimizer: str = "sgd"
    flags: tuple[str, ...] = ()
    numbers: Mapping[str, float | tuple[float, ...]] = field(default_factory=dict)
    rates: tuple[float, ...] = ()
    schedule: Mapping[str, Any] | None = None
    average: Mapping[str, Any] | None = None
    batch_size: int | None = None
    order: Order = "file"
    early_stop: bool = True
    tolerance: float = 1e-6
    divergence: float = 1e6
    dtype: str = "float64"

    def data(self) -> tuple[Floats, Floats]:
        """Returns x [n, F] and y [n, O]."""
        generator = np.random.default_rng(SEED)
        x = generator.normal(0.3, 1, (self.rows, self.features))
        slopes = generator.normal(0, 2, (self.features, self.targets))
        noise = self.noise * generator.normal(size=(self.rows, self.targets))
        return x, x @ slopes + (1.5 if self.fit_bias else 0.0) + noise

    @cached_property
    def problem(self) -> Problem:
        """Returns the problem of the data."""
        return make_problem(*self.data(), loss=self.loss, fit_bias=self.fit_bias)

    @cached_property
    def trials(self) -> Trials:
        """Returns one trial for each learning rate."""
        problem, count = self.problem, len(STABILITY)
        generator = np.random.default_rng(SEED + 1)
        return make_trials(
            problem,
            np.array(self.rates) if self.rates else np.array(STABILITY) * 2 / problem.eigenvalues[-1],
            generator.normal(0, 3, (count, *problem.shape)),
            np.array([90, 300, 250, 300, 40, 300, 301, 300, 300]),
            self.optimizer,
            self.flags,
            **{name: np.resize(number, count) for name, number in self.numbers.items()},
        )

    def options(self) -> TrainOptions:
        """Returns how the trials are trained."""
        trials = self.trials
        method = make_method(
            trials,
            self.optimizer,
            self.flags,
            schedule=None if self.schedule is None else SCHEDULE.validate_python(self.schedule),
            average=None if self.average is None else AVERAGE.validate_python(self.average),
            batch_size=self.batch_size,
            order=self.order,
            seed=SEED,
        )
        return judged(
            self.problem,
            trials,
            method,
            self.tolerance,
            self.divergence,
            early_stop=self.early_stop,
            dtype=self.dtype,
            history_epochs=np.array(HISTORY),
        )

    def train(self, engine: str) -> Results:
        """Returns what an engine makes of the trials."""
        return load_engine(engine)(self.problem, self.trials, self.options())

    def train_literally(self, k: int) -> literal.Trial:
        """Returns what the literal loop makes of a trial."""
        trials = self.trials
        own = {name: float(np.resize(number, k + 1)[k]) for name, number in self.numbers.items()}
        keys = {name: own.pop(name) for name in [*own] if "." not in name}
        flags = dict.fromkeys(self.flags, True)
        decay, decay_bias = keys.pop("weight_decay", 0.0), flags.pop("decay_bias", False)
        averaging = {**(self.average or {}), **_below("average.", own)}
        return literal.train(
            *self.data(),
            trials.start[k],
            learning_rate=float(trials.learning_rate[k]),
            epochs=int(trials.epochs[k]),
            loss=self.loss,
            fit_bias=self.fit_bias,
            rule=partial(literal.RULES[self.optimizer], **keys, **flags),
            factor=_factor({**(self.schedule or {}), **_below("schedule.", own)}, int(trials.epochs[k])),
            weight_decay=decay,
            decay_bias=decay_bias,
            is_decoupled=self.optimizer == "adamw" or "decoupled_weight_decay" in flags,
            mean_from=int(averaging.get("from", 0)),
            ema_decay=averaging.get("decay"),
            batch_size=self.batch_size,
            permutation=None if self.order == "file" else self._rows,
            tolerance=self.tolerance,
            divergence=self.divergence,
            early_stop=self.early_stop,
            history=HISTORY,
        )

    def _rows(self, n_rows: int, epoch: int) -> list[int]:
        rows: list[int] = rows_of_epoch(self.order, n_rows, self.batch_size, SEED, epoch).tolist()
        return rows


def _below(prefix: str, numbers: Mapping[str, float]) -> dict[str, float]:
    return {name.removeprefix(prefix): each for name, each in numbers.items() if name.startswith(prefix)}


def _factor(schedule: Mapping[str, Any], epochs: int) -> literal.Factor:
    """Returns the factor on the learning rate that a schedule declares for a trial."""
    warmup = {**schedule.get("warmup", {}), **_below("warmup.", schedule)}
    length = warmup.get("epochs", 0)
    kinds: dict[str | None, Callable[[], literal.Factor]] = {
        None: lambda: literal.constant,
        "exponential": lambda: literal.exponential(schedule["gamma"]),
        "cosine": lambda: literal.cosine(schedule.get("epochs", epochs - length), schedule["final"]),
    }
    then = kinds[schedule.get("name")]()
    return literal.warmed_up(length, warmup["start"], then) if warmup else then


@cache
def trained_literally(case: Case) -> list[literal.Trial]:
    """Returns what the literal loop makes of each trial."""
    return [case.train_literally(k) for k in range(len(STABILITY))]


# A trial that first converges to the last digit and then grows again, out of its own rounding, is not
# to be reproduced; the batch sizes below leave none that does.
ONE, MANY = Case(), Case(features=4, targets=2, rows=23)
EXACT = replace(MANY, noise=0.0)  # mini-batches at a constant rate converge where no noise is left
CASES: dict[str, Case] = {
    "half_mse": ONE,
    "mse": replace(ONE, loss="mse"),
    "sse": replace(ONE, loss="sse"),
    "no bias": replace(ONE, fit_bias=False),
    "no feature": replace(ONE, features=0),
    "one row": replace(ONE, rows=1),
    "many features and targets": MANY,
    "many, mse": replace(MANY, loss="mse"),
    "many, sse, no bias": replace(MANY, loss="sse", fit_bias=False),
    "more features than rows": replace(MANY, features=4, rows=3),
    "all epochs": replace(ONE, early_stop=False),
    "many, all epochs": replace(MANY, early_stop=False),
    "loose tolerance": replace(MANY, tolerance=0.3, divergence=30.0),
    "momentum": replace(MANY, numbers={"momentum": 0.7}),
    "momentum, all epochs": replace(MANY, numbers={"momentum": 0.7}, early_stop=False),
    "nesterov": replace(MANY, numbers={"momentum": 0.7}, flags=("nesterov",)),
    "nesterov without momentum": replace(ONE, flags=("nesterov",)),
    "momentum of its own": replace(MANY, numbers={"momentum": (0.0, 0.3, 0.9, 0.5)}),
    "nesterov of its own": replace(MANY, numbers={"momentum": (0.0, 0.3, 0.9, 0.5)}, flags=("nesterov",)),
    "mini-batches": replace(EXACT, batch_size=5),
    "mini-batches of one, sse": replace(EXACT, batch_size=1, loss="sse", tolerance=0.01),
    "mini-batches, mse": replace(EXACT, batch_size=22, loss="mse"),
    "mini-batches of noise": replace(ONE, batch_size=5, tolerance=0.05),
    "batch of all rows": replace(MANY, batch_size=23, order="reshuffle"),
    "batch beyond all rows": replace(MANY, batch_size=50, order="reshuffle"),
    "shuffled": replace(EXACT, batch_size=5, order="reshuffle"),
    "shuffled, all epochs": replace(EXACT, batch_size=8, order="reshuffle", early_stop=False),
    "shuffled, momentum": replace(EXACT, batch_size=5, order="reshuffle", numbers={"momentum": 0.5}),
    "independent": replace(EXACT, batch_size=5, order="independent"),
    "independent, noise, momentum": replace(
        ONE, batch_size=5, order="independent", numbers={"momentum": 0.5}, tolerance=0.05
    ),
    "with replacement": replace(EXACT, batch_size=5, order="with_replacement", loss="mse"),
    "with replacement, as many rows as there are": replace(
        ONE, batch_size=12, order="with_replacement", tolerance=0.05
    ),
    "shuffled, nesterov of its own": replace(
        EXACT, batch_size=5, order="reshuffle", numbers={"momentum": (0.0, 0.6)}, flags=("nesterov",)
    ),
}

EXPONENTIAL = {"name": "exponential", "gamma": 0.995}
COSINE = {"name": "cosine", "final": 0.01, "warmup": {"epochs": 7, "start": 0.1}}
MEAN, EMA = {"kind": "mean", "from": 3}, {"kind": "ema", "decay": 0.9}
SMALL = Case(features=2, targets=2, rows=11, tolerance=0.02, divergence=30.0)
STEPPING = replace(SMALL, optimizer="adam", rates=(0.002, 0.02, 0.05, 0.1, 0.3, 1.0, 3.0, 30.0, 1e3))
BATCHES: dict[str, Any] = {"batch_size": 4}
SHUFFLED = BATCHES | {"order": "reshuffle"}
CASES |= {
    "sgd, penalty": replace(MANY, numbers={"weight_decay": 0.3}),
    "sgd, penalty, cosine, mean": replace(
        SMALL, numbers={"weight_decay": (0.0, 0.1, 0.5)}, schedule=COSINE, average=MEAN, **BATCHES, loss="mse"
    ),
    "sgd, dampened, penalty on all, exponential, ema": replace(
        SMALL,
        numbers={"momentum": 0.8, "dampening": (0.0, 0.5), "weight_decay": 0.2},
        flags=("decay_bias",),
        schedule=EXPONENTIAL,
        average=EMA,
        **SHUFFLED,
        loss="sse",
    ),
    "nesterov, cosine of its own, mean of its own": replace(
        SMALL,
        numbers={
            "momentum": (0.5, 0.9),
            "schedule.warmup.epochs": (1.0, 12.0),
            "schedule.final": (0.0, 0.3, 1.0),
            "average.from": (0.0, 2.0, 400.0),
        },
        flags=("nesterov",),
        schedule=COSINE,
        average=MEAN,
        early_stop=False,
    ),
    "adam": STEPPING,
    "adam, penalty, cosine, mean": replace(
        STEPPING, numbers={"weight_decay": 0.1, "beta1": (0.0, 0.8)}, schedule=COSINE, average=MEAN, **BATCHES
    ),
    "amsgrad, exponential of its own, ema of its own": replace(
        STEPPING,
        numbers={
            "eps": 1e-3,
            "schedule.gamma": (0.9, 0.99, 1.001),
            "average.decay": (0.0, 0.5, 0.99),
            "beta2": (0.9, 0.999),
        },
        flags=("amsgrad",),
        schedule=EXPONENTIAL,
        average=EMA,
        **SHUFFLED,
        fit_bias=False,
    ),
    "adamw": replace(STEPPING, optimizer="adamw", numbers={"weight_decay": 1.0}, average=EMA),
    "adamw, bias decayed, exponential": replace(
        STEPPING,
        optimizer="adamw",
        numbers={"weight_decay": 1.2},
        flags=("decay_bias", "amsgrad"),
        schedule=EXPONENTIAL,
        **SHUFFLED,
    ),
    "nadam, penalty, exponential, mean": replace(
        STEPPING,
        optimizer="nadam",
        numbers={"weight_decay": (0.0, 0.2)},
        schedule=EXPONENTIAL,
        average=MEAN,
        loss="sse",
        early_stop=False,
    ),
    "nadam, decoupled, cosine": replace(
        STEPPING,
        optimizer="nadam",
        numbers={"weight_decay": 0.5, "beta1": (0.5, 0.9)},
        flags=("decoupled_weight_decay",),
        schedule=COSINE,
        **BATCHES,
    ),
    "rmsprop": replace(STEPPING, optimizer="rmsprop", **SHUFFLED),
    "rmsprop, momentum, penalty on all, cosine, ema": replace(
        STEPPING,
        optimizer="rmsprop",
        numbers={"momentum": (0.0, 0.6), "weight_decay": 0.1, "alpha": 0.95, "eps": 0.03},
        flags=("decay_bias",),
        schedule=COSINE,
        average=EMA,
    ),
    "rmsprop, centred, exponential": replace(
        STEPPING,
        optimizer="rmsprop",
        numbers={"eps": 1e-3},
        flags=("centered",),
        schedule=EXPONENTIAL,
        average=MEAN,
        **BATCHES,
    ),
    "adagrad, penalty, ema": replace(
        STEPPING, optimizer="adagrad", numbers={"weight_decay": 0.1}, average=EMA, **BATCHES
    ),
    "adagrad, lr_decay, cosine, mean": replace(
        STEPPING,
        optimizer="adagrad",
        numbers={"lr_decay": (0.0, 0.1), "weight_decay": 0.0},
        schedule=COSINE,
        average=MEAN,
        **SHUFFLED,
    ),
    "adadelta, exponential, ema": replace(
        STEPPING, optimizer="adadelta", schedule=EXPONENTIAL, average=EMA, **SHUFFLED, loss="mse"
    ),
    "adadelta, penalty on all, mean": replace(
        STEPPING,
        optimizer="adadelta",
        numbers={"weight_decay": 0.3, "rho": (0.5, 0.95)},
        flags=("decay_bias",),
        average=MEAN,
    ),
}

FORMS: dict[str, Case] = {
    "H": Case(features=9, rows=24, numbers={"momentum": (0.0, 0.5)}),
    "H of each step": Case(features=9, targets=2, rows=18, noise=0.0, batch_size=8),
    "rows": Case(features=10, targets=2, rows=5, numbers={"weight_decay": (0.1, 0.5)}, average=EMA),
    "rows of a step, the last shorter": replace(SMALL, features=9, rows=8, noise=0.0, batch_size=3),
    "rows of a step, the last a single one": replace(
        STEPPING, features=9, targets=3, rows=7, batch_size=3, order="reshuffle", loss="mse"
    ),
    "rows drawn with replacement": replace(
        SMALL, features=9, rows=8, noise=0.0, batch_size=3, order="with_replacement"
    ),
    "single rows": replace(SMALL, features=3, rows=7, noise=0.0, batch_size=1, order="reshuffle", loss="sse"),
    "single rows, costs by rows": replace(SMALL, features=9, rows=4, noise=0.0, batch_size=1),
}
"""Those of which the NumPy engine makes an epoch of other products; see forms.py."""

MOVING = [
    pytest.param(replace(case, dtype=dtype), id=f"{name}, {dtype}")
    for (name, case), dtype in zip([*CASES.items()][-20:], ["float64", "float32"] * 10, strict=True)
]
"""Those of other optimizers, schedules, penalties and averages, in either precision."""
