"""Facts about maps as pictures: their cells, colours, scales and ticks, by what matplotlib's artists hold."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

import linreg_sweep as ls
from linreg_sweep.plots.canvas import columns_for, wrapped
from linreg_sweep.plots.scales import folded, plain_formatter, plainly, ticks_by_ratio, told_apart
from linreg_sweep.plots.style import RAMP
from linreg_sweep.runs.results import Run
from tests.drawn import drawn, legend_of, long_words, made, picture, run

__all__ = ["long_words", "run"]

SCRIPTS = Path(__file__).parents[1] / "linreg_sweep" / "reports" / "scripts"


@pytest.fixture(scope="module")
def union(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two products whose rates and weights lie between each other's; one has no momentum."""
    first = {"learning_rate": {"min": 1e-3, "max": 1e-2, "num": 9, "scale": "log"}}
    second = {"learning_rate": {"min": 1.1e-3, "max": 9e-3, "num": 13, "scale": "log"}}
    parameters = [
        first | {"initial_weight": {"min": -3, "max": 3, "num": 9}, "momentum": 0.5},
        second | {"initial_weight": {"min": -2.9, "max": 2.9, "num": 14}, "momentum": 0.0},
    ]
    return made(tmp_path_factory.mktemp("union"), parameters=parameters, name="union")


@pytest.mark.parametrize("tolerance", [0.01, 1e-6])
def test_page_and_picture_have_one_scale_of_colours(tmp_path: Path, tolerance: float) -> None:
    """The page's stops, mixed as the page mixes them, from 0 or by ratio where the page does so."""
    stops = re.search(r"const RAMP = (\[.*?\]);", (SCRIPTS / "colours.js").read_text(encoding="utf-8"))
    assert stops is not None
    assert tuple(re.findall("#[0-9a-f]{6}", stops[1])) == RAMP
    rates = {"learning_rate": {"min": 1e-3, "max": 6.3e-3, "num": 12}}
    outcome = {"tolerance": tolerance}
    run = made(tmp_path, parameters=rates, outcome=outcome, training={"epochs": 30_000})
    mesh: Any = picture(run, "epochs").collections[-1]
    epochs = np.ma.asarray(mesh.get_array()).compressed()
    assert len(epochs) > 5
    low, high = max(1.0, epochs.min()), max(2.0, epochs.max())
    for value in epochs:
        share = np.log(value / low) / np.log(high / low) if high / low > 30 else value / high
        below = min(int(share * 5), 4)
        first, second = (np.array(to_rgb(RAMP[each])) for each in (below, below + 1))
        expected = first + (second - first) * (share * 5 - below)
        np.testing.assert_allclose(mesh.to_rgba(value)[:3], expected, atol=0.006)


