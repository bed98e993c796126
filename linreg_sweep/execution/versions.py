"""What a run is made with, and what of it decides its bits."""

import platform
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from linreg_sweep.engines import ENGINES
from linreg_sweep.errors import ConfigError, not_installed

LIBRARIES = ("linreg-sweep", "numpy", "torch", "pandas", "pyarrow", "joblib", "numba", "distributed")


def installed() -> dict[str, str]:
    """Returns the versions of Python and of the libraries that there are."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        with suppress(ConfigError):
            found[name] = _version(name)
    return found


def result_versions(engine: str) -> dict[str, str]:
    """Returns the versions of the libraries that decide the bits of an engine's results.

    Raises:
        ConfigError: one of them is not installed.
    """
    names = ("linreg-sweep", "numpy", *ENGINES[engine].packages)
    return {name: _version(name) for name in names}


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        raise not_installed(name) from None
