"""Drawn and permuted batches in the mean: against enumeration of all draws, Monte Carlo and known numbers."""

from itertools import combinations, permutations, product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import linreg_sweep as ls
from linreg_sweep.engines.batches import batch_slices
from linreg_sweep.engines.interface import Trials
from linreg_sweep.method import Method, Order
from linreg_sweep.theory import drawn, in_batches
from linreg_sweep.theory.applies import theory_of
from linreg_sweep.theory.drawn import Drawn
from linreg_sweep.theory.file_order import FileOrder
from linreg_sweep.theory.permuted import any_order_limit
from linreg_sweep.theory.problem import Problem, make_problem
from tests.descents import make_method, make_trials
from tests.trials_of_rules import FACTS, S1

Floats = NDArray[np.float64]


def few_rows(loss: str, targets: int = 1) -> Problem:
    """Returns a problem of five rows and two parameters."""
    draw = np.random.default_rng(3)
    return make_problem(
        draw.normal(0.5, 1, (5, 1)), draw.normal(1, 2, (5, targets)), loss=loss, fit_bias=True
    )


def one(problem: Problem, size: int, order: Order, **numbers: Any) -> tuple[Trials, Method, Drawn]:
    """Returns a trial from a start of its own, and its theory."""
    flags = [name for name in ("nesterov", "decay_bias") if numbers.pop(name, False)]
    start = np.random.default_rng(5).normal(size=(1, *problem.shape))
    rate = numbers.pop("share", 0.2) * 2 / problem.eigenvalues[-1]
    trials = make_trials(problem, rate, start, 9, "sgd", flags, **numbers)
    method = make_method(trials, "sgd", flags, batch_size=size, order=order)
    theory = theory_of(method, problem)
    assert isinstance(theory, Drawn)
    return trials, method, theory


def all_draws(order: Order, n_rows: int, size: int) -> list[list[tuple[int, ...]]]:
    """Returns every epoch that there may be, all equally likely, as its batches."""
    slices = batch_slices(n_rows, size)
    if order == "reshuffle":
        return [[rows[part] for part in slices] for rows in permutations(range(n_rows))]
    draws = (
        combinations(range(n_rows), size) if order == "independent" else product(range(n_rows), repeat=size)
    )
    return [*map(list, product([*draws], repeat=len(slices)))]


def literally(problem: Problem, trials: Trials, method: Method, epochs: list[list[tuple[int, ...]]]) -> float:
    """Returns the mean excess after an epoch, of which these are all that there may be."""
    values = {name: float(number[0]) for name, number in trials.values.items()}
    decayed = np.ones((problem.shape[0], 1))
    decayed[-1] = "decay_bias" in method.flags
    total = 0.0
    for batches in epochs:
        theta, velocity = trials.start[0].copy(), np.zeros(problem.shape)
        for place, rows in enumerate(batches):
            hessian, constant = problem.batch(np.array(rows))
            gradient = hessian @ theta - constant + values["weight_decay"] * decayed * theta
            gain = 1 - values["dampening"] * (place > 0)
            velocity = values["momentum"] * velocity + gain * gradient
            ahead = gradient + values["momentum"] * velocity
            theta = theta - values["learning_rate"] * (ahead if "nesterov" in method.flags else velocity)
        total += float(trials.quadratic.excess(theta[None])[0])
    return total / len(epochs)


@pytest.mark.parametrize(
    ("order", "size", "loss", "numbers"),
    [
        ("independent", 2, "half_mse", {}),
        ("independent", 3, "mse", {"momentum": 0.7, "dampening": 0.4}),
        ("independent", 2, "sse", {"weight_decay": 0.3, "share": 0.05}),
        ("independent", 3, "half_mse", {"momentum": 0.6, "nesterov": True, "weight_decay": 0.2}),
        ("with_replacement", 2, "mse", {"weight_decay": 0.2, "decay_bias": True}),
        ("with_replacement", 3, "sse", {"momentum": 0.5, "share": 0.05}),
        ("reshuffle", 2, "half_mse", {}),
        ("reshuffle", 1, "sse", {"weight_decay": 0.3, "share": 0.05}),
        ("reshuffle", 2, "mse", {"momentum": 0.7, "dampening": 0.4}),
        ("reshuffle", 3, "half_mse", {"momentum": 0.6, "nesterov": True, "weight_decay": 0.2}),
    ],
)
def test_the_mean_is_that_of_all_draws(order: Order, size: int, loss: str, numbers: dict[str, Any]) -> None:
    """Of an epoch, every one that there may be is gone through, step by step."""
    problem = few_rows(loss, 1 + (size == 2))
    trials, method, theory = one(problem, size, order, **numbers)
    found = theory.expected_excess(trials.quadratic, trials.values, trials.start, np.array([1]))
    expected = literally(problem, trials, method, all_draws(order, 5, size))
    assert found == pytest.approx([expected], rel=1e-11)


