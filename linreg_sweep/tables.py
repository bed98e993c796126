"""From the trials table to answers: the summary, the best trials. DataFrames in, DataFrames out."""

from collections.abc import Collection, Iterable, Sequence
from html import escape
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from linreg_sweep.errors import Complaint, ConfigError, did_you_mean
from linreg_sweep.outcome import OUTCOMES, REGIMES

Floats = NDArray[np.float64]

SUMMARISED = ["outcome", "converged_at", "cost", "regime", "stability_ratio"]
"""The columns of the trials table that a summary reads, beside those it groups by."""


def summary(
    trials: pd.DataFrame, by: Sequence[str], bins: int | None = None, log_scaled: Collection[str] = ()
) -> pd.DataFrame:
    """Returns one row a value of each named parameter, sorted by the parameters.

    Args:
        trials: the trials table, or those of its columns that are in SUMMARISED and `by`.
        by: hyperparameter columns; none: one row for all trials.
        bins: gather each parameter with more values than this into so many ranges, evenly spaced
            on its scale; None: every value.
        log_scaled: the parameters whose scale is by ratio.

    Returns:
        The parameters, then `trials` and the three outcomes (counts that add up),
        `share_converged`, `median_converged_at` and `p90_converged_at` (epochs; missing where
        none converged), `best_cost`, and `regime` and `stability_ratio` where a row has only one.

    Raises:
        ConfigError: a column is not there.
    """
    for name in by:
        check_column(name, map(str, trials.columns))
    converged = trials["outcome"] == "converged"
    regime = trials["regime"].cat.codes
    rows = pd.DataFrame(
        {outcome: trials["outcome"] == outcome for outcome in OUTCOMES}
        | {
            "epochs_to_converge": trials["converged_at"].astype("Float64").where(converged).astype("float64"),
            "cost": trials["cost"],
            "regime": regime.where(regime >= 0).astype("float64"),
            "stability_ratio": trials["stability_ratio"],
        }
    )
    keys = [_binned(trials[name], bins, log=name in log_scaled) if bins else trials[name] for name in by]
    keys = keys or [pd.Series(0, index=rows.index)]
    groups = rows.groupby(keys, observed=True, sort=True, dropna=False)
    table = pd.DataFrame({"trials": groups.size()})
    table[list(OUTCOMES)] = groups[list(OUTCOMES)].sum()
    table["share_converged"] = table["converged"] / table["trials"]
    table["median_converged_at"] = groups["epochs_to_converge"].median()
    table["p90_converged_at"] = groups["epochs_to_converge"].quantile(0.9)
    table["best_cost"] = groups["cost"].min()
    lowest, highest = groups["regime"].min(), groups["regime"].max()
    table["regime"] = [_regimes(low, high) for low, high in zip(lowest, highest, strict=True)]
    ratio = groups["stability_ratio"]
    is_one = (ratio.min() == ratio.max()) & (ratio.count() == groups.size())
    table["stability_ratio"] = ratio.min().where(is_one)
    table = table.drop(columns=table.columns.intersection(list(by)))
    return table.reset_index(drop=not by)


def _binned(values: pd.Series, bins: int, *, log: bool) -> pd.Series:
    """Returns which of so many ranges each value lies in, as text that sorts by the value."""
    if values.nunique() <= bins or not pd.api.types.is_numeric_dtype(values):
        return values
    values = values.astype("float64")
    finite = values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    edges = (np.geomspace if log and low > 0 else np.linspace)(low, high, bins + 1)
    which = np.where(values.isna(), -1, np.clip(np.digitize(values, edges) - 1, 0, bins - 1))
    ordered = pd.CategoricalDtype(_labels(edges), ordered=True)
    gathered = pd.Categorical.from_codes(which.tolist(), dtype=ordered)
    return pd.Series(gathered, index=values.index, name=values.name)


def _labels(edges: Floats) -> list[str]:
    """Returns the words for each range, with as few digits as tell the ranges apart."""
    for digits in (3, 6, 17):
        labels = [f"{a:.{digits}g} to {b:.{digits}g}" for a, b in pairwise(edges)]
        if len(set(labels)) == len(labels):
            break
    return labels


def _regimes(lowest: float, highest: float) -> str | None:
    """Returns the regime of a row of the summary, or the range of its regimes; None: not known."""
    if np.isnan(lowest):
        return None
    low, high = REGIMES[int(lowest)], REGIMES[int(highest)]
    return low if low == high else f"{low} to {high}"


def best(trials: pd.DataFrame, n: int = 10) -> pd.DataFrame:
    """Returns the n best trials, the best first.

    Converged before unfinished before diverged; the converged by fewest epochs; then lowest cost,
    then lowest number.
    """
    order = pd.DataFrame(
        {
            "outcome": trials["outcome"].cat.codes,
            "epochs": trials["converged_at"].where(trials["outcome"] == "converged").fillna(0),
            "cost": trials["cost"],
            "trial": trials["trial"],
        }
    )
    return trials.loc[order.sort_values(list(order.columns)).index[:n]]


def check_column(name: str, known: Iterable[str]) -> None:
    """Raises a ConfigError where a name is not among those of a table's columns."""
    names = list(known)
    if name not in names:
        raise ConfigError(Complaint("", f"there is no column {name!r}", did_you_mean(name, names)))


def as_html(caption: str, frame: pd.DataFrame) -> str:
    """Returns a table for a notebook, with everything in it escaped."""
    return f"<p>{escape(caption)}</p>{frame.to_html(index=False, na_rep='')}"
