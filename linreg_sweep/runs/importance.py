"""Which parameter of a run matters for a column of its trials."""

import numpy as np

from linreg_sweep.analysis.aggregate import Table, check_column
from linreg_sweep.analysis.importance import shares
from linreg_sweep.config.parameters import count
from linreg_sweep.errors import Complaint, ConfigError, ResultsError
from linreg_sweep.runs.reopening import declaration_of
from linreg_sweep.runs.stored import StoredRun
from linreg_sweep.theory.outcome import CONVERGED


def importance_of(run: StoredRun, column: str | None = None) -> tuple[str, Table]:
    """Returns a column, and the shares of its variance of parameters and pairs; see Run.importance.

    Of `outcome` it is whether trials converged. None: what `best` names, or `outcome` where that is not known
    of every trial.
    """
    if not run.is_ordered:
        text = "needs a grid: of drawn or listed trials, or a union, shares are not exact"
        raise ConfigError(Complaint(str(run.path), text, "run a sweep with method: grid"))
    if not run.finished or run.n_failed:
        text = f"needs every trial, {run.n_trials_done - run.n_failed:,} of {run.n_trials:,} are there"
        raise ResultsError(Complaint(str(run.path), text, "run the sweep"))
    of = run.best_by if column is None else column
    check_column(of, run.columns)
    values = _numbers(run, of)
    if column is None and not np.isfinite(values).all():
        of, values = "outcome", _numbers(run, "outcome")
    known = np.isfinite(values)
    if not known.all():
        text = f"must be known of every trial, {of} is missing or infinite in {int((~known).sum()):,}"
        raise ConfigError(Complaint("--of", text, "--of outcome, which says whether trials converged"))
    (product,) = declaration_of(run).config.products
    axes = {name: count(parameter) for name, parameter in product.items() if count(parameter) > 1}
    if not axes:
        raise ConfigError(Complaint(str(run.path), "no parameter has two values", "sweep one"))
    return of, shares(values.reshape(tuple(axes.values())), tuple(axes))


def _numbers(run: StoredRun, column: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Returns a column of all trials as numbers; of outcomes, whether each converged."""
    type_ = run.types[column]
    if type_.is_words and column != "outcome":
        raise ConfigError(Complaint("--of", f"must be a column of numbers, {column} holds words"))
    parts = [part[column] for part in run.parts([column])]
    if column == "outcome":
        return np.asarray(np.concatenate(parts) == CONVERGED, np.float64)
    return np.concatenate([type_.keys(part) for part in parts])
