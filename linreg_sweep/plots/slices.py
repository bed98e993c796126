"""Convergence by one parameter at a time, and many parameters at once in parallel coordinates."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.analysis.formats import shown
from linreg_sweep.plots.cells import varying
from linreg_sweep.plots.style import COLORS, INK, is_standardized, parameter_words, title_of
from linreg_sweep.runs.results import MAX_ROWS, Run
from linreg_sweep.theory.outcome import CONVERGED, DIVERGED, OUTCOMES, UNFINISHED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

BARS = 24
"""Ranges of a parameter that takes too many values for a bar each."""

PLATE = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0}
"""What stands behind a word among lines."""

BEYOND = 0.03
"""How far parallel coordinates go on below 0 and above 1, where they end."""

END = BEYOND / (1 + 2 * BEYOND), (1 + BEYOND) / (1 + 2 * BEYOND)

MAX_LINES = 300
"""Trials that parallel coordinates draw; of more, as many taken at random, the same each time."""


def slices(run: Run, panels: "Sequence[Axes]") -> None:
    """Draws the share of each outcome by each of a run's parameters, over all values of the others.

    Args:
        run: which run.
        panels: as many as varying(run).

    Raises:
        ResultsError: no part is finished, or one is damaged.
    """
    names, standardized = varying(run), is_standardized(run)
    aggregates = [
        run.aggregate([name], BARS if run.has_more_values([name], MAX_ROWS) else None) for name in names
    ]
    run.update(aggregates)
    for name, aggregate, axes in zip(names, aggregates, panels, strict=True):
        table = aggregate.table()
        trials = np.array(table["trials"], np.float64)
        places, below = np.arange(len(trials)), np.zeros(len(trials))
        for outcome in OUTCOMES:
            share = 100 * np.array(table[outcome]) / trials
            axes.bar(places, share, bottom=below, width=0.94, color=COLORS[outcome], label=outcome)
            below += share
        labels = ["none" if value is None else shown(value, 4) for value in table[name]]
        step = -(-len(labels) // 9)
        axes.set_xticks(places[::step], labels[::step], rotation=30, ha="right", fontsize=8)
        axes.set_ylim(0, 100)
        axes.set_xlim(-0.5, len(trials) - 0.5)
        axes.set_xlabel(parameter_words(name, standardized=standardized))
        axes.set_ylabel("share of trials (%)")
    panels[0].set_title(title_of(run), fontsize=11, loc="left")
    panels[-1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8, frameon=False)


def parallel(run: Run, axes: "Axes") -> "Axes":
    """Draws each trial as a line through the values of its parameters, in the colour of its outcome.

    Args:
        run: which run.
        axes: where.

    Returns:
        The axes.

    Raises:
        ResultsError: no part is finished, or one is damaged.
    """
    names, standardized = varying(run), is_standardized(run)
    n_drawn = min(MAX_LINES, run.n_trials)
    chosen = np.random.default_rng(0).choice(run.n_trials, n_drawn, replace=False)
    found = []
    for columns in run.parts(list(dict.fromkeys(["trial", *names, "outcome", "epochs"]))):
        rows = np.flatnonzero(np.isin(columns["trial"], chosen))
        found.append({name: values[rows] for name, values in columns.items()})
    table = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    drawn = [*names, "epochs"]
    heights = [_height(run, name, run.types[name].keys(table[name])) for name in drawn]
    lines = np.stack([height for height, _ in heights], axis=1)
    for code in (DIVERGED, UNFINISHED, CONVERGED):
        rows = np.flatnonzero(table["outcome"] == code)
        name = OUTCOMES[code]
        alpha = float(np.clip(40 / max(1, len(rows)), 0.12, 0.8))
        for number, row in enumerate(rows.tolist()):
            label = f"{name}: {len(rows):,} drawn" if not number else None
            axes.plot(
                range(len(drawn)), lines[row], color=COLORS[name], alpha=alpha, linewidth=1, label=label
            )
    for place, (name, (_, (low, high))) in enumerate(zip(drawn, heights, strict=True)):
        axes.axvline(place, *END, color=INK, linewidth=1)
        if run.types[name].is_words:
            for at, word in zip(
                np.linspace(0, 1, len(run.types[name].words)), run.types[name].words, strict=True
            ):
                axes.text(place + 0.02, at, word, ha="left", va="center", fontsize=8, bbox=PLATE)
            continue
        axes.text(place, -0.02, f"{low:.4g}", ha="center", va="top", fontsize=8)
        axes.text(place, 1.02, f"{high:.4g}", ha="center", va="bottom", fontsize=8)
    titles = [*(parameter_words(name, standardized=standardized) for name in names), "epochs done"]
    axes.set_xticks(range(len(drawn)), [word.replace(" (", "\n(") for word in titles], fontsize=8)
    axes.tick_params(axis="x", length=0, pad=16)
    axes.set_yticks([])
    axes.set_ylim(-BEYOND, 1 + BEYOND)
    axes.spines[["top", "right", "bottom", "left"]].set_visible(False)
    some = "" if n_drawn == run.n_trials else f"\n{n_drawn:,} of them drawn, taken at random"
    axes.set_title(title_of(run) + some, fontsize=11, pad=22)
    legend = axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, frameon=False)
    for handle in legend.get_lines():
        handle.set_alpha(1)
        handle.set_linewidth(3)
    return axes


def _height(run: Run, name: str, values: Floats) -> tuple[Floats, tuple[float, float]]:
    """Returns where values stand between the smallest, 0, and the largest, 1; by ratio where so declared.

    Words stand in their order, evenly; what is missing is NaN, where a line has a gap.
    """
    if run.types[name].is_words:
        last = len(run.types[name].words) - 1
        return values / last if last else values + 0.5, (0, last)
    known = values[~np.isnan(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    log = (name in run.metadata["log_scaled"] or (name == "epochs" and high > 30 * low)) and low > 0
    ends = np.log([low, high]) if log else np.array([low, high])
    span = ends[1] - ends[0]
    shown = np.log(values) if log else values
    return (shown - ends[0]) / span if span else values * 0 + 0.5, (low, high)
