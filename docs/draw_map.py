"""Draws docs/learning_rate_by_start.png: epochs to convergence over learning rate and initial weight.

Run by `make picture`. The sweep runs into a temporary directory; everything drawn is in its table.
"""

import tempfile
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

import linreg_sweep as ls

Floats = NDArray[np.float64]

HERE = Path(__file__).parent
SWEEP = HERE.parent / "sweeps" / "learning_rate_by_start.yaml"
PICTURE = HERE / "learning_rate_by_start.png"

BIAS = 0.0
EPOCHS = 10_000
UNFINISHED, DIVERGED = "#d9d9d9", "#d55e00"
REGIMES = {"low": "low", "good": "good", "high": "high", "too_high": "too high"}


def main() -> None:
    """Runs the sweep, draws it and writes the picture."""
    plan = ls.plan(SWEEP)
    if plan.stability_limit is None:
        raise SystemExit(f"{SWEEP} has no one stability limit to draw")
    with tempfile.TemporaryDirectory() as out:
        trials = ls.run(SWEEP, out=out).trials
    figure = draw(trials[trials["initial_bias"] == BIAS], plan.stability_limit)
    figure.savefig(PICTURE, dpi=160, metadata={"Software": None})
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")


def draw(trials: pd.DataFrame, limit: float) -> Figure:
    """Returns the map.

    Args:
        trials: one row a learning rate and initial weight.
        limit: the learning rate above which descent diverges.
    """
    mpl.rcParams.update({"font.size": 11, "axes.linewidth": 0.8})
    figure, axes = plt.subplots(figsize=(8, 5.2), layout="constrained")
    table = trials.pivot(index="initial_weight", columns="learning_rate", values="converged_at")
    rates, weights = table.columns.to_numpy(float), table.index.to_numpy(float)
    edges = np.exp(_edges(np.log(rates))), _edges(weights)
    for outcome, color in (("unfinished", UNFINISHED), ("diverged", DIVERGED)):
        cells = trials.assign(here=(trials["outcome"] == outcome).map({True: 1.0, False: np.nan}))
        shown = cells.pivot(index="initial_weight", columns="learning_rate", values="here")
        axes.pcolormesh(*edges, shown.to_numpy(float), cmap=ListedColormap([color]))
    epochs = axes.pcolormesh(
        *edges, table.to_numpy(float, na_value=np.nan), cmap="viridis_r", vmin=0, vmax=EPOCHS
    )
    bar = figure.colorbar(epochs, ax=axes, pad=0.02, ticks=range(0, EPOCHS + 1, 2000), format="{x:,.0f}")
    bar.set_label("epochs to convergence")

    axes.set_xscale("log")
    axes.set_xlabel("learning rate (step per unit of gradient, log scale)")
    axes.set_ylabel("initial weight (y per unit of x)")
    axes.set_yticks(range(-10, 11, 5))
    axes.text(4e-4, -1, f"unfinished after {EPOCHS:,} epochs", color="#404040", ha="center")
    axes.text(8.3e-3, 0, "diverged", color="white", rotation=90, fontweight="bold", ha="center", va="center")
    axes.annotate(
        "from here even slow rates\nconverge: almost all of the error\nlies along the steepest direction",
        (1.9e-4, 9.5),
        (1.3e-4, 4.2),
        arrowprops={"arrowstyle": "->", "color": "#404040"},
        color="#404040",
    )
    axes.axvline(limit, color="black", linestyle="--", linewidth=1.5)
    axes.annotate(
        f"stability limit\n$2\\,/\\,\\lambda_{{max}}$ = {limit:.5f}",
        (limit, -6.5),
        (7.5e-4, -6.5),
        arrowprops={"arrowstyle": "->", "color": "black"},
        ha="center",
        va="center",
        bbox={"boxstyle": "round", "facecolor": "white", "edgecolor": "none"},
    )
    _name_regimes(axes, trials, edges[0])
    figure.suptitle("Which learning rates converge, and from where?", fontsize=14)
    axes.set_title(
        f"One cell a trial: the tutorial's 30 rows, loss half_mse, initial bias {BIAS:g}", fontsize=11, pad=28
    )
    return figure


def _name_regimes(axes: Axes, trials: pd.DataFrame, edges: Floats) -> None:
    """Names along the top, over a bar each, the regime of every column of the map."""
    by_rate = trials.groupby("learning_rate")["regime"].first().to_numpy()
    above = axes.get_xaxis_transform()
    for regime, name in REGIMES.items():
        (columns,) = np.nonzero(by_rate == regime)
        left, right = edges[columns[0]], edges[columns[-1] + 1]
        axes.plot(
            [left * 1.02, right / 1.02],
            [1.025, 1.025],
            color="black",
            linewidth=2,
            transform=above,
            clip_on=False,
        )
        axes.text(np.sqrt(left * right), 1.04, name, fontsize=9.5, ha="center", va="bottom", transform=above)


def _edges(centres: Floats) -> Floats:
    """Returns the edges of cells with these evenly spaced centres."""
    half = (centres[1] - centres[0]) / 2
    return np.append(centres - half, centres[-1] + half)


if __name__ == "__main__":
    main()
