"""Facts about how pictures look: what is asked for is what matplotlib's artists hold, at every size."""

import re
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text

import linreg_sweep as ls
from linreg_sweep.cli import main
from linreg_sweep.plots import lettering
from linreg_sweep.plots.canvas import Canvas, columns_for, wrapped
from linreg_sweep.plots.costs import running_mean
from linreg_sweep.plots.kinds import KINDS, KindName
from linreg_sweep.plots.look import Look, look_of
from linreg_sweep.plots.maps import epochs_map, outcome_map
from linreg_sweep.plots.scales import folded, plainly, ticks_by_ratio
from linreg_sweep.plots.style import RAMP, look_of_line
from linreg_sweep.runs.results import Run
from tests.drawn import fresh, made, run

__all__ = ["run"]

SCRIPTS = Path(__file__).parents[1] / "linreg_sweep" / "reports" / "scripts"

LOOKS: dict[str, dict[str, Any]] = {
    "phone": {"size": (3.9, 4.2)},
    "screen": {},
    "slide": {"style": "slide"},
    "paper": {"style": "paper"},
}


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
        (["--dpi", "0"], "--dpi: must be 30 to 1200 dots an inch, got 0"),
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


@pytest.mark.parametrize("tolerance", [0.01, 1e-6])
def test_page_and_picture_have_one_scale_of_colours(tmp_path: Path, tolerance: float) -> None:
    """The page's stops, mixed as the page mixes them, from 0 or by ratio where the page does so."""
    stops = re.search(r"const RAMP = (\[.*?\]);", (SCRIPTS / "colours.js").read_text(encoding="utf-8"))
    assert stops is not None
    assert tuple(re.findall("#[0-9a-f]{6}", stops[1])) == RAMP
    rates = {"learning_rate": {"min": 1e-3, "max": 6.3e-3, "num": 12}}
    outcome = {"tolerance": tolerance}
    run = made(tmp_path, parameters=rates, outcome=outcome, training={"epochs": 30_000})
    mesh: Any = epochs_map(run, fresh()).collections[-1]
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
    axes = outcome_map(made(tmp_path, parameters={"learning_rate": rates, "momentum": momenta}), fresh())
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
    axes = outcome_map(made(tmp_path, parameters=words), fresh())
    assert [np.asarray(mesh.get_array()).shape[:2] for mesh in axes.collections] == [(1, 9), (1, 11)]
    pyplot.close("all")


def test_maps_are_as_fine_as_trials_or_as_asked_for(tmp_path: Path) -> None:
    """Every value of a grid up to the dots; few ranges where trials lie at random; --bins overrules."""
    rates = {"min": 1e-4, "max": 1e-2, "num": 150, "scale": "log"}
    parameters: dict[str, Any] = {"learning_rate": rates, "initial_weight": {"min": -5, "max": 5, "num": 90}}
    fine = made(tmp_path, training={"epochs": 3}, parameters=parameters)
    shapes = {
        bins: np.asarray(outcome_map(fine, fresh(), bins=bins).collections[0].get_array()).shape[:2]
        for bins in (None, 0, 30, 100)
    }
    assert shapes == {None: (90, 150), 0: (90, 150), 30: (30, 30), 100: (90, 100)}
    drawn_at_random = {"learning_rate": {"min": 1e-4, "max": 1e-2}, "initial_weight": {"min": -5, "max": 5}}
    some = made(tmp_path, method="random", trials=900, parameters=drawn_at_random, training={"epochs": 3})
    mesh = outcome_map(some, fresh()).collections[0]
    assert np.asarray(mesh.get_array()).shape[:2] == (15, 15)


def test_ties_of_the_best_trial_are_rings_alike(run: Run, tmp_path: Path) -> None:
    """As many as pandas finds, in their cells; none where nothing converged."""
    trials = run.trials
    best = trials[trials["converged_at"] == trials["converged_at"].min()]
    axes = outcome_map(run, fresh())
    ring = axes.lines[-1]
    cells = (
        best[["learning_rate", "initial_weight"]]
        .drop_duplicates()
        .sort_values(["learning_rate", "initial_weight"])
    )
    np.testing.assert_allclose(np.asarray(ring.get_xydata(), np.float64), cells.to_numpy())
    parameters: dict[str, Any] = {
        "learning_rate": {"values": [0.3, 0.1]},
        "initial_bias": {"values": [-1, 1]},
    }
    data = [-1.0, 1.0], [-2.0, 2.0]
    sweep = {"name": "tied", "method": "grid", "training": {"epochs": 400}, "parameters": parameters}
    axes = outcome_map(ls.run(sweep, data=data, out=tmp_path, jobs=1), fresh())
    assert re.fullmatch(r"fastest trial: epoch \d+, 2 tied", str(axes.lines[-1].get_label()))
    assert np.asarray(axes.lines[-1].get_xydata()).tolist() == [[1.0, 0.0], [1.0, 1.0]]
    parameters = {"learning_rate": {"values": [1.0, 2.0]}}
    axes = outcome_map(made(tmp_path, parameters=parameters), fresh())
    assert not any("fastest" in str(line.get_label()) for line in axes.lines)


def test_runs_are_overlaid_in_one_panel(run: Run, tmp_path: Path) -> None:
    """The best of each, or a trial of each; a colour a run, and runs of one name by their directories."""
    other = ls.run(run.store.config, overrides=["training.epochs=2000"], out=tmp_path)
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


def test_a_running_mean_is_geometric_and_keeps_both_ends() -> None:
    """Of a power of the epoch it is that power; of what goes up and down it is the middle."""
    epoch = np.arange(2001)
    smooth = running_mean(epoch, np.asarray((1.0 + epoch) ** -1.5, np.float64))
    np.testing.assert_allclose(smooth[[0, 2000]], [1.0, 2001.0**-1.5])
    np.testing.assert_allclose(smooth[200:1200] / (1.0 + epoch[200:1200]) ** -1.5, 1, atol=0.1)
    rough = running_mean(epoch, np.asarray(np.exp((-1.0) ** epoch), np.float64))
    np.testing.assert_allclose(rough[100:1900], 1, atol=0.05)


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
    assert wrapped("\ud559\uc2b5" * 8, 1.4, 10).count("\n") == 1
    assert columns_for([1, 1, 1, 1], 3.5, 4) == 2
    assert columns_for([1, 2, 3], 9, 3) == 3
    assert columns_for([9, 9], 3, 2) == 1


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
