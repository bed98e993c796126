"""What a column is over seeds: its spread, and how far its mean lies from that of theory."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from linreg_sweep.analysis.aggregate import check_column

EXPECTED = "expected_excess_cost"
"""The column of what theory expects in the mean over all draws."""

FEWEST = 30
"""Seeds from which on a standard error is worth a comparison."""

MOST = 0.5
"""Share of the squared deviations that one seed may have: beyond it, as where fourth moments are infinite,
the mean has no standard error to speak of."""


def over_seeds(trials: pd.DataFrame, by: Sequence[str], of: str = "excess_cost") -> pd.DataFrame:
    """Returns a row for each combination of what varies but the seed.

    Args:
        trials: the trials table. Those that could not be trained are left out.
        by: the columns of what varies, `seed` among them or not.
        of: the column that is looked at.

    Returns:
        What varies, `seeds`, then `median`, `p10`, `p90`, `mean` and `standard_error` of the column. Where
        theory knows the mean of the excess cost over all draws, and all these trials did as many epochs:
        `theory`, and `standard_errors`, how many of these the mean lies above it; missing where fewer than 30
        seeds, or one of them alone, would decide that.

    Raises:
        ConfigError: a column is not there.
    """
    check_column(of, map(str, trials.columns))
    by = [name for name in by if name != "seed"]
    trials = trials[trials["outcome"] != "failed"]
    groups = trials.groupby(by, sort=False, observed=True, dropna=False) if by else [((), trials)]
    rows = []
    for key, group in groups:
        values = group[of].to_numpy(np.float64)
        row = dict(zip(by, key, strict=True)) | _spread(values)
        if of == "excess_cost" and EXPECTED in group:
            row |= _beside_theory(values, group)
        rows.append(row)
    return pd.DataFrame(rows)


def _spread(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> dict[str, float]:
    count = len(values)
    median, low, high = np.quantile(values, [0.5, 0.1, 0.9]) if count else [np.nan] * 3
    with np.errstate(all="ignore"):
        error = values.std(ddof=1) / np.sqrt(count) if count > 1 else np.nan
        mean = values.mean() if count else np.nan
    return {
        "seeds": count,
        "median": float(median),
        "p10": float(low),
        "p90": float(high),
        "mean": float(mean),
        "standard_error": float(error),
    }


def _beside_theory(
    values: "np.ndarray[tuple[int], np.dtype[np.float64]]", group: pd.DataFrame
) -> dict[str, float]:
    """Returns theory's mean, and how many standard errors lie between; NaN: not of these."""
    expected = group[EXPECTED].unique()
    if len(expected) != 1 or group["epochs"].nunique() != 1:  # they ended when they had converged
        return {"theory": np.nan, "standard_errors": np.nan}
    with np.errstate(all="ignore"):
        squares = (values - values.mean()) ** 2
        is_fair = len(values) >= FEWEST and squares.max() <= MOST * squares.sum()
        distance = (values.mean() - expected[0]) / (values.std(ddof=1) / np.sqrt(len(values)))
    return {"theory": float(expected[0]), "standard_errors": float(distance) if is_fair else np.nan}
