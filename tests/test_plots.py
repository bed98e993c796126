"""Facts about pictures: what is drawn is what the tables say, read back from matplotlib's own artists."""

from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import linreg_sweep as ls
from linreg_sweep.cli import main
from linreg_sweep.commands.plot import PICTURES
from linreg_sweep.plots import slices
from linreg_sweep.plots.cells import cells, edges_of
from linreg_sweep.plots.descents import cost_curves, default_trials, paths
from linreg_sweep.plots.maps import apart, epochs_map, outcome_map, stability_limits
from linreg_sweep.plots.plot import KINDS, save
from linreg_sweep.plots.slices import parallel
from linreg_sweep.plots.style import COLORS
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import OUTCOMES

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
    axes = outcome_map(run, fresh())
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
    axes = epochs_map(run, fresh())
    shown: Any = np.ma.filled(np.ma.asarray(axes.collections[-1].get_array()), np.nan).reshape(5, 7)
    np.testing.assert_array_equal(shown, cells(run).converged_at)
    assert "epochs to convergence" in axes.figure.axes[-1].get_ylabel()


def test_narrow_regimes_have_names_that_do_not_overlap(tmp_path: Path) -> None:
    """Two columns of forty are high and too high: all four names stand side by side, each led to its bar."""
    rates = {"min": 0.0067 / 316, "max": 2.4 / 316, "num": 25, "scale": "log"}
    figure = Figure(figsize=(8, 5.6))
    axes = outcome_map(made(tmp_path, parameters={"learning_rate": rates}), figure.add_subplot())
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
    assert [tick.get_text() for tick in parallel(run, fresh()).get_xticklabels()][1:] == ["epochs done"]
    assert outcome_map(run, fresh()).get_ylabel() == ""


@pytest.mark.parametrize(("standardize", "unit"), [(True, "standard deviation"), (False, "unit")])
def test_weights_of_standardized_columns_have_their_own_unit(
    tmp_path: Path, standardize: bool, unit: str
) -> None:
    """Per standard deviation of x."""
    parameters = {"learning_rate": {"values": [0.001, 0.003]}, "initial_weight": {"values": [0, 1]}}
    run = made(tmp_path, data={"name": "tutorial", "standardize": standardize}, parameters=parameters)
    assert outcome_map(run, fresh()).get_ylabel() == f"initial weight (unit of y per {unit} of x)"


def test_the_edge_bends_with_momentum(tmp_path: Path) -> None:
    """The limit is 2 (1 + m) / largest curvature."""
    run = made(
        tmp_path,
        parameters={
            "learning_rate": {"min": 1e-3, "max": 2e-2, "num": 5, "scale": "log"},
            "momentum": {"values": [0.0, 0.5, 0.9]},
        },
    )
    found = cells(run)
    limits = stability_limits(run, found.x, found.y)
    assert limits is not None
    np.testing.assert_allclose(limits[0], LIMIT * (1 + np.clip(limits[1], 0, 0.9)))
    assert "stability limit, by momentum" in texts(outcome_map(run, fresh()))


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
    for rate, height in zip(*limits, strict=True):
        penalty = np.diag([np.clip(height, 0, 100), 0.0])
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
    assert "stability limit 0.006331, where one is known" in texts(outcome_map(run, fresh()))


def test_curves_are_above_each_trials_own_optimum(tmp_path: Path) -> None:
    """Whatever scale or penalty a trial has; of words the best of each is drawn."""
    parameters: dict[str, Any] = {
        "standardize": {"values": [False, True]},
        "weight_decay": {"values": [0.0, 3.0]},
        "learning_rate": {"values": [0.001, 0.005]},
    }
    run = made(tmp_path, training={"epochs": 50}, parameters=parameters)
    trials = run.trials
    ranked = trials.sort_values(["outcome", "converged_at", "cost"])
    assert default_trials(run) == sorted(ranked.groupby("standardize", observed=True)["trial"].first())
    axes = cost_curves(run, fresh(), trials=range(8))
    for number, line in enumerate(axes.lines[:8]):
        assert np.asarray(line.get_ydata(), np.float64)[-1] == pytest.approx(
            trials["excess_cost"][number], rel=1e-9
        )
    ends = [
        np.asarray(line.get_xydata(), np.float64)[-1]
        for line in paths(run, fresh(), trials=range(8)).lines[:16:2]
    ]
    np.testing.assert_allclose(ends, trials[["weight_unscaled", "bias_unscaled"]], rtol=1e-9)


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
    axes = outcome_map(run, fresh())
    assert axes.get_xlabel() == "learning rate (share of the stability limit)"
    assert cells(run, x="learning_rate").x.name == "learning_rate"
    with pytest.raises(ls.ConfigError, match="got 'stability_ratio' for both"):
        cells(run, x="stability_ratio", y="stability_ratio")


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
    assert [text.get_text() for text in outcome_map(run, fresh()).texts] == ["high", "too high"]
    alternating = outcome_map(run, fresh(), x="learning_rate")
    assert (len(alternating.texts), len(alternating.lines)) == (0, 1)  # the edge