@pytest.mark.parametrize("order", ["independent", "with_replacement", "reshuffle"])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_the_mean_comes_to_rest_below_the_limit_alone(order: Order, momentum: float) -> None:
    """After many epochs it is the plateau; a little above the limit it has grown, and there is none."""
    trials, _, theory = one(few_rows("half_mse"), 2, order, momentum=momentum)
    quadratic, values = trials.quadratic, dict(trials.values)
    limit = theory.stability_limit(quadratic, values)
    values["learning_rate"] = 0.7 * limit
    [plateau], late = theory.plateau(quadratic, values), np.array([2000])
    assert theory.expected_excess(quadratic, values, trials.start, late) == pytest.approx([plateau], rel=1e-9)
    for share, grows in ((0.999, False), (1.001, True)):
        values["learning_rate"] = share * limit
        assert np.isnan(theory.plateau(quadratic, values)).all() == grows
        early, later = (
            theory.expected_excess(quadratic, values, trials.start, np.array([epoch]))[0]
            for epoch in (20_000, 40_000)
        )
        assert (later > 2 * early) == grows


@pytest.mark.parametrize("order", ["independent", "with_replacement", "reshuffle"])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_where_a_direction_is_flat_the_others_come_to_rest(order: Order, momentum: float) -> None:
    """Of two columns that are one: as that one does, of which each weight has half the gradient."""
    draw = np.random.default_rng(3)
    x, y = draw.normal(0.5, 1, (5, 1)), draw.normal(1, 2, (5, 1))
    found = []
    for columns in (np.hstack([x, x]), np.sqrt(2) * x):
        problem = make_problem(columns, y, loss="half_mse", fit_bias=True)
        trials, _, theory = one(problem, 2, order, momentum=momentum)
        found.append(theory.plateau(trials.quadratic, trials.values)[0])
    assert found[0] == pytest.approx(found[1], rel=1e-9)


