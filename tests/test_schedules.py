"""Facts about schedules of the learning rate, by torch's schedulers, published formulas and plain loops."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from torch.optim import SGD, Optimizer, lr_scheduler

from linreg_sweep.schedules import SCHEDULES
from linreg_sweep.schedules.base import cos, power
from linreg_sweep.schedules.declared import Declared, factors, long_run

FACTS = json.loads((Path(__file__).parent / "facts" / "schedules.json").read_text(encoding="utf-8"))
DECLARED: TypeAdapter[Any] = TypeAdapter(Declared)
ONE = np.ones(1)

Floats = NDArray[np.float64]

EACH: dict[str, dict[str, Any]] = {
    "constant": {},
    "step": {"every": 7, "gamma": 0.3},
    "exponential": {"gamma": 0.97},
    "inverse_time": {"t0": 12.5},
    "power": {"power": 0.7},
    "polynomial": {"epochs": 40, "power": 1.7},
    "cosine": {"epochs": 50, "final": 0.01},
    "one_cycle": {"epochs": 60, "warmup_share": 0.33},
    "chebyshev": {"epochs": 13},
    "silver": {},
    "list": {"factors": [0.5, 2, 0, 1], "then": "repeat"},
}
"""A declaration of every schedule."""


def made(
    given: Any,
    n_epochs: int,
    *,
    first: int = 0,
    epochs: Any = 60.0,
    ends: Any = (1.0, 100.0),
    varied: dict[str, Any] | None = None,
) -> Floats:
    """Returns factors; the curvatures are 1 and 100, unless others are given."""
    values = {f"schedule.{key}": np.asarray(each, dtype=float) for key, each in (varied or {}).items()}
    own, low, high = (np.atleast_1d(np.asarray(each, dtype=float)) for each in (epochs, *ends))
    return factors(DECLARED.validate_python(given), first, n_epochs, own, low, high, values)


def by_torch(scheduler: Callable[[Optimizer], Any], n_epochs: int, base: float = 1.0) -> Floats:
    """Returns the rates that torch uses when its scheduler is stepped once an epoch."""
    parameter = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = SGD([parameter], lr=base)
    of_torch, rates = scheduler(optimizer), []
    for epoch in range(n_epochs):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if epoch < n_epochs - 1:
            of_torch.step()
    return np.array(rates)


def one_cycle(total: int, share: float = 0.3, start: float = 0.04, final: float = 4e-6) -> Any:
    """Returns torch's OneCycleLR by our keys."""
    return lambda o: lr_scheduler.OneCycleLR(
        o,
        1.0,
        total,
        pct_start=share,
        div_factor=1 / start,
        final_div_factor=start / final,
        cycle_momentum=False,
    )


TORCH: list[tuple[dict[str, Any], Callable[[Optimizer], Any], int]] = [
    ({"name": "step", "every": 7, "gamma": 0.3}, lambda o: lr_scheduler.StepLR(o, 7, 0.3), 300),
    ({"name": "step", "every": 50}, lambda o: lr_scheduler.StepLR(o, 50), 300),
    ({"name": "exponential", "gamma": 0.999}, lambda o: lr_scheduler.ExponentialLR(o, 0.999), 2000),
    (
        {"name": "inverse_time", "t0": 12.5},
        lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + t / 12.5)),
        300,
    ),
    ({"name": "power", "power": 0.7}, lambda o: lr_scheduler.LambdaLR(o, lambda t: (t + 1) ** -0.7), 300),
    ({"name": "polynomial", "epochs": 40}, lambda o: lr_scheduler.PolynomialLR(o, 40), 60),
    ({"name": "polynomial", "power": 2.5}, lambda o: lr_scheduler.PolynomialLR(o, 60, 2.5), 60),
    ({"name": "cosine"}, lambda o: lr_scheduler.CosineAnnealingLR(o, 60), 61),
    (
        {"name": "cosine", "epochs": 500, "final": 0.1},
        lambda o: lr_scheduler.CosineAnnealingLR(o, 500, 0.1),
        501,
    ),
    *(({"name": "one_cycle", "epochs": total}, one_cycle(total), total) for total in (1, 2, 3, 7, 50, 1000)),
    ({"name": "one_cycle", "warmup_share": 0.0}, one_cycle(60, 0.0), 60),
    ({"name": "one_cycle", "warmup_share": 1.0}, one_cycle(60, 1.0), 60),
    ({"name": "one_cycle", "epochs": 90, "start": 0.2, "final": 0.1}, one_cycle(90, 0.3, 0.2, 0.1), 90),
]


