"""The torch engine: the steps of an optimizer of torch.optim a trial, and bits that are each trial's own.

That it does what the definitions say is in test_engines_against_literal.py.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import ArrayLike, NDArray
from torch.utils._python_dispatch import TorchDispatchMode

from linreg_sweep.engines import torch_engine
from linreg_sweep.engines.batches import batch_slices, rows_of_epoch
from linreg_sweep.engines.interface import Results, TrainOptions, Trials
from linreg_sweep.engines.torch_engine import Descent, train
from linreg_sweep.method import Method, Order
from linreg_sweep.theory.problem import Problem, make_problem
from tests.cases import AVERAGE, CASES, SCHEDULE
from tests.descents import make_method, make_trials

Floats = NDArray[np.float64]


def _problem(
    rows: int, features: int, targets: int, *, loss: str = "half_mse", fit_bias: bool = True
) -> Problem:
    generator = np.random.default_rng(5)
    x = generator.normal(0.2, 1, (rows, features))
    y = x @ generator.normal(0, 2, (features, targets)) + generator.normal(1, 0.3, (rows, targets))
    return make_problem(x, y, loss=loss, fit_bias=fit_bias)


def _trials(
    problem: Problem, count: int, epochs: ArrayLike, momentum: float | str = 0.0, share: float = 1.0
) -> Trials:
    """Returns trials at 2 % to 150 % of the stability limit, or of a share of it."""
    generator = np.random.default_rng(6)
    return make_trials(
        problem,
        generator.uniform(0.02, 1.5, count) * share * 2 / problem.eigenvalues[-1],
        generator.normal(0, 3, (count, *problem.shape)),
        epochs,
        momentum=generator.uniform(0, 0.9, count) if momentum == "own" else float(momentum),
    )


def _without_events(count: int, method: Method = Method(), **changes: Any) -> TrainOptions:  # noqa: B008
    return TrainOptions(-1.0, np.full(count, np.inf), method, **changes)


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Gives torch two threads for the length of a test."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _one_trial_of_plain_torch(problem: Problem, trials: Trials, k: int, method: Method) -> Floats:
    """Returns the last state [P, O] of a trial that is trained as anyone would write it."""
    theta = torch.tensor(trials.start[k], requires_grad=True)
    design, targets = torch.tensor(problem.design), torch.tensor(problem.targets)
    momentum = float(trials.values["momentum"][k])
    optimizer = torch.optim.SGD(
        [theta],
        lr=float(trials.learning_rate[k]),
        momentum=momentum,
        nesterov="nesterov" in method.flags and momentum > 0,
    )
    losses = {
        "half_mse": lambda prediction, y: 0.5 * torch.nn.functional.mse_loss(prediction, y),
        "mse": torch.nn.functional.mse_loss,
        "sse": lambda prediction, y: ((prediction - y) ** 2).sum(),
    }
    for epoch in range(int(trials.epochs[k])):
        order = rows_of_epoch(method.order, problem.n_rows, method.batch_size, method.seed, epoch)
        for batch in batch_slices(problem.n_rows, method.batch_size):
            rows = torch.from_numpy(order[batch])
            optimizer.zero_grad()
            losses[problem.loss](design[rows] @ theta, targets[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    state: Floats = theta.detach().numpy()
    return state


@pytest.mark.parametrize(  # each choice beside each of another
    ("loss", "momentum", "nesterov", "batch_size", "order"),
    [
        ("half_mse", 0.0, False, None, "file"),
        ("half_mse", 0.8, False, 6, "file"),
        ("half_mse", "own", True, 6, "reshuffle"),
        ("mse", 0.0, True, 6, "file"),
        ("mse", 0.8, False, 6, "independent"),
        ("mse", "own", False, None, "file"),
        ("sse", 0.0, False, 6, "independent"),
        ("sse", 0.8, True, None, "file"),
        ("sse", "own", False, 6, "file"),
    ],
)
def test_a_trial_is_one_run_of_plain_torch(
    loss: str, momentum: float | str, nesterov: bool, batch_size: int | None, order: Order
) -> None:
    """One parameter, one SGD at the trial's own rate and momentum gives the same state."""
    problem = _problem(20, 3, 2, loss=loss)
    trials = _trials(problem, 6, 30, momentum)
    flags = ("nesterov",) if nesterov else ()
    method = make_method(trials, flags=flags, batch_size=batch_size, order=order, seed=2)
    results = train(problem, trials, _without_events(6, method))
    for k in range(6):
        expected = _one_trial_of_plain_torch(problem, trials, k, method)
        np.testing.assert_allclose(results.theta[k], expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def _bits(results: Results, chosen: NDArray[np.intp] | slice) -> list[bytes]:
    arrays = (
        results.theta,
        results.epochs,
        results.converged_at,
        results.diverged_at,
        results.contraction,
        *([] if results.average is None else [results.average]),
    )
    return [array[chosen].tobytes() for array in arrays]


@pytest.mark.parametrize(
    ("dtype", "optimizer"), [("float32", "nesterov"), ("float64", "plain"), ("float32", "adamw")]
)
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
    dtype: str, optimizer: str, rows: int, features: int, targets: int, batch_size: int | None
) -> None:
    """Alone, in any order and beside trials that converge, diverge or end: the same to the last bit."""
    n_entries = (features + 1) * targets
    count = 300 if n_entries < 100 else 20  # more than one block, and no multiple of a register
    problem = _problem(rows, features, targets)
    epochs = np.random.default_rng(7).integers(0, 25 if rows < 1000 and n_entries < 100 else 6, count)
    trials = _trials(problem, count, epochs, "own" if optimizer == "nesterov" else 0.0)
    flags: tuple[str, ...] = ("nesterov",)
    averaging, schedule = None, None
    if optimizer == "adamw":
        flags, averaging = (), AVERAGE.validate_python({"kind": "ema", "decay": 0.9})
        schedule = SCHEDULE.validate_python("cosine")
        numbers = {"weight_decay": np.geomspace(1e-3, 2, count), "beta1": np.linspace(0.1, 0.9, count)}
        trials = make_trials(problem, trials.learning_rate, trials.start, epochs, "adamw", **numbers)
    method = make_method(
        trials,
        "adamw" if optimizer == "adamw" else "sgd",
        flags,
        batch_size=batch_size,
        order="reshuffle",
        schedule=schedule,
        average=averaging,
    )

    def train_chosen(chosen: NDArray[np.intp]) -> Results:
        options = TrainOptions(1e-3, np.full(len(chosen), 1e4), method, dtype=dtype)
        return train(problem, trials.take(chosen), options)

    together = train_chosen(np.arange(count))
    order = np.random.default_rng(8).permutation(count)
    assert _bits(train_chosen(order), slice(None)) == _bits(together, order)
    for k in {0, 1, 31, 64, 127, 128, 200, count - 1} & set(range(count)):
        assert _bits(train_chosen(np.array([k])), slice(None)) == _bits(together, slice(k, k + 1))


