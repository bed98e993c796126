"""The torch engine: the same step as one torch.optim.SGD a trial, and bits that are each trial's own.

That it does what the definitions say is in test_engines_against_literal.py.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.utils._python_dispatch import TorchDispatchMode

from linreg_sweep.engines.batches import batch_slices, epoch_order
from linreg_sweep.engines.interface import Results, Schedule, Trials
from linreg_sweep.engines.torch_engine import Descent, train
from linreg_sweep.theory.problem import Problem, make_problem

Floats = NDArray[np.float64]
NO_EVENTS = Schedule(converged_excess=-1.0, diverged_excess=np.empty(0))


def _problem(
    rows: int, features: int, targets: int, *, loss: str = "half_mse", fit_bias: bool = True
) -> Problem:
    generator = np.random.default_rng(5)
    x = generator.normal(0.2, 1, (rows, features))
    y = x @ generator.normal(0, 2, (features, targets)) + generator.normal(1, 0.3, (rows, targets))
    return make_problem(x, y, loss=loss, fit_bias=fit_bias)


def _trials(problem: Problem, count: int, epochs: int, *, own_momentum: bool = False) -> Trials:
    """Returns trials at 2 % to 150 % of the stability limit."""
    generator = np.random.default_rng(6)
    return Trials(
        learning_rate=generator.uniform(0.02, 1.5, count) * 2 / problem.eigenvalues[-1],
        start=generator.normal(0, 3, (count, *problem.shape)),
        epochs=np.full(count, epochs),
        momentum=generator.uniform(0, 0.9, count) if own_momentum else 0.0,
    )


def _without_events(count: int, **changes: Any) -> Schedule:
    return replace(NO_EVENTS, diverged_excess=np.full(count, np.inf), **changes)


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Gives torch two threads for the length of a test."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _one_trial_of_plain_torch(problem: Problem, trials: Trials, k: int, schedule: Schedule) -> Floats:
    """Returns the last state [P, O] of a trial that is trained as anyone would write it."""
    theta = torch.tensor(trials.start[k], requires_grad=True)
    design, targets = torch.tensor(problem.design), torch.tensor(problem.targets)
    momentum = trials.momentum if isinstance(trials.momentum, float) else float(trials.momentum[k])
    optimizer = torch.optim.SGD(
        [theta],
        lr=float(trials.learning_rate[k]),
        momentum=momentum,
        nesterov=schedule.nesterov and momentum > 0,
    )
    losses = {
        "half_mse": lambda prediction, y: 0.5 * torch.nn.functional.mse_loss(prediction, y),
        "mse": torch.nn.functional.mse_loss,
        "sse": lambda prediction, y: ((prediction - y) ** 2).sum(),
    }
    for epoch in range(int(trials.epochs[k])):
        order = np.arange(problem.n_rows)
        if schedule.shuffle:
            order = epoch_order(problem.n_rows, schedule.seed, epoch)
        for batch in batch_slices(problem.n_rows, schedule.batch_size):
            rows = torch.from_numpy(order[batch])
            optimizer.zero_grad()
            losses[problem.loss](design[rows] @ theta, targets[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    state: Floats = theta.detach().numpy()
    return state


@pytest.mark.parametrize(  # each choice beside each of another
    ("loss", "momentum", "nesterov", "batch_size", "shuffle"),
    [
        ("half_mse", 0.0, False, None, False),
        ("half_mse", 0.8, False, 6, False),
        ("half_mse", "own", True, 6, True),
        ("mse", 0.0, True, 6, False),
        ("mse", 0.8, False, 6, True),
        ("mse", "own", False, None, False),
        ("sse", 0.0, False, 6, True),
        ("sse", 0.8, True, None, False),
        ("sse", "own", False, 6, False),
    ],
)
def test_a_trial_is_one_run_of_plain_torch(
    loss: str, momentum: float | str, nesterov: bool, batch_size: int | None, shuffle: bool
) -> None:
    """One parameter, one SGD at the trial's own rate and momentum gives the same state."""
    problem = _problem(20, 3, 2, loss=loss)
    trials = _trials(problem, 6, 30, own_momentum=momentum == "own")
    if isinstance(momentum, float):
        trials = replace(trials, momentum=momentum)
    schedule = _without_events(6, nesterov=nesterov, batch_size=batch_size, shuffle=shuffle, seed=2)
    results = train(problem, trials, schedule)
    for k in range(6):
        expected = _one_trial_of_plain_torch(problem, trials, k, schedule)
        np.testing.assert_allclose(results.theta[k], expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def _bits(results: Results, chosen: NDArray[np.intp] | slice) -> list[bytes]:
    arrays = (
        results.theta,
        results.epochs,
        results.converged_at,
        results.diverged_at,
        results.contraction,
    )
    return [array[chosen].tobytes() for array in arrays]


@pytest.mark.parametrize(("dtype", "own_momentum"), [("float32", True), ("float64", False)])
@pytest.mark.parametrize(
    ("rows", "features", "targets", "batch_size"),
    [
        (1, 0, 1, None),
        (17, 1, 2, None),
        (30, 1, 1, 7),
        (100, 4, 2, None),
        (2500, 10, 1, None),
        (40, 200, 1, 16),
        (30, 20, 50, None),
        (1700, 9, 1, 1600),
    ],
)
@pytest.mark.usefixtures("two_threads")
def test_bits_are_a_trials_own(
    dtype: str, own_momentum: bool, rows: int, features: int, targets: int, batch_size: int | None
) -> None:
    """Alone, in any order and beside trials that converge, diverge or end: the same to the last bit."""
    n_entries = (features + 1) * targets
    count = 300 if n_entries < 100 else 20  # more than one block, and no multiple of a register
    problem = _problem(rows, features, targets)
    trials = replace(
        _trials(problem, count, 8, own_momentum=own_momentum),
        epochs=np.random.default_rng(7).integers(0, 25 if rows < 1000 and n_entries < 100 else 6, count),
    )

    def train_chosen(chosen: NDArray[np.intp]) -> Results:
        schedule = Schedule(
            1e-3, np.full(len(chosen), 1e4), dtype=dtype, batch_size=batch_size, shuffle=True, nesterov=True
        )
        return train(problem, trials.take(chosen), schedule)

    together = train_chosen(np.arange(count))
    order = np.random.default_rng(8).permutation(count)
    assert _bits(train_chosen(order), slice(None)) == _bits(together, order)
    for k in {0, 1, 31, 64, 127, 128, 200, count - 1} & set(range(count)):
        assert _bits(train_chosen(np.array([k])), slice(None)) == _bits(together, slice(k, k + 1))


def test_gradients_may_be_switched_off_around_it() -> None:
    """A caller's no_grad is not the engine's."""
    problem = _problem(5, 1, 1)
    trials, schedule = _trials(problem, 3, 2), _without_events(3)
    with torch.no_grad():
        quiet = train(problem, trials, schedule)
    np.testing.assert_array_equal(quiet.theta, train(problem, trials, schedule).theta)


def test_what_goes_in_stays_as_it_was() -> None:
    """Starts of one trial lie in memory as the engine wants them, and still are not written to."""
    problem = _problem(6, 0, 1)
    trials = _trials(problem, 1, 5, own_momentum=True)
    before = trials.start.copy()
    assert train(problem, trials, _without_events(1)).theta != before
    np.testing.assert_array_equal(trials.start, before)


@pytest.mark.parametrize(
    ("rows", "features", "targets", "alone"), [(9000, 2, 2, True), (30, 20, 50, True), (1000, 4, 3, False)]
)
def test_trials_alone_or_side_by_side_make_the_same_step(
    rows: int, features: int, targets: int, alone: bool
) -> None:
    """Many rows, features or targets fill the processor with one trial; each moves along H theta - C."""
    problem = _problem(rows, features, targets)
    assert Descent(problem, _without_events(0)).alone == alone
    trials = _trials(problem, 2, 1)
    gradient = problem.hessian @ trials.start - problem.constant
    expected = trials.start - trials.learning_rate[:, None, None] * gradient
    np.testing.assert_allclose(
        train(problem, trials, _without_events(2)).theta, expected, rtol=1e-12, atol=1e-13
    )


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes how many residuals each call to mse_loss has, the largest tensor in bytes, and the threads."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.losses: list[int] = []
        self.largest = 0
        self.threads: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self.threads.add(torch.get_num_threads())
        if isinstance(result, torch.Tensor):
            self.largest = max(self.largest, result.untyped_storage().nbytes())
        if func is torch.ops.aten.mse_loss.default:
            self.losses.append(args[0].numel())
        return result


@pytest.mark.usefixtures("two_threads")
def test_threads_are_given_back() -> None:
    """The engine keeps to one thread while it works, and only then."""
    problem = _problem(5, 1, 1)
    with _Watch() as watch:
        train(problem, _trials(problem, 3, 2), _without_events(3))
    assert watch.threads == {1}
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("own_momentum", [False, True])
def test_ended_trials_cost_nothing(own_momentum: bool) -> None:
    """When all but one of 1,000 trials have ended, one register of columns is left to train."""
    problem = _problem(10, 1, 1)
    epochs = np.full(1000, 20)
    epochs[400] = 100
    trials = replace(_trials(problem, 1000, 0, own_momentum=own_momentum), epochs=epochs)
    with _Watch() as watch:
        train(problem, trials, _without_events(1000))
    assert watch.losses[0] == 10 * 1024
    assert watch.losses[40:] == [10 * 32] * (len(watch.losses) - 40)
    assert 100 <= len(watch.losses) < 120


@pytest.mark.parametrize(("rows", "features", "targets"), [(40_000, 0, 1), (9_000, 4, 3), (3, 1, 1)])
def test_memory_is_bounded(rows: int, features: int, targets: int) -> None:
    """No temporary grows with rows times trials: beyond the data and the states, 8 MB at most."""
    problem = _problem(rows, features, targets)
    count = 300 if rows > 100 else 30_000
    trials = _trials(problem, count, 1)
    with _Watch() as watch:
        train(problem, trials, _without_events(count))
    assert watch.largest <= 2**23


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_float32_is_float64_to_its_own_precision(momentum: float) -> None:
    """Single precision ends in the same outcome, within a few epochs, at the same state to 1e-4."""
    problem = _problem(20, 2, 1)
    trials = _trials(problem, 200, 500)
    trials = replace(trials, learning_rate=trials.learning_rate * (1 + momentum), momentum=momentum)
    schedule = Schedule(1e-6, np.full(200, 1e8))
    single, double = (train(problem, trials, replace(schedule, dtype=d)) for d in ("float32", "float64"))
    assert single.theta.dtype == single.contraction.dtype == np.float64
    assert ((single.diverged_at >= 0) == (double.diverged_at >= 0)).all()
    settled = double.converged_at >= 0
    assert 20 < settled.sum() < 200
    assert (np.abs(single.converged_at - double.converged_at)[settled] <= 2).all()
    np.testing.assert_allclose(single.theta[settled], double.theta[settled], rtol=1e-4, atol=1e-3)
    assert (single.theta != double.theta).any()
    np.testing.assert_allclose(single.contraction, double.contraction, rtol=1e-3, atol=1e-4)


def test_momentum_shared_or_of_its_own_is_the_same_momentum() -> None:
    """The optimizer's momentum and the one kept by hand differ by rounding at most."""
    problem = _problem(15, 2, 2)
    shared = replace(_trials(problem, 20, 60), momentum=0.6)
    own = replace(shared, momentum=np.full(20, 0.6))
    for nesterov in (False, True):
        schedule = Schedule(1e-6, np.full(20, 1e8), nesterov=nesterov)
        one, other = train(problem, shared, schedule), train(problem, own, schedule)
        np.testing.assert_allclose(one.theta, other.theta, rtol=1e-9)
        np.testing.assert_array_equal(one.epochs, other.epochs)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("own_momentum", [False, True])
def test_cuda_does_what_the_cpu_does(own_momentum: bool) -> None:
    """The same outcomes, at the same states to rounding; alone and together to the last bit."""
    problem = _problem(30, 2, 2)
    trials = _trials(problem, 300, 200, own_momentum=own_momentum)
    schedule = Schedule(1e-6, np.full(300, 1e8), device="cuda", batch_size=7, shuffle=True)
    there, here = train(problem, trials, schedule), train(problem, trials, replace(schedule, device="cpu"))
    np.testing.assert_allclose(there.theta, here.theta, rtol=1e-9)
    np.testing.assert_array_equal(there.epochs, here.epochs)
    alone = train(problem, trials.take(np.array([7])), replace(schedule, diverged_excess=np.full(1, 1e8)))
    assert _bits(alone, slice(None)) == _bits(there, slice(7, 8))
