"""Which parameter matters: shares of the variance of a column over a whole grid, exact.

The variance of a column over all combinations is a sum of what each parameter does by itself, what each pair
does beyond its two, and so on (Hooker, JCGS 16, 2007; Hutter, Hoos and Leyton-Brown, ICML 2014). On a whole
grid each term is a variance of means, with nothing estimated.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from linreg_sweep.array_types import Floats

MANY = "three or more together"
"""What is called what no parameter and no pair explains."""

ROUNDING = 1e-24
"""A share below it is of roundings alone, and 0."""

REST = 1e-15
"""So is one below this of what others leave: their sum is no more exact."""


def shares(values: Floats, names: Sequence[str]) -> dict[str, list[str | float | None]]:
    """Returns the shares of the variance of numbers on a grid, the largest first; the rest last.

    Args:
        values: [n_1, ..., n_d], one axis per parameter.
        names: of the d parameters.

    Returns:
        A table: `parameters` (one, or two with `x` between them) and `share`, None where nothing varies.
    """
    values = np.ldexp(values, -np.frexp(np.abs(values).max())[1])  # or squares overflow where trials diverged
    centred = values - values.mean()
    total = float((centred**2).mean())
    axes = range(values.ndim)
    alone = {axis: _mean_over(centred, [other for other in axes if other != axis]) for axis in axes}
    found = [(names[axis], float((effect**2).mean())) for axis, effect in alone.items()]
    for first, second in combinations(axes, 2):
        both = _mean_over(centred, [other for other in axes if other not in (first, second)])
        beyond = both - alone[first] - alone[second]
        found.append((f"{names[first]} x {names[second]}", float((beyond**2).mean())))
    if values.ndim > 2:
        rest = total - sum(part for _, part in found)
        found.append((MANY, rest if rest > REST * total else 0.0))
    found.sort(key=lambda item: -item[1])
    return {
        "parameters": [name for name, _ in found],
        "share": [_rounded(part / total) if total else None for _, part in found],
    }


def _rounded(share: float) -> float:
    return share if share > ROUNDING else 0.0


def _mean_over(values: Floats, axes: list[int]) -> Floats:
    """Returns means over some axes, which stay as axes of length 1."""
    mean: Floats = values.mean(axis=tuple(axes), keepdims=True)
    return mean