def test_gradients_may_be_switched_off_around_it() -> None:
    """A caller's no_grad is not the engine's."""
    problem = _problem(5, 1, 1)
    trials, options = _trials(problem, 3, 2), _without_events(3)
    with torch.no_grad():
        quiet = train(problem, trials, options)
    np.testing.assert_array_equal(quiet.theta, train(problem, trials, options).theta)


def test_what_goes_in_stays_as_it_was() -> None:
    """Starts of one trial lie in memory as the engine wants them, and still are not written to."""
    problem = _problem(6, 0, 1)
    trials = _trials(problem, 1, 5, "own")
    before = trials.start.copy()
    assert train(problem, trials, _without_events(1, make_method(trials))).theta != before
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
    trials = _trials(problem, 1000, epochs, "own" if own_momentum else 0.0)
    with _Watch() as watch:
        train(problem, trials, _without_events(1000, make_method(trials)))
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
    trials = _trials(problem, 200, 500, momentum, share=1 + momentum)
    options = TrainOptions(1e-6, np.full(200, 1e8), make_method(trials))
    single, double = (train(problem, trials, replace(options, dtype=d)) for d in ("float32", "float64"))
    assert single.theta.dtype == single.contraction.dtype == np.float64
    assert ((single.diverged_at >= 0) == (double.diverged_at >= 0)).all()
    settled = double.converged_at >= 0
    assert 20 < settled.sum() < 200
    assert (np.abs(single.converged_at - double.converged_at)[settled] <= 2).all()
    np.testing.assert_allclose(single.theta[settled], double.theta[settled], rtol=1e-4, atol=1e-3)
    assert (single.theta != double.theta).any()
    np.testing.assert_allclose(single.contraction, double.contraction, rtol=1e-3, atol=1e-4)