@pytest.mark.parametrize(("given", "scheduler", "n_epochs"), TORCH)
def test_the_rates_are_those_of_torch(
    given: dict[str, Any], scheduler: Callable[[Optimizer], Any], n_epochs: int
) -> None:
    """In every epoch, to 5e-15 of the base rate; torch's own recursion is what wanders."""
    assert np.abs(made(given, n_epochs)[:, 0] - by_torch(scheduler, n_epochs)).max() <= 5e-15


MAIN: list[tuple[dict[str, Any], Callable[[Optimizer], Any]]] = [
    ({"name": "constant"}, lambda o: lr_scheduler.ConstantLR(o, 1.0)),
    ({"name": "exponential", "gamma": 0.9}, lambda o: lr_scheduler.ExponentialLR(o, 0.9)),
    ({"name": "step", "every": 4, "gamma": 0.5}, lambda o: lr_scheduler.StepLR(o, 4, 0.5)),
    ({"name": "cosine"}, lambda o: lr_scheduler.CosineAnnealingLR(o, 53)),  # 60 less the warm-up's 7
    ({"name": "polynomial", "epochs": 20}, lambda o: lr_scheduler.PolynomialLR(o, 20)),
]


@pytest.mark.parametrize(("given", "main"), MAIN)
@pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning")  # SequentialLR itself passes one
def test_a_warm_up_is_torchs(given: dict[str, Any], main: Callable[[Optimizer], Any]) -> None:
    """SequentialLR of LinearLR and the schedule, whose clock begins at 0 after it."""

    def both(optimizer: Optimizer) -> Any:
        warm = lr_scheduler.LinearLR(optimizer, 0.1, total_iters=7)
        return lr_scheduler.SequentialLR(optimizer, [warm, main(optimizer)], [7])

    found = made(given | {"warmup": {"epochs": 7, "start": 0.1}}, 60)[:, 0]
    assert np.abs(found - by_torch(both, 60)).max() <= 5e-15


def test_one_cycle_starts_at_its_peak_where_torch_divides_by_zero() -> None:
    """With warmup_share * epochs = 1; the fall is then the cosine over all the other epochs."""
    found = made({"name": "one_cycle", "epochs": 10, "warmup_share": 0.1}, 12)[:, 0]
    fall = [4e-6 + (1 - 4e-6) / 2 * (1 + math.cos(math.pi * t / 9)) for t in range(10)]
    assert found == pytest.approx([*fall, fall[-1], fall[-1]], rel=1e-15)
    assert made({"name": "one_cycle", "epochs": 1, "warmup_share": 1.0}, 2)[:, 0] == pytest.approx([1, 1])
    with pytest.raises(ZeroDivisionError):
        by_torch(one_cycle(10, 0.1), 10)


