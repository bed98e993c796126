"""A literal oracle: one trial of descent, row by row and entry by entry, in plain Python numbers.

It is written from the definitions alone, shares no code with the package, and knows no shortcut:
costs are means over the rows, optima come from numpy.linalg.lstsq or, in a box, from one entry after
the other, and an average is that of a list of states. Slow, and meant to be: it is what every engine is
compared with.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Matrix = list[list[float]]
NEVER = -1

BOX_PASSES = 400
"""Times that each entry of theta is put to its best within its box, the others as they are."""


class Sgd:
    """One entry of theta under torch.optim.SGD; the others below likewise, with torch's defaults."""

    def __init__(self, momentum: float = 0.0, dampening: float = 0.0, *, nesterov: bool = False) -> None:
        self.momentum, self.kept, self.nesterov = momentum, 1 - dampening, nesterov
        self.velocity: float | None = None

    def step(self, theta: float, gradient: float, rate: float) -> float:
        """Returns the entry after a step; the first gradient is the velocity, dampened or not."""
        first = self.velocity is None
        before = self.velocity or 0.0
        self.velocity = gradient if first else self.momentum * before + self.kept * gradient
        along = gradient + self.momentum * self.velocity if self.nesterov else self.velocity
        return theta - rate * along


class Adam:
    """Adam, and AdamW whose penalty is taken off before."""

    def __init__(
        self, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, *, amsgrad: bool = False
    ) -> None:
        self.beta1, self.beta2, self.eps, self.amsgrad = beta1, beta2, eps, amsgrad
        self.t, self.mean, self.square, self.largest = 0, 0.0, 0.0, 0.0

    def step(self, theta: float, gradient: float, rate: float) -> float:
        """Returns the entry after a step."""
        self.t += 1
        self.mean += (1 - self.beta1) * (gradient - self.mean)
        self.square = self.beta2 * self.square + (1 - self.beta2) * gradient**2
        self.largest = max(self.largest, self.square)
        square = self.largest if self.amsgrad else self.square
        root = math.sqrt(square) / math.sqrt(1 - self.beta2**self.t) + self.eps
        return theta - rate / (1 - self.beta1**self.t) * self.mean / root


class Nadam:
    """NAdam, with torch's momentum_decay of 0.004."""

    def __init__(
        self,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        *,
        decoupled_weight_decay: bool = False,
    ) -> None:
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.t, self.mean, self.square, self.product = 0, 0.0, 0.0, 1.0

    def _momentum(self, t: int) -> float:
        return self.beta1 * (1 - 0.5 * math.pow(0.96, 0.004 * t))

    def step(self, theta: float, gradient: float, rate: float) -> float:
        """Returns the entry after a step."""
        self.t += 1
        now, ahead = self._momentum(self.t), self._momentum(self.t + 1)
        self.product *= now
        self.mean += (1 - self.beta1) * (gradient - self.mean)
        self.square = self.beta2 * self.square + (1 - self.beta2) * gradient**2
        root = math.sqrt(self.square / (1 - self.beta2**self.t)) + self.eps
        theta -= rate * (1 - now) / (1 - self.product) * gradient / root
        return theta - rate * ahead / (1 - self.product * ahead) * self.mean / root


class Rmsprop:
    """RMSprop, with momentum and centred."""

    def __init__(
        self, alpha: float = 0.99, momentum: float = 0.0, eps: float = 1e-8, *, centered: bool = False
    ) -> None:
        self.alpha, self.momentum, self.eps, self.centered = alpha, momentum, eps, centered
        self.mean, self.square, self.velocity = 0.0, 0.0, 0.0

    def step(self, theta: float, gradient: float, rate: float) -> float:
        """Returns the entry after a step."""
        self.square = self.alpha * self.square + (1 - self.alpha) * gradient**2
        self.mean = self.alpha * self.mean + (1 - self.alpha) * gradient
        variance = self.square - self.mean**2 if self.centered else self.square
        self.velocity = self.momentum * self.velocity + gradient / (math.sqrt(variance) + self.eps)
        return theta - rate * self.velocity


