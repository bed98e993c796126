"""One file an engine, one signature: arrays of K trials in, arrays of K results out.

An engine is imported when it is first asked for, so that only runs that use torch load it.
"""

from importlib import import_module
from types import ModuleType

from linreg_sweep.engines.interface import Engine
from linreg_sweep.errors import not_installed

ENGINES = {
    "numpy": "linreg_sweep.engines.numpy_engine",
    "closed_form": "linreg_sweep.engines.closed_form",
    "torch": "linreg_sweep.engines.torch_engine",
    "numba": "linreg_sweep.engines.numba_engine",
}


def load_module(name: str) -> ModuleType:
    """Returns the engine's module, importing it on first use.

    Raises:
        ConfigError: a package that it needs is not installed.
    """
    try:
        return import_module(ENGINES[name])
    except ModuleNotFoundError as error:
        raise not_installed(str(error.name).partition(".")[0]) from error


def load_engine(name: str) -> Engine:
    """Returns the engine's `train`."""
    train: Engine = load_module(name).train
    return train