def test_a_list_is_held_or_repeated() -> None:
    """As itertools would have it."""
    listed = {"name": "list", "factors": [3, 0, 0.5]}
    assert made(listed, 7)[:, 0].tolist() == [3, 0, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert made(listed | {"then": "repeat"}, 7, first=1)[:, 0].tolist() == [0, 0.5, 3, 0, 0.5, 3, 0]


@pytest.mark.parametrize(
    "n", [1, 2, 3, 5, 7, 8, 12, 27, 31, 32, 63, 64, 95, 100, 127, 128, 129, 255, 300, 383]
)
def test_chebyshev_reaches_its_factor_and_stays_small_on_the_way(n: int) -> None:
    """Every step is taken once a cycle; the worst factor is 1 / T_N; no part of a cycle grows beyond kappa.

    That holds in front (how far errors grow before they shrink) and at the end (how far what was rounded
    on the way can grow), with kappa = 1,000; sorted steps reach 1e20.
    """
    low, high = 1.0, 1000.0
    found = made("chebyshev", 2 * n, epochs=float(n), ends=(low, high))[:, 0] * 2 / (low + high)
    assert (found[:n] == found[n:]).all()
    roots = np.cos((2 * np.arange(1, n + 1) - 1) * np.pi / (2 * n))
    steps = 1 / ((high + low) / 2 + (high - low) / 2 * roots)
    assert np.sort(found[:n]) == pytest.approx(np.sort(steps), rel=1e-13)
    curvatures = np.concatenate([np.linspace(low, high, 2001), np.geomspace(low, high, 2001)])
    shrinks = np.abs(1 - found[:n, None] * curvatures)
    worst = 1 / math.cosh(n * math.acosh((high + low) / (high - low)))
    assert np.prod(shrinks, axis=0).max() == pytest.approx(worst, rel=1e-8)
    for way in (shrinks, shrinks[::-1]):
        assert np.cumprod(way, axis=0).max() < high / low


def test_chebyshev_steps_are_the_rate_where_nothing_is_curved() -> None:
    """There no step moves anything; a trial beside it has its own."""
    declared, flat, steep = DECLARED.validate_python("chebyshev"), np.array([0.0, 1.0]), np.array([0.0, 9.0])
    found = factors(declared, 0, 4, np.array([4.0, 4.0]), flat, steep)
    assert found[:, 0].tolist() == [1, 1, 1, 1]
    assert found[:, 1].tolist() == made("chebyshev", 4, epochs=4.0, ends=(1.0, 9.0))[:, 0].tolist()


@pytest.mark.parametrize("k", range(1, 12))
def test_silver_steps_have_their_sum(k: int) -> None:
    """2^k - 1 steps at 1 / L sum to (rho^k - 1) / L."""
    rho = 1 + math.sqrt(2)
    assert math.fsum(made("silver", 2**k - 1)[:, 0]) == pytest.approx(rho**k - 1, rel=1e-14)


def of_chebyshev(settings: dict[str, Any]) -> float:
    """Returns a step, or the worst factor of a cycle, over many curvatures."""
    low, high, n = float(settings["mu"]), float(settings["L"]), settings["N"]
    steps = made({"name": "chebyshev", "epochs": n}, n, ends=(low, high))[:, 0] * 2 / (low + high)
    if "j" in settings:
        return float(np.sort(steps)[settings["j"] - 1])
    return float(np.abs(np.prod(1 - steps[:, None] * np.linspace(low, high, 2001), axis=0)).max())


def descended(settings: dict[str, Any], factor: Floats) -> Floats:
    """Returns the state after literal descent on the data S1 with momentum, batch by batch."""
    x, y = (np.array(FACTS["S1"][key]) for key in ("x", "y"))
    a = np.hstack([x, np.ones((len(x), 1))])
    rows = 3 if "3 rows" in settings["batch"] else len(a)
    momentum = settings.get("momentum", 0.0)
    theta, velocity = np.zeros((a.shape[1], 1)), np.zeros((a.shape[1], 1))
    for each in factor:
        for start in range(0, len(a), rows):
            part, seen = a[start : start + rows], y[start : start + rows]
            gradient = part.T @ (part @ theta - seen) / len(part)
            velocity = momentum * velocity + gradient
            ahead = gradient + momentum * velocity if settings.get("nesterov") else velocity
            theta = theta - settings["lr"] * each * ahead
    return theta


@pytest.mark.parametrize("entry", FACTS["entries"], ids=lambda entry: entry["id"])
def test_reference(entry: dict[str, Any]) -> None:
    """Rates, and the states that literal descent reaches with them, are those of mpmath and torch."""
    settings, kind = entry["settings"], entry["id"].split("/")[0]
    given = entry["declared"]
    if kind == "sched":
        found = settings["base_lr"] * float(made(given, 1, first=settings["epoch"])[0, 0])
    elif kind == "opt":
        theta = descended(settings, made(given, settings["epochs"], epochs=float(settings["epochs"]))[:, 0])
        x, y = (np.array(FACTS["S1"][key]) for key in ("x", "y"))
        cost = float(np.mean((np.hstack([x, np.ones((len(x), 1))]) @ theta - y) ** 2))
        found = {"w0": theta[0, 0], "last": theta[-1, -1], "cost": cost}[entry["id"].split("/")[2]]
    elif kind == "cheb":
        found = of_chebyshev(settings)
    elif "i" in settings:
        found = float(made(given, 1, first=settings["i"] - 1)[0, 0])
    else:
        found = float(np.prod(1 - settings["lam"] * made(given, settings["steps"])))
    assert found == pytest.approx(float(entry["value"]), rel=entry["tolerance"]["rel"], abs=0)


VARIED: dict[str, dict[str, Callable[[np.random.Generator, int], Any]]] = {
    "step": {"gamma": lambda r, k: r.uniform(0.1, 1, k), "every": lambda r, k: r.integers(1, 9, k) * 1.0},
    "exponential": {"gamma": lambda r, k: r.choice([0.5, 0.9, 0.99, 1.001], k)},
    "inverse_time": {"t0": lambda r, k: r.uniform(1, 99, k)},
    "power": {"power": lambda r, k: r.choice([0.25, 0.5, 1.0, 2.0], k)},
    "polynomial": {"power": lambda r, k: r.choice([0.5, 1.0, 2.0, 2.5], k)},
    "cosine": {"final": lambda r, k: r.uniform(0, 1, k), "epochs": lambda r, k: r.integers(1, 99, k) * 1.0},
    "one_cycle": {"warmup_share": lambda r, k: r.uniform(0, 1, k), "start": lambda r, k: r.uniform(0, 1, k)},
    "chebyshev": {"epochs": lambda r, k: r.integers(1, 99, k) * 1.0},
}


@pytest.mark.parametrize("name", EACH)
@pytest.mark.parametrize("is_warm", [False, True])
def test_a_trial_has_the_same_bits_whatever_its_neighbours(name: str, is_warm: bool) -> None:
    """Alone, among any others, at any place, in any chunk of epochs; and as if it were declared by itself."""
    random = np.random.default_rng(len(name))
    k = 37
    varied = {key: draw(random, k) for key, draw in VARIED.get(name, {}).items()}
    given: dict[str, Any] = {"name": name} | EACH[name]
    if name != "cosine" and name != "chebyshev":
        given.pop("epochs", None)
    if is_warm:
        given["warmup"] = {"epochs": 5, "start": 0.3}
        varied |= {"warmup.epochs": random.integers(1, 9, k) * 1.0, "warmup.start": random.uniform(0, 1, k)}
    epochs, low, high = random.integers(1, 80, k) * 1.0, random.uniform(0.1, 1, k), random.uniform(2, 99, k)
    whole = np.broadcast_to(made(given, 90, epochs=epochs, ends=(low, high), varied=varied), (90, k))
    for some in [[each] for each in range(k)] + [list(random.permutation(k)[:n]) for n in range(2, 30, 3)]:
        first, n = int(random.integers(0, 60)), int(random.integers(1, 30))
        chosen = {key: each[some] for key, each in varied.items()}
        part = made(given, n, first=first, epochs=epochs[some], ends=(low[some], high[some]), varied=chosen)
        assert (part == whole[first : first + n, some]).all()
    declared = given | {key: float(each[3]) for key, each in varied.items() if "." not in key}
    if is_warm:
        declared["warmup"] = {key: float(varied[f"warmup.{key}"][3]) for key in ("epochs", "start")}
    alone = made(declared, 90, epochs=epochs[3], ends=(low[3], high[3]))
    assert (alone[:, 0] == whole[:, 3]).all()


def test_powers_and_cosines_do_not_depend_on_their_place() -> None:
    """Nor on whether an operand is one number: NumPy itself makes x * x of x ** 2 then."""
    x = np.random.default_rng(0).uniform(0, 2, 5000)
    for exponent in (2.0, 0.5, -1.0, 3.0, 0.3):
        assert (power(x, np.array([exponent])) == power(x, np.full(5000, exponent))).all()
        assert (power(x[::3], exponent) == power(x, exponent)[::3]).all()
        assert all(
            power(x[i : i + n], exponent)[-1] == power(x, exponent)[i + n - 1]
            for i in range(9)
            for n in range(1, 40)
        )
    assert all((cos(x[i : i + n]) == cos(x)[i : i + n]).all() for i in range(9) for n in range(1, 40))


def test_a_number_that_a_trial_does_not_vary_is_what_is_declared() -> None:
    """NaN among numbers that vary; where nothing is declared either, epochs are the trial's own."""
    gamma = made({"name": "exponential", "gamma": 0.5}, 3, varied={"gamma": [np.nan, 0.1]})
    assert gamma[2] == pytest.approx([0.25, 0.01])
    found = made("cosine", 1, first=4, epochs=[4, 8, 8], varied={"epochs": [np.nan, np.nan, 16]})
    assert found[0] == pytest.approx([0, 0.5, (1 + math.cos(math.pi / 4)) / 2])


@pytest.mark.parametrize("name", EACH)
@pytest.mark.parametrize("warmup", [None, {"epochs": 6, "start": 0.5}])
def test_the_long_run_is_what_many_epochs_show(name: str, warmup: Any) -> None:
    """Constant or repeating exactly from the epoch on that is named."""
    declared = DECLARED.validate_python({"name": name} | EACH[name] | {"warmup": warmup})
    end = long_run(declared, np.array([60.0]))
    whole = factors(declared, 0, 5000, np.array([60.0]), ONE, 100 * ONE)[:, 0]
    factor, begins, period = end.factor[0], end.begins[0], int(end.period[0])
    if period:
        after = whole[int(begins) :]
        assert (after[period:] == after[:-period]).all()
    elif np.isfinite(begins):
        assert (whole[int(begins) :] == factor).all()
    elif factor == 0:
        assert whole[-1] < 0.01
    else:
        assert (factor, name) == (np.inf, "silver")


def test_the_long_run_is_each_trials_own() -> None:
    """What varies decides it: gamma above, at and below 1; a final rate or none."""
    step = DECLARED.validate_python({"name": "step", "every": 5})
    end = long_run(step, np.array([60.0]), {"schedule.gamma": np.array([0.5, 1, 2])})
    assert (end.factor.tolist(), end.period.tolist()) == ([0, 1, np.inf], [0, 0, 0])
    cosine = long_run(
        DECLARED.validate_python("cosine"), np.array([60.0, 70.0]), {"schedule.final": np.array([0, 0.1])}
    )
    assert (cosine.factor.tolist(), cosine.begins.tolist()) == ([0, 0.1], [60, 70])


LABELS: list[tuple[Any, str]] = [
    ("constant", "constant"),
    ({"name": "cosine", "final": 0.0}, "cosine"),
    ({"name": "cosine", "final": 0.01}, "cosine(final=0.01)"),
    (
        {"name": "cosine", "final": 0.01, "warmup": {"epochs": 10, "start": 0.1}},
        "cosine(final=0.01, warmup=10 epochs from 0.1)",
    ),
    ({"name": "step", "every": 10, "gamma": 1}, "step(every=10, gamma=1)"),
    ({"name": "list", "factors": [1, 0.5], "then": "repeat"}, "list(factors=[1, 0.5], then=repeat)"),
]


@pytest.mark.parametrize(("given", "text"), LABELS)
def test_a_label_says_what_is_not_at_its_default(given: Any, text: str) -> None:
    """So that two schedules of a sweep have different ones; written out, it is the same schedule again."""
    declared = DECLARED.validate_python(given)
    assert str(declared) == text
    assert DECLARED.validate_python(DECLARED.dump_python(declared)) == declared


BAD: list[tuple[Any, tuple[str | int, ...], str, str]] = [
    ("cosin", (), "fault", "did you mean 'cosine'?"),
    (0.5, (), "fault", "known here: constant, step"),
    ({"final": 0.1}, (), "fault", "known here: constant, step"),
    ({"name": "cosine", "gamma": 1}, ("gamma",), "fault", "schedule cosine has epochs, final, warmup"),
    ({"name": "silver", "epochs": 1}, ("epochs",), "fault", "schedule silver has warmup"),
    ({"name": "step"}, ("every",), "missing", ""),
    ({"name": "cosine", "final": 2}, ("final",), "less_than_equal", ""),
    ({"name": "list", "factors": [1, -1]}, ("factors", 1), "greater_than_equal", ""),
    ({"name": "list", "factors": []}, ("factors",), "fault", ""),
    (
        {"name": "cosine", "warmup": {"epoch": 3}},
        ("warmup", "epoch"),
        "fault",
        "schedule cosine warmup has epochs, start",
    ),
]


@pytest.mark.parametrize(("given", "path", "kind", "hint"), BAD)
def test_what_is_wrong_is_named_at_its_key(
    given: Any, path: tuple[str | int, ...], kind: str, hint: str
) -> None:
    """With the keys there are, and without the name of a model in the path."""
    with pytest.raises(ValidationError) as raised:
        DECLARED.validate_python(given)
    errors = {error["loc"]: error for error in raised.value.errors()}
    assert errors[path]["type"] == kind
    assert hint in errors[path].get("ctx", {}).get("hint", "")


def test_the_json_schema_knows_every_key() -> None:
    """Each schedule with its keys, and the bare words, only where all else has a default."""
    text = json.dumps(DECLARED.json_schema())
    for name, schedule in SCHEDULES.items():
        assert f'"const": "{name}"' in text
        assert all(f'"{key}"' in text for key in schedule.settings.model_fields)
    assert set(EACH) == set(SCHEDULES)
