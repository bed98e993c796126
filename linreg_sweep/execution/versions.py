"""What a run is made with, and what of it decides its bits."""

import platform
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = ("linreg-sweep", "numpy", "torch", "pandas", "pyarrow", "joblib")

OPTIONAL = ("numba", "distributed", "ray")


def installed() -> dict[str, str]:
    """Returns the versions of Python and of the libraries that there are."""
    found = {"python": platform.python_version()} | {name: _version(name) for name in LIBRARIES}
    for name in OPTIONAL:
        with suppress(PackageNotFoundError):
            found[name] = _version(name)
    return found


def deciding(engine: str) -> dict[str, str]:
    """Returns the versions of the libraries that decide the bits of an engine's results."""
    names = ("linreg-sweep", "numpy", *([engine] if engine in ("torch", "numba") else []))
    return {name: _version(name) for name in names}


@cache
def _version(name: str) -> str:
    return version(name)