def test_mini_batches_have_no_edge(tmp_path: Path) -> None:
    """No limit is known for them."""
    run = made(
        tmp_path,
        training={"epochs": 20, "batch_size": 10},
        parameters={"learning_rate": {"values": [0.001, 0.002]}},
    )
    assert stability_limits(run, cells(run).x, None) is None
    assert "stability" not in texts(outcome_map(run, fresh()))


def test_one_parameter_makes_one_row(tmp_path: Path) -> None:
    """A map of learning rates alone has no second axis."""
    axes = outcome_map(made(tmp_path, parameters={"learning_rate": {"values": [0.001, 0.007]}}), fresh())
    assert axes.get_ylabel() == ""
    assert np.asarray(axes.collections[0].get_array()).shape[:2] == (1, 2)


def test_curves_end_where_the_table_says(run: Run) -> None:
    """At the trial's last epoch, at its excess cost; the optimum's tolerance is drawn."""
    wanted = [4, 33, 45]
    axes = cost_curves(run, fresh(), trials=wanted)
    for number, line in zip(wanted, axes.lines, strict=False):
        row = run.trials.loc[number]
        x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        assert x[-1] == row["epochs"]
        assert y[-1] == pytest.approx(row["excess_cost"], rel=1e-12)
        assert str(line.get_label()).startswith(f"{number}: learning rate ")
    assert "unit of y squared" in axes.get_ylabel()


def test_paths_lead_from_the_start_to_the_last_state(run: Run) -> None:
    """In weight and bias; the star is the least-squares optimum."""
    axes = paths(run, fresh(), trials=[33])
    row = run.trials.loc[33]
    track = np.asarray(axes.lines[0].get_xydata())
    assert track[0].tolist() == [row["initial_weight"], row["initial_bias"]]
    assert track[-1].tolist() == [row["weight"], row["bias"]]
    star = np.asarray(axes.lines[-1].get_xydata())[0]
    np.testing.assert_allclose(star, [0.87889878, -0.43593103], atol=1e-8)


@pytest.mark.parametrize("standardize", [False, True])
def test_lines_of_equal_cost_are_ellipses_of_equal_cost(tmp_path: Path, standardize: bool) -> None:
    """Every point of a line costs the same by the rows' residuals, at condition number 300,000 too."""
    table = pd.read_csv(Path(__file__).parents[1] / "data" / "faithful.csv")
    x, y = table["waiting"].to_numpy(), table["eruptions"].to_numpy()
    x = (x - x.mean()) / x.std() if standardize else x
    rates = {"learning_rate": {"values": [1e-4]}}
    data = {"path": "data/faithful.csv", "y": ["eruptions"], "standardize": standardize}
    run = made(tmp_path, data=data, parameters=rates, training={"epochs": 20})
    axes = fresh()
    paths(run, axes)
    least = np.mean((y - np.polyval(np.polyfit(x, y, 1), x)) ** 2)
    costs = []
    for ellipse in axes.patches:
        corners = np.asarray(ellipse.get_path().vertices)[:-1:3]  # where its curves meet
        points = ellipse.get_transform().transform(corners)
        weight, bias = axes.transData.inverted().transform(points).T
        costs.append(np.mean((y - weight[:, None] * x - bias[:, None]) ** 2, axis=1) - least)
    assert len(costs) == 9
    for cost in costs:
        assert cost == pytest.approx(cost.mean(), rel=1e-4)
    means = [cost.mean() for cost in costs]
    assert np.divide(means[1:], means[:-1]) == pytest.approx(4, rel=1e-6)


def test_paths_of_many_parameters_lie_in_the_plane_of_two_directions(tmp_path: Path) -> None:
    """The optimum is its origin, and a path's distance to it shrinks along the steepest direction."""
    run = ls.run(Path(__file__).parents[1] / "sweeps" / "diabetes.yaml", out=tmp_path)
    axes = paths(run, fresh(), trials=[20])
    track = np.asarray(axes.lines[0].get_xydata())
    assert np.asarray(axes.lines[-1].get_xydata()).tolist() == [[0.0, 0.0]]
    assert abs(track[-1, 1]) < 1e-6 * abs(track[0, 1])
    assert "flattest direction" in axes.get_xlabel()


