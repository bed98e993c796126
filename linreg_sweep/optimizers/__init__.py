"""One file an optimizer: what can be declared for it, and one formula of a step for every engine."""

from linreg_sweep.optimizers.base import Optimizer
from linreg_sweep.optimizers.sgd import SGD

OPTIMIZERS: dict[str, Optimizer] = {each.name: each for each in (SGD,)}