ALONE = [name for name in CASES if name.startswith(("ada", "ams", "nad", "rms", "sgd", "nesterov, cos"))]


def test_momentum_shared_or_of_its_own_is_the_same_momentum() -> None:
    """A number that all trials share is kept once; beside a trial with another one the bits are the same."""
    problem = _problem(15, 2, 2)
    shared = _trials(problem, 20, 60, 0.6)
    own = replace(shared, values={**shared.values, "momentum": np.append(np.full(19, 0.6), 0.5)})
    for flags in ((), ("nesterov",)):
        options = TrainOptions(1e-6, np.full(20, 1e8), make_method(shared, flags=flags))
        one, other = train(problem, shared, options), train(problem, own, options)
        assert _bits(one, slice(0, 19)) == _bits(other, slice(0, 19))
        assert _bits(one, slice(19, 20)) != _bits(other, slice(19, 20))


@pytest.mark.parametrize("name", ALONE)
def test_torchs_own_optimizers_and_the_rules_agree(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A trial alone is moved by torch.optim, others by the rules: to 1e-9, with the same events."""
    case = replace(CASES[name], early_stop=True)
    beside = case.train("torch")
    monkeypatch.setitem(torch_engine.SIDE_BY_SIDE, "cpu", 0)
    alone = case.train("torch")
    for event in ("epochs", "converged_at", "diverged_at"):
        np.testing.assert_array_equal(getattr(alone, event), getattr(beside, event))
    for found, expected in ((alone.theta, beside.theta), (alone.average, beside.average)):
        if found is not None and expected is not None:
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.nanmax(np.abs(expected)))
    np.testing.assert_array_equal(alone.history.epoch, beside.history.epoch)


def test_what_torch_carries_goes_on_from_chunk_to_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial alone has the same bits however often it is looked at."""
    case = replace(
        CASES["amsgrad, exponential of its own, ema of its own"], early_stop=False, batch_size=None
    )
    monkeypatch.setitem(torch_engine.SIDE_BY_SIDE, "cpu", 0)
    seldom = case.train("torch")
    monkeypatch.setattr(torch_engine, "CHUNK_ALONE", 3)
    assert _bits(case.train("torch"), slice(None)) == _bits(seldom, slice(None))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("own_momentum", [False, True])
def test_cuda_does_what_the_cpu_does(own_momentum: bool) -> None:
    """The same outcomes, at the same states to rounding; alone and together to the last bit."""
    problem = _problem(30, 2, 2)
    trials = _trials(problem, 300, 200, "own" if own_momentum else 0.0)
    method = make_method(trials, batch_size=7, order="reshuffle")
    options = TrainOptions(1e-6, np.full(300, 1e8), method, device="cuda")
    there, here = train(problem, trials, options), train(problem, trials, replace(options, device="cpu"))
    np.testing.assert_allclose(there.theta, here.theta, rtol=1e-9)
    np.testing.assert_array_equal(there.epochs, here.epochs)
    alone = train(problem, trials.take(np.array([7])), replace(options, diverged_excess=np.full(1, 1e8)))
    assert _bits(alone, slice(None)) == _bits(there, slice(7, 8))
