"""The NumPy engine: what it does besides agreeing with the literal loop."""

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from linreg_sweep.engines import batches, chunks, rows
from linreg_sweep.engines.chunks import Chunk, begin, descend
from linreg_sweep.engines.forms import form_of
from linreg_sweep.engines.interface import Results, TrainOptions, Trials
from linreg_sweep.engines.numpy_engine import BlasDescent, Descent, train
from linreg_sweep.theory.outcome import MISSING
from linreg_sweep.theory.problem import Problem, make_problem
from tests.cases import FORMS, MOVING, Case
from tests.descents import assert_same, check_bits_are_own, judged, make_method, make_trials


def trained(problem: Problem, trials: Trials, dtype: str = "float64", **method: object) -> Results:
    """Returns what becomes of trials under the default criteria."""
    return train(problem, trials, judged(problem, trials, make_method(trials, **method), dtype=dtype))  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e5])
def test_a_converged_trial_is_within_the_tolerance(offset: float, dtype: str) -> None:
    """However ill-conditioned the data, rounding calls no state converged that is not."""
    generator = np.random.default_rng(0)
    x = offset + generator.normal(size=(200, 1))
    y = 3 * (x - offset) + 0.1 * generator.normal(size=(200, 1))
    problem = make_problem(x, y, loss="half_mse", fit_bias=True)
    rates = np.geomspace(0.01, 0.99, 60) * 2 / problem.eigenvalues[-1]
    start = problem.optimum + generator.normal(size=(60, 2, 1))
    results = trained(problem, make_trials(problem, rates, start, 3000), dtype)
    reached = results.converged_at >= 0
    assert (problem.excess_cost(results.theta)[reached] <= 1e-6 * problem.scale).all()
    assert reached.any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bits_are_a_trials_own(dtype: str) -> None:
    """A trial alone, among a few and among thousands gives the same bits, and so does any order."""
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=(40, 10)), generator.normal(size=(40, 1))
    problem = make_problem(x, y, loss="mse", fit_bias=True)
    count = 4000
    trials = make_trials(
        problem,
        generator.uniform(0.1, 1.1, count) * 2 / problem.eigenvalues[-1],
        generator.normal(size=(count, 11, 1)),
        generator.integers(0, 120, count),
        momentum=generator.choice([0.0, 0.5, 0.9], count),
    )
    method = make_method(trials)
    together = train(problem, trials, judged(problem, trials, method, dtype=dtype))
    for chosen in ([0], [1], [7, 3], np.arange(count)[::-1][:1500]):
        chosen = np.asarray(chosen)
        few = trials.take(chosen)
        alone = train(problem, few, judged(problem, few, method, dtype=dtype))
        assert_same(alone, together, chosen)


@pytest.mark.parametrize("n_parameters", [2, 8])
@pytest.mark.parametrize("count", [1, 2, 191, 192, 1024, 1025, 5000])
def test_elementwise_products_are_added_up_in_order(n_parameters: int, count: int) -> None:
    """In one call or in many, and signs of zero, infinities and what is no number are where they belong."""
    whole, generator = np.getbufsize(), np.random.default_rng(count)
    x, y = generator.normal(size=(30, n_parameters - 1)), generator.normal(size=(30, 1))
    problem = make_problem(x, y, loss="mse", fit_bias=True)
    start = generator.normal(size=(count, n_parameters, 1))
    for strange in (-0.0, 0.0, np.inf, np.nan):
        start[generator.random(start.shape) < 0.05] = strange
    trials = make_trials(problem, 0.1, start, 1)
    options = judged(problem, make_trials(problem, 0.1, np.zeros_like(start), 1), make_method(trials))
    state = begin(trials, options, np.dtype(np.float64))
    descent = Descent(problem, options)
    with np.errstate(all="ignore"):
        found = descent.advance(state.copy(), Chunk(0, [descent.batches(0)], state.rate[None], None)).theta
        assert np.getbufsize() == whole
        columns = start[..., 0]
        for row in range(n_parameters):
            total = problem.hessian[row, 0] * columns[:, 0]
            for factor, numbers in zip(problem.hessian[row, 1:], columns[:, 1:].T, strict=True):
                total = total + factor * numbers
            expected = columns[:, row] - (total - problem.constant[row, 0]) * 0.1
            for numbers in (found[row, 0], expected):
                numbers[np.isnan(numbers)] = np.nan  # of whichever sign
            assert found[row, 0].tobytes() == expected.tobytes()


def test_a_mini_batch_trial_without_momentum_is_not_moved_by_neighbours_with_it() -> None:
    """Whether a velocity is kept depends on the sweep: bits hold even where a step overflows."""
    x = np.arange(1.0, 31.0)[:, None]
    problem = make_problem(x, 2 * x, loss="half_mse", fit_bias=True)
    trials = make_trials(problem, 1e80, np.ones((2, 2, 1)), 5, momentum=[0.0, 0.9])
    method = make_method(trials, batch_size=3)
    both = train(problem, trials, judged(problem, trials, method))
    few = trials.take(np.array([0]))
    alone = train(problem, few, judged(problem, few, method))
    assert np.array_equal(both.theta[:1], alone.theta, equal_nan=True)
    assert both.diverged_at[0] == alone.diverged_at[0]


