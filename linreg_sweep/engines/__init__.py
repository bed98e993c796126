"""One file an engine, one signature: arrays of K trials in, arrays of K results out.

An engine is imported when it is first asked for, so that only runs that use torch load it.
"""

from importlib import import_module

from linreg_sweep.engines.interface import Engine

ENGINES = {
    "numpy": "linreg_sweep.engines.numpy_engine",
    "torch": "linreg_sweep.engines.torch_engine",
}


def load_engine(name: str) -> Engine:
    """Returns the engine's `train`, importing its module on first use."""
    train: Engine = import_module(ENGINES[name]).train
    return train
