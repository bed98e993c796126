"""What torch does in an epoch, moment by moment, for one trial: the tutorial's last section.

An epoch is `zero_grad`, `backward` and `step`. A gradient is added to what is already there, so it
has to be set to zero first; to make that visible it is set to zero here rather than to None.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from linreg_sweep.array_types import Floats
from linreg_sweep.engines.torch_optimizers import torch_optimizer
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
    values: Mapping[str, float],
    start: Floats,
    epochs: int,
    *,
    optimizer: str = "sgd",
    flags: frozenset[str] = frozenset(),
    dtype: str = "float32",
) -> Iterator[Step]:
    """Yields the four moments of each epoch of one trial, all rows in one step.

    Args:
        problem: A [n, P] and Y [n, O], and the loss that a step descends.
        values: learning_rate, and the optimizer's number keys; see torch_optimizer.
        start: theta_0 [P, O].
        epochs: how many to train.
        optimizer: the name of one of torch.optim.
        flags: its boolean keys that are true.
        dtype: float32 or float64, of the descent; a Step is always float64.

    Raises:
        ValueError: torch refuses the values.
    """
    precision = np.dtype(dtype)
    parts = [start[:-1], start[-1:]] if problem.fit_bias else [start]
    with np.errstate(over="ignore"):
        parameters = [torch.tensor(part.astype(precision), requires_grad=True) for part in parts]
        design = torch.tensor(problem.design.astype(precision))
        targets = torch.tensor(problem.targets.astype(precision))
    chosen = torch_optimizer(optimizer, flags, values, *parameters)
    for epoch in range(1, epochs + 1):
        yield _step(epoch, MOMENTS[0], parameters)
        chosen.zero_grad(set_to_none=False)
        yield _step(epoch, MOMENTS[1], parameters)
        _cost(torch.cat(parameters), design, targets, problem.loss).backward()  # type: ignore[no-untyped-call]
        yield _step(epoch, MOMENTS[2], parameters)
        chosen.step()
        yield _step(epoch, MOMENTS[3], parameters)


def _cost(theta: Tensor, design: Tensor, targets: Tensor, loss: str) -> Tensor:
    """Returns the loss of theta [P, O] on the rows of the data."""
    squares = ((design[:, :, None] * theta).sum(dim=1) - targets) ** 2
    # grad = k A^T (A theta - Y), so the loss is k / 2 times the sum of squares
    return squares.sum() * float(loss_factor(loss, *targets.shape) / 2)


def _step(epoch: int, moment: str, parameters: Sequence[Tensor]) -> Step:
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    return Step(epoch, moment, _joined(gradients) if gradients else None, _joined(parameters))


def _joined(parts: Sequence[Tensor]) -> Floats:
    """Returns a copy of the weights and then the bias row."""
    joined: Floats = torch.cat(list(parts)).detach().numpy().astype(np.float64)
    return joined
