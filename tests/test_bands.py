"""Facts about bands: medians, quantiles and means are pandas' own, lines are drawn where these are."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from numpy.typing import NDArray

import linreg_sweep as ls
from linreg_sweep.plots.bands import Bands, bands
from tests.drawn import picture, texts

DRAWN: dict[str, Any] = {
    "name": "drawn",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"order": "independent", "epochs": 20, "early_stop": False},
    "parameters": {
        "batch_size": {"values": [3, 10]},
        "learning_rate": {"values": [0.0005, 0.001, 0.002]},
        "seed": {"min": 0, "max": 6},
    },
}


def made(tmp_path: Path, **changes: Any) -> ls.Run:
    """Runs the sweep with these changes, in parts that cut settings in two."""
    return ls.run(DRAWN | changes, out=tmp_path, jobs=1, part_size=5)


def numbers(line: Line2D) -> NDArray[np.float64]:
    """Returns how high a line is."""
    return np.asarray(line.get_ydata(), np.float64)


def titled(axes: Axes) -> str:
    """Returns what stands above a legend."""
    legend = axes.get_legend()
    assert legend is not None
    return legend.get_title().get_text()


def quantiles(groups: Any, share: float) -> list[float]:
    """Returns pandas' quantiles; between two infinities it has none."""
    return list(groups.quantile(share).fillna(np.inf))


def assert_is(found: Bands, trials: pd.DataFrame, by: list[str], y: str) -> None:
    """Asserts that the lines are pandas' quantiles of a column by these columns, the axis last."""
    groups = trials[y].astype(float).fillna(np.inf).groupby([trials[name] for name in by])
    for name, share in (("median", 0.5), ("p10", 0.1), ("p90", 0.9)):
        drawn = np.concatenate([getattr(line.spread, name) for line in found.lines])
        assert drawn.tolist() == pytest.approx(quantiles(groups, share), rel=1e-12)
    assert np.concatenate([line.trials for line in found.lines]).tolist() == groups.size().tolist()


def test_a_band_over_seeds_is_drawn_beside_theory(tmp_path: Path) -> None:
    """A line a batch size: the median, the band, theory's mean dashed and the mean of the trials."""
    run = made(tmp_path)
    trials = run.trials
    assert_is(bands(run), trials, ["batch_size", "learning_rate"], "excess_cost")
    axes = picture(run, "band")
    assert axes.get_xscale() == "log"  # each rate is twice the one before
    assert "cost above the optimum" in axes.get_ylabel()
    assert "over 7 seeds" in titled(axes)
    patches = [patch for patch in axes.collections if isinstance(patch, PolyCollection)]
    for size, band, place in ((3.0, patches[0], 0), (10.0, patches[1], 1)):
        own = trials[trials["batch_size"] == size].groupby("learning_rate")
        median, theory, mean = *axes.lines[2 * place : 2 * place + 2], axes.lines[4 + place]
        assert numbers(median).tolist() == pytest.approx(own["excess_cost"].median().tolist(), rel=1e-12)
        assert numbers(theory).tolist() == pytest.approx(own["expected_excess_cost"].first().tolist())
        assert numbers(mean).tolist() == pytest.approx(own["excess_cost"].mean().tolist(), rel=1e-12)
        heights = {round(height, 9) for height in np.asarray(band.get_paths()[0].vertices)[:, 1].tolist()}
        ends = [*quantiles(own["excess_cost"], 0.1), *quantiles(own["excess_cost"], 0.9)]
        assert heights == {round(end, 9) for end in ends}
    assert "batch size 10" in texts(axes)
    assert "theory's mean over all draws" in texts(axes)


def test_runs_that_share_both_axes_are_drawn_over_each_other(tmp_path: Path) -> None:
    """Each line is its run's, whatever the places of the other; runs whose axes differ stand side by side."""
    rates = {"learning_rate": {"values": [0.0007, 0.0014, 0.0028, 0.0056]}}
    first = made(tmp_path, parameters=DRAWN["parameters"] | {"batch_size": {"value": 3}})
    second = made(tmp_path, name="second", parameters=DRAWN["parameters"] | rates)
    axes = ls.plot(first, second, kind="band", y="cost")
    assert isinstance(axes, Axes)
    for run, sizes, lines in ((first, [3], axes.lines[:1]), (second, [3, 10], axes.lines[1:3])):
        for size, line in zip(sizes, lines, strict=True):
            own = run.trials[run.trials["batch_size"] == size].groupby("learning_rate")["cost"].median()
            assert numbers(line).tolist() == pytest.approx(own.tolist(), rel=1e-12)
            assert np.asarray(line.get_xdata()).tolist() == own.index.tolist()
    legend = axes.get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["drawn", "second: batch size 3", "second: batch size 10"]
    assert len({line.get_color() for line in axes.lines}) == 3
    other = made(
        tmp_path,
        name="other",
        training=DRAWN["training"] | {"learning_rate": 0.001},
        parameters={"batch_size": {"values": [3, 10]}, "seed": {"min": 0, "max": 6}},
    )
    panels = ls.plot(first, other, kind="band", y="cost")
    assert len(panels) == 2
    pyplot.close("all")


