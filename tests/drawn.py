"""Small runs to draw, axes to draw on, and all that a picture says."""

from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend

import linreg_sweep as ls
from linreg_sweep.plots.kinds import KindName
from linreg_sweep.runs.results import Run

LIMIT = 0.0063305255565


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Seven rates, five weights, two biases: every outcome is among them, and cells hold two trials."""
    sweep = {
        "name": "drawn",
        "data": {"name": "tutorial"},
        "method": "grid",
        "training": {"epochs": 3000},
        "parameters": {
            "learning_rate": {"min": 1e-3, "max": 1e-2, "num": 7, "scale": "log"},
            "initial_weight": {"min": -10, "max": 10, "num": 5},
            "initial_bias": {"values": [0, 5]},
        },
    }
    return ls.run(sweep, out=tmp_path_factory.mktemp("drawn"), jobs=1, part_size=9)


def made(tmp_path: Path, **changes: Any) -> Run:
    """Runs a sweep with these changes."""
    sweep = {"name": "made", "data": {"name": "tutorial"}, "method": "grid", "training": {"epochs": 300}}
    return ls.run(sweep | changes, out=tmp_path, jobs=1)


def fresh() -> Axes:
    """Returns axes of a figure of their own."""
    return Figure().add_subplot()


def picture(run: Run, kind: KindName = "map", **asked: Any) -> Axes:
    """Returns a picture that has one panel, on axes of its own."""
    axes: Axes = ls.plot(run, kind=kind, axes=fresh(), **asked)
    return axes


def texts(axes: Axes) -> str:
    """Returns all that a picture says."""
    legend = axes.get_legend()
    said = [axes.get_title(), axes.get_xlabel(), axes.get_ylabel(), *(text.get_text() for text in axes.texts)]
    return "\n".join([*said, *([text.get_text() for text in legend.get_texts()] if legend else [])])


@pytest.fixture(scope="module")
def long_words(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Schedules with long names, and mini-batches."""
    parameters = {
        "schedule": {
            "values": [
                "constant",
                {"name": "step", "every": 200, "gamma": 0.123456},
                {"name": "polynomial", "power": 2, "epochs": 55},
            ]
        },
        "learning_rate": {"values": [0.001, 0.002, 0.005]},
    }
    training = {"epochs": 60, "batch_size": 5, "order": "reshuffle"}
    return made(tmp_path_factory.mktemp("long"), parameters=parameters, training=training, name="long")


def legend_of(axes: Axes) -> Legend:
    """Returns the legend of a panel that has one."""
    found = axes.get_legend()
    assert found is not None
    return found


def drawn(run: Run, kind: KindName, **asked: Any) -> Figure:
    """Returns the figure of a picture, laid out."""
    panels = ls.plot(run, kind=kind, **asked)
    figure: Figure = (panels[0] if isinstance(panels, list) else panels).figure
    figure.draw_without_rendering()
    return figure
