"""Small runs to draw, axes to draw on, and all that a picture says."""

from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import linreg_sweep as ls
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


def texts(axes: Axes) -> str:
    """Returns all that a picture says."""
    legend = axes.get_legend()
    said = [axes.get_title(), axes.get_xlabel(), axes.get_ylabel(), *(text.get_text() for text in axes.texts)]
    return "\n".join([*said, *([text.get_text() for text in legend.get_texts()] if legend else [])])