class Adagrad:
    """Adagrad."""

    def __init__(self, lr_decay: float = 0.0, eps: float = 1e-10) -> None:
        self.lr_decay, self.eps = lr_decay, eps
        self.t, self.total = 0, 0.0

    def step(self, theta: float, gradient: float, rate: float) -> float:
        """Returns the entry after a step."""
        self.t += 1
        self.total += gradient**2
        rate /= 1 + (self.t - 1) * self.lr_decay
        return theta - rate * gradient / (math.sqrt(self.total) + self.eps)


class Adadelta:
    """Adadelta, whose eps stands within the roots."""

    def __init__(self, rho: float = 0.9, eps: float = 1e-6) -> None:
        self.rho, self.eps = rho, eps
        self.square, self.moves = 0.0, 0.0

    def step(self, theta: float, gradient: float, rate: float) -> float:
        """Returns the entry after a step."""
        self.square = self.rho * self.square + (1 - self.rho) * gradient**2
        move = math.sqrt(self.moves + self.eps) / math.sqrt(self.square + self.eps) * gradient
        self.moves = self.rho * self.moves + (1 - self.rho) * move**2
        return theta - rate * move


RULES: dict[str, Callable[..., Any]] = {
    "sgd": Sgd,
    "adam": Adam,
    "adamw": Adam,
    "nadam": Nadam,
    "rmsprop": Rmsprop,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
}

Factor = Callable[[int], float]
"""(epochs done) -> the factor on the learning rate."""


def constant(t: int) -> float:
    """Leaves the learning rate as it is."""
    return 1.0


def exponential(gamma: float) -> Factor:
    """Returns gamma^t."""
    return lambda t: gamma**t


def cosine(epochs: float, final: float) -> Factor:
    """Returns half a cosine from 1 to what is left, over so many epochs."""
    return lambda t: final + (1 - final) * (1 + math.cos(math.pi * min(t, epochs) / epochs)) / 2


def warmed_up(epochs: float, start: float, then: Factor) -> Factor:
    """Returns a factor that grows to 1 in so many epochs; then the other's clock begins."""
    return lambda t: start + (1 - start) * t / epochs if t < epochs else then(t - round(epochs))


@dataclass
class Trial:
    """What became of a trial.

    Attributes:
        theta: [P, O], the state in which it ended, the weights and then the bias row.
        epochs: the updates done when it ended, each a pass over all rows.
        converged_at: the first epoch at which it had converged, or NEVER.
        diverged_at: the epoch at which it diverged, or NEVER.
        contraction: <d_2, d_1> / <d_1, d_1> with d_t = theta_t - theta_(t-1); NaN where unknown.
        history: the state at each epoch asked for that it came to.
        average: of the states that count [P, O]; NaN where there is none.
    """

    theta: NDArray[np.float64]
    epochs: int = 0
    converged_at: int = NEVER
    diverged_at: int = NEVER
    contraction: float = math.nan
    history: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    average: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))


