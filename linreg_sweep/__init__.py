"""Sweep the hyperparameters of linear regression trained by gradient descent.

    import linreg_sweep as ls

    run = ls.run("sweeps/learning_rate_by_start.yaml")
    run.trials                          # one row per trial
    run.summary(by="learning_rate")     # one row a learning rate

Names are loaded when first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linreg_sweep.comparing.comparison import Comparison, compare
    from linreg_sweep.edge_search import Edge, Edges, edge
    from linreg_sweep.errors import ConfigError, DataError, ResultsError, SweepError
    from linreg_sweep.exporting import export
    from linreg_sweep.model import Model, read_model
    from linreg_sweep.planning import Plan, plan
    from linreg_sweep.plots.plot import plot
    from linreg_sweep.reports.report import report
    from linreg_sweep.runs.results import Run, list_runs, load
    from linreg_sweep.sweep import run
    from linreg_sweep.training import Training, train
    from linreg_sweep.verification import Verification, verify

__version__ = "0.2.0"

__all__ = [
    "Comparison",
    "ConfigError",
    "DataError",
    "Edge",
    "Edges",
    "Model",
    "Plan",
    "ResultsError",
    "Run",
    "SweepError",
    "Training",
    "Verification",
    "compare",
    "edge",
    "export",
    "list_runs",
    "load",
    "plan",
    "plot",
    "read_model",
    "report",
    "run",
    "train",
    "verify",
]

_HOMES = {
    "comparing.comparison": ("Comparison", "compare"),
    "edge_search": ("Edge", "Edges", "edge"),
    "errors": ("ConfigError", "DataError", "ResultsError", "SweepError"),
    "exporting": ("export",),
    "model": ("Model", "read_model"),
    "planning": ("Plan", "plan"),
    "plots.plot": ("plot",),
    "reports.report": ("report",),
    "runs.results": ("Run", "list_runs", "load"),
    "sweep": ("run",),
    "training": ("Training", "train"),
    "verification": ("Verification", "verify"),
}


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"linreg_sweep.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