def test_what_is_kept_of_penalties_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are; and what is let go is worked out again, to the bit."""
    monkeypatch.setattr(drawn, "KEPT", 40_000)
    monkeypatch.setattr(in_batches, "KEPT", 20)
    problem, starts = few_rows("half_mse"), np.zeros((30, 2, 1))
    trials = make_trials(problem, 0.01, starts, 5, weight_decay=np.linspace(0, 1, 30))
    theory = theory_of(make_method(trials, batch_size=2, order="independent"), problem)
    assert isinstance(theory, Drawn)
    found = [theory.stability_limit(trials.quadratic, trials.values) for _ in range(3)]
    assert np.array_equal(found[0], found[2])
    theory.plateau(trials.quadratic, trials.values)
    assert len(theory.known["draws"]) <= 4
    assert len(theory.known["limits"]) == 30


def test_of_many_parameters_and_permutations_nothing_is_worked_out() -> None:
    """Eight rows of forty parameters have 820 second moments, of which a limit would take minutes."""
    draw = np.random.default_rng(3)
    problem = make_problem(
        draw.normal(size=(8, 39)), draw.normal(size=(8, 1)), loss="half_mse", fit_bias=True
    )
    trials, _, theory = one(problem, 3, "reshuffle")
    assert np.isnan(theory.stability_limit(trials.quadratic, trials.values)).all()
    assert "so many rows and parameters" in str(theory.limit_reason(trials.values))
    assert np.isnan(theory.plateau(trials.quadratic, trials.values)).all()


@pytest.mark.parametrize("unit", [2.0**332, 2.0**-332])
@pytest.mark.parametrize("features", [2, 15])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_the_unit_of_x_makes_no_difference(unit: float, features: int, momentum: float) -> None:
    """Squares of curvatures would overflow or vanish; by powers of two the same bits are left."""
    draw, found = np.random.default_rng(3), []
    x, y = draw.normal(size=(40, features)), draw.normal(size=(40, 1))
    for scale in (1.0, unit):
        problem = make_problem(scale * x, y, loss="sse", fit_bias=False)
        trials, _, theory = one(problem, 4, "independent", momentum=momentum, weight_decay=0.1 * scale**2)
        values = {**trials.values, "learning_rate": np.array([0.002 / scale**2])}
        limit, none = theory.stability_limit(trials.quadratic, values), np.zeros_like(trials.start)
        mean = theory.expected_excess(trials.quadratic, values, none, np.array([3]))
        found.append(np.array([limit * scale**2, theory.plateau(trials.quadratic, values), mean]))
    assert np.isfinite(found[0]).all()
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("order", ["independent", "reshuffle", "file"])
@pytest.mark.parametrize("momentum", [0.5, 0.99])
def test_rows_that_are_nearly_one_have_the_limit_of_one(order: Order, momentum: float) -> None:
    """Of columns far from 0, whose flattest direction grows or shrinks by less than rounding shows."""
    draw = np.random.default_rng(3)
    x, y = 1e5 + draw.normal(size=(8, 1)), draw.normal(size=(8, 1))
    problem = make_problem(x, y, loss="half_mse", fit_bias=True)
    trials = make_trials(problem, 1.0, np.zeros((1, *problem.shape)), 9, momentum=momentum)
    theory = theory_of(make_method(trials, batch_size=2, order=order), problem)
    assert isinstance(theory, Drawn | FileOrder)
    limit = theory.stability_limit(trials.quadratic, trials.values)
    assert limit == pytest.approx(2 * (1 + momentum) / problem.eigenvalues[-1], rel=1e-4)


@pytest.mark.parametrize("order", ["independent", "with_replacement"])
@pytest.mark.parametrize(("loss", "decay"), [("half_mse", 0.0), ("mse", 0.3), ("sse", 0.3)])
def test_the_limit_is_the_one_that_all_entries_of_second_moments_give(
    order: Order, loss: str, decay: float
) -> None:
    """By the eigenvalues of what a step does to every entry, summed over rows; a column is there twice."""
    draw = np.random.default_rng(7)
    x = draw.standard_t(2, (40, 13))
    x[:, 1] = x[:, 0]
    problem, size = make_problem(x, draw.normal(size=(40, 1)), loss=loss, fit_bias=True), 7
    trials, _, theory = one(problem, size, order, weight_decay=decay, decay_bias=decay > 0)
    design, n = np.column_stack([x, np.ones(40)]), 40
    if not decay:  # along what is flat nothing moves
        design = design @ np.linalg.svd(design)[2][:13].T
    factor = {"half_mse": 1, "mse": 2, "sse": 2 * size}[loss]
    mean = factor / n * design.T @ design
    every = mean + decay * np.eye(len(mean))
    squares = np.einsum("ia,ib,ic,id->abcd", design, design, design, design).swapaxes(1, 2)
    spread = factor**2 / n * squares.reshape(len(mean) ** 2, -1) - np.kron(mean, mean)
    share = 1 / size if order == "with_replacement" else (n - size) / (size * (n - 1))
    falls = (np.kron(every, np.eye(len(mean))) + np.kron(np.eye(len(mean)), every)) / 2
    grows = np.kron(every, every) + share * spread
    largest = np.linalg.eigvals(np.linalg.solve(falls, grows)).real.max()
    found = theory.stability_limit(trials.quadratic, trials.values)
    assert found == pytest.approx([2 / largest], rel=1e-10)


def test_of_a_hundred_parameters_the_limit_is_known() -> None:
    """A row sees one parameter: its error grows from 2 over the square of its own x on, the largest first."""
    sizes = np.linspace(0.1, 3, 100)
    problem = make_problem(np.diag(sizes), np.ones((100, 1)), loss="half_mse", fit_bias=False)
    trials, _, theory = one(problem, 1, "independent")
    assert theory.stability_limit(trials.quadratic, trials.values) == pytest.approx([2 / 9], rel=1e-12)


def test_rows_that_are_there_again_and_again_are_drawn_as_once() -> None:
    """Five rows, 4,000 times each and drawn with replacement: far more than are worked on at once."""
    few, again = few_rows("half_mse"), np.tile(np.arange(5), 4000)
    many = make_problem(few.x[again], few.y[again], loss="half_mse", fit_bias=True)
    found = []
    for problem in (few, many):
        trials, _, theory = one(problem, 2, "with_replacement")
        given = trials.quadratic, dict(trials.values)
        found.append(np.concatenate([theory.stability_limit(*given), theory.plateau(*given)]))
    assert found[1] == pytest.approx(found[0], rel=1e-10)


def test_the_brownlee_rows_have_the_limit_that_was_worked_out() -> None:
    """In mean square, one row per step, permuted anew in each epoch."""
    x, y = np.array([[1.0], [2], [4], [3], [5]]), np.array([[1.0], [3], [3], [2], [5]])
    problem = make_problem(x, y, loss="half_mse", fit_bias=True)
    trials, _, theory = one(problem, 1, "reshuffle")
    assert theory.stability_limit(trials.quadratic, trials.values) == pytest.approx([0.165084], abs=5e-7)


def test_no_order_grows_below_its_bound() -> None:
    """No permutation of random rows has a batch that stretches any error there; the bound is not 0."""
    draw = np.random.default_rng(8)
    problem = make_problem(draw.normal(size=(9, 3)), draw.normal(size=(9, 1)), loss="mse", fit_bias=True)
    for size in (1, 2, 4, 7):
        bound = any_order_limit(problem, size)
        steepest = max(
            np.linalg.eigvalsh(problem.batch(np.array(rows))[0])[-1]
            for b in {size, 9 % size} - {0}
            for rows in combinations(range(9), b)
        )
        assert 0.2 * 2 / steepest < bound <= 2 / steepest * (1 + 1e-12)


KNOWN = [entry for entry in FACTS["entries"] if entry["id"].startswith(("iid/", "anyorder/"))]


@pytest.mark.parametrize("entry", KNOWN, ids=lambda entry: str(entry["id"]))
def test_theory_is_as_mpmath_has_it(entry: dict[str, Any]) -> None:
    """Limits and floors at 50 digits, trajectories by the recursion; and the bound for any order."""
    said, value = entry["settings"], float(entry["value"])
    problem = make_problem(S1["x"], S1["y"], loss=said["loss"], fit_bias=True)
    if "batches" not in said:
        assert any_order_limit(problem, said["batch_size"]) == pytest.approx(value, rel=1e-13)
        return
    order: Order = "with_replacement" if "with replacement" in said["batches"] else "independent"
    start, rate = np.zeros((1, *problem.shape)), said.get("learning_rate", 0.1)
    trials = make_trials(problem, rate, start, 5, momentum=said.get("momentum", 0.0))
    theory = theory_of(make_method(trials, batch_size=said["batch_size"], order=order), problem)
    assert isinstance(theory, Drawn)
    given, kind = (trials.quadratic, trials.values), entry["id"].split("/")[1]
    if kind == "traj":
        found = theory.expected_excess(*given, start, np.array([said["epoch"]]))
    else:
        found = theory.plateau(*given) if kind == "floor" else theory.stability_limit(*given)
    assert found == pytest.approx([value], rel=1e-11)


SETTINGS: list[dict[str, Any]] = [
    {"batch_size": 1, "learning_rate": 0.1, "order": "independent"},
    {"batch_size": 3, "learning_rate": 0.2, "order": "independent", "momentum": 0.5},
    {"batch_size": 2, "learning_rate": 0.2, "order": "with_replacement"},
    {"batch_size": 3, "learning_rate": 0.3, "order": "with_replacement", "weight_decay": 0.2},
    {"batch_size": 2, "learning_rate": 0.2, "order": "reshuffle"},
    {"batch_size": 3, "learning_rate": 0.1, "order": "reshuffle", "momentum": 0.6, "nesterov": True},
]


FEW = tuple(np.random.default_rng(1).normal(size=(2, 8)))


def standard_errors(setting: dict[str, Any], seeds: int, out: Any, data: Any = FEW) -> float:
    """Returns how many standard errors the mean excess over seeds lies from theory's."""
    sweep = {
        "name": "seeds",
        "method": "grid",
        "training": setting | {"epochs": 6, "early_stop": False},
        "parameters": {"seed": {"min": 0, "max": seeds - 1}},
    }
    trials = ls.run(sweep, data=data, out=out, jobs=1).trials
    assert trials["expected_excess_cost"].nunique() == 1
    excess = trials["excess_cost"]
    return float((excess.mean() - trials["expected_excess_cost"][0]) / excess.sem())


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_mean_over_seeds_is_that_of_theory(setting: dict[str, Any], tmp_path: Any) -> None:
    """Of 400 seeds, as a sweep trains them, within 3.5 standard errors."""
    assert abs(standard_errors(setting, 400, tmp_path)) < 3.5


@pytest.mark.system
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_mean_over_ten_thousand_seeds_is_that_of_theory(setting: dict[str, Any], tmp_path: Any) -> None:
    """Likewise of 10,000."""
    z = standard_errors(setting, 10_000, tmp_path)
    print(f"{setting}: z = {z:+.2f}")
    assert abs(z) < 3.5