def test_the_best_value_of_a_parameter_is_taken_at_each_place(tmp_path: Path) -> None:
    """By the median; what never converged is later than all, and theory's epoch is drawn where known."""
    run = made(
        tmp_path,
        training={"order": "reshuffle", "epochs": 60},
        outcome={"tolerance": 1e-3},
        parameters=DRAWN["parameters"] | {"batch_size": {"values": [3, 30]}},
    )
    trials = run.trials
    at = trials["converged_at"].astype(float).fillna(np.inf)
    medians: Any = at.groupby([trials["batch_size"], trials["learning_rate"]]).median()
    medians = medians.unstack("batch_size")
    found = bands(run, x="batch_size", y="converged_at", tuned="learning_rate")
    [line] = found.lines
    assert line.spread.median.tolist() == medians.min().tolist()
    whole = trials[(trials["batch_size"] == 30) & (trials["learning_rate"] == medians[30].idxmin())]
    assert np.isnan(line.theory[0])
    assert line.theory[1] == whole["predicted_at"].iloc[0] == whole["converged_at"].iloc[0]
    axes = picture(run, "band", x="batch_size", y="converged_at", tuned="learning_rate")
    assert "each with the best learning rate" in titled(axes)


def test_a_band_over_folds_is_of_what_is_held_out(tmp_path: Path) -> None:
    """Where nothing else is asked for; penalties from 0 on, which no ratio has, stand side by side."""
    run = made(
        tmp_path,
        data={"name": "tutorial", "holdout": {"folds": 5}},
        training={"engine": "closed_form", "epochs": 100_000, "early_stop": False},
        parameters={
            "weight_decay": {"values": [0, 0.01, 0.1, 1]},
            "learning_rate": {"values": [0.5, 0.9], "unit": "stability_limit"},
        },
    )
    found = bands(run, x="weight_decay")
    assert [line.cells for line in found.lines] == [{"stability_ratio": 0.5}, {"stability_ratio": 0.9}]
    trials = run.trials.assign(share=run.trials["stability_ratio"].round(9))
    assert_is(found, trials, ["share", "weight_decay"], "held_out_cost")
    axes = picture(run, "band", x="weight_decay")
    assert np.asarray(axes.lines[0].get_xdata()).tolist() == [0, 1, 2, 3]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "0.01", "0.1", "1"]
    assert "held-out rows" in axes.get_ylabel()
    means = trials.groupby(["share", "weight_decay"])["held_out_cost"].mean()
    drawn = np.concatenate([numbers(line) for line in axes.lines[2:]])  # by which settings are compared
    assert drawn.tolist() == pytest.approx(means.tolist(), rel=1e-12)
    assert found.over == ["fold"]  # though each fold has rates of its own
    assert "over 5 folds" in titled(axes)
    said = f"best setting: held out cost {means.min():.6g} in the mean over 5 folds"
    assert said in texts(picture(run))


def test_words_stand_side_by_side_and_each_order_has_its_own_theory(tmp_path: Path) -> None:
    """A plateau in file order, which the trial has reached, a mean over all draws of independent batches."""
    run = made(
        tmp_path,
        training={"batch_size": 10, "learning_rate": 0.003, "epochs": 3000, "early_stop": False},
        parameters={"order": {"values": ["file", "reshuffle", "independent"]}, "seed": {"min": 0, "max": 4}},
    )
    [line] = bands(run).lines
    assert line.says == ("expected_excess_cost", "plateau")
    assert line.theory[0] == pytest.approx(line.spread.median[0], rel=1e-3)
    assert np.isnan(line.theory).tolist() == [False, True, False]
    axes = picture(run, "band")
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["file", "reshuffle", "independent"]
    assert axes.lines[0].get_linestyle() == "None"


def test_no_line_over_words_hides_another(tmp_path: Path) -> None:
    """Each of more than there are colours has a place of its own beside the others, and a look of its own."""
    parameters = {"optimizer": {"values": ["sgd", "adam"]}, "seed": {"min": 0, "max": 1}}
    rates = {"learning_rate": {"values": (np.arange(1, 11) / 2000).tolist()}}
    axes = picture(
        made(tmp_path, training={"epochs": 9}, parameters=parameters | rates), "band", x="optimizer", y="cost"
    )
    lines = axes.lines[:10]
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == 10
    places = np.array([np.asarray(line.get_xdata(), np.float64) for line in lines])
    assert np.diff(places, axis=0).min() > 0.05
    assert (np.abs(places - [0, 1]) < 0.5).all()


