"""Facts about slices, and pictures of any kind: shares are the summary's, files the same each time."""

from itertools import cycle
from pathlib import Path

import pytest
from matplotlib.axes import Axes

import linreg_sweep as ls
from linreg_sweep.cli import main
from linreg_sweep.plots import parallel as parallel_module
from linreg_sweep.plots import slices
from linreg_sweep.plots.kinds import KINDS, KindName
from linreg_sweep.plots.plot import save
from linreg_sweep.runs.results import Run
from tests.drawn import fresh, made, picture, run

__all__ = ["run"]


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
    assert len(picture(run, "parallel").lines) == 70 + 4
    monkeypatch.setattr(parallel_module, "MAX_LINES", 20)
    axes = picture(run, "parallel")
    assert len(axes.lines) == 20 + 4
    assert "20 of them drawn" in axes.get_title()


@pytest.mark.parametrize(("kind", "suffix"), list(zip(KINDS, cycle([".png", ".svg"]), strict=False)))
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


@pytest.mark.parametrize("kind", KINDS)
def test_two_runs_stand_side_by_side(run: Run, tmp_path: Path, kind: KindName) -> None:
    """Each with its own title."""
    other = made(tmp_path, parameters={"learning_rate": {"values": [0.001, 0.007]}})
    panels = ls.plot(run, other, kind=kind)
    if kind == "overlay":
        assert panels.get_title().startswith("drawn, made:")
        return
    titles = [panel.get_title(loc="left") + panel.get_title() for panel in panels]
    assert sum(title.startswith("drawn:") for title in titles) == 1
    assert sum(title.startswith("made:") for title in titles) == 1


def test_python_draws_on_given_axes(run: Run) -> None:
    """And returns them; a notebook's own figure otherwise."""
    axes = fresh()
    assert ls.plot(run, kind="map", axes=axes) is axes
    costs = ls.plot(run.path, kind="cost", trials=[0])
    assert isinstance(costs, Axes)
    assert costs.yaxis.get_major_formatter()(1e-7, 0) == "1e-7"  # as every other axis says it
    with pytest.raises(ls.ConfigError, match="axes: hold one panel"):
        ls.plot(run, kind="slice", axes=axes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "a.gif"], "a.gif: must end in .png, .svg or .pdf, got '.gif'"),
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


@pytest.mark.parametrize("kind", KINDS)
def test_values_too_large_for_an_axis_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """Matplotlib would overflow."""
    rates = {"learning_rate": {"values": [5, 1e30, 1e300]}, "initial_weight": {"values": [0, 1]}}
    found = made(tmp_path, parameters=rates)
    assert main(["plot", str(found.path), "--kind", kind]) == 2
    said = "made: values from 1e-100 to 1e+100 can be drawn, learning_rate has 1e+300."
    assert capsys.readouterr().err.startswith(said)
