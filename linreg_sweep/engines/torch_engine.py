"""Descent by autograd on the rows of the data, K trials side by side, or each by torch's own optimizer.

A torch optimizer has one number of each kind for a whole parameter, so trials side by side go by the rules of
`optimizers/`, which are torch.optim's. They lie along the last axis, padded to whole vector registers, and
sums run over the rows only, so that each trial's bits are its own. On wide data a single trial fills the
processor: there each is a block of its own, its predictions are a matrix product, and torch's own optimizer
moves it, as in any torch loop.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import starmap

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from linreg_sweep.array_types import Indices
from linreg_sweep.averages import update
from linreg_sweep.engines.batches import batch_slices, rows_of_epoch
from linreg_sweep.engines.chunks import Array, State, begin, rates_of, weights_of
from linreg_sweep.engines.interface import Results, TrainOptions, Trials
from linreg_sweep.engines.torch_optimizers import torch_optimizer
from linreg_sweep.engines.tracker import Tracker, excess_of, look_back
from linreg_sweep.theory.problem import Problem, loss_factor

CHUNK, CHUNK_ALONE = 16, 64
"""Epochs between two looks at the costs: of trials side by side, and of one alone."""

REGISTERS = 256
"""Bytes to a whole multiple of which a row of columns is padded, so that torch sums every one of them
alike: it takes four registers of columns at a time (256 bytes in AVX-512), and the rest otherwise."""

SIDE_BY_SIDE = {"cpu": 2**14, "cuda": 2**17}
"""Rows by targets by parameters of a step up to which trials go side by side; beyond, one is enough."""

MAX_ENTRIES = 128
"""Parameters by targets up to which they do, since each parameter costs calls of its own."""

NUMBERS = {"cpu": 2**19, "cuda": 2**24}
"""Rows by targets by parameters by trials worked on together, about what autograd holds at once: few
enough for a processor's cache, enough to hide the calls. Two megabytes and 64, in float32."""

MAX_COLUMNS = {"cpu": 2**14, "cuda": 2**15}
"""Trials in a block where the data have few rows."""


@dataclass(frozen=True)
class Rows:
    """A batch of the data.

    Attributes:
        design: the P columns of A, [c, 1, 1] each; one matrix [c, P] where trials go alone.
        targets: [c, O, 1]; [c, O] where trials go alone.
        per_square: the loss of one squared residual.
    """

    design: tuple[Tensor, ...] | Tensor
    targets: Tensor
    per_square: float


