"""One file an optimizer: what can be declared for it, and one formula of a step for every engine."""

from linreg_sweep.optimizers.adadelta import ADADELTA
from linreg_sweep.optimizers.adagrad import ADAGRAD
from linreg_sweep.optimizers.adam import ADAM, ADAMW
from linreg_sweep.optimizers.base import Optimizer
from linreg_sweep.optimizers.nadam import NADAM
from linreg_sweep.optimizers.rmsprop import RMSPROP
from linreg_sweep.optimizers.sgd import SGD

OPTIMIZERS: dict[str, Optimizer] = {
    each.name: each for each in (SGD, ADAM, ADAMW, NADAM, RMSPROP, ADAGRAD, ADADELTA)
}

KEYS = frozenset(name for each in OPTIMIZERS.values() for name in each.settings.model_fields)
"""The keys of all optimizers."""