def test_listed_values_have_equal_cells_with_their_values(tmp_path: Path) -> None:
    """A cell and a tick for each, and the limit where the values that are below it end."""
    rates = {"values": [0.001, 0.002, 0.005, 0.02]}
    momenta = {"values": [0.0, 0.5, 0.9]}
    axes = picture(made(tmp_path, parameters={"learning_rate": rates, "momentum": momenta}))
    mesh: Any = axes.collections[0]
    assert np.asarray(mesh.get_array()).shape[:2] == (3, 4)
    assert (axes.get_xlim(), axes.get_ylim()) == ((-0.5, 3.5), (-0.5, 2.5))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.001", "0.002", "0.005", "0.02"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "0.5", "0.9"]
    (edge,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    places = np.asarray(edge.get_xydata(), np.float64)
    assert places[[0, 1, 3, 4, 6, 7]].tolist() == [[2.5, y] for y in (-0.5, 0.5, 0.5, 1.5, 1.5, 2.5)]


def test_long_words_are_letters_that_the_legend_explains(long_words: Run) -> None:
    """Where they have no room; else they are folded, and the map keeps most of the picture."""
    (axes,) = drawn(long_words, "map", y="learning_rate", x="schedule", size=(3.5, 4)).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["A", "B", "C"]
    explained = legend_of(axes).get_title().get_text().replace("\n", " ")
    assert "A: constant; B: step(every=200" in explained.replace("{name: step, every: ", "step(every=")
    axes = drawn(long_words, "map").axes[0]
    assert axes.bbox.width > 0.6 * axes.figure.bbox.width
    pyplot.close("all")


def test_each_product_of_a_union_fills_its_map(union: Run, tmp_path: Path) -> None:
    """A panel each where values lie between each other's; a row each where it is words that differ."""
    panels = ls.plot(union, kind="map")
    trials = union.trials
    assert [axes.get_title().split(", loss")[0].replace("\n", " ") for axes in panels] == [
        "union, product 1: 81 trials, momentum 0.5",
        "union, product 2: 182 trials, momentum 0.0",
    ]
    for axes, momentum, shape in zip(panels, (0.5, 0.0), ((9, 9), (14, 13)), strict=True):
        (mesh,) = axes.collections
        assert np.asarray(mesh.get_array()).shape[:2] == shape
        assert (np.asarray(mesh.get_array())[..., 3] == 1).all()
        assert (trials["momentum"] == momentum).sum() == np.prod(shape)
    whole = ls.plot(union, kind="epochs", x="learning_rate", y="initial_weight")
    assert not isinstance(whole, list)
    words = [
        {"optimizer": "sgd", "learning_rate": {"min": 1e-3, "max": 1e-2, "num": 9, "scale": "log"}},
        {"optimizer": "adam", "learning_rate": {"min": 2e-3, "max": 1e-1, "num": 11, "scale": "log"}},
    ]
    axes = picture(made(tmp_path, parameters=words))
    assert [np.asarray(mesh.get_array()).shape[:2] for mesh in axes.collections] == [(1, 9), (1, 11)]
    pyplot.close("all")


def test_maps_are_as_fine_as_trials_or_as_asked_for(tmp_path: Path) -> None:
    """Every value of a grid up to the dots; few ranges where trials lie at random; --bins overrules."""
    rates = {"min": 1e-4, "max": 1e-2, "num": 150, "scale": "log"}
    parameters: dict[str, Any] = {"learning_rate": rates, "initial_weight": {"min": -5, "max": 5, "num": 90}}
    fine = made(tmp_path, training={"epochs": 3}, parameters=parameters)
    shapes = {
        bins: np.asarray(picture(fine, bins=bins).collections[0].get_array()).shape[:2]
        for bins in (None, 0, 30, 100)
    }
    assert shapes == {None: (90, 150), 0: (90, 150), 30: (30, 30), 100: (90, 100)}
    drawn_at_random = {"learning_rate": {"min": 1e-4, "max": 1e-2}, "initial_weight": {"min": -5, "max": 5}}
    some = made(tmp_path, method="random", trials=900, parameters=drawn_at_random, training={"epochs": 3})
    mesh = picture(some).collections[0]
    assert np.asarray(mesh.get_array()).shape[:2] == (15, 15)


def test_ties_of_the_best_trial_are_rings_alike(run: Run, tmp_path: Path) -> None:
    """As many as pandas finds, in their cells; none where nothing converged."""
    trials = run.trials
    best = trials[trials["converged_at"] == trials["converged_at"].min()]
    axes = picture(run)
    ring = axes.lines[-1]
    cells = (
        best[["learning_rate", "initial_weight"]]
        .drop_duplicates()
        .sort_values(["learning_rate", "initial_weight"])
    )
    np.testing.assert_allclose(np.asarray(ring.get_xydata(), np.float64), cells.to_numpy())
    assert not ring.get_clip_on()  # whole also where its cell ends at the frame
    parameters: dict[str, Any] = {
        "learning_rate": {"values": [0.3, 0.1]},
        "initial_bias": {"values": [-1, 1]},
    }
    data = [-1.0, 1.0], [-2.0, 2.0]
    sweep = {"name": "tied", "method": "grid", "training": {"epochs": 400}, "parameters": parameters}
    axes = picture(ls.run(sweep, data=data, out=tmp_path, jobs=1))
    assert re.fullmatch(r"fastest trial: epoch \d+, 2 tied", str(axes.lines[-1].get_label()))
    assert np.asarray(axes.lines[-1].get_xydata()).tolist() == [[1.0, 0.0], [1.0, 1.0]]
    parameters = {"learning_rate": {"values": [1.0, 2.0]}}
    axes = picture(made(tmp_path, parameters=parameters))
    assert not any("fastest" in str(line.get_label()) for line in axes.lines)


def test_over_folds_the_ring_is_about_the_best_setting(tmp_path: Path) -> None:
    """That of least mean, as pandas finds it, and not the trial that costs least in one of the folds."""
    generator = np.random.default_rng(2)
    x, rates, weights = generator.normal(size=(12, 3)), [0.001, 0.01, 0.03, 0.1, 0.3], [0.0, 1.0]
    y = x.sum(axis=1) / 2 + generator.normal(size=12)
    sweep: dict[str, Any] = {
        "name": "folds",
        "data": {"holdout": {"folds": 4}},
        "method": "grid",
        "training": {"epochs": 50},
        "parameters": {
            "learning_rate": {"values": rates},
            "initial_weight": {"values": weights},
        },
    }
    run = ls.run(sweep, data=(x, y), out=tmp_path, jobs=1)
    costs = run.trials.pivot_table("held_out_cost", "learning_rate", "initial_weight")
    rate, weight = np.unravel_index(costs.to_numpy().argmin(), costs.shape)
    ring = picture(run, x="learning_rate", y="initial_weight").lines[-1]
    assert (
        ring.get_label()
        == f"best setting: held out cost {costs.to_numpy().min():.6g} in the mean over 4 folds"
    )
    assert np.asarray(ring.get_xydata()).tolist() == [[rate, weight]]
    least = run.trials.sort_values("held_out_cost").iloc[0]
    assert (least["learning_rate"], least["initial_weight"]) != (rates[rate], weights[weight])


def test_legends_name_outcomes_that_are_there(tmp_path: Path) -> None:
    """And no others, in any kind."""
    found = made(tmp_path, parameters={"learning_rate": {"values": [1.0, 2.0]}})
    for kind in ("map", "slice", "parallel"):
        figure = drawn(found, kind)
        said = " ".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))
        assert "diverged" in said
        assert "converged" not in said
        assert "unfinished" not in said
    pyplot.close("all")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.001, "0.001"),
        (0.031623, "0.03162"),
        (20_000, "20,000"),
        (1e-7, "1e-7"),
        (2.5e8, "2.5e8"),
        (0, "0"),
        (-7.5, "-7.5"),
    ],
)
def test_ticks_say_numbers_plainly(value: float, told: str) -> None:
    """As a person writes them."""
    assert plainly(value) == told


