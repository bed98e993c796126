"""Facts about how pictures look: what is asked for is what matplotlib's artists hold, at every size."""

from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

import linreg_sweep as ls
from linreg_sweep.cli import main
from linreg_sweep.plots import lettering
from linreg_sweep.plots.canvas import Canvas
from linreg_sweep.plots.costs import smoothed
from linreg_sweep.plots.kinds import KINDS, KindName
from linreg_sweep.plots.look import Look, look_of
from linreg_sweep.plots.plot import CROWDED
from linreg_sweep.plots.style import look_of_line
from linreg_sweep.runs.results import Run
from tests.drawn import drawn, fresh, legend_of, long_words, made, run

__all__ = ["long_words", "run"]

SCRIPTS = Path(__file__).parents[1] / "linreg_sweep" / "reports" / "scripts"

LOOKS: dict[str, dict[str, Any]] = {
    "phone": {"size": (3.9, 4.2)},
    "screen": {},
    "slide": {"style": "slide"},
    "paper": {"style": "paper"},
}


@pytest.mark.system
@pytest.mark.parametrize(
    ("which", "look"), [("run", "phone"), ("run", "slide"), *((("long_words", look)) for look in LOOKS)]
)
@pytest.mark.parametrize("kind", KINDS)
def test_no_words_overlap_or_are_cut(
    request: pytest.FixtureRequest, which: str, kind: KindName, look: str
) -> None:
    """Titles, words of axes, ticks of one axis and legends, by their boxes, on a phone, a slide or paper."""
    figure = drawn(request.getfixturevalue(which), kind, **LOOKS[look])
    boxes: list[tuple[str, Any]] = []
    for axes in figure.axes:
        ticks = [
            tick.label1
            for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim()))
            for tick in axis.get_major_ticks()
            if low <= tick.get_loc() <= high
        ]
        texts = [axes.title, axes.xaxis.label, axes.yaxis.label, *(ticks if kind != "parallel" else [])]
        texts = [text for text in texts if text.get_text() and text.get_visible()]
        texts = [text for text in texts if not text.get_rotation() % 90]
        texts += axes.texts if kind == "parallel" else []
        boxes += [(text.get_text(), text.get_window_extent()) for text in texts]
        boxes += [("legend", each.get_window_extent()) for each in [axes.get_legend()] if each is not None]
    for (one, first), (other, second) in combinations(boxes, 2):
        across = min(first.x1, second.x1) - max(first.x0, second.x0)
        up = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert min(across, up) < 2, (one, other)
    for words, box in boxes:
        assert box.x0 > -2, words
        assert box.y0 > -2, words
        assert box.x1 < figure.bbox.x1 + 2, words
        assert box.y1 < figure.bbox.y1 + 2, words
    pyplot.close(figure)


def test_titles_of_narrow_panels_are_not_cut(tmp_path: Path) -> None:
    """They stand over frames, which are right of the middle where words of an axis are beside them."""
    parameters = {"learning_rate": {"values": [0.001, 0.002]}, "initial_weight": {"values": [-2000, 2000]}}
    run = made(tmp_path, name="a-name-of-many-letters", parameters=parameters)
    panels = ls.plot(run, run, run, kind="map", style="slide")
    figure = panels[0].figure
    figure.draw_without_rendering()
    for axes in panels:
        box = axes.title.get_window_extent()
        assert -2 < box.x0 < box.x1 < figure.bbox.x1 + 2
    words = [axes.get_ylabel().replace("\n", " ") for axes in panels]
    assert words == ["initial weight (unit of y per unit of x)", "", ""]
    pyplot.close(figure)


def test_what_is_asked_for_is_what_is_drawn(run: Run) -> None:
    """Size, dots, letters, columns and titles; a style has its own, which are overruled."""
    figure = drawn(run, "map", size=(5, 4), dpi=80, font_size=7, title="A\tB", style="slide")
    assert figure.get_size_inches().tolist() == [5, 4]
    assert figure.dpi == 80
    (axes,) = figure.axes
    assert (axes.get_title(), axes.title.get_fontsize(), axes.xaxis.label.get_fontsize()) == ("A\\tB", 7, 7)
    assert axes.get_xticklabels()[0].get_fontsize() == pytest.approx(7 * 0.833)
    assert drawn(run, "map", style="slide").get_size_inches().tolist() == [13.333, 7.5]
    assert drawn(run, "map", style="paper").axes[0].get_title() == ""
    several = drawn(run, "slice", columns=2, title="All of it")
    specs = [axes.get_subplotspec() for axes in several.axes]
    assert [spec and spec.get_geometry()[:2] for spec in specs] == [(2, 2)] * 3
    assert several.get_suptitle() == "All of it"
    pyplot.close("all")


