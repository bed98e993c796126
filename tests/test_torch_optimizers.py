"""Facts about torch's own optimizer of one trial: what it is made of, and that the rules go as it does."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from linreg_sweep.engines.torch_optimizers import torch_optimizer
from tests.rules import TORCH, Case, Curvature, Floats, path
from tests.test_optimizers import draw, variants


def trained(
    case: Case, trial: int, curvature: Curvature, start: Floats, steps: int, has_bias: bool
) -> Floats:
    """Returns where autograd and torch's optimizer bring a trial, by 1/2 theta H theta - C theta."""
    parts = [start[:-1], start[-1:]] if has_bias else [start]
    parameters = [torch.tensor(part, requires_grad=True) for part in parts]
    values = {name: float(numbers[trial]) for name, numbers in case.values.items()}
    optimizer = torch_optimizer(case.optimizer, case.flags, values, *parameters)
    assert type(optimizer) is TORCH[case.optimizer]
    hessian, constant = map(torch.tensor, curvature)
    for _ in range(steps):
        optimizer.zero_grad()
        theta = torch.cat(parameters)
        loss: Tensor = (theta * (hessian @ theta / 2 - constant)).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return np.array(torch.cat(parameters).tolist())


@variants
def test_a_trial_by_itself_goes_as_the_rule_takes_it(optimizer: str, has: tuple[str, ...]) -> None:
    """With torch tensors of four trials, penalties on the weights or on all: to 1e-13 in 60 steps."""
    for number in range(6):
        case, curvature, start = draw(optimizer, has, number)
        side_by_side = path(case, [curvature], start, 60, torch)
        for trial in range(case.count):
            alone = trained(case, trial, curvature, start[..., trial], 60, has_bias=True)
            size = np.abs(side_by_side[..., trial]).max()
            assert np.abs(alone - side_by_side[-1, ..., trial]).max() <= 1e-13 * size


@variants
def test_without_a_bias_all_are_weights(optimizer: str, has: tuple[str, ...]) -> None:
    """Each of them has the penalty, as where a bias has it, too."""
    case, curvature, start = draw(optimizer, has, 7)
    everything = replace(case, flags=case.flags | {"decay_bias"})
    expected = trained(everything, 0, curvature, start[..., 0], 9, has_bias=True)
    found = trained(case, 0, curvature, start[..., 0], 9, has_bias=False)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("optimizer", TORCH)
def test_what_is_left_out_has_torchs_default(optimizer: str) -> None:
    """Every option is what torch's own optimizer of this rate has."""
    weights = torch.zeros(2, 1, requires_grad=True)
    ours = torch_optimizer(optimizer, frozenset(), {"learning_rate": 0.25}, weights)
    theirs = TORCH[optimizer]([weights], lr=0.25)
    assert ours.param_groups == theirs.param_groups


def test_nesterov_without_momentum_is_plain_descent() -> None:
    """Torch refuses to look ahead without momentum; here that changes nothing."""
    weights = torch.ones(1, 1, requires_grad=True)
    optimizer = torch_optimizer("sgd", frozenset({"nesterov"}), {"learning_rate": 0.5}, weights)
    weights.grad = torch.ones(1, 1)
    optimizer.step()
    assert weights.item() == 0.5
