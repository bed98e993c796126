"""What torch does in an epoch, moment by moment, for one trial: the tutorial's last section.

An epoch is `zero_grad`, `backward` and `step`. A gradient is added to what is already there, so it
has to be set to zero first; to make that visible it is set to zero here rather than to None.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from linreg_sweep.engines.interface import Floats
from linreg_sweep.theory.problem import Problem, loss_factor

MOMENTS = ("before zero_grad", "after zero_grad", "after backward", "after step")


@dataclass(frozen=True)
class Step:
    """The gradient and the state at one moment of an epoch.

    Attributes:
        epoch: counted from 1.
        moment: one of MOMENTS.
        gradient: [P, O], in units of loss per unit of theta; None before the first backward.
        theta: [P, O], the weights and then the bias row.
    """

    epoch: int
    moment: str
    gradient: Floats | None
    theta: Floats


def steps(
    problem: Problem,
    learning_rate: float,
    start: Floats,
    epochs: int,
    *,
    momentum: float = 0.0,
    nesterov: bool = False,
    dtype: str = "float32",
) -> Iterator[Step]:
    """Yields the four moments of each epoch of one trial, all rows in one step.

    Args:
        problem: A [n, P] and Y [n, O], and the loss that a step descends.
        learning_rate: of torch.optim.SGD.
        start: theta_0 [P, O].
        epochs: how many to train.
        momentum: see torch.optim.SGD.
        nesterov: momentum looks ahead; without momentum it changes nothing.
        dtype: float32 or float64, of the descent; a Step is always float64.

    Source: torch.optim.SGD.
    """
    precision = np.dtype(dtype)
    with np.errstate(over="ignore"):
        theta = torch.tensor(start.astype(precision), requires_grad=True)
        design = torch.tensor(problem.design.astype(precision))
        targets = torch.tensor(problem.targets.astype(precision))
    optimizer = torch.optim.SGD(
        [theta], lr=learning_rate, momentum=momentum, nesterov=nesterov and momentum > 0
    )
    for epoch in range(1, epochs + 1):
        yield _step(epoch, MOMENTS[0], theta)
        optimizer.zero_grad(set_to_none=False)
        yield _step(epoch, MOMENTS[1], theta)
        _cost(theta, design, targets, problem.loss).backward()  # type: ignore[no-untyped-call]
        yield _step(epoch, MOMENTS[2], theta)
        optimizer.step()
        yield _step(epoch, MOMENTS[3], theta)


def _cost(theta: Tensor, design: Tensor, targets: Tensor, loss: str) -> Tensor:
    """Returns the loss of theta [P, O] on the rows of the data."""
    squares = ((design[:, :, None] * theta).sum(dim=1) - targets) ** 2
    # grad = k A^T (A theta - Y), so the loss is k / 2 times the sum of squares
    return squares.sum() * float(loss_factor(loss, *targets.shape) / 2)


def _step(epoch: int, moment: str, theta: Tensor) -> Step:
    gradient = None if theta.grad is None else theta.grad.numpy().astype(np.float64)
    return Step(epoch, moment, gradient, theta.detach().numpy().astype(np.float64))