def test_labels_stand_on_axes_and_in_legends(run: Run) -> None:
    """Of columns without their unit; of outcomes and regimes."""
    labels = {"learning_rate": "rate", "converged": "arrived", "good": "fine", "initial_weight": "w"}
    (axes,) = drawn(run, "map", labels=labels).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("rate", "w")
    assert "arrived" in [text.get_text() for text in legend_of(axes).get_texts()]
    assert "fine" in [text.get_text() for text in axes.texts]
    (axes,) = drawn(run, "cost", labels=labels, trials=[3]).axes
    assert legend_of(axes).get_texts()[0].get_text().startswith("3: rate 0.001, w ")
    pyplot.close("all")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--size", "8"], "--size: must be width and height in inches, such as 8,5, got '8'"),
        (
            ["--size", "0.5,5"],
            "--size: must be two numbers from 1 to 60, width and height in inches, got (0.5, 5.0)",
        ),
        (["--size", "nan,5"], "--size: must be two numbers"),
        (["--size", "60,5", "--dpi", "1200"], "--size: must be at most 20,000 dots on a side, got 72,000"),
        (["--dpi", "0"], "--dpi: must be 30 to 1200 dots per inch, got 0"),
        (["--font-size", "inf"], "--font-size: must be 4 to 60 points, got inf"),
        (["--columns", "0"], "--columns: must be 1 to 20 columns of panels, got 0"),
        (["--style", "poster"], "--style: there is no style 'poster'. Hint: known here: paper, slide"),
        (["--label", "rate"], "--label: must be NAME=TEXT, got 'rate'"),
        (
            ["--label", "learning_rat=r"],
            "--label: there is nothing called 'learning_rat' in the picture. Hint: did you",
        ),
        (
            ["--label", "learning_rate=\u5b66\u7fd2"],
            "--label learning_rate: no font here has \u5b66\u7fd2. Hint: install",
        ),
        (["--title", "\u5b66"], "--title: no font here has \u5b66"),
        (
            ["--kind", "cost", "--bins", "3"],
            "--bins: has no effect on --kind cost. Hint: leave it out, or draw map",
        ),
    ],
)
def test_what_cannot_be_is_one_clear_error(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    """Exit code 2, one line, no file; whatever fonts a machine has, here it has matplotlib's own."""
    own = next(lettering._fonts())
    monkeypatch.setattr(lettering, "_fonts", lambda: iter([own]))
    monkeypatch.chdir(tmp_path)
    assert main(["plot", str(run.path), *arguments]) == 2
    told = capsys.readouterr().err
    assert told.startswith(message)
    assert told.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_python_says_all_that_is_wrong_at_once(run: Run) -> None:
    """Whatever it is given, and leaves no figure open."""
    wrong: Any = {"size": 5, "dpi": "high", "columns": 1.5, "font_size": True, "title": 3}
    with pytest.raises(ls.ConfigError) as caught:
        ls.plot(run, labels={"learning_rate": None, "x": "y"}, **wrong)  # type: ignore[dict-item]
    places = [str(each.where) for each in caught.value.complaints]
    options = ["--size", "--dpi", "--font-size", "--columns", "--title"]
    assert places == [*options, "--label learning_rate", "--label"]
    pyplot.close("all")
    with pytest.raises(ls.ConfigError, match="--trial"):
        ls.plot(run, kind="cost", trials=[70])
    assert not pyplot.get_fignums()


def test_texts_of_files_are_texts(run: Run, tmp_path: Path) -> None:
    """They can be found in an SVG and a PDF, and a PDF is the same each time."""
    for suffix in ("svg", "pdf"):
        for name in ("a", "b"):
            assert main(["plot", str(run.path), "-o", str(tmp_path / f"{name}.{suffix}")]) == 0
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()
    page = ElementTree.parse(tmp_path / "a.svg")
    words = " ".join("".join(node.itertext()) for node in page.iter("{http://www.w3.org/2000/svg}text"))
    for said in ("drawn: 70 trials", "learning rate (step per unit of gradient)", "converged", "too high"):
        assert said in words
    assert b"/Type0" in (tmp_path / "a.pdf").read_bytes()  # a TrueType font that is embedded with its letters


def test_runs_are_overlaid_in_one_panel(run: Run, tmp_path: Path) -> None:
    """The best of each, or a trial of each; a colour per run, and runs of one name by their directories."""
    other = ls.run(run.store.config, overrides=["training.epochs=2000"], out=tmp_path)
    titles = [axes.get_title() for axes in ls.plot(run, other)]
    assert [title.split(":")[0] for title in titles] == [run.path.name, other.path.name]
    axes = ls.plot(run, other, kind="overlay")
    lines = [line for line in axes.lines if str(line.get_label())[0] != "_"]
    assert len({line.get_color() for line in lines}) == 2
    for line, each in zip(lines, (run, other), strict=True):
        assert str(line.get_label()).startswith(f"{each.path.name}, trial {each.metadata['best']['trial']}: ")
        y = np.asarray(line.get_ydata(), np.float64)
        assert y[-1] == pytest.approx(each.best(1)["excess_cost"].iloc[0], rel=1e-12)
    assert (
        len(
            [line for line in ls.plot(run, kind="overlay", trials=[3, 5]).lines if line.get_label()[0] != "_"]
        )
        == 2
    )
    pyplot.close("all")


def test_a_picture_without_room_is_said_to_be_so(
    long_words: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a sentence with the way out, and not by a library's warning; one with room says nothing."""
    command = ["plot", str(long_words.path), "-o", str(tmp_path / "a.png"), "--size"]
    assert main([*command, "2,1.5"]) == 0
    assert capsys.readouterr().err == f"Note: {CROWDED}.\n"
    assert main([*command, "12,8"]) == 0
    assert capsys.readouterr().err == ""


def test_lines_are_told_apart(long_words: Run) -> None:
    """Each of sixteen has a look of its own, and no colour twice where there are few."""
    looks = [tuple(look_of_line(number).values()) for number in range(16)]
    assert len(set(looks)) == 16
    axes = ls.plot(long_words, kind="paths", trials=range(7))
    assert len({line.get_color() for line in axes.lines[:14:2]}) == 7
    widths = [line.get_linewidth() for line in sorted(axes.lines[:14:2], key=lambda line: line.get_zorder())]
    assert [w for w in widths if w >= 1] == sorted((w for w in widths if w >= 1), reverse=True)


def test_axes_of_one_unit_have_one_scale(tmp_path: Path) -> None:
    """Standardized weight and bias have; a weight per unit of x and a bias have not."""
    rates = {"learning_rate": {"values": [0.1]}}
    for standardize, aspect in ((True, 1.0), (False, "auto")):
        data = {"name": "tutorial", "standardize": standardize}
        axes = ls.plot(made(tmp_path, data=data, parameters=rates, training={"epochs": 5}), kind="paths")
        assert axes.get_aspect() == aspect
    pyplot.close("all")


def test_costs_are_smoothed_to_both_ends() -> None:
    """Of a power of the epoch it is that power; of what goes up and down it is the middle, at the end too."""
    epoch = np.arange(2001)
    power = np.asarray((1.0 + epoch) ** -1.5, np.float64)
    np.testing.assert_allclose(smoothed(epoch, power), power, rtol=1e-6)
    rough = smoothed(epoch, np.asarray(np.exp((-1.0) ** epoch), np.float64))
    np.testing.assert_allclose(rough[100:], 1, atol=0.05)
    noise = np.exp(np.random.default_rng(0).normal(size=2001))
    noise[-1] = 1e-6
    assert 0.5 < smoothed(epoch, noise)[-1] < 2


def test_a_picture_of_one_panel_alone_takes_axes(run: Run) -> None:
    """One that has several says how many."""
    with pytest.raises(ls.ConfigError, match="axes: hold one panel, and this picture has 3"):
        ls.plot(run, kind="slice", axes=fresh())
    axes = fresh()
    assert ls.plot(run, kind="overlay", axes=axes, title="mine") is axes
    assert axes.get_title() == "mine"
    spec = Canvas(Figure(), Look()).panels([2, 3])[2].get_subplotspec()
    assert spec is not None
    assert spec.rowspan.start == 1
    assert look_of([run], font_size=12).points == 12
