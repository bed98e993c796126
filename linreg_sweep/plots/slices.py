"""The share of each outcome by one parameter at a time, over all values of the others."""

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from linreg_sweep.analysis.aggregate import Ranges
from linreg_sweep.analysis.shown import COLORS
from linreg_sweep.plots.canvas import (
    FRAME,
    LETTER,
    SMALL,
    TITLE,
    Canvas,
    legend,
    letters,
    title,
    width_of,
    width_of_row,
    wrapped,
)
from linreg_sweep.plots.cells import varying
from linreg_sweep.plots.look import Look
from linreg_sweep.plots.scales import LONGEST, folded, plainly
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import OUTCOMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BARS = 24
"""Ranges of a parameter that takes too many values for a bar each."""

PANEL = (4.2, 3.8)
"""Inches of a panel."""

NARROWEST = 1.8
"""Inches of a panel at least, with letters of a screen."""


def draw(canvas: Canvas, runs: Sequence[Run], *, bins: int | None = None) -> None:
    """Draws the share of each outcome by each parameter, over all values of the others; a row per run.

    Raises:
        ResultsError: no part is finished, or one is damaged.
    """
    from matplotlib.patches import Patch

    counts = [len(varying(run)) for run in runs]
    widest = max(counts)
    inches = (max(PANEL[0], 6.0 / widest), PANEL[1])
    panels = canvas.panels(counts, inches, columns=widest, narrowest=NARROWEST)
    for run, count in zip(runs, counts, strict=True):
        _slices(run, panels[:count], bins, canvas.look)
        panels = panels[count:]
    bars = {bars.get_label(): bars for axes in canvas.made for bars in axes.containers}
    handles = [Patch(facecolor=each[0].get_facecolor(), label=name) for name, each in bars.items()]
    if canvas.is_given:
        legend(canvas.made[0], canvas.look, handles)
    else:
        canvas.figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def _slices(run: Run, panels: "Sequence[Axes]", bins: int | None, look: Look) -> None:
    names = varying(run)
    aggregates = [run.aggregate([name], run.bins_for([name], bins, BARS)) for name in names]
    run.update(aggregates)
    tables = [aggregate.table() for aggregate in aggregates]
    there = [outcome for outcome in OUTCOMES if any(any(table[outcome]) for table in tables)]
    for name, aggregate, table, axes in zip(names, aggregates, tables, panels, strict=True):
        trials = np.array(table["trials"], np.float64)
        places, below = np.arange(len(trials)), np.zeros(len(trials))
        for outcome in there:
            share = 100 * np.array(table[outcome]) / trials
            width = 0.94 if len(places) <= 60 else 1.0
            axes.bar(
                places, share, bottom=below, width=width, color=COLORS[outcome], label=look.name(outcome)
            )
            below += share
        _ticks(axes, run, name, table[name], aggregate.ranges.get(name), look)
        axes.set_ylim(0, 100)
        axes.set_xlim(-0.5, len(trials) - 0.5)
        axes.set_xlabel(wrapped(look.axis(name, run), 0.7 * width_of(axes), look.points))
        spec = axes.get_subplotspec()
        if spec is None or spec.is_first_col():
            axes.set_ylabel("share of trials (%)")
        else:
            axes.tick_params(labelleft=False)  # all have one scale
    title(panels[0], look, look.heading(run), TITLE * width_of_row(panels), loc="left")


def _ticks(
    axes: "Axes", run: Run, name: str, cells: Sequence[Any], ranges: Ranges | None, look: Look
) -> None:
    """Names bars: each by its value, or the ends of ranges where these meet."""
    points = look.points * SMALL
    room = FRAME * width_of(axes) * 72 / (points * LETTER)
    if ranges is not None and not ranges.names and None not in cells:
        labels = ranges.labels
        shown = [place for place, label in enumerate(labels) if label in cells]  # some may have no trial
        ends = {at - 0.5: ranges.edges[place] for at, place in enumerate(shown)}
        ends[len(shown) - 0.5] = ranges.edges[shown[-1] + 1]
        words = [plainly(float(f"{value:.3g}")) for value in ends.values()]
        step = ceil((max(map(len, words)) + 2) * len(words) / room)
        axes.set_xticks(list(ends)[::step], words[::step])
        return
    named = ["none" if cell is None else cell for cell in cells]
    words = [
        plainly(cell) if isinstance(cell, int | float) else folded(look.labels.get(cell, cell), LONGEST)
        for cell in named
    ]
    widest = max(letters(line) for word in words for line in word.split("\n")) + 1.5
    if run.types[name].is_words and widest * len(words) > room:
        words = [word.replace("\n", " ") for word in words]
        axes.set_xticks(range(len(words)), words, rotation=35, ha="right", rotation_mode="anchor")
        return
    step = ceil(widest * len(words) / room)
    axes.set_xticks(range(0, len(words), step), words[::step])
