"""Facts about maps whose colours are a column's: each cell is pandas' median of its trials."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm, to_hex

import linreg_sweep as ls
from linreg_sweep.analysis.shown import COLORS
from linreg_sweep.plots.cells import cells
from linreg_sweep.plots.heat import medians
from tests.drawn import made, picture, texts

PLATEAUS: dict[str, Any] = {
    "training": {"order": "independent", "epochs": 4, "early_stop": False},
    "parameters": {
        "batch_size": {"values": [1, 3, 10]},
        "learning_rate": {"values": [0.0003, 0.001, 0.003, 0.007, 0.03]},
        "seed": {"min": 0, "max": 2},
    },
}


def test_a_cell_is_the_median_of_its_trials(tmp_path: Path) -> None:
    """By ratio where it spans much; grey where theory knows none, and what diverged has its own colour."""
    run = made(tmp_path, **PLATEAUS)
    trials = run.trials
    for column in ("plateau", "excess_cost", "weight"):
        found = cells(run)
        assert found.y is not None
        groups = trials.groupby([found.y.name, found.x.name])
        expected: Any = (
            groups[column]
            .median()
            .where(groups["outcome"].agg(lambda each: (each == "diverged").mean()) < 0.5)
        )
        shown = medians(run, found, column)
        np.testing.assert_allclose(shown, expected.unstack().to_numpy(), rtol=1e-14)
    axes = picture(run, color="plateau")
    meshes = [each for each in axes.collections if isinstance(each, QuadMesh)]
    assert isinstance(meshes[-1].norm, LogNorm)
    drawn: Any = np.ma.masked_invalid(np.ma.asarray(meshes[-1].get_array()))
    np.testing.assert_array_equal(drawn.filled(np.nan), medians(run, cells(run), "plateau"))
    shades = {to_hex(each.cmap(0.0)).upper() for each in meshes[:-1]}
    assert shades == {COLORS["unfinished"], COLORS["diverged"]}
    assert "no plateau" in texts(axes)
    assert "median of the cell" in axes.figure.axes[1].get_ylabel().replace("\n", " ")


def test_words_and_ranges_have_their_cells(tmp_path: Path) -> None:
    """Words in their declared order; trials drawn at random are gathered."""
    parameters = {
        "learning_rate": {"min": 1e-4, "max": 5e-3, "scale": "log"},
        "loss": {"values": ["mse", "half_mse"]},
    }
    run = made(tmp_path, method="random", trials=60, seed=1, parameters=parameters, training={"epochs": 20})
    found = cells(run, most=4)
    assert found.y is not None
    assert found.x.ranges is not None
    assert list(found.y.labels) == ["mse", "half_mse"]
    which = found.x.ranges.place(run.trials["learning_rate"].to_numpy())
    expected = run.trials["cost"].groupby([run.trials["loss"], which], observed=True).median().unstack()
    np.testing.assert_allclose(medians(run, found, "cost"), expected.to_numpy(), rtol=1e-14)


@pytest.mark.parametrize(
    ("color", "said"),
    [
        ("outcome", "--color: must be a column of numbers, outcome holds words"),
        ("platea", "there is no column 'platea'"),
        ("diverged_at", "--color: is missing or infinite in half of the trials or more of every cell"),
    ],
)
def test_what_has_no_colour_is_said(tmp_path: Path, color: str, said: str) -> None:
    """In one clear error."""
    run = made(tmp_path, parameters={"learning_rate": {"values": [0.001, 0.002]}})
    with pytest.raises(ls.ConfigError, match=said):
        ls.plot(run, kind="map", color=color)