def train(
    x: ArrayLike,
    y: ArrayLike,
    start: ArrayLike,
    *,
    learning_rate: float,
    epochs: int,
    loss: str = "half_mse",
    fit_bias: bool = True,
    rule: Callable[[], Any] = Sgd,
    factor: Factor = constant,
    weight_decay: float = 0.0,
    decay_bias: bool = False,
    is_decoupled: bool = False,
    mean_from: int = 0,
    ema_decay: float | None = None,
    batch_size: int | None = None,
    permutation: Callable[[int, int], Sequence[int]] | None = None,
    tolerance: float = 1e-6,
    divergence: float = 1e6,
    early_stop: bool = True,
    history: Sequence[int] = (),
) -> Trial:
    """Trains one trial from its start until it ends.

    Args:
        x: [n, F], without the column of ones.
        y: [n, O].
        start: [P, O], the weights of each feature and then, where there is a bias, the bias row.
        learning_rate: times the gradient (or the velocity), it is the step.
        epochs: at most so many passes over the rows.
        loss: half_mse, mse or sse, over the rows of a step.
        fit_bias: whether theta's last row is a bias.
        rule: makes what moves an entry of theta; each has its own.
        factor: on the learning rate, of each epoch.
        weight_decay: this times theta is added to the gradient.
        decay_bias: to that of the bias, too.
        is_decoupled: instead, each step first takes the rate times it off theta.
        mean_from: epochs done before the first state that counts in the mean.
        ema_decay: the average is exponential, and begins as the first state; None: it is the mean.
        batch_size: rows a step, the last step of an epoch taking what is left; None: all.
        permutation: (n, epoch counted from 0) -> the order of the rows in that epoch; None: as they
            come.
        tolerance: converged where J - least J <= tolerance * scale; J is the cost, and with a penalty
            1 / (k n O) weight_decay |theta|^2 more, where the loss is k / 2 times the sum of squares. With a
            decoupled penalty theta* has the least cost with abs(theta) <= 1 / weight_decay, and J is the
            cost there and the mean square of A (theta - theta*).
        divergence: diverged where J > divergence * max(J at the start, scale).
        early_stop: end at the first event; else at divergence or after all epochs.
        history: epochs whose states are kept.
    """
    design: Matrix = [[float(value) for value in row] for row in np.asarray(x)]
    if fit_bias:
        design = [[*row, 1.0] for row in design]
    targets: Matrix = [[float(value) for value in row] for row in np.asarray(y)]
    theta: Matrix = [[float(value) for value in row] for row in np.asarray(start)]
    n, n_parameters, n_targets = len(design), len(theta), len(targets[0])

    decay = [weight_decay] * n_parameters
    if fit_bias and not decay_bias:
        decay[-1] = 0.0
    objective = _objective(design, targets, loss, decay, is_decoupled=is_decoupled)
    least, scale = objective.least, _scale(targets, fit_bias)
    too_much = divergence * max(objective.of(theta), scale)

    rules = [[rule() for _ in range(n_targets)] for _ in range(n_parameters)]
    states: list[Matrix] = []
    after_steps: list[Matrix] = []
    result = Trial(np.array(theta))
    for t in range(epochs + 1):
        if t > 0:
            order: Sequence[int] = range(n)
            size = _rows_a_step(batch_size, n)
            if permutation is not None:
                order = permutation(n, t - 1)
            for first in range(0, n, size):
                rows = order[first : first + size]
                gradient = _gradient([design[i] for i in rows], [targets[i] for i in rows], theta, loss)
                rate = learning_rate * factor(t - 1)
                theta = [list(row) for row in theta]
                for p in range(n_parameters):
                    for o in range(n_targets):
                        if is_decoupled:
                            theta[p][o] *= 1 - rate * decay[p]
                        else:
                            gradient[p][o] += decay[p] * theta[p][o]
                        theta[p][o] = rules[p][o].step(theta[p][o], gradient[p][o], rate)
                after_steps.append(theta)
        if len(states) < 3:
            states.append(theta)
        if t in history:
            result.history[t] = np.array(theta)
        cost = objective.of(theta)
        if cost - least <= tolerance * scale and result.converged_at == NEVER:
            result.converged_at = t
        if cost > too_much or not math.isfinite(cost):
            result.diverged_at = t
        result.theta, result.epochs = np.array(theta), t
        if result.diverged_at != NEVER or (early_stop and result.converged_at != NEVER):
            break
    if len(states) == 3:
        result.contraction = _contraction(*states)
    result.average = _average(after_steps, mean_from * -(-n // _rows_a_step(batch_size, n)), ema_decay, theta)
    return result


def _predict(row: list[float], theta: Matrix, o: int) -> float:
    total = 0.0
    for p, value in enumerate(row):
        total += value * theta[p][o]
    return total


def _rows_a_step(batch_size: int | None, n: int) -> int:
    return n if batch_size is None else min(batch_size, n)


@dataclass(frozen=True)
class _Objective:
    of: Callable[[Matrix], float]
    least: float


def _objective(
    design: Matrix, targets: Matrix, loss: str, decay: list[float], *, is_decoupled: bool
) -> _Objective:
    """Returns J, whose excess over its least value decides what has converged."""
    a, y, n_parameters = np.array(design), np.array(targets), len(decay)
    if is_decoupled:
        best = np.zeros((n_parameters, y.shape[1]))
        for p in [*range(n_parameters)] * BOX_PASSES:
            alone = a[:, p] @ (y - a @ best + np.outer(a[:, p], best[p])) / (a[:, p] @ a[:, p])
            best[p] = np.clip(alone, -1 / decay[p], 1 / decay[p]) if decay[p] else alone
        at_best, nothing = _cost(design, targets, best.tolist()), np.zeros_like(y).tolist()

        def about(theta: Matrix) -> float:
            return at_best + _cost(design, nothing, (np.array(theta) - best).tolist())

        return _Objective(about, at_best)
    k = {"half_mse": 1 / y.size, "mse": 2 / y.size, "sse": 2.0}[loss]

    def penalised(theta: Matrix) -> float:
        squares = sum(decay[p] * value * value for p, row in enumerate(theta) for value in row)
        return _cost(design, targets, theta) + squares / (k * y.size)

    ridge = np.vstack([a, np.diag(np.sqrt(np.array(decay) / k))])
    zeros = np.zeros((n_parameters, y.shape[1]))
    best = np.linalg.lstsq(ridge, np.vstack([y, zeros]), rcond=None)[0]
    return _Objective(penalised, penalised(best.tolist()))


def _average(states: list[Matrix], first: int, ema_decay: float | None, like: Matrix) -> NDArray[np.float64]:
    """Returns the mean of the states from the first that counts on, or the exponential average of all."""
    if not states[first:]:
        return np.full_like(np.array(like), math.nan)
    if ema_decay is None:
        return np.asarray(np.mean(np.array(states[first:]), axis=0))
    average = np.array(states[0])
    for state in states[1:]:
        average = ema_decay * average + (1 - ema_decay) * np.array(state)
    return average


def _cost(design: Matrix, targets: Matrix, theta: Matrix) -> float:
    total = 0.0
    for row, target in zip(design, targets, strict=True):
        for o, value in enumerate(target):
            residual = value - _predict(row, theta, o)
            total += residual * residual
    return total / (len(targets) * len(targets[0]))


def _gradient(design: Matrix, targets: Matrix, theta: Matrix, loss: str) -> Matrix:
    entries = len(targets) * len(targets[0])
    factor = {"half_mse": 1 / entries, "mse": 2 / entries, "sse": 2.0}[loss]
    gradient = [[0.0 for _ in row] for row in theta]
    for row, target in zip(design, targets, strict=True):
        for o, value in enumerate(target):
            residual = _predict(row, theta, o) - value
            for p, at in enumerate(row):
                gradient[p][o] += factor * residual * at
    return gradient


def _scale(targets: Matrix, fit_bias: bool) -> float:
    """Returns the cost of the best constant prediction, or what stands in for it where that is 0."""
    n, n_targets = len(targets), len(targets[0])
    around_mean = around_zero = 0.0
    for o in range(n_targets):
        mean = sum(target[o] for target in targets) / n
        around_mean += sum((target[o] - mean) * (target[o] - mean) for target in targets)
        around_zero += sum(target[o] * target[o] for target in targets)
    best = around_mean if fit_bias else around_zero
    return best / (n * n_targets) or around_zero / (n * n_targets) or 1.0


def _contraction(before: Matrix, between: Matrix, after: Matrix) -> float:
    along = square = 0.0
    for p, row in enumerate(between):
        for o, value in enumerate(row):
            first, second = value - before[p][o], after[p][o] - value
            along += second * first
            square += first * first
    return along / square if square else math.nan