def test_slices_are_shares_by_each_parameter(run: Run) -> None:
    """A panel a parameter; the bars of the converged are the summary's shares."""
    panels = ls.plot(run, kind="slice")
    assert [panel.get_xlabel().split(" (")[0] for panel in panels] == [
        "learning rate",
        "initial weight",
        "initial bias",
    ]
    for name, panel in zip(run.varied, panels, strict=True):
        heights = [bar.get_height() for bar in panel.containers[0]]
        assert len(heights) == run.trials[name].nunique()
        assert heights == pytest.approx((100 * run.summary(by=name)["share_converged"]).tolist())


def test_each_of_many_values_has_its_bar(tmp_path: Path) -> None:
    """Up to as many as a table shows; more are gathered into ranges."""
    for values, bars in ((25, 25), (60, 60), (61, slices.BARS)):
        rates = {"learning_rate": {"min": 0.001, "max": 0.006, "num": values}}
        panel = ls.plot(made(tmp_path, training={"epochs": 2}, parameters=rates), kind="slice")
        assert len(panel.containers[0]) == bars


def test_parallel_coordinates_have_a_line_a_trial(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or as many as are legible, and then it is said."""
    assert len(parallel(run, fresh()).lines) == 70 + 4
    monkeypatch.setattr(slices, "MAX_LINES", 20)
    axes = parallel(run, fresh())
    assert len(axes.lines) == 20 + 4
    assert "20 of them drawn" in axes.get_title()


@pytest.mark.parametrize(("kind", "suffix"), list(zip(PICTURES, cycle([".png", ".svg"]), strict=False)))
def test_every_kind_is_written_the_same_each_time(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, suffix: str
) -> None:
    """By the command too, whose last line is the file."""
    file, again = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    assert main(["plot", str(run.path), "--kind", kind, "-o", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}\n"
    save([run], again, kind)
    assert file.read_bytes() == again.read_bytes()
    assert file.read_bytes().startswith(b"\x89PNG" if suffix == ".png" else b"<?xml")


@pytest.mark.parametrize("kind", PICTURES)
def test_two_runs_stand_side_by_side(run: Run, tmp_path: Path, kind: str) -> None:
    """Each with its own title."""
    other = made(tmp_path, parameters={"learning_rate": {"values": [0.001, 0.007]}})
    panels = ls.plot(run, other, kind=kind)
    titles = [panel.get_title(loc="left") + panel.get_title() for panel in panels]
    assert sum(title.startswith("drawn:") for title in titles) == 1
    assert sum(title.startswith("made:") for title in titles) == 1


def test_python_draws_on_given_axes(run: Run) -> None:
    """And returns them; a notebook's own figure otherwise."""
    axes = fresh()
    assert ls.plot(run, kind="map", axes=axes) is axes
    assert isinstance(ls.plot(run.path, kind="cost", trials=[0]), Axes)
    with pytest.raises(ls.ConfigError, match="axes: hold one panel"):
        ls.plot(run, kind="slice", axes=axes)


def test_the_kinds_are_those_of_the_command() -> None:
    """One list is in the command line, which must not load matplotlib."""
    assert {*KINDS, "slice"} == set(PICTURES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "a.gif"], "a.gif: must end in .png or .svg, got '.gif'"),
        (["--x", "momentum"], "there is no column 'momentum'"),
        (["--x", "learning_rate", "--y", "learning_rate"], "--y: must be another parameter than --x"),
        (["--trial", "1"], "--trial: has no effect on --kind map"),
        (["--kind", "cost", "--x", "learning_rate"], "--x: has no effect on --kind cost"),
        (["--kind", "cost", "--trial", "70"], "--trial: must be a trial of the run, 0 to 69, got 70"),
        (["--kind", "paths", "--trial", "-1"], "--trial: must be a trial of the run, 0 to 69, got -1"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    """Exit code 2, one line, no file."""
    monkeypatch.chdir(tmp_path)
    assert main(["plot", str(run.path), *arguments]) == 2
    assert capsys.readouterr().err.startswith(message)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", [*KINDS, "slice"])
def test_values_too_large_for_an_axis_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """Matplotlib would overflow."""
    rates = {"learning_rate": {"values": [5, 1e30, 1e300]}, "initial_weight": {"values": [0, 1]}}
    found = made(tmp_path, parameters=rates)
    assert main(["plot", str(found.path), "--kind", kind]) == 2
    said = "made: values from 1e-100 to 1e+100 can be drawn, learning_rate has 1e+300."
    assert capsys.readouterr().err.startswith(said)
