"""From the trials table to answers: the summary, the best trials. DataFrames in, DataFrames out."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd

from linreg_sweep.analysis.aggregate import (
    SPREAD,
    SUMMARISED,
    Aggregate,
    Distinct,
    Ranges,
    Table,
    as_key,
    check_column,
    ranges_of,
)
from linreg_sweep.column_types import Array, ColumnType, ranked_by
from linreg_sweep.theory.outcome import INSTEAD, MISSING


def summary(
    trials: pd.DataFrame,
    by: Sequence[str],
    bins: int | None = None,
    log_scaled: Collection[str] = (),
    spread: str | None = None,
) -> pd.DataFrame:
    """Returns one row per value of each named parameter, sorted by the parameters.

    Args:
        trials: the trials table, or those of its columns that are in SUMMARISED and `by`. Trials that
            could not be trained have no results, and are left out.
        by: hyperparameter columns; none: one row for all trials.
        bins: gather each parameter with more values than this into so many ranges, evenly spaced
            on its scale; None: every value.
        log_scaled: the parameters whose scale is by ratio.
        spread: a column whose spread is told, too; None: no other than `converged_at`.

    Returns:
        The parameters, then `trials` and the three outcomes (counts that add up),
        `share_converged`, `median_converged_at` and `p90_converged_at` (epochs; missing where
        none converged), `best_cost`, median, 10th and 90th percentile, mean and standard deviation (of
        a sample) of the column `spread`, such as `p10_held_out_cost`, `regime` (one, or a range such as
        `low to high`), and `stability_ratio` where a row has only one.

    Raises:
        ConfigError: a column is not there.
    """
    for name in by:
        check_column(name, map(str, trials.columns))
    trials = trials[trials["outcome"] != "failed"]
    names = list(dict.fromkeys([*by, *SUMMARISED, *([] if spread is None else ranked_by(spread))]))
    types = {name: _type(trials[name]) for name in names}
    columns = {name: _array(trials[name]) for name in names}
    ranges: dict[str, Ranges] = {}
    for name in by:
        distinct = Distinct(bins or 0)
        distinct.add(as_key(name, types[name].keys(columns[name])))
        found = None if types[name].is_words else ranges_of(distinct.values, bins, log=name in log_scaled)
        ranges |= {name: found} if found else {}
    aggregate = Aggregate(by, types, ranges, spread=spread)
    while len(trials):
        aggregate.add(columns)
        if not aggregate.ends_pass():
            break
    return as_frame(aggregate.table())


def _type(values: "pd.Series[Any]") -> ColumnType:
    """Returns what a column of a trials table holds, by its kind in pandas; whole numbers may be missing."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return ColumnType("words", tuple(map(str, values.cat.categories)))
    return ColumnType("epoch" if pd.api.types.is_integer_dtype(values.dtype) else "number")


def _array(values: "pd.Series[Any]") -> Array:
    """Returns a column of the trials table as numbers: codes for words, MISSING for no whole number."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy()
    is_whole = pd.api.types.is_integer_dtype(values.dtype)
    return values.fillna(MISSING).to_numpy(np.int64) if is_whole else values.to_numpy(np.float64)


def as_frame(table: Table) -> pd.DataFrame:
    """Returns a summary as a DataFrame: ranges in their order, floats with NaN for what is missing."""
    frame = pd.DataFrame(dict(table))
    for name, cells in table.items():
        if name.startswith(("share_", "best_", "stability_", *(f"{measure}_" for measure in SPREAD))):
            frame[name] = frame[name].astype("float64")
        elif None in cells and all(cell is None or isinstance(cell, int) for cell in cells):
            frame[name] = pd.array(cells, "Int64")
    return frame


def best(trials: pd.DataFrame, n: int = 10, by: str = "converged_at") -> pd.DataFrame:
    """Returns the n best trials, the best first.

    Converged before unfinished before diverged; the converged by fewest epochs; then lowest cost,
    then lowest number. By another column than `converged_at` by the least value in it.
    """
    if by != "converged_at":
        ranks = trials[by] if by not in INSTEAD else trials[by].fillna(trials[INSTEAD[by]])
        order = pd.DataFrame({"rank": ranks, "trial": trials["trial"]})
        return trials.loc[order.sort_values(["rank", "trial"]).index[:n]]
    order = pd.DataFrame(
        {
            "outcome": trials["outcome"].cat.codes,
            "epochs": trials["converged_at"].where(trials["outcome"] == "converged").fillna(0),
            "cost": trials["cost"],
            "trial": trials["trial"],
        }
    )
    return trials.loc[order.sort_values(list(order.columns)).index[:n]]


def select(
    table: pd.DataFrame, columns: Sequence[str], sort: str | None = None, top: int | None = None
) -> pd.DataFrame:
    """Returns these columns of a table in this order, or all, and at most so many rows.

    It is sorted by a column, with `-` before it for descending; None: as it is.

    Raises:
        ConfigError: a column is not there.
    """
    if sort is not None:
        name = sort.removeprefix("-")
        check_column(name, map(str, table.columns))
        table = table.sort_values(name, ascending=name == sort, kind="stable", na_position="last")
    for name in columns:
        check_column(name, map(str, table.columns))
    table = table if top is None else table.head(top)
    return table[list(dict.fromkeys(columns))] if columns else table
