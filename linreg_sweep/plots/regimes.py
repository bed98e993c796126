"""The regimes along the learning rate: a bar over the columns of each, and their names above."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from linreg_sweep.plots.canvas import FRAME, LETTER, SMALL, height_of, width_of
from linreg_sweep.plots.cells import Cells, regime_along
from linreg_sweep.plots.edges import RATES
from linreg_sweep.plots.look import Look
from linreg_sweep.plots.style import INK, REGIME_WORDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP = 0.003
"""Of the width of a frame, what is left out at either end of a regime's bar."""


def has_regimes(found: Cells) -> bool:
    """Returns whether the regime goes by the axis to the right: not where each word has its own."""
    return found.x.name in RATES and not (found.y is not None and found.y.is_words)


def name_regimes(axes: "Axes", found: Cells, look: Look, frame: float) -> float:
    """Draws a bar along the top over the columns of each regime, and their names side by side above.

    A name stands over the middle of its bar, as far as its neighbours let it; a line leads from each bar to
    its name. Where regimes alternate so often that the names have no room there is nothing. `frame` is the
    share of the panel's width within its frame. Returns how many points all of it takes above that.
    """
    along = regime_along(found)
    edges = found.x.drawn_edges
    edges = np.log(edges) if found.x.log and not found.x.is_equal else edges
    shares = (edges - edges[0]) / (edges[-1] - edges[0])
    starts = [place for place, name in enumerate(along) if not place or name != along[place - 1]]
    bars = [
        (str(along[start]), float(shares[start]), float(shares[stop]))
        for start, stop in zip(starts, [*starts[1:], len(along)], strict=True)
        if along[start] is not None
    ]
    points = look.points * SMALL
    names = [look.labels.get(name, REGIME_WORDS[name]) for name, _, _ in bars]
    letter = LETTER * points / (frame * width_of(axes) * 72)
    widths = [letter * (len(name) + 1.2) for name in names]
    if sum(widths) > 1.1 or not bars:
        return 0.0
    up = 1 / (FRAME * height_of(axes) * 72)  # a point, in heights of the frame
    low, high = 1 + 5 * up, 1 + 11 * up
    width = 2 * look.width
    for _, left, right in bars:
        ends = [left + GAP, max(right - GAP, left + 2 * GAP)]
        axes.plot(ends, [low, low], color=INK, linewidth=width, transform=axes.transAxes, clip_on=False)
    middles = [(left + right) / 2 for _, left, right in bars]
    for name, middle, place in zip(names, middles, apart(middles, widths), strict=True):
        leader = [middle, place], [low, high]
        axes.plot(*leader, color=INK, linewidth=0.4 * width, transform=axes.transAxes, clip_on=False)
        axes.text(place, high, name, fontsize=points, ha="center", va="bottom", transform=axes.transAxes)
    return 13 + 1.3 * points


def apart(middles: Sequence[float], widths: Sequence[float]) -> list[float]:
    """Returns where texts stand that are to be at these places, from left to right, so that none overlap."""
    places = list(middles)
    for at in range(len(places) - 2, -1, -1):
        places[at] = min(places[at], places[at + 1] - (widths[at] + widths[at + 1]) / 2)
    for at in range(1, len(places)):
        places[at] = max(places[at], places[at - 1] + (widths[at] + widths[at - 1]) / 2)
    return places