def test_a_setting_without_a_parameter_has_its_own_line(tmp_path: Path) -> None:
    """Of a union, in which one optimizer has a key that the other lacks."""
    rates = {"learning_rate": {"values": [0.001, 0.002, 0.004]}}
    products = [
        {"optimizer": "sgd", "momentum": {"values": [0, 0.9]}, **rates},
        {"optimizer": "adam", **rates},
    ]
    run = made(tmp_path, training={"epochs": 30}, parameters=products)
    lines = bands(run, y="cost").lines
    assert [line.cells for line in lines] == [
        {"optimizer": "sgd", "momentum": 0.0},
        {"optimizer": "sgd", "momentum": 0.9},
        {"optimizer": "adam", "momentum": None},
    ]
    assert [line.spread.median.tolist() for line in lines] == run.trials["cost"].to_numpy().reshape(
        3, 3
    ).tolist()
    axes = picture(run, "band", y="cost")
    assert [handle.get_label() for handle in axes.lines] == [
        "optimizer sgd, momentum 0",
        "optimizer sgd, momentum 0.9",
        "optimizer adam",
    ]


def test_the_legend_names_lines_that_have_no_value(tmp_path: Path) -> None:
    """Nobody looks for the line of a setting none of whose trials converged."""
    of_rates = {"momentum": {"values": [0, 0.9]}, "learning_rate": {"values": [1e-6, 0.004, 0.005]}}
    run = made(tmp_path, training={"epochs": 1500}, parameters=of_rates)
    assert run.trials.groupby("momentum")["converged_at"].count().tolist() == [0, 2]
    labels = [str(line.get_label()) for line in picture(run, "band", y="converged_at").lines]
    assert [label for label in labels if label[0] == "m"] == ["momentum 0: no value", "momentum 0.9"]


def test_the_legend_shows_lines_of_theory_dashed(tmp_path: Path) -> None:
    """Also where the last setting is known at a single place, where its own is a bar."""
    products = [
        {"momentum": 0.5, "learning_rate": {"values": [0.003, 0.004, 0.005]}},
        {"momentum": 0.9, "learning_rate": {"values": [0.005]}},
    ]
    sweep = {"name": "bar", "method": "grid", "data": {"name": "tutorial"}, "parameters": products}
    axes = picture(ls.run(sweep, out=tmp_path, jobs=1), "band")
    legend = axes.get_legend()
    assert legend is not None
    [shown] = [each for each in legend.get_lines() if each.get_label() == "theory's prediction"]
    assert shown.get_linestyle() == "--"
    assert [line.get_marker() for line in axes.get_lines() if line.get_marker() == "_"] == ["_"]


def test_trials_drawn_at_random_are_gathered_into_ranges(tmp_path: Path) -> None:
    """And what has no room for a line of its own is in the band: the legend names it."""
    run = made(
        tmp_path,
        method="random",
        trials=200,
        seed=3,
        training={"epochs": 50},
        parameters={
            "learning_rate": {"min": 1e-4, "max": 5e-3, "scale": "log"},
            "initial_weight": {"min": -1, "max": 1},
        },
    )
    found = bands(run, y="cost", bins=6)
    [line] = found.lines
    edges = np.geomspace(run.trials["learning_rate"].min(), run.trials["learning_rate"].max(), 7)
    which = np.clip(np.digitize(run.trials["learning_rate"], edges) - 1, 0, 5)
    assert line.spread.median.tolist() == pytest.approx(run.trials["cost"].groupby(which).median().tolist())
    assert line.places.tolist() == pytest.approx(np.sqrt(edges[1:] * edges[:-1]).tolist())
    assert found.over == ["initial_weight"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"x": "momentum"}, "there is no column 'momentum'"),
        ({"y": "outcome"}, "--y: must be a column of numbers, outcome holds words"),
        ({"y": "diverged_at"}, "--y: is missing or infinite in half of the trials or more"),
        ({"x": "batch_size", "tuned": "batch_size"}, "--tuned: must be another parameter than --x"),
        ({"tuned": "weight"}, "there is no column 'weight'"),
    ],
)
def test_what_cannot_be_drawn_is_said(tmp_path: Path, asked: dict[str, Any], said: str) -> None:
    """In one clear error."""
    run = made(tmp_path, parameters={"batch_size": {"values": [3, 30]}, "learning_rate": {"values": [0.001]}})
    with pytest.raises(ls.ConfigError, match=said):
        ls.plot(run, kind="band", **asked)
