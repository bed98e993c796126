"""Work that a worker does only where it is what was sent, and meets the code that it was sent with."""

import pickle
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from typing import Generic

from linreg_sweep.errors import Complaint, SweepError
from linreg_sweep.gemm import kernel
from linreg_sweep.workers.interface import Item, Result


@dataclass(frozen=True)
class Checked(Generic[Item, Result]):
    """Work as bytes, opened once in each process that calls it; see check.

    Attributes:
        payload: the pickled work.
        digest: what its SHA-256 was where it was pickled.
        versions: of the libraries there, by name.
    """

    payload: bytes = field(hash=False)  # megabytes, and the digest says as much
    digest: str
    versions: tuple[tuple[str, str], ...]

    def __call__(self, item: Item) -> Result:
        """Returns what the work makes of an item.

        Raises:
            SweepError: the work is not what was sent, or the code here is not what it was sent with.
        """
        work: Callable[[Item], Result] = _opened(self)
        return work(item)


def check(work: Callable[[Item], Result], libraries: Iterable[str]) -> Checked[Item, Result]:
    """Returns work that refuses to be done elsewhere with other bytes or other versions than here.

    Args:
        work: can be pickled.
        libraries: whose versions decide its results, by the names that pip knows them by; `blas` is NumPy's.
    """
    payload = pickle.dumps(work)
    versions = tuple((name, _version_here(name)) for name in libraries)
    return Checked(payload, sha256(payload).hexdigest(), versions)


@lru_cache(maxsize=2)
def _opened(checked: Checked[Item, Result]) -> Callable[[Item], Result]:
    where = f"worker on {socket.gethostname()}"
    arrived = sha256(checked.payload).hexdigest()
    if arrived != checked.digest:
        text = f"the work and its data must have SHA-256 {checked.digest}, but what arrived has {arrived}"
        raise SweepError(
            Complaint(where, text, "its memory or network corrupts data: go on without that machine")
        )
    here = {name: _version_here(name) for name, _ in checked.versions}
    other = [
        Complaint(where, f"{name} must be {expected}, but it is {here[name]}", _install(name, expected))
        for name, expected in checked.versions
        if here[name] != expected
    ]
    if other:
        raise SweepError(*other)
    try:
        work: Callable[[Item], Result] = pickle.loads(checked.payload)
    except (ImportError, AttributeError) as error:
        hint = "install there what is installed here"
        raise SweepError(Complaint(where, f"the work cannot be opened: {error}", hint)) from error
    return work


def _version_here(name: str) -> str:
    if name == "blas":
        return kernel()
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _install(name: str, expected: str) -> str:
    if name == "blas":
        return f"start it with OPENBLAS_CORETYPE={expected.split()[-1]}, or go on without that machine"
    return f"install {name} {expected} there, in the Python that starts the worker, and start it again"
