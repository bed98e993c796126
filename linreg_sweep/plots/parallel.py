"""Many parameters at once, in parallel coordinates: a line per trial, in the colour of its outcome."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from linreg_sweep.analysis.shown import COLORS
from linreg_sweep.array_types import Floats
from linreg_sweep.plots.canvas import LETTER, SMALL, Canvas, legend, title, width_of, wrapped
from linreg_sweep.plots.cells import MAX_LISTED, is_even, varying
from linreg_sweep.plots.look import Look
from linreg_sweep.plots.scales import folded, plainly
from linreg_sweep.plots.style import INK
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import CONVERGED, DIVERGED, OUTCOMES, UNFINISHED

if TYPE_CHECKING:
    from matplotlib.axes import Axes


PLATE = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0}
"""What stands behind a word among lines."""

NONE = -0.13
"""Where lines pass an axis of which their trial has no value, below the smallest."""

MAX_LINES = 300
"""Trials that parallel coordinates draw; of more, as many taken at random, the same each time."""

MAX_WORDS = 12
"""Values of a list that are written beside an axis."""


def draw(canvas: Canvas, runs: Sequence[Run]) -> None:
    """Draws each trial as a line through the values of its parameters; a panel per run, one below the other.

    Raises:
        ResultsError: no part is finished, or one is damaged.
    """
    panels = canvas.panels([len(runs)], columns=1)
    for run, axes in zip(runs, panels, strict=True):
        _parallel(run, axes, canvas.look)


def _parallel(run: Run, axes: "Axes", look: Look) -> None:
    from matplotlib.lines import Line2D

    names = varying(run)
    n_drawn = min(MAX_LINES, run.n_trials)
    chosen = np.random.default_rng(0).choice(run.n_trials, n_drawn, replace=False)
    found = []
    for columns in run.parts(list(dict.fromkeys(["trial", *names, "outcome", "epochs"]))):
        rows = np.flatnonzero(np.isin(columns["trial"], chosen))
        found.append({name: values[rows] for name, values in columns.items()})
    table = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    drawn = [*names, "epochs"]
    rungs = [_rungs(run, name, run.types[name].keys(table[name])) for name in drawn]
    lines = np.stack([heights for heights, _ in rungs], axis=1)
    handles = []
    for code in (DIVERGED, UNFINISHED, CONVERGED):
        rows = np.flatnonzero(table["outcome"] == code)
        color = COLORS[OUTCOMES[code]]
        alpha = float(np.clip(40 / max(1, len(rows)), 0.12, 0.8))
        for row in rows.tolist():
            axes.plot(range(len(drawn)), lines[row], color=color, alpha=alpha, linewidth=look.width)
        if len(rows):
            label = f"{look.name(OUTCOMES[code])}: {len(rows):,} drawn"
            handles.append(Line2D([], [], color=color, linewidth=3 * look.width, label=label))
    small, each = look.points * SMALL, 0.9 * width_of(axes) / len(drawn)
    room = int(each * 72 / (small * LETTER)) - 2
    lowest = NONE if (lines == NONE).any() else 0.0
    for place, (_, words) in enumerate(rungs):
        axes.plot([place, place], [0, 1], color=INK, linewidth=look.width)
        shown = {**words, **({NONE: "none"} if (lines[:, place] == NONE).any() else {})}
        last = place == len(drawn) - 1
        for at, word in shown.items():
            text = folded(look.labels.get(word, word), room)
            within = {0.0: "bottom", 1.0: "top"}.get(at, "center") if "\n" in text else "center"
            side: dict[str, Any] = {"ha": "right" if last else "left", "va": within}
            side |= {"xytext": (-4 if last else 4, 0), "textcoords": "offset points"}
            axes.annotate(text, (place, at), fontsize=small, bbox=PLATE, **side)
    titles = [*(look.axis(name, run) for name in names), look.labels.get("epochs", "epochs done")]
    axes.set_xticks(range(len(drawn)), [wrapped(word, each, small) for word in titles], fontsize=small)
    axes.tick_params(axis="x", length=0)
    axes.set_yticks([])
    axes.set_xlim(-0.08, len(drawn) - 0.92)
    axes.set_ylim(lowest - 0.04, 1.04)
    axes.spines[["top", "right", "bottom", "left"]].set_visible(False)
    some = "" if n_drawn == run.n_trials else f"\n{n_drawn:,} of them drawn, chosen at random"
    title(axes, look, look.heading(run) + some)
    legend(axes, look, handles)


def _rungs(run: Run, name: str, values: Floats) -> tuple[Floats, dict[float, str]]:
    """Returns where values stand between the smallest, 0, and the largest, 1, and what is written where.

    Words stand in their order, evenly, and so do few numbers that lie unevenly; others by ratio where so
    declared. A trial without a value is at NONE.
    """
    kind = run.types[name]
    if kind.is_words:
        words = list(kind.words)
        heights = np.linspace(0, 1, len(words)) if len(words) > 1 else np.array([0.5])
        places = np.where(np.isnan(values), NONE, heights[np.nan_to_num(values).astype(int)])
        return places, dict(zip(heights.tolist(), words, strict=True))
    known = np.unique(values[~np.isnan(values)])
    if not len(known):
        return np.full(len(values), NONE), {}
    low, high = float(known[0]), float(known[-1])
    is_log = name in run.metadata["log_scaled"] or (name == "epochs" and high > 30 * low)
    log = is_log and low > 0
    if name != "epochs" and len(known) <= MAX_LISTED and not is_even(np.log(known) if log else known):
        heights = np.linspace(0, 1, len(known)) if len(known) > 1 else np.array([0.5])
        places = np.where(
            np.isnan(values), NONE, heights[np.searchsorted(known, np.nan_to_num(values, nan=low))]
        )
        step = -(-len(known) // MAX_WORDS)
        shown = zip(heights[::step].tolist(), map(plainly, known[::step].tolist()), strict=True)
        return places, dict(shown)
    ends = np.log([low, high]) if log else np.array([low, high])
    span = float(ends[1] - ends[0])
    stretched = np.log(np.where(np.isnan(values), low, values)) if log else np.nan_to_num(values, nan=low)
    heights = (stretched - ends[0]) / span if span else np.full(len(values), 0.5)
    places = np.where(np.isnan(values), NONE, heights)
    return places, {0.0: plainly(float(f"{low:.4g}")), 1.0: plainly(float(f"{high:.4g}"))} if span else {
        0.5: plainly(low)
    }
