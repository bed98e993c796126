"""One file a way for trials to take their values: each makes the values of trials [start, stop) by number."""

from linreg_sweep.array_types import Floats
from linreg_sweep.samplers.base import Sampler
from linreg_sweep.samplers.grid import Grid
from linreg_sweep.samplers.listed import Listed
from linreg_sweep.samplers.random import Random

__all__ = ["Floats", "Grid", "Listed", "Random", "Sampler"]