def test_ticks_of_numbers_that_are_nearly_the_same_differ() -> None:
    """As many digits are written as tell them apart, and no more."""
    assert told_apart([1.3722, 1.3724, 1.3726]) == ["1.3722", "1.3724", "1.3726"]
    assert told_apart([0.001, 0.002, 20_000, 1e-7]) == ["0.001", "0.002", "20,000", "1e-7"]
    axis = Figure().add_subplot().yaxis
    axis.set_major_formatter(plain_formatter())
    axis.axes.set_ylim(1.3722, 1.3726)
    ticks = [each.get_text() for each in axis.get_ticklabels()]
    assert len({*ticks}) == len(ticks) > 2


def test_ticks_by_ratio_are_round_and_few() -> None:
    """Tens, or two or three of each ten where there is room, or the ends where no round number is between."""
    assert ticks_by_ratio(1e-4, 1e-2, 8) == [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2]
    assert ticks_by_ratio(1e-4, 1e-2, 5) == [1e-4, 3e-4, 1e-3, 3e-3, 1e-2]
    assert ticks_by_ratio(1e-9, 1e3, 4) == [1e-9, 1e-5, 1e-1, 1e3]
    assert len(ticks_by_ratio(0.0061, 0.0064, 5)) == 2


def test_texts_are_folded_where_they_may_be() -> None:
    """Between words, before brackets and after commas; wide letters count twice, and no word is lost."""
    assert folded("step(every=200, gamma=0.1)", 12) == "step\n(every=200,\ngamma=0.1)"
    assert folded("inverse_time(t0=100)", 30) == "inverse_time(t0=100)"
    assert wrapped("one two three", 0.9, 10) == "one two\nthree"
    assert wrapped("one-two-three", 0.9, 10) == "one-two-\nthree"
    assert wrapped("\ud559\uc2b5" * 8, 1.4, 10).count("\n") == 1
    assert columns_for([1, 1, 1, 1], 3.5, 4) == 2
    assert columns_for([1, 2, 3], 9, 3) == 3
    assert columns_for([9, 9], 3, 2) == 1
