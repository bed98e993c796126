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

_HOME = {
    "Comparison": "comparing.comparison",
    "compare": "comparing.comparison",
    "Edge": "edge_search",
    "Edges": "edge_search",
    "edge": "edge_search",
    "ConfigError": "errors",
    "DataError": "errors",
    "ResultsError": "errors",
    "SweepError": "errors",
    "export": "exporting",
    "Model": "model",
    "read_model": "model",
    "Plan": "planning",
    "plan": "planning",
    "plot": "plots.plot",
    "report": "reports.report",
    "Run": "runs.results",
    "list_runs": "runs.results",
    "load": "runs.results",
    "run": "sweep",
    "Training": "training",
    "train": "training",
    "Verification": "verification",
    "verify": "verification",
}


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"linreg_sweep.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