class Descent:
    """What all epochs on a problem share: its rows as tensors, and the size of a block of trials."""

    def __init__(self, problem: Problem, options: TrainOptions) -> None:
        """Moves the data to the device, in the descent's precision."""
        self.problem = problem
        self.options = options
        self.method = options.method
        self.rule = options.method.rule(torch)
        self.n_decayed = problem.shape[0] - (problem.fit_bias and not self.method.decays_bias)
        self.device = torch.device(options.device)
        self.dtype = np.dtype(options.dtype)
        self._slices = batch_slices(problem.n_rows, options.method.batch_size)
        cells = self._slices[0].stop * problem.optimum.size
        self.alone = cells > SIDE_BY_SIDE[options.device] or problem.optimum.size > MAX_ENTRIES
        self.columns = 1 if self.alone else REGISTERS // self.dtype.itemsize
        fitting = min(NUMBERS[options.device] // cells, MAX_COLUMNS[options.device])
        self.width = 1 if self.alone else self._whole(fitting - self.columns + 1)
        self._kept: dict[int, Alone] = {}
        self._reads = problem.is_on_disk and not self.method.sees_all(problem.n_rows)
        if not self._reads:
            self._design = self._tensor(problem.design.astype(self.dtype))
            self._targets = self._tensor(problem.targets.astype(self.dtype))
            parts = [(self._design[part], self._targets[part]) for part in self._slices]
            self._in_file_order = list(starmap(self._rows, parts))

    def _tensor(self, array: Array) -> Tensor:
        return torch.tensor(array, device=self.device)

    def blocks(self, count: int) -> list[slice]:
        """Returns so many columns in as few blocks as may be, all about as wide."""
        return batch_slices(count, self._whole(-(-count // -(-count // self.width))))

    def _whole(self, count: int) -> int:
        """Returns the least multiple of the columns that are padded to, at least one, not below count."""
        return max(1, -(-count // self.columns)) * self.columns

    def steps(self, epoch: int) -> Iterable[Rows]:
        """Returns the rows of each step of an epoch; the first epoch is 0."""
        method, n_rows = self.method, self.problem.n_rows
        if not self._reads and (method.sees_all(n_rows) or not method.is_drawn):
            return self._in_file_order
        order = rows_of_epoch(method.order, n_rows, method.batch_size, method.seed, epoch)
        return self._read(order) if self._reads else self._batches(torch.from_numpy(order).to(self.device))

    def _read(self, order: Indices) -> Iterator[Rows]:
        """Yields the rows of each step, read from their file when the step is made."""
        for batch in self._slices:
            design, targets = self.problem.rows(order[batch])
            yield self._rows(*(self._tensor(each.astype(self.dtype)) for each in (design, targets)))

    def _batches(self, order: Tensor) -> Iterator[Rows]:
        for batch in self._slices:
            rows = order[batch]
            yield self._rows(self._design[rows], self._targets[rows])

    def _rows(self, design: Tensor, targets: Tensor) -> Rows:
        per_square = float(loss_factor(self.problem.loss, *targets.shape) / 2)  # grad = k A^T (A theta - Y)
        if self.alone:
            return Rows(design, targets, per_square)
        return Rows(design.T.contiguous()[:, :, None, None].unbind(), targets[:, :, None], per_square)

    def cost(self, theta: Tensor, rows: Rows) -> Tensor:
        """Returns the loss of these rows, summed over the trials of theta [P, O, k].

        Each trial's loss depends on its own column alone, and so does its gradient.
        """
        prediction = self._prediction(theta, rows.design)
        targets = rows.targets.expand_as(prediction)
        return rows.per_square * functional.mse_loss(prediction, targets, reduction="sum")

    def _prediction(self, theta: Tensor, design: tuple[Tensor, ...] | Tensor) -> Tensor:
        if isinstance(design, Tensor):
            return design @ theta.squeeze(-1)
        columns, parameters = design, theta.unbind()
        if self.problem.fit_bias:
            prediction = parameters[-1]  # times a column of ones
            columns, parameters = columns[:-1], parameters[:-1]
        else:
            prediction = columns[0] * parameters[0]
            columns, parameters = columns[1:], parameters[1:]
        for column, parameter in zip(columns, parameters, strict=True):
            prediction = torch.addcmul(prediction, column, parameter)
        return prediction.expand(len(design[0]), -1, -1)

    def advance(self, trial: int, here: State, epoch: int, n_epochs: int) -> tuple[Array, Array | None]:
        """Trains some trials through a chunk of epochs, in place.

        Args:
            trial: the first of them; where trials go alone, what was kept of it goes on.
            here: the trials.
            epoch: how many epochs they have done.
            n_epochs: how many more they do.

        Returns:
            [P, O, m, k]: the state before each of the epochs, and the averages; as they are where there
            are no epochs.
        """
        block = self._block(trial, here)
        count, n_steps = here.rate.size, len(self._slices)
        rates = rates_of(here, self.options, epoch, n_epochs, self.dtype)
        weights = weights_of(here, self.options, epoch, n_epochs, n_steps, self.dtype)
        average = None if here.average is None else self.padded(here.average)
        states, averages = [], []
        for number in range(max(1, n_epochs)):
            states.append(block.theta.clone())
            averages += [] if average is None else [average.clone()]
            if number < len(rates):
                block.set_rate(rates[number])
            for place, rows in enumerate(self.steps(epoch + number) if n_epochs else ()):
                block.step(rows, is_first=epoch + number + place == 0)
                if average is not None and weights is not None:
                    average = update(average, block.theta, self.padded(weights[number * n_steps + place]))
        block.leave(here)
        reached = _numpy(torch.stack(states, dim=2))[..., :count]
        if here.average is None or average is None:
            return reached, None
        here.average[...] = _numpy(average)[..., :count]
        return reached, _numpy(torch.stack(averages, dim=2))[..., :count]

    def _block(self, trial: int, here: State) -> "SideBySide | Alone":
        if not self.alone:
            return SideBySide(self, here)
        if trial not in self._kept:
            self._kept[trial] = Alone(self, here)
        return self._kept[trial]

    def forget(self, trials: Indices) -> None:
        """Lets go of what was kept of trials that have ended."""
        for trial in trials.tolist():
            self._kept.pop(trial, None)

    def padded(self, numbers: Array, dtype: type[np.floating] | None = None) -> Tensor:
        """Returns [..., k] on the device, with columns of zeros after them; one number of all as it is.

        On cuda all blocks have one shape, since how a sum is split there depends on it.
        """
        count = numbers.shape[-1]
        if numbers.shape == (1,):
            return self._tensor(numbers)
        whole = self.width if self.device.type == "cuda" else self._whole(count)
        padded = np.zeros((*numbers.shape[:-1], whole), dtype or self.dtype)
        padded[..., :count] = numbers
        return self._tensor(padded)


class SideBySide:
    """Trials that are trained together, by their optimizer's rule.

    Attributes:
        theta: [P, O, w] on the device, w padded.
    """

    def __init__(self, descent: Descent, here: State) -> None:
        """Moves the trials to the device; slots [P, O, w], clocks and hyperparameters [w] in float64."""
        self._descent, self._count = descent, here.rate.size
        self._parameter = descent.padded(here.theta).requires_grad_()
        self.theta = self._parameter.detach()
        self._slots = tuple(map(descent.padded, here.slots))
        self._clock = tuple(descent.padded(numbers, np.float64) for numbers in here.clock)
        self._exact_h = tuple(descent.padded(numbers, np.float64) for numbers in here.h)
        self._h = tuple(numbers.to(self.theta.dtype) for numbers in self._exact_h)
        self._decay = None if here.decay is None else descent.padded(here.decay)

    def set_rate(self, rate: Array) -> None:
        """Sets the learning rates [k] or [1] of an epoch."""
        self._rate = self._descent.padded(rate)

    def step(self, rows: Rows, *, is_first: bool) -> None:
        """Makes one step on the rows of a batch; is_first: the first of all."""
        descent, theta, rate = self._descent, self.theta, self._rate
        self._parameter.grad = None
        descent.cost(self._parameter, rows).backward()  # type: ignore[no-untyped-call]
        gradient = self._parameter.grad
        assert gradient is not None
        with torch.no_grad():
            if self._decay is not None:
                decayed = slice(descent.n_decayed)
                if descent.method.is_decoupled:
                    theta[decayed] *= 1 - rate * self._decay
                else:
                    gradient[decayed] += theta[decayed] * self._decay
            self._clock = descent.rule.tick(self._clock, self._exact_h)
            now = tuple(numbers.to(theta.dtype) for numbers in self._clock)
            moved, self._slots = descent.rule.step(theta, self._slots, gradient, rate, self._h, now, is_first)
            if moved is not theta:
                theta.copy_(moved)

    def leave(self, here: State) -> None:
        """Writes to trials what has become of them."""
        moved = (self.theta, *self._slots, *self._clock)
        for before, after in zip((here.theta, *here.slots, *here.clock), moved, strict=True):
            before[...] = _numpy(after)[..., : self._count]


class Alone:
    """A single trial and torch's own optimizer of it, which keeps what it carries from step to step."""

    def __init__(self, descent: Descent, here: State) -> None:
        """Makes the optimizer; a bias without the penalty that weights have is a parameter of its own."""
        self._descent, method = descent, descent.method
        start = descent.padded(here.theta).squeeze(-1)
        is_whole = not method.is_penalised or descent.n_decayed == len(start)
        parts = [start] if is_whole else [start[:-1], start[-1:]]
        self._parts = [part.clone().requires_grad_() for part in parts]
        numbers = dict(zip(descent.rule.names, here.h, strict=True)) | {"learning_rate": here.rate}
        values = {name: float(number[0]) for name, number in numbers.items()}
        values["weight_decay"] = 0.0 if here.decay is None else float(here.decay[0])
        self._optimizer = torch_optimizer(method.optimizer, method.flags, values, *self._parts)

    @property
    def theta(self) -> Tensor:
        """The state [P, O, 1]."""
        return torch.cat(self._parts).detach()[..., None]

    def set_rate(self, rate: Array) -> None:
        """Sets the learning rate [1] of an epoch."""
        for group in self._optimizer.param_groups:
            group["lr"] = float(rate[0])

    def step(self, rows: Rows, *, is_first: bool) -> None:
        """Makes one step on the rows of a batch."""
        self._optimizer.zero_grad()
        self._descent.cost(torch.cat(self._parts)[..., None], rows).backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()

    def leave(self, here: State) -> None:
        """Writes to the trial what has become of it."""
        here.theta[...] = _numpy(self.theta)


def has_cuda() -> bool:
    """Returns whether torch finds a CUDA device."""
    return torch.cuda.is_available()


def train(problem: Problem, trials: Trials, options: TrainOptions) -> Results:
    """Descends K trials at once on the rows of the data, by autograd and torch.optim or its rules.

    Args:
        problem: A [n, P] and Y [n, O], and the loss that a step descends.
        trials: their starts, epochs and numbers.
        options: how they descend and when one has ended; precision, device, history.

    Returns:
        The results of all K trials. A trial that diverges is a result; nothing is raised for it.

    Raises:
        RuntimeError: the device is cuda and there is none; see has_cuda.

    Source: torch.optim, whose documentation defines the rules as used here.
    """
    with _one_thread(), torch.enable_grad(), np.errstate(all="ignore"):
        descent = Descent(problem, options)
        state = begin(trials, options, descent.dtype)
        if descent.alone:  # their optimizers carry it
            state = replace(state, slots=(), clock=())
        tracker = Tracker(trials, options)
        epoch = 0
        while len(tracker.live):
            tracker.snapshot(epoch, state.theta)
            n_epochs = tracker.steps_from(epoch, CHUNK_ALONE if descent.alone else CHUNK)
            ended = [
                _train_block(descent, tracker, state, epoch, n_epochs, columns)
                for columns in descent.blocks(len(tracker.live))
            ]
            epoch += n_epochs
            if any(map(len, ended)):
                descent.forget(tracker.live[np.concatenate(ended)])
                state = state.take(tracker.drop(np.concatenate(ended)))
        return tracker.results()


def _train_block(
    descent: Descent, tracker: Tracker, state: State, epoch: int, n_epochs: int, columns: slice
) -> Indices:
    """Trains some live trials through a chunk of epochs and records their events.

    Returns:
        The columns of the live trials that ended.
    """
    here = state.block(columns)
    reached, averages = descent.advance(int(tracker.live[columns.start]), here, epoch, n_epochs)
    events = look_back(
        excess_of(here.quadratic, reached),
        tracker.low[columns],
        tracker.high[columns],
        tracker.last[columns] - epoch,
        early_stop=descent.options.early_stop,
    )
    every = np.arange(columns.start, columns.start + reached.shape[-1])
    ended = tracker.record(epoch, events, every, reached, averages)
    if descent.options.held_out is not None:
        states = np.ascontiguousarray(reached, np.float64)
        tracker.compare(epoch, columns, descent.options.held_out.cost_of_columns(states))
    return ended


def _numpy(tensor: Tensor) -> Array:
    array: Array = tensor.detach().cpu().numpy()
    return array


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keeps torch to one thread: processes share out the trials, and no sum is split between threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
