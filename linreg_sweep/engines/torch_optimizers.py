"""The optimizer of torch.optim itself, of one trial.

A torch optimizer has one number of each kind for a whole parameter, so trials side by side go by the rules of
`optimizers/`; a trial by itself, or looked at step by step, can have torch's own.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.optimizers import OPTIMIZERS

CLASSES: dict[str, Any] = {
    name.lower(): each for name, each in vars(torch.optim).items() if isinstance(each, type)
}
"""Torch's own, by the names they have here."""


def torch_optimizer(
    name: str, flags: frozenset[str], values: Mapping[str, float], weights: Tensor, bias: Tensor | None = None
) -> torch.optim.Optimizer:
    """Returns torch's optimizer of one trial, which has made no step.

    Args:
        name: of OPTIMIZERS.
        flags: the boolean keys that are true.
        values: learning_rate, and the optimizer's number keys, of which those left out have their defaults.
        weights: the parameter of the weights [P, O].
        bias: that of the bias [1, O], which has weight_decay only with `decay_bias`; None: there is none.

    Raises:
        ConfigError: torch has no such optimizer.
        ValueError: torch refuses the values, as it does Nesterov's momentum with dampening.
    """
    if name not in CLASSES:
        raise ConfigError(Complaint("", f"torch.optim has no {name}, whose steps could be shown"))
    keys = OPTIMIZERS[name].settings().model_dump()
    keys |= {key: key in flags for key, value in keys.items() if isinstance(value, bool)}
    keys |= {key: float(values[key]) for key in keys.keys() & values.keys()}
    if "beta1" in keys:
        keys["betas"] = (keys.pop("beta1"), keys.pop("beta2"))
    if "nesterov" in keys:
        keys["nesterov"] &= keys["momentum"] > 0  # torch refuses to look ahead with none
    decay, decays_bias = keys.pop("weight_decay"), keys.pop("decay_bias")
    groups = [{"params": [weights], "weight_decay": decay}]
    if bias is not None:
        groups.append({"params": [bias], "weight_decay": decay if decays_bias else 0.0})
    optimizer: torch.optim.Optimizer = CLASSES[name](groups, lr=float(values["learning_rate"]), **keys)
    if name == "nadam":
        for parameter in (weights,) if bias is None else (weights, bias):
            optimizer.state[parameter] = _exact_start(parameter)
    return optimizer


def _exact_start(parameter: Tensor) -> dict[str, Tensor]:
    """Returns NAdam's state before the first step; by itself it would keep its product in float32."""
    return {
        "step": torch.tensor(0.0),
        "mu_product": torch.ones((), dtype=torch.float64),
        "exp_avg": torch.zeros_like(parameter),
        "exp_avg_sq": torch.zeros_like(parameter),
    }