@pytest.mark.parametrize("case", MOVING)
def test_no_trial_notices_its_neighbours_whatever_moves_it(case: Case) -> None:
    """Nor its place among them, nor that some of them are infinite or no numbers."""
    check_bits_are_own(train, case.problem, case.trials, case.options())


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", FORMS.values(), ids=FORMS.keys())
def test_no_trial_notices_its_neighbours_whatever_its_products_are(case: Case, dtype: str) -> None:
    """Nor its place within a block of columns, nor how often trials are looked at."""
    case = replace(case, dtype=dtype)
    options = case.options()
    check_bits_are_own(train, case.problem, case.trials, options)
    form = form_of(case.problem.n_rows, case.problem.shape, options.method, dtype)
    assert form.blocks is not None
    found = descend(BlasDescent(case.problem, options, form, form.blocks), case.trials, 5)
    assert_same(found, train(case.problem, case.trials, options))


@pytest.mark.parametrize(("taken", "at_hand"), [(1, 4096), (60, 4096), (60, 1), (2**18, 0)])
@pytest.mark.parametrize("name", ["rows of a step, the last a single one", "rows drawn with replacement"])
def test_how_many_steps_have_their_rows_put_in_order_together_is_no_matter_of_theirs(
    name: str, taken: int, at_hand: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor whether what they are taken by is made once for all."""
    case = FORMS[name]
    expected = train(case.problem, case.trials, case.options())
    monkeypatch.setattr(batches, "TAKEN", taken)
    monkeypatch.setattr(rows, "AT_HAND", at_hand)
    assert_same(train(case.problem, case.trials, case.options()), expected)


def test_rows_in_file_order_take_no_room_for_others() -> None:
    """Nor are there steps for it: what is kept are the scaled rows and targets alone."""
    x = np.random.default_rng(0).normal(size=(4000, 40))
    problem = make_problem(x, x[:, :1], loss="mse", fit_bias=False)
    problem.rows(slice(None))  # which it keeps itself
    tracemalloc.start()
    try:
        kept = rows.Rows.of(problem, 2, np.dtype(np.float64), are_drawn=False)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept.held is not None
    assert size < 1.1 * sum(numbers.nbytes for numbers in kept.held)


@pytest.mark.parametrize("case", MOVING)
def test_how_often_trials_are_looked_at_is_no_matter_of_theirs(case: Case) -> None:
    """Epochs are cut into chunks of 32, of 5 here, and wherever a state is kept; the bits are the same."""
    descent, trials = Descent(case.problem, case.options()), case.trials
    expected = descend(descent, trials)
    assert_same(descend(descent, trials, 5), expected)
    without = replace(case.options(), history_epochs=np.empty(0, np.int64))
    for name in ("theta", "epochs", "average"):
        found = getattr(train(case.problem, trials, without), name)
        np.testing.assert_array_equal(found, getattr(expected, name))


@pytest.mark.parametrize("low", [1e-12, 1e-11, 1e-9])
def test_no_event_is_missed_where_rounding_hides_it(low: float) -> None:
    """In float32 a chunk's measure may be above a level that a state of it is below: the states decide."""
    count, generator = 200, np.random.default_rng(0)
    x = generator.uniform(0.5, 2.5, (9, 1))
    problem = make_problem(x, 2 * x + 1, loss="half_mse", fit_bias=True)
    rates = generator.uniform(0.5, 0.95, count) * 2 / problem.eigenvalues[-1]
    trials = make_trials(problem, rates, problem.optimum + generator.normal(size=(count, 2, 1)), 400)
    options = TrainOptions(
        low,
        np.full(count, np.inf),
        make_method(trials),
        early_stop=False,
        dtype="float32",
        history_epochs=np.arange(401),
    )
    done = train(problem, trials, options)
    reached = problem.excess_cost(done.history.theta) <= low
    of_each = [done.history.epoch[reached & (done.history.trial == trial)] for trial in range(count)]
    assert done.converged_at.tolist() == [min(epochs.tolist(), default=MISSING) for epochs in of_each]
    assert (done.converged_at != MISSING).sum() > 100


def test_far_from_any_event_nothing_is_traced_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many parameters in single precision, either, whose sums round most: it would take all the time."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(1000, 900))
    y = x @ generator.normal(size=(900, 1)) + 0.5
    problem = make_problem(x, y, loss="mse", fit_bias=True)
    rates = np.geomspace(1e-9, 1e-7, 3) / problem.eigenvalues[-1]
    trials = make_trials(problem, rates, np.zeros((3, 901, 1)), 100)
    options = TrainOptions(1e-6, np.full(3, 1e9), make_method(trials), dtype="float32")
    looks: list[int] = []

    def near(*given: Any) -> Any:
        looks.append(len(found := near_an_event(*given)))
        return found

    near_an_event = chunks._near_an_event
    monkeypatch.setattr(chunks, "_near_an_event", near)
    train(problem, trials, options)
    assert looks[:-1]
    assert not any(looks[:-1])  # at the last look all come to their end
