"""One file an engine, one signature: arrays of K trials in, arrays of K results out.

An engine is imported when it is first asked for, so that only runs that use torch load it.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from linreg_sweep.engines.numba_forms import CHUNK
from linreg_sweep.engines.pace import Pace, numba_pace, numpy_pace, torch_pace
from linreg_sweep.errors import not_installed

if TYPE_CHECKING:
    from linreg_sweep.engines.interface import Engine
    from linreg_sweep.method import Method
    from linreg_sweep.theory.problem import Problem


class Form(Protocol):
    """What an epoch of an engine is made of, as its words say: it decides how trials round."""

    @property
    def steps_by_rows(self) -> bool:
        """Whether steps go by the rows of their batches, so that no H of these is held."""

    @property
    def makes_curvature(self) -> bool:
        """Whether they go by H after all, made of these rows for some epochs at once."""

    @property
    def looks_ahead(self) -> bool:
        """Whether single rows are taken several at a time, by their products with one another."""


@dataclass(frozen=True)
class Entry:
    """What is known of an engine that is not loaded.

    Attributes:
        module: its file in this folder.
        packages: those that decide its last bits, beside NumPy, and that it needs.
        is_theory: whether it works out what theory says, and trains nothing.
        holds_batches: whether it holds what it computes of every mini-batch, H and C, at once.
        reads_rows: whether it looks at the rows of the data where a step sees all of them.
        holds_rows: whether it goes through all rows by itself where steps see some of them.
        chunk: epochs between two looks, more where all that is held are rows in orders; 0: see chunks.py.
        pace: how fast it is.
        forms: the file of this folder that tells what its epochs are made of; None: always the same.
        starts_in: seconds to import or to compile it.
        worth_a_part: trials that a part has at least, so that they are worth the start of a call.
    """

    module: str
    packages: tuple[str, ...] = ()
    is_theory: bool = False
    holds_batches: bool = True
    reads_rows: bool = False
    holds_rows: bool = False
    chunk: int = 0
    pace: Pace = numpy_pace
    forms: str | None = None
    starts_in: float = 0.0
    worth_a_part: int = 4096


ENGINES = {
    "numpy": Entry("numpy_engine", forms="forms", worth_a_part=1024),
    "torch": Entry(
        "torch_engine",
        packages=("torch",),
        holds_batches=False,
        reads_rows=True,
        pace=torch_pace,
        starts_in=2.0,
    ),
    "closed_form": Entry("closed_form", is_theory=True, holds_batches=False),
    "numba": Entry(
        "numba_engine",
        packages=("numba",),
        holds_rows=True,
        chunk=CHUNK,
        forms="numba_forms",
        pace=numba_pace,
        starts_in=2.0,
    ),
}


def load_engine(name: str) -> "Engine":
    """Returns the engine's `train`, importing it on first use.

    Raises:
        ConfigError: a package that it needs is not installed.
    """
    try:
        train: Engine = import_module(f"{__name__}.{ENGINES[name].module}").train
    except ModuleNotFoundError as error:
        raise not_installed(str(error.name).partition(".")[0]) from error
    return train


def form_of_epochs(engine: str, problem: "Problem", method: "Method", dtype: str) -> Form | None:
    """Returns what the epochs of trials of a method are made of; None: the engine has one form.

    Args:
        engine: its name.
        problem: what they are trained on.
        method: how they descend.
        dtype: in which precision.
    """
    file = ENGINES[engine].forms
    if file is None:
        return None
    form: Form = import_module(f"{__name__}.{file}").form_of(problem.n_rows, problem.shape, method, dtype)
    return form
