"""Facts about maps: cells are pandas's, and colours, edges and regimes lie where theory and tables say."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import linreg_sweep as ls
from linreg_sweep.analysis.shown import COLORS
from linreg_sweep.plots.cells import cells, edges_of
from linreg_sweep.plots.edges import stability_limits
from linreg_sweep.plots.regimes import apart
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import OUTCOMES
from tests.drawn import LIMIT, made, picture, run, texts

__all__ = ["run"]


def test_cells_count_what_pandas_counts(run: Run) -> None:
    """Trials and outcomes a cell, and the median epoch of the converged."""
    found = cells(run)
    keys = ["initial_weight", "learning_rate"]
    groups = run.trials.groupby(keys)
    assert found.trials.ravel().tolist() == groups.size().tolist()
    for code, name in enumerate(OUTCOMES):
        counts = (run.trials["outcome"] == name).groupby([run.trials[key] for key in keys]).sum()
        assert found.outcomes[code].ravel().tolist() == counts.tolist()
    converged = run.trials["converged_at"].where(run.trials["outcome"] == "converged").astype(float)
    medians = converged.groupby([run.trials["initial_weight"], run.trials["learning_rate"]]).median()
    np.testing.assert_array_equal(found.converged_at.ravel(), medians.to_numpy())
    assert found.y is not None
    assert (found.x.name, found.x.log, found.y.name, found.y.log) == (
        "learning_rate",
        True,
        "initial_weight",
        False,
    )


@pytest.mark.parametrize("most", [3, 4])
def test_cells_of_many_values_are_ranges(run: Run, most: int) -> None:
    """No trial is lost, and there are no more than so many on a side."""
    found = cells(run, most=most)
    assert found.trials.sum() == run.n_trials
    assert found.trials.shape == (most, most)
    rates = pd.cut(run.trials["learning_rate"], found.x.edges.tolist(), right=False).cat.codes.replace(
        -1, most - 1
    )
    assert found.trials.sum(axis=0).tolist() == rates.value_counts().sort_index().tolist()


def test_edges_lie_halfway() -> None:
    """Between the values or, on a log scale, between their logarithms."""
    assert edges_of(np.array([1.0, 2.0, 4.0]), log=False).tolist() == [0.5, 1.5, 3.0, 5.0]
    np.testing.assert_allclose(edges_of(np.array([1.0, 4.0]), log=True), [0.5, 2.0, 8.0])
    assert np.diff(edges_of(np.array([0.0]), log=False)) > 0
    assert np.isfinite(edges_of(np.array([5.0, 1e30, 1e300]), log=True)).all()


def test_the_map_shows_outcomes_limit_and_regimes(run: Run) -> None:
    """A cell of one outcome has its colour, one of two their mean; everything is named with its unit."""
    axes = picture(run)
    shown = np.asarray(axes.collections[0].get_array()).reshape(5, 7, 4)[..., :3]
    shares = cells(run).shares
    for row, column in np.ndindex(5, 7):
        parts = [
            shares[code, row, column] * np.array(to_rgb(COLORS[name])) for code, name in enumerate(OUTCOMES)
        ]
        np.testing.assert_allclose(shown[row, column], sum(parts), atol=1e-12)
    (line,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert np.asarray(line.get_xdata()).tolist() == pytest.approx([LIMIT, LIMIT])
    told = texts(axes)
    for words in (
        *OUTCOMES,
        "stability limit 0.006331",
        "low",
        "good",
        "too high",
        "step per unit of gradient",
    ):
        assert words in told
    assert "drawn: 70 trials on tutorial (built in), loss half_mse" in told


def test_the_heat_map_shows_median_epochs(run: Run) -> None:
    """Where any trial of the cell converged; and its bar says so."""
    axes = picture(run, "epochs")
    shown: Any = np.ma.filled(np.ma.asarray(axes.collections[-1].get_array()), np.nan).reshape(5, 7)
    np.testing.assert_array_equal(shown, cells(run).converged_at)
    assert "epochs to convergence" in axes.figure.axes[-1].get_ylabel()


def test_the_bar_of_several_maps_is_beside_the_last(run: Run, tmp_path: Path) -> None:
    """Also where that has no numbers: between two maps it would be taken for the axis of the second."""
    other = ls.run(run.store.config, overrides=["training.epochs=1"], out=tmp_path, jobs=1)
    panels = ls.plot(run, other, kind="epochs")
    panels[0].figure.draw_without_rendering()
    *_, bar = panels[0].figure.axes
    assert "epochs to convergence" in bar.get_ylabel()
    assert bar.get_position().x0 > max(axes.get_position().x1 for axes in panels)


def test_narrow_regimes_have_names_that_do_not_overlap(tmp_path: Path) -> None:
    """Two columns of forty are high and too high: all four names stand side by side, each led to its bar."""
    rates = {"min": 0.0067 / 316, "max": 2.4 / 316, "num": 25, "scale": "log"}
    figure = Figure(figsize=(8, 5.6))
    axes = ls.plot(made(tmp_path, parameters={"learning_rate": rates}), axes=figure.add_subplot())
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert [text.get_text() for text in axes.texts] == ["low", "good", "high", "too high"]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert boxes[-1].x1 < figure.bbox.x1
    for bar, leader, text in zip(axes.lines[:4], axes.lines[4:8], axes.texts, strict=True):
        (left, right), (begin, end) = (np.asarray(each.get_xdata(), np.float64) for each in (bar, leader))
        assert left <= begin <= right
        assert end == text.get_position()[0]


@pytest.mark.parametrize(
    ("middles", "places"),
    [([0.1, 0.5], [0.1, 0.5]), ([0.1, 0.9, 0.95], [0.1, 0.75, 0.95]), ([0.1, 0.1], [-0.1, 0.1])],
)
def test_texts_keep_apart(middles: list[float], places: list[float]) -> None:
    """Each is as wide as 0.2; the last stays, those before it make room, the rest stay too."""
    assert apart(middles, [0.2] * len(middles)) == pytest.approx(places)


def test_side_by_side_the_same_colour_means_the_same(run: Run, tmp_path: Path) -> None:
    """Epochs have one scale of colours, and a trial has one colour in both panels."""
    other = ls.run(run.store.config, overrides=["training.loss=mse", "name=other"], out=tmp_path)
    first, second = (panel.collections[-1] for panel in ls.plot(run, other, kind="epochs"))
    epochs = [run.trials["converged_at"], other.trials["converged_at"]]
    assert first.get_clim() == second.get_clim()
    assert first.get_clim()[0] <= min(each.min() for each in epochs) + 0.5
    colours = [
        {str(line.get_label()).split(":")[0]: line.get_color() for line in panel.lines[:-1]}
        for panel in ls.plot(run, other, kind="cost")
    ]
    assert run.metadata["best"]["trial"] != other.metadata["best"]["trial"]
    assert len(colours[0]) > 5
    assert colours[0] == colours[1]


def test_a_parameter_of_one_value_is_not_drawn(tmp_path: Path) -> None:
    """It has no panel, no axis, and is no side of a map."""
    rates = {"learning_rate": {"values": [0.001, 0.003, 0.007]}}
    run = made(tmp_path, parameters={"initial_bias": 0, "momentum": 0.5} | rates)
    assert ls.plot(run, kind="slice").get_xlabel().startswith("learning rate")
    assert [tick.get_text() for tick in picture(run, "parallel").get_xticklabels()][1:] == ["epochs done"]
    assert picture(run).get_ylabel() == ""


@pytest.mark.parametrize(("standardize", "unit"), [(True, "standard deviation"), (False, "unit")])
def test_weights_of_standardized_columns_have_their_own_unit(
    tmp_path: Path, standardize: bool, unit: str
) -> None:
    """Per standard deviation of x."""
    parameters = {"learning_rate": {"values": [0.001, 0.003]}, "initial_weight": {"values": [0, 1]}}
    run = made(tmp_path, data={"name": "tutorial", "standardize": standardize}, parameters=parameters)
    said = picture(run).get_ylabel().replace("\n", " ")
    assert said == f"initial weight (unit of y per {unit} of x)"


@pytest.mark.parametrize("momenta", [{"values": [0.0, 0.5, 0.9]}, {"min": 0.0, "max": 0.9, "num": 4}])
def test_the_edge_bends_with_momentum(tmp_path: Path, momenta: dict[str, Any]) -> None:
    """The limit is 2 (1 + m) / largest curvature: a step at each of a list, a curve along a range."""
    run = made(
        tmp_path,
        parameters={
            "learning_rate": {"min": 1e-3, "max": 2e-2, "num": 5, "scale": "log"},
            "momentum": momenta,
        },
    )
    found = cells(run)
    limits = stability_limits(run, found.x, found.y)
    assert limits is not None
    listed = np.repeat([0.0, 0.5, 0.9], 3)
    expected = listed if "values" in momenta else np.clip(limits[1], 0, 0.9)
    np.testing.assert_allclose(limits[0], LIMIT * (1 + expected))
    assert "stability limit by momentum" in texts(picture(run))


def test_the_edge_is_each_trials_own_limit(tmp_path: Path) -> None:
    """Of weight decay the eigenvalues say it; a word has its own or none, and what it hides leaves no one."""
    rates = {"min": 1e-3, "max": 2e-2, "num": 3, "scale": "log"}
    decays = {"learning_rate": rates, "weight_decay": {"values": [0.0, 40.0, 100.0]}}
    column = np.random.default_rng(1).normal(3, 9, size=12)
    sweep = {"name": "own", "method": "grid", "training": {"epochs": 9}, "parameters": decays}
    run = ls.run(sweep, data=(column, 2 * column + 1), out=tmp_path, jobs=1)
    x, found = np.column_stack([column, np.ones(12)]), cells(run)
    limits = stability_limits(run, found.x, found.y)
    assert limits is not None
    for rate, decay in zip(limits[0], np.repeat([0.0, 40.0, 100.0], 3), strict=True):
        penalty = np.diag([decay, 0.0])
        assert rate == pytest.approx(2 / np.linalg.eigvalsh(x.T @ x / len(x) + penalty)[-1], rel=1e-9)
    words = {"optimizer": {"values": ["adam", "sgd"]}, "loss": {"values": ["half_mse", "mse"]}}
    run = made(tmp_path, name="words", parameters={"learning_rate": rates} | words)
    found = cells(run, y="loss")
    assert stability_limits(run, found.x, found.y) is None
    run = made(
        tmp_path, name="one-word", parameters={"learning_rate": rates, "optimizer": words["optimizer"]}
    )
    found = cells(run)
    limits = stability_limits(run, found.x, found.y)
    assert limits is not None
    np.testing.assert_allclose(limits[0][:2], np.nan)
    np.testing.assert_allclose(limits[0][3:5], LIMIT)
    assert "stability limit 0.006331, where one is known" in texts(picture(run))


def test_rates_in_limits_of_each_momentum_lie_side_by_side(tmp_path: Path) -> None:
    """As shares of the limit, evenly as they are declared; the rates themselves where they are asked for."""
    run = made(
        tmp_path,
        parameters={
            "learning_rate": {"min": 0.1, "max": 1.2, "step": 0.1, "unit": "stability_limit"},
            "momentum": {"values": [0.0, 0.3, 0.9]},
        },
    )
    found = cells(run)
    assert (found.x.name, found.y and found.y.name) == ("stability_ratio", "momentum")
    np.testing.assert_array_equal(found.x.centres, [float(f"{n / 10}") for n in range(1, 13)])
    np.testing.assert_array_equal(found.trials, np.ones((3, 12)))
    assert not found.x.log
    limits = stability_limits(run, found.x, found.y)
    assert limits is not None
    assert set(limits[0]) == {1.0}
    axes = picture(run)
    assert axes.get_xlabel() == "learning rate (share of the stability limit)"
    assert cells(run, x="learning_rate").x.name == "learning_rate"
    with pytest.raises(ls.ConfigError, match="got 'stability_ratio' for both"):
        cells(run, x="stability_ratio", y="stability_ratio")


@pytest.mark.parametrize(("rates", "is_drawn"), [([0.2, 0.5, 0.9], False), ([0.2, 0.5, 1.2], True)])
def test_an_edge_beyond_listed_rates_is_not_drawn(tmp_path: Path, rates: list[float], is_drawn: bool) -> None:
    """Among cells of one size it has a place between two, and would lie on the frame beyond the last."""
    run = made(tmp_path, parameters={"learning_rate": {"values": rates, "unit": "stability_limit"}})
    axes = picture(run)
    assert ("stability limit 0.006331" in texts(axes)) == is_drawn
    edges = [line.get_xdata() for line in axes.get_lines() if line.get_linestyle() == "--"]
    assert np.array(edges).tolist() == [[1.5, 1.5]] * is_drawn


def test_an_average_moves_no_limit(tmp_path: Path) -> None:
    """It follows the states, and rates in limits lie side by side as they are; a schedule moves it."""
    rates = {"values": [0.5, 0.9], "unit": "stability_limit"}
    block = {"kind": "ema", "decay": 0.9}
    varied = {"learning_rate": rates, "average.decay": {"values": [0.1, 0.9]}}
    assert cells(made(tmp_path, training={"average": block}, parameters=varied)).x.name == "learning_rate"
    block = {"name": "cosine", "final": 0.5}
    varied = {"learning_rate": rates, "schedule.final": {"values": [0.5, 0.9]}}
    assert cells(made(tmp_path, training={"schedule": block}, parameters=varied)).x.name == "stability_ratio"


def test_regimes_are_named_where_there_is_room(tmp_path: Path) -> None:
    """Names that would overlap, since regimes alternate from rate to rate, are left out with their bars."""
    run = made(
        tmp_path,
        parameters={
            "learning_rate": {"min": 0.1, "max": 1.2, "step": 0.05, "unit": "stability_limit"},
            "momentum": {"values": [0.0, 0.5]},
        },
    )
    assert [text.get_text() for text in picture(run).texts] == ["high", "too high"]
    alternating = picture(run, x="learning_rate")
    assert not alternating.texts
    assert {line.get_linestyle() for line in alternating.lines} == {"--"}  # the edge


def test_permuted_batches_have_no_edge(tmp_path: Path) -> None:
    """No limit is known for them."""
    run = made(
        tmp_path,
        training={"epochs": 20, "batch_size": 10, "order": "reshuffle"},
        parameters={"learning_rate": {"values": [0.001, 0.002]}},
    )
    assert stability_limits(run, cells(run).x, None) is None
    assert "stability" not in texts(picture(run))


def test_one_parameter_makes_one_row(tmp_path: Path) -> None:
    """A map of learning rates alone has no second axis."""
    axes = picture(made(tmp_path, parameters={"learning_rate": {"values": [0.001, 0.007]}}))
    assert axes.get_ylabel() == ""
    assert np.asarray(axes.collections[0].get_array()).shape[:2] == (1, 2)
