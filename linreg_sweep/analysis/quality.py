"""How well states fit, in numbers that everybody knows: R squared and root mean squared error.

R squared is 1 - cost / variance. The variance is of the rows that the cost is of, about their own mean, as
scikit-learn's r2_score has it: on held-out rows about the mean of these. Of several targets both are taken of
all together (r2_score's `variance_weighted`). Where no bias is fitted it is about 0, as R has it.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from linreg_sweep.array_types import Floats

MEASURES = ("r2", "rmse", "held_out_r2", "held_out_rmse")
"""What is measured, in the order of tables."""


def r2(cost: Floats, variance: Floats | float) -> Floats:
    """Returns R squared for mean squared errors; NaN where the targets do not vary."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(np.equal(variance, 0), np.nan, 1 - cost / np.asarray(variance, np.float64))


def measures(
    cost: Floats,
    variance: Floats | float,
    held_out_cost: Floats | None = None,
    held_out_variance: Floats | float = 0.0,
) -> dict[str, Floats]:
    """Returns what is measured [K] of K states, by its name.

    Args:
        cost: mean squared errors [K] on the training rows, in units of y squared.
        variance: of their targets.
        held_out_cost: on the held-out rows; None: there are none.
        held_out_variance: of their targets.
    """
    found = {"r2": r2(cost, variance), "rmse": np.sqrt(cost)}
    if held_out_cost is not None:
        found |= {"held_out_r2": r2(held_out_cost, held_out_variance)}
        found |= {"held_out_rmse": np.sqrt(held_out_cost)}
    return found


def means(each: Mapping[str, Floats]) -> dict[str, float]:
    """Returns the mean over folds of what is measured in each [k]."""
    return {name: float(np.mean(values)) for name, values in each.items()}


def table_of(fits: Mapping[str, Mapping[str, float | None]]) -> dict[str, list[str | float | None]]:
    """Returns what is measured of several fits as a table, a row a fit."""
    names = [name for name in MEASURES if any(name in fit for fit in fits.values())]
    rows: Sequence[str] = [title.replace("_", " ") for title in fits]
    return {"fit": [*rows], **{name: [fit.get(name) for fit in fits.values()] for name in names}}
