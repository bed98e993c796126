"""Optimizers in literal loops: our rules on K trials at once, and torch.optim on one trial of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from linreg_sweep.optimizers import OPTIMIZERS
from linreg_sweep.optimizers.base import Rule

Floats = NDArray[np.float64]
Curvature = tuple[Floats, Floats]
"""H [P, P] and C [P, O]: the gradient is H theta - C."""

TORCH: dict[str, Any] = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "nadam": torch.optim.NAdam,
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
}


@dataclass(frozen=True)
class Case:
    """An optimizer, its keys that are true, and numbers [k] by name; what is not there has its default."""

    optimizer: str
    flags: frozenset[str]
    values: Mapping[str, Floats]

    @property
    def count(self) -> int:
        """How many trials there are."""
        return len(self.values["learning_rate"])

    def number(self, name: str) -> Floats:
        """Returns the numbers of a key [k]."""
        if name in self.values:
            return self.values[name]
        return np.full(self.count, getattr(OPTIMIZERS[self.optimizer].settings(), name))

    def rule(self, xp: Any) -> Rule:
        """Returns the formula of a step."""
        active = frozenset(name for name, numbers in self.values.items() if np.any(numbers != 0))
        return OPTIMIZERS[self.optimizer].rule(active, self.flags, xp)

    @property
    def penalty(self) -> Floats:
        """The weight decay of the weights [k]."""
        return self.number("weight_decay")

    @property
    def is_decoupled(self) -> bool:
        """Whether it shrinks theta itself."""
        return OPTIMIZERS[self.optimizer].is_decoupled(self.flags)


def path(
    case: Case,
    curvatures: Sequence[Curvature],
    start: Floats,
    steps: int,
    xp: Any = np,
    kind: str = "float64",
) -> Floats:
    """Returns the states [steps + 1, P, O, k] of trials from start [P, O, k] on; curvatures in turn."""
    rule = case.rule(xp)
    with torch.no_grad(), np.errstate(all="ignore"):
        make: Any = np.array if xp is np else torch.tensor
        of = getattr(xp, kind)

        def cast(numbers: Any) -> Any:
            return numbers.astype(kind) if xp is np else numbers.to(of)

        penalised = np.ones((len(start), 1, 1))
        penalised[-1] = "decay_bias" in case.flags
        exact = tuple(make(case.number(name)) for name in rule.names)
        h, clock = tuple(map(cast, exact)), tuple(make(np.ones(case.count)) for _ in range(rule.n_clocks))
        rate = cast(make(case.number("learning_rate")))
        decay = cast(make(penalised * case.penalty))
        theta, gradient = make(start.astype(kind)), make(start.astype(kind))
        slots = tuple(make(np.zeros_like(start, kind)) for _ in range(rule.n_slots))
        states = [start]
        for number in range(steps):
            hessian, constant = curvatures[number % len(curvatures)]
            for p in range(len(start)):
                gradient[p] = make(hessian[p, 0].astype(kind)) * theta[0]
                for q in range(1, len(start)):
                    gradient[p] += make(hessian[p, q].astype(kind)) * theta[q]
                gradient[p] -= make(constant[p].astype(kind))[:, None]
            if np.any(case.penalty != 0):
                if case.is_decoupled:
                    theta *= 1 - rate * decay
                else:
                    gradient += decay * theta
            clock = rule.tick(clock, exact)
            theta, slots = rule.step(theta, slots, gradient, rate, h, tuple(map(cast, clock)), number == 0)
            gradient[...] = np.nan  # so that nothing of it is kept by its own memory
            states.append(np.array(theta.tolist()))
        return np.stack(states)


def torch_path(
    case: Case,
    trial: int,
    curvatures: Sequence[Curvature],
    start: Floats,
    steps: int,
    kind: torch.dtype = torch.float64,
) -> Floats:
    """Returns the states [steps + 1, P, O] of one trial as torch.optim trains it, weights and bias apart."""
    names = set(OPTIMIZERS[case.optimizer].settings.model_fields) - {"decay_bias", "weight_decay"}
    keys: dict[str, Any] = {
        name: name in case.flags
        if isinstance(getattr(OPTIMIZERS[case.optimizer].settings(), name), bool)
        else float(case.number(name)[trial])
        for name in names
    }
    if "beta1" in keys:
        keys["betas"] = (keys.pop("beta1"), keys.pop("beta2"))
    weights = torch.tensor(start[:-1], dtype=kind, requires_grad=True)
    bias = torch.tensor(start[-1:], dtype=kind, requires_grad=True)
    penalty = float(case.penalty[trial])
    groups = [
        {"params": [weights], "weight_decay": penalty},
        {"params": [bias], "weight_decay": penalty if "decay_bias" in case.flags else 0.0},
    ]
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # the precision in which NAdam keeps a product
    try:
        optimizer = TORCH[case.optimizer](groups, lr=float(case.number("learning_rate")[trial]), **keys)
        states = [start]
        for number in range(steps):
            hessian, constant = (
                torch.tensor(each, dtype=kind) for each in curvatures[number % len(curvatures)]
            )
            with torch.no_grad():
                gradient = hessian @ torch.cat([weights, bias]) - constant
            weights.grad, bias.grad = gradient[:-1], gradient[-1:]
            optimizer.step()
            states.append(np.array(torch.cat([weights, bias]).tolist()))
    finally:
        torch.set_default_dtype(before)
    return np.stack(states)
