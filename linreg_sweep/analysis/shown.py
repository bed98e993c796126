"""What a notebook shows of results: tables as HTML, each picture as a PNG within it, without a display."""

import warnings
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from linreg_sweep.analysis.formats import cells_of, shown

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLORS = {"converged": "#0072B2", "unfinished": "#C9C9C9", "diverged": "#D55E00"}
"""Of the outcomes. Source: Okabe and Ito, Color Universal Design, 2008."""

OTHER = "#F0E442"
"""Of what is none of them."""

WIDTH = 5.6
"""Inches of a picture."""

MAX_BARS, MAX_ROWS = 60, 60
"""Of a picture and of a table; of more bars there is no picture."""

DPI = 120


def as_html(caption: str, frame: "pd.DataFrame", most: int = MAX_ROWS) -> str:
    """Returns the first rows of a table for a notebook: six digits of numbers, everything in it escaped."""
    import pandas as pd

    cells = cells_of(frame.head(most))
    table = pd.DataFrame({name: [*map(shown, column)] for name, column in cells.items()})
    more = f"<p>and {len(frame) - most:,} more</p>" if len(frame) > most else ""
    return f"<p>{escape(caption)}</p>{table.to_html(index=False)}{more}"


def bars(labels: Sequence[str], counts: Mapping[str, Sequence[int]], what: str) -> str:
    """Returns a picture of what shares of trials ended in each outcome, a bar a label; nothing of too many.

    Counts are by the outcome, or another word, a number a bar from the top down; `what` the labels are.
    """
    there = {name: np.asarray(each, np.float64) for name, each in counts.items() if any(each)}
    if not there or len(labels) > MAX_BARS:
        return ""
    whole = np.sum(list(there.values()), axis=0)

    def draw(axes: "Axes") -> None:
        left = np.zeros(len(labels))
        for name, each in there.items():
            share = 100 * each / np.maximum(whole, 1)
            axes.barh(
                range(len(labels)), share, left=left, color=COLORS.get(name, OTHER), label=name, height=0.9
            )
            left += share
        axes.set_yticks(range(len(labels)), labels)
        axes.invert_yaxis()
        axes.set_xlim(0, 100)
        axes.set(xlabel="share of trials (%)", ylabel=what)
        axes.figure.legend(loc="outside upper center", ncols=len(there), frameon=False)

    return _picture(
        draw, " and ".join(filter(None, ["Share of trials by outcome", what])), 1.1 + 0.26 * len(labels)
    )


def curve(epochs: Sequence[Any], costs: Sequence[Any], unit: str) -> str:
    """Returns a picture of costs against epochs, on a log scale where that shows more; nothing of one."""
    x, y = np.asarray(epochs, np.float64), np.asarray(costs, np.float64)
    x, y = x[np.isfinite(y)], y[np.isfinite(y)]
    if len(x) < 2:
        return ""

    def draw(axes: "Axes") -> None:
        axes.plot(x, y, color=COLORS["converged"], marker="o", markersize=3)
        axes.set_yscale("log" if (y > 0).all() and y.max() > 10 * y.min() else "linear")
        axes.set(xlabel="epoch", ylabel=f"cost (squared units of {unit})")

    return _picture(draw, "Cost against the epoch", 3.2)


def _picture(draw: "Callable[[Axes], None]", words: str, height: float) -> str:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    draw(axes)
    for text in [axes.xaxis.label, axes.yaxis.label, *axes.get_yticklabels()]:
        text.set_parse_math(False)
    file = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that no font here has are boxes; the table has them
        figure.savefig(file, format="png", metadata={"Software": None})
    data = b64encode(file.getvalue()).decode()
    return f'<img alt="{escape(words)}" width="{72 * WIDTH:.0f}" src="data:image/png;base64,{data}">'
