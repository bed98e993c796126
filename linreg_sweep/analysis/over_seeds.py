"""What a column is over seeds: its spread, and how far its mean lies from that of theory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from linreg_sweep.analysis.aggregate import check_column
from linreg_sweep.analysis.groups import as_cells
from linreg_sweep.analysis.spread import Spread, Spreads
from linreg_sweep.array_types import Floats, Integers
from linreg_sweep.column_types import Array, Types

EXCESS = "excess_cost"

EXPECTED = "expected_excess_cost"
"""The column of what theory expects in the mean over all draws."""

FEWEST = 30
"""Seeds from which on a standard error is worth a comparison."""

MOST = 0.5
"""Share of the squared deviations that one seed may have: beyond it, as where fourth moments are infinite,
the mean has no standard error to speak of."""


def over_seeds(
    read: Callable[[list[str]], Iterable[Mapping[str, Array]]],
    by: Sequence[str],
    of: str,
    types: Types,
    *,
    together: bool = False,
) -> dict[str, list[Any]]:
    """Returns a row for each combination of what varies but the seed.

    Args:
        read: yields some columns of trials, a part at a time; no trial that failed.
        by: the columns of what varies, `seed` not among them.
        of: the column that is looked at.
        types: what the columns of the trials hold.
        together: see Spreads.

    Returns:
        What varies, `seeds`, then `median`, `p10`, `p90`, `mean` and `standard_error` of the column, of which
        what is missing counts as above all. Where theory knows the mean of the excess cost over all draws,
        and all these trials did as many epochs: `theory`, and `standard_errors`, how many of these the mean
        lies above it; missing where fewer than 30 seeds, or one of them alone, would decide that.

    Raises:
        ConfigError: a column is not there.
    """
    check_column(of, types)
    has_theory = of == EXCESS and EXPECTED in types
    spreads = Spreads(by, [of, *([EXPECTED, "epochs"] if has_theory else [])], types, together=together)
    keys, seeds, found = spreads.gathered(read)
    table: dict[str, list[Any]] = {
        name: [types[name].cell(key) for key in keys[:, place].tolist()] for place, name in enumerate(by)
    }
    told = found[of]
    with np.errstate(all="ignore"):
        error = told.deviation / np.sqrt(seeds)
    numbers = {"median": told.median, "p10": told.p10, "p90": told.p90, "mean": told.mean}
    numbers |= {"standard_error": error}
    if has_theory:
        numbers |= _beside_theory(told, error, seeds, found[EXPECTED], found["epochs"])
    return table | {"seeds": seeds.tolist()} | {name: as_cells(each) for name, each in numbers.items()}


def _beside_theory(
    told: Spread, error: Floats, seeds: Integers, expected: Spread, epochs: Spread
) -> dict[str, Floats]:
    """Returns theory's mean, and how many standard errors lie between; NaN: not of these."""
    # trials that converged and ended have each a mean of their own
    is_one = (expected.least == expected.most) & (epochs.least == epochs.most)
    with np.errstate(all="ignore"):
        farthest = np.maximum(told.most - told.mean, told.mean - told.least) ** 2
        is_fair = (seeds >= FEWEST) & (farthest <= MOST * told.deviation**2 * (seeds - 1))
        distance = (told.mean - expected.least) / error
    known = is_one & np.isfinite(expected.least)
    return {
        "theory": np.where(known, expected.least, np.nan),
        "standard_errors": np.where(known & is_fair, distance, np.nan),
    }
