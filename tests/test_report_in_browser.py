"""Facts about reports in a real browser: a page opens from a file, without network, and does what it says.

Chromium comes from Debian (`apt-get install chromium`); without it these tests are skipped, and say so.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect, sync_playwright

import linreg_sweep as ls
from linreg_sweep.runs.reopening import reopen
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import OUTCOMES
from tests.reported import HOSTILE, SWEEP, cells_by_pandas, hostile

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium"),
]

ROWS = 20
"""Rows of a page of the table of trials."""

LIMIT = 0.006330525556521583

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without its sandbox where the tests run as root, who cannot have one."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens the report of runs, the network cut off; nothing may have been asked for or gone wrong then."""
    contexts, asked, wrong = [], [], []

    def take(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            wrong.append(message.text)

    def ask(request: Request) -> None:
        if not request.url.startswith("file:"):
            asked.append(request.url)

    def opened(*runs: Run, width: int = 1280, **options: Any) -> Page:
        file = ls.report(*runs, file=tmp_path / "page.html")
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", take)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", ask)
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert asked == []
    assert wrong == []


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Seven rates, five weights, two biases: every outcome is among them."""
    rates = {"values": [0.0005, 0.001, 0.003, 0.005, 0.006, 0.008, 0.01]}
    sweep = SWEEP | {"parameters": SWEEP["parameters"] | {"learning_rate": rates}}
    return ls.run(sweep, out=tmp_path_factory.mktemp("seen"), jobs=1, part_size=9)


@pytest.fixture(scope="module")
def extreme(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same with a rate so large that trials end in infinities and NaN."""
    return ls.run(SWEEP, out=tmp_path_factory.mktemp("extreme"), jobs=1, part_size=9)


def exact(cell: Locator) -> float | None:
    """Returns a number of the page, all digits of it; None: there is none."""
    said = cell.get_attribute("data-exact")
    return None if said is None else float(said.replace("Infinity", "inf"))


def shown_rows(page: Page) -> pd.DataFrame:
    """Returns the rows of the table of trials that are shown, numbers with all their digits."""
    read = """table => ({
        columns: [...table.querySelectorAll("th button")].map(head => head.textContent.replace(/ [▲▼]$/, "")),
        rows: [...table.querySelectorAll("tbody tr")].map(row =>
            [...row.children].map(cell => [cell.textContent, cell.dataset.exact ?? null])),
    })"""
    found = page.locator("[data-trials]").evaluate(read)
    rows = [[text if whole is None else whole for text, whole in row] for row in found["rows"]]
    return pd.DataFrame(rows, columns=found["columns"])


def all_rows(page: Page) -> pd.DataFrame:
    """Returns the rows of all pages of the table of trials, turning them one after the other."""
    pages = [shown_rows(page)]
    while page.locator("[data-trials-next]").is_enabled():
        assert len(pages[-1]) == ROWS
        page.locator("[data-trials-next]").click()
        pages.append(shown_rows(page))
    return pd.concat(pages, ignore_index=True)


def same_rows(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Holds rows of the page to be those of a DataFrame, in its order, to the bit."""
    assert len(found) == len(expected)
    for name in found.columns:
        cells = expected[name]
        if str(cells.dtype) == "category":
            assert found[name].tolist() == ["" if pd.isna(cell) else cell for cell in cells], name
        else:
            numbers = [
                np.nan if text == "" else float(text.replace("Infinity", "inf")) for text in found[name]
            ]
            np.testing.assert_array_equal(numbers, cells.astype("float64").to_numpy(), err_msg=name)


def test_the_page_opens_with_the_network_cut_off(open_page: Open, run: Run) -> None:
    """Its parts are there, and drawn; the fixture holds that nothing was asked for or went wrong."""
    page = open_page(run)
    assert page.title() == "told: linreg-sweep report"
    assert page.locator("[data-map] rect[data-cell]").count() == 35
    assert page.locator("[data-lab-path] path.path").count() == 1
    assert page.locator("[data-lab-cost] path.path").count() == 1
    assert page.locator("[data-map] rect.chosen").count() == 1
    told, set_to = (
        numbers_of(page, "dl[data-cell]"),
        page.locator('[data-input="learning_rate"]').input_value(),
    )
    assert float(told["learning_rate"] or "") == float(set_to)
    assert len(shown_rows(page)) == ROWS


def test_every_trial_stands_in_the_table(open_page: Open, extreme: Run) -> None:
    """Page after page, every cell to the bit; columns of one value are told below."""
    page = open_page(extreme)
    found = all_rows(page)
    same_rows(found, extreme.trials)
    left_out = set(extreme.trials.columns) - set(found.columns)
    assert left_out == {name for name in extreme.columns if extreme.trials[name].nunique(dropna=False) == 1}
    said = page.locator("[data-trials-same]").inner_text()
    assert all(name in said for name in left_out if extreme.trials[name].notna().any())
    page.locator("[data-trials-previous]").click()
    assert page.locator("[data-trials-count]").inner_text() == "Rows 41 to 60 of all 70 trials."


def test_six_digits_are_shown_as_everywhere(open_page: Open, extreme: Run) -> None:
    """The text of each number is that of `show`: "%.6g", whole numbers whole."""
    page = open_page(extreme)
    page.get_by_role("button", name="cost", exact=True).click()
    read = "cells => cells.map(cell => [cell.textContent, cell.dataset.exact, cell.cellIndex])"
    cells = page.locator("[data-trials] td[data-exact]").evaluate_all(read)
    columns = shown_rows(page).columns
    assert len(cells) > 100
    for text, whole, column in cells:
        number = float(whole.replace("Infinity", "inf"))
        is_whole = extreme.trials[columns[column]].dtype.kind == "i"
        assert text == (str(int(number)) if is_whole else f"{number:.6g}")


@pytest.mark.parametrize("name", ["cost", "converged_at", "weight", "learning_rate"])
def test_a_click_on_a_head_sorts_and_a_second_turns_it_round(
    open_page: Open, extreme: Run, name: str
) -> None:
    """As pandas sorts, stable, missing last; the head says which way."""
    page = open_page(extreme)
    head = page.locator("[data-trials] th").filter(
        has=page.get_by_role("button", name=re.compile(rf"^{name}\b"))
    )
    for ascending, said in ((True, "ascending"), (False, "descending")):
        head.get_by_role("button").click()
        expected = extreme.trials.sort_values(name, ascending=ascending, kind="stable", na_position="last")
        same_rows(shown_rows(page), expected.head(ROWS))
        assert head.get_attribute("aria-sort") == said


def test_outcomes_sort_from_converged_to_diverged(open_page: Open, run: Run) -> None:
    """In their own order, not the alphabet's."""
    page = open_page(run)
    page.get_by_role("button", name="outcome", exact=True).click()
    same_rows(all_rows(page), run.trials.sort_values("outcome", kind="stable"))


@pytest.mark.parametrize(
    "text",
    [
        "learning_rate < 0.003",
        "cost >= 1.4 and initial_bias == 5",
        "not (outcome in (converged, diverged)) or trial = 3",
        "converged_at != 28",
    ],
)
def test_the_filter_chooses_as_show_does(open_page: Open, extreme: Run, text: str) -> None:
    """The rows that `show --where` chooses; the line above says how many of how many."""
    page = open_page(extreme)
    page.locator("[data-trials-filter]").fill(text)
    expected = extreme.where(text)
    assert 0 < len(expected) < 70
    same_rows(shown_rows(page), expected.head(ROWS))
    assert (
        f"{len(expected)} that match, of all 70 trials." in page.locator("[data-trials-count]").inner_text()
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("outcome == converged and", "expected a comparison such as learning_rate < 0.005, got the end."),
        ("cost < low", "there is no column 'low'. Hint: known here: "),
    ],
)
def test_a_filter_that_cannot_be_meant_is_named(open_page: Open, run: Run, text: str, said: str) -> None:
    """And the table stays as it was, until it can be meant."""
    page = open_page(run)
    before = shown_rows(page)
    page.locator("[data-trials-filter]").fill(text)
    assert said in page.locator("[data-trials-error]").inner_text()
    assert page.locator("[data-trials-filter]").get_attribute("aria-invalid") == "true"
    pd.testing.assert_frame_equal(shown_rows(page), before)
    page.locator("[data-trials-filter]").fill("")
    assert page.locator("[data-trials-error]").inner_text() == ""


def test_the_choice_of_outcome_filters_too(open_page: Open, run: Run) -> None:
    """Together with what is typed."""
    page = open_page(run)
    page.locator("[data-trials-outcome]").select_option("diverged")
    page.locator("[data-trials-filter]").fill("initial_bias == 0")
    diverged = run.trials[(run.trials["outcome"] == "diverged") & (run.trials["initial_bias"] == 0)]
    same_rows(shown_rows(page), diverged.head(ROWS))


def numbers_of(page: Page, place: str) -> dict[str, str | None]:
    """Returns a list of numbers on the page by their names: exact, or the words that stand there."""
    read = "cells => cells.map(cell => [cell.dataset.name, cell.dataset.exact ?? cell.textContent])"
    return dict(page.locator(f"{place} dd").evaluate_all(read))


def test_pointing_at_a_cell_tells_its_numbers(open_page: Open, run: Run) -> None:
    """Every cell: its trials, outcomes, median, least cost and first trial are pandas's."""
    page = open_page(run)
    expected = cells_by_pandas(run, "learning_rate", "initial_weight").reset_index()
    for cell, row in expected.iterrows():
        page.locator(f'[data-map] rect[data-cell="{cell}"]').hover()
        said = numbers_of(page, "dl[data-cell]")
        assert float(said["learning_rate"] or "") == pytest.approx(row["learning_rate"], rel=1e-5)
        assert float(said["initial_weight"] or "") == row["initial_weight"]
        for name in ("trials", *OUTCOMES, "best_cost", "first_trial"):
            assert float((said[name] or "").replace("Infinity", "inf")) == row[name], name
        median = row["median_converged_at"]
        assert ("median_converged_at" not in said) == np.isnan(median)
        assert np.isnan(median) or float(said["median_converged_at"] or "") == median


def test_a_click_on_a_cell_trains_its_first_trial(open_page: Open, run: Run) -> None:
    """The laboratory's sliders, curve and path are that trial's."""
    page = open_page(run)
    before = page.locator("[data-lab-path] path.path").get_attribute("d")
    page.locator('[data-map] rect[data-cell="2"]').click()
    assert float(page.locator('[data-input="learning_rate"]').input_value()) == 0.003
    assert float(page.locator('[data-input="initial_weight"]').input_value()) == -10
    assert page.locator("[data-lab-path] path.path").get_attribute("d") != before
    assert page.locator("[data-lab-note]").inner_text().startswith("Trial 20 of the run, repeated")
    assert page.locator("[data-map] rect.chosen").count() == 1


def test_the_map_is_walked_by_the_keyboard(open_page: Open, run: Run) -> None:
    """Arrows move from cell to cell and stop at the edge; Enter trains."""
    page = open_page(run)
    page.locator('[data-map] rect[data-cell="0"]').click()
    svg = page.locator("[data-map] svg")
    svg.focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowDown", "ArrowDown", "ArrowRight"):
        svg.press(key)
    assert numbers_of(page, "dl[data-cell]")["first_trial"] == "10"
    svg.press("Enter")
    assert float(page.locator('[data-input="learning_rate"]').input_value()) == 0.001
    assert page.locator("[data-lab-note]").inner_text().startswith("Trial 10 of the run")


def test_the_other_map_and_the_other_colours(open_page: Open, run: Run) -> None:
    """A choice shows the map of the rate and the bias; colours are those of outcomes, mixed where several."""
    page = open_page(run)
    page.locator("[data-map-which]").select_option("1")
    assert page.locator("[data-map] rect[data-cell]").count() == 14
    page.locator("[data-map-colour]").select_option("outcome")
    read = 'cells => cells.map(cell => cell.getAttribute("fill"))'
    colours = page.locator("[data-map] rect[data-cell]").evaluate_all(read)
    assert colours[6] == colours[13] == "rgb(213 94 0)"
    assert "rgb(0 114 178)" in colours
    counts = cells_by_pandas(run, "learning_rate", "initial_bias")[list(OUTCOMES)].to_numpy()
    palette = np.array([[0, 114, 178], [201, 201, 201], [213, 94, 0]])
    expected = np.floor(counts @ palette / counts.sum(axis=1, keepdims=True) + 0.5).astype(int)
    assert colours == [f"rgb({r} {g} {b})" for r, g, b in expected]
    assert "stability limit 0.00633053" in page.locator("[data-map-legend]").inner_text()


@pytest.mark.parametrize("width", [360, 1280])
def test_names_of_narrow_regimes_do_not_overlap(open_page: Open, tmp_path: Path, width: int) -> None:
    """Two columns of twenty-five are high and too high: all four names stand side by side in the picture."""
    rates = {"min": 0.0067 / 316, "max": 2.4 / 316, "num": 25, "scale": "log"}
    sweep = SWEEP | {"parameters": {"learning_rate": rates}, "training": {"epochs": 50}}
    page = open_page(ls.run(sweep, out=tmp_path, jobs=1), width=width)
    boxes = [
        page.locator("[data-map] svg > text", has_text=re.compile(f"^{name}$")).bounding_box()
        for name in ("low", "good", "high", "too high")
    ]
    ends = [(box["x"], box["x"] + box["width"]) for box in boxes if box is not None]
    assert len(ends) == 4
    assert all(left[1] < right[0] for left, right in pairwise(ends))
    assert ends[-1][1] <= width


@pytest.mark.parametrize("width", [360, 1280])
def test_ticks_do_not_overlap(open_page: Open, tmp_path: Path, width: int) -> None:
    """Over two decades of learning rates, with one power of ten between the ends."""
    rates = {"min": 1.1e-4, "max": 0.0095, "num": 50, "scale": "log"}
    parameters = {"learning_rate": rates, "initial_weight": {"values": [0, 1]}}
    sweep = SWEEP | {"parameters": parameters, "training": {"epochs": 50}}
    page = open_page(ls.run(sweep, out=tmp_path, jobs=1), width=width)
    ticks = page.locator("[data-map] text[text-anchor=middle]", has_text=re.compile(r"^[\d.e-]+$"))
    boxes = [ticks.nth(number).bounding_box() for number in range(ticks.count())]
    ends = [(box["x"], box["x"] + box["width"]) for box in boxes if box is not None]
    assert len(ends) >= 2
    assert all(left[1] < right[0] for left, right in pairwise(ends))


def test_lines_of_equal_cost_are_that_however_long(open_page: Open, tmp_path: Path) -> None:
    """Halfway between two points of a line the cost is that of the points, at condition number 8e6 too."""
    file = Path(__file__).parents[1] / "data" / "penguins.csv"
    sweep = SWEEP | {
        "data": {"path": str(file), "y": ["body_mass_g"]},
        "parameters": {"learning_rate": {"values": [4.8e-5]}},
        "training": {"epochs": 50},
    }
    run = ls.run(sweep, out=tmp_path, jobs=1)
    page, problem = open_page(run), reopen(run).problem
    centres = "places => places.map(place => [+place.getAttribute('cx'), +place.getAttribute('cy')])"
    path = "[data-lab-path]"
    [start, optimum] = np.array(
        [page.locator(f"{path} circle.{name}").evaluate_all(centres)[0] for name in ("start", "optimum")]
    )
    scale = -problem.optimum[:, 0] / (start - optimum)
    lines = page.locator(f"{path} path.contour").evaluate_all(
        "all => all.map(each => each.getAttribute('d'))"
    )
    assert len(lines) == 9
    for line in lines[:4]:
        points = np.array(re.findall(r"(-?[\d.]+) (-?[\d.]+)", line), np.float64)
        error = (points - optimum) * scale
        middle = (error[1:] + error[:-1]) / 2
        cost, between = (np.einsum("ni,ij,nj->n", each, problem.hessian, each) for each in (error, middle))
        np.testing.assert_allclose(between / cost.max(), 1, atol=0.03)


def test_theorys_edge_is_drawn_where_it_lies(open_page: Open, run: Run) -> None:
    """Between the last rate that converges and the first that diverges."""
    page = open_page(run)
    edge = page.locator("[data-map] path.edge").bounding_box()
    cells = [page.locator(f'[data-map] rect[data-cell="{cell}"]').bounding_box() for cell in (4, 5)]
    assert edge is not None
    assert cells[0] is not None
    assert cells[1] is not None
    assert cells[0]["x"] < edge["x"] < cells[1]["x"] + cells[1]["width"]


GRID = {
    "learning_rate": {"values": [0.001, 0.005, 0.0063, 0.0064]},
    "initial_weight": {"values": [-3.7, 0.1, 8]},
}

KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "all epochs": {"training": {"epochs": 3000, "early_stop": False}},
    "momentum": {"training": {"epochs": 500, "momentum": 0.9}},
    "nesterov": {"training": {"epochs": 500, "momentum": 0.5, "nesterov": True}},
    "momentum varies": {"parameters": GRID | {"momentum": {"values": [0, 0.3]}}, "training": {"epochs": 500}},
    "single precision": {"training": {"epochs": 3000, "dtype": "float32"}},
    "single precision, nesterov": {
        "training": {"epochs": 500, "dtype": "float32", "momentum": 0.8, "nesterov": True}
    },
    "epochs vary": {"parameters": GRID | {"epochs": {"values": [0, 1, 70, 3000]}}},
    "squared sum": {
        "training": {"epochs": 300, "loss": "sse"},
        "parameters": {"learning_rate": {"values": [1e-4]}},
    },
    "no bias": {"fit_bias": False},
}


def data_of(features: int, targets: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns 25 rows of random data with named columns."""
    draw = np.random.default_rng(7)
    x = pd.DataFrame(draw.normal(size=(25, features)), columns=[f"x{number}" for number in range(features)])
    return x, pd.DataFrame(
        draw.normal(size=(25, targets)), columns=[f"y{number}" for number in range(targets)]
    )


def every_trial_repeats(page: Page, run: Run) -> None:
    """Holds the laboratory to give each trial of a run as the table has it, to the last bit.

    A trial that was chosen is shown by its row, so the settings of some are typed in beside another, too:
    what is shown then is the page's own descent.
    """
    rows = run.trials.to_dict("records")
    states = [name for name in run.metadata["parameters"][:6] if not name.endswith("_unscaled")]
    for before, row in pairwise(rows[:4]):
        page.locator("[data-trials] td button", has_text=re.compile(rf"^{before['trial']}$")).click()
        boxes = page.locator("[data-input]").evaluate_all("all => all.map(each => each.dataset.input)")
        for name in [name for name in boxes if name in row]:
            page.locator(f'[data-input="{name}"]').fill(repr(row[name]))
        page.evaluate("() => new Promise(requestAnimationFrame)")
        page.evaluate("() => new Promise(requestAnimationFrame)")
        own = numbers_of(page, "[data-lab-numbers]")
        assert page.locator("[data-lab-note]").inner_text().startswith("A descent of the page's own")
        for name in ("cost", "epochs", *states):
            assert float((own[name] or "").replace("Infinity", "inf")) == row[name], (row["trial"], name)
    for number, row in enumerate(rows):
        if number and number % ROWS == 0:
            page.locator("[data-trials-next]").click()
        page.locator("[data-trials] td button", has_text=re.compile(rf"^{number}$")).click()
        said = numbers_of(page, "[data-lab-numbers]")
        assert said["outcome"] == row["outcome"], number
        for name in ("converged_at", "diverged_at", "epochs"):
            assert (said.get(name) and float(said[name] or "")) == (
                None if pd.isna(row[name]) else row[name]
            ), number
        for name in ("cost", *states):
            assert float((said[name] or "").replace("Infinity", "inf")) == row[name], (number, name)
        assert said["regime"] == row["regime"]
        assert float(said["stability_ratio"] or "") == row["stability_ratio"]
        assert page.locator("[data-lab-note]").inner_text() == (
            f"Trial {number} of the run, repeated to the last bit."
        )


@pytest.mark.parametrize("kind", KINDS)
def test_the_laboratory_repeats_every_trial_to_the_last_bit(
    open_page: Open, tmp_path: Path, kind: str
) -> None:
    """Outcome, events, cost, parameters, regime: as the engine for NumPy has them."""
    changes = dict(KINDS[kind])
    data = {"name": "tutorial"}
    sweep = SWEEP | {"parameters": GRID, "training": {"epochs": 3000}, "data": data} | changes
    if not sweep.pop("fit_bias", True):
        sweep["data"] = data | {"fit_bias": False}
    run = ls.run(sweep, out=tmp_path, jobs=1)
    every_trial_repeats(open_page(run), run)


@pytest.mark.parametrize(("features", "targets"), [(4, 1), (2, 3), (0, 1), (1, 2)])
def test_the_laboratory_takes_any_number_of_features_and_targets(
    open_page: Open, tmp_path: Path, features: int, targets: int
) -> None:
    """Each feature may begin with its own weight; of several targets the path is the first's."""
    x, y = data_of(max(features, 1), targets)
    parameters: dict[str, Any] = {"learning_rate": {"values": [0.01, 0.5, 3.0]}}
    if features > 1:
        parameters["initial_weight_x1"] = {"values": [-2.5, 4]}
    sweep = SWEEP | {"parameters": parameters, "training": {"epochs": 800}}
    sweep.pop("data")
    if features == 0:
        sweep["data"] = {"fit_bias": False}
    run = ls.run(sweep, data=(x, y), out=tmp_path, jobs=1)
    every_trial_repeats(open_page(run), run)


def shown_as_its_row(page: Page, run: Run, number: int) -> str:
    """Clicks a trial of the table; holds what is shown of it to be its row, to the bit; returns the note."""
    [row] = run.trials[run.trials["trial"] == number].to_dict("records")
    page.locator("[data-trials] td button", has_text=re.compile(rf"^{number}$")).click()
    said = numbers_of(page, "[data-lab-numbers]")
    assert said["outcome"] == row["outcome"]
    assert said.get("regime") == (None if pd.isna(row["regime"]) else row["regime"])
    events = ("converged_at", "diverged_at", "epochs", "contraction")
    states = [name for name in run.metadata["parameters"][:6] if not name.endswith("_unscaled")]
    for name in ("cost", *events, *states):
        cell = None if pd.isna(row[name]) else float(row[name])
        assert (said.get(name) and float((said[name] or "").replace("Infinity", "inf"))) == cell, name
    at = row["converged_at"] if row["outcome"] == "converged" else row["diverged_at"]
    when = f"after {row['epochs']:,} epochs" if row["outcome"] == "unfinished" else f"at epoch {at:,}"
    words = page.locator("[data-lab-words]").inner_text()
    assert words.startswith(f"Trial {number} of the run: {row['outcome']} {when}.")
    return page.locator("[data-lab-note]").inner_text()


@pytest.mark.parametrize("training", [{"dtype": "float64"}, {"dtype": "float32"}, {"engine": "closed_form"}])
def test_a_trial_of_another_engine_is_shown_by_its_row(
    open_page: Open, tmp_path: Path, training: dict[str, Any]
) -> None:
    """Numbers and events are the table's; the page says how far its own descent agrees with them."""
    sweep = SWEEP | {"parameters": GRID, "training": {"epochs": 3000, "engine": "torch"} | training}
    run = ls.run(sweep, out=tmp_path, jobs=1)
    page = open_page(run)
    for number in range(12):
        note = shown_as_its_row(page, run, number)
        engine = run.metadata["engine"]
        assert "repeated to the last bit" in note or f"rounds otherwise than the engine {engine}" in note
        assert page.locator("[data-lab-inputs]").is_visible()


def test_a_descent_too_long_for_the_page_is_shown_by_its_row(open_page: Open, tmp_path: Path) -> None:
    """The table's epochs, not those after which the page stops."""
    training = {"engine": "closed_form", "epochs": 90_000_000}
    sweep = SWEEP | {"parameters": {"learning_rate": {"values": [1e-7, 2e-7]}}, "training": training}
    run = ls.run(sweep, out=tmp_path, jobs=1)
    assert run.trials["converged_at"].min() > 2e7
    assert "at most, where the pictures end" in shown_as_its_row(open_page(run), run, 0)


@pytest.mark.parametrize("history", [0, 10])
def test_a_trial_of_mini_batches_is_shown_by_its_row_alone(
    open_page: Open, tmp_path: Path, history: int
) -> None:
    """In the table, from the map, and without sliders; its pictures join the states that the run kept."""
    batches = {"batch_size": {"values": [5, 30]}, "learning_rate": {"values": [1e-6, 0.004, 0.02]}}
    sweep = SWEEP | {"training": {"epochs": 400}, "parameters": batches, "history": {"every": history}}
    run = ls.run(sweep | {"outcome": {"tolerance": 0.02}}, out=tmp_path, jobs=1)
    page = open_page(run)
    assert set(run.trials["outcome"][:3]) == {"converged", "unfinished", "diverged"}
    for number in range(3):
        note = shown_as_its_row(page, run, number)
        assert note.startswith("These numbers are the run's own: the page does not train with mini-batches.")
        assert not page.locator("[data-lab-inputs]").is_visible()
        assert page.locator("[data-lab-theory] tr").count() == 0
        assert page.locator("[data-lab-charts]").is_visible() == bool(history)
        for place in ("path", "cost"):
            drawn = page.locator(f"[data-lab-{place}] path.path")
            if history and run.trials["outcome"][number] != "diverged":
                states = run.history[run.history["trial"] == number]
                points = len(states) + (states["epoch"].max() < run.trials["epochs"][number])
                assert (drawn.get_attribute("d") or "").count(" ") == points
    page.locator('[data-map] rect[data-cell="1"]').click()
    assert page.locator("[data-lab-words]").inner_text().startswith("Trial 1 of the run: ")
    cell = numbers_of(page, "dl[data-cell]")
    shown = numbers_of(page, "[data-lab-numbers]")
    assert cell.get("median_converged_at") == shown.get("converged_at")
    assert cell["regime"] == (shown["regime"] or "").replace("_", " ")
    assert shown_as_its_row(page, run, 4) == "Trial 4 of the run, repeated to the last bit."
    assert page.locator("[data-lab-inputs]").is_visible()


def test_the_page_trains_sgd_and_shows_other_rules_by_their_rows(open_page: Open, tmp_path: Path) -> None:
    """In one run: each loss and scale to the last bit, adam from what was kept, a schedule without states."""
    words = {"loss": {"values": ["sse", "half_mse"]}, "standardize": {"values": [True, False]}}
    sweep = SWEEP | {"training": {"epochs": 300}, "history": {"every": "log"}}
    run = ls.run(
        sweep | {"parameters": words | {"learning_rate": {"values": [1e-4, 1e-2]}}}, out=tmp_path, jobs=1
    )
    page = open_page(run)
    for number in range(8):
        assert "repeated to the last bit" in shown_as_its_row(page, run, number)
    page.locator('[data-input="initial_bias"]').fill("1")
    note = page.locator("[data-lab-note]")
    expect(note).to_contain_text("A descent of the page's own, with loss half_mse; trial 7 of the run")
    rules = {"optimizer": {"values": ["adam", "sgd"]}, "learning_rate": {"values": [1e-3, 1e-2]}}
    run = ls.run(sweep | {"parameters": rules}, out=tmp_path, jobs=1)
    page = open_page(run)
    said = shown_as_its_row(page, run, 0)
    assert said.startswith("These numbers are the run's own: the page does not train with adam. The pictures")
    assert not page.locator("[data-lab-inputs]").is_visible()
    states = run.history[run.history["trial"] == 0]
    points = page.locator("[data-lab-path] path.path").get_attribute("d") or ""
    assert points.count(" ") == len(states) + 1 + (states["epoch"].max() < run.trials["epochs"][0])
    assert shown_as_its_row(page, run, 2) == "Trial 2 of the run, repeated to the last bit."
    sweep = SWEEP | {"training": {"epochs": 9, "schedule": {"name": "cosine"}}}
    run = ls.run(sweep | {"parameters": {"learning_rate": {"values": [1e-3, 1e-2]}}}, out=tmp_path, jobs=1)
    page = open_page(run)
    said = shown_as_its_row(page, run, 1)
    assert "does not train with the schedule cosine. The run kept no states" in said
    assert "history: {every: log}" in said
    assert not page.locator("[data-lab-charts]").is_visible()
    assert " as measured" not in page.locator("[data-lab-words]").inner_text()


def test_the_laboratory_says_how_momentum_swings(open_page: Open, tmp_path: Path) -> None:
    """A complex pair has a period and a modulus, by numpy.linalg; nothing is multiplied by -0.9915."""
    training = {"epochs": 300, "momentum": 0.983}
    sweep = SWEEP | {"training": training, "parameters": {"learning_rate": {"values": [0.00275]}}}
    run = ls.run(sweep, out=tmp_path, jobs=1)
    page, problem = open_page(run), reopen(run).problem
    rows = page.locator("[data-lab-theory] tbody tr")
    for place, curvature in enumerate(problem.eigenvalues):
        x = 0.00275 * curvature
        largest = np.linalg.eigvals(np.array([[1 - x, -0.00275 * 0.983], [curvature, 0.983]]))[0]
        cells = rows.nth(place).locator("td[data-exact]")
        assert exact(cells.nth(1)) == pytest.approx(abs(largest), rel=1e-12)
        assert exact(cells.nth(2)) == pytest.approx(2 * np.pi / abs(np.angle(largest)), rel=1e-9)
    words = page.locator("[data-lab-words]").inner_text()
    assert "There a full swing takes 6.45 epochs, and each epoch shrinks it to 0.9915 of its size." in words
    assert "-0.99" not in page.locator("[data-laboratory]").inner_text()


def test_the_best_trial_is_marked_and_shown_first(open_page: Open, tmp_path: Path) -> None:
    """Its ring lies within its cell, on either map, whatever cell is chosen."""
    parameters = GRID | {"momentum": {"values": [0, 0.5, 0.9]}}
    run = ls.run(SWEEP | {"parameters": parameters, "training": {"epochs": 900}}, out=tmp_path, jobs=1)
    page, best = open_page(run), run.best(1).iloc[0]
    assert page.locator("[data-lab-words]").inner_text().startswith(f"Trial {best['trial']} of the run: ")
    for choice in ("0", "1"):
        page.locator("[data-map-which]").select_option(choice)
        page.locator('[data-map] rect[data-cell="0"]').click()
        ring = page.locator("[data-map] > svg > circle.best")
        assert ring.count() == 1
        x, y = (float(ring.get_attribute(name) or "") for name in ("cx", "cy"))
        read = """(all, [x, y]) => all.filter(cell => {
            const at = name => Number(cell.getAttribute(name));
            return at("x") <= x && x <= at("x") + at("width") && at("y") <= y && y <= at("y") + at("height");
        }).map(cell => cell.dataset.cell)"""
        [cell] = page.locator("[data-map] rect[data-cell]").evaluate_all(read, [x, y])
        page.locator(f'[data-map] rect[data-cell="{cell}"]').hover()
        said = numbers_of(page, "dl[data-cell]")
        other = "initial_weight" if choice == "0" else "momentum"
        for name in ("learning_rate", other):
            assert float(said[name] or "") == pytest.approx(best[name], rel=1e-5)


def set_slider(page: Page, name: str, share: float) -> None:
    """Moves a slider to a share of its way, as a hand would."""
    move = "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }"
    page.locator(f'[data-slider="{name}"]').evaluate(move, round(1000 * share))
    page.evaluate("() => new Promise(requestAnimationFrame)")
    page.evaluate("() => new Promise(requestAnimationFrame)")


def trained_as_said(page: Page, run: Run) -> tuple[dict[str, str | None], Any]:
    """Returns the laboratory's numbers, and what the package says of the very same settings."""
    values = {
        name: np.array([float(page.locator(f'[data-input="{name}"]').input_value())])
        for name in ("learning_rate", "initial_weight", "initial_bias")
    }
    return numbers_of(page, "[data-lab-numbers]"), reopen(run).train(values)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.45, 0.47, 0.475, 0.478, 0.6, 1.0])
def test_a_slider_trains_again_and_swings_turn_into_divergence(
    open_page: Open, run: Run, share: float
) -> None:
    """What the page shows at a learning rate is what the package trains there, on both sides of the limit."""
    page = open_page(run)
    set_slider(page, "learning_rate", share)
    said, trained = trained_as_said(page, run)
    rate = float(page.locator('[data-input="learning_rate"]').input_value())
    assert rate == pytest.approx(share * 2.1 * LIMIT, rel=1e-3)
    assert (said.get("converged_at") or "-1") == str(trained.converged_at[0])
    assert (said.get("diverged_at") or "-1") == str(trained.diverged_at[0])
    assert float(said["weight"] or "") == trained.theta[0, 0, 0]
    assert float(said["bias"] or "") == trained.theta[0, 1, 0]
    words = page.locator("[data-lab-words]").inner_text()
    assert ("swings ever further away" in words) == (rate > LIMIT)
    assert words.startswith("Diverged at epoch") == (rate > LIMIT)


@pytest.mark.parametrize("name", ["initial_weight", "initial_bias"])
def test_the_start_slides_too(open_page: Open, run: Run, name: str) -> None:
    """And the path begins there; the trial of the table stays in grey beside it."""
    page = open_page(run)
    before = page.locator("[data-lab-path] circle.start").bounding_box()
    set_slider(page, name, 0.9)
    said, trained = trained_as_said(page, run)
    assert float(said["weight"] or "") == trained.theta[0, 0, 0]
    assert page.locator("[data-lab-path] circle.start").bounding_box() != before
    assert page.locator("[data-lab-cost] path.recorded").count() == 1
    assert page.locator("[data-lab-note]").inner_text().endswith("is drawn in grey for comparison.")
    page.locator('[data-map] rect[data-cell="1"]').click()
    assert page.locator("[data-lab-cost] path.recorded").count() == 0


def test_momentum_moves_the_limit(open_page: Open, run: Run) -> None:
    """Twofold at most, as theory says of the heavy ball."""
    page = open_page(run)
    set_slider(page, "momentum", 0.5)
    momentum = float(page.locator('[data-input="momentum"]').input_value())
    limit = numbers_of(page, "[data-lab-numbers]")["stability_limit"]
    assert momentum == 0.495
    assert float(limit or "") == pytest.approx(LIMIT * (1 + momentum), rel=1e-12)
    mark = page.locator("datalist option").get_attribute("value")
    assert mark == str(round(1000 * (1 + momentum) / 2.1))


def test_a_slider_moves_by_the_keyboard(open_page: Open, run: Run) -> None:
    """An arrow is a step."""
    page = open_page(run)
    slider = page.locator('[data-slider="learning_rate"]')
    set_slider(page, "learning_rate", 0.2)
    slider.focus()
    slider.press("ArrowRight")
    rate = float(page.locator('[data-input="learning_rate"]').input_value())
    assert rate == pytest.approx(0.201 * 2.1 * LIMIT, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("learning_rate", "-1", "must be above 0"),
        ("learning_rate", "", "must be above 0"),
        ("momentum", "1", "must be at least 0 and below 1"),
        ("max_epochs", "2.5", "must be a whole number, 0 or more"),
        ("initial_weight", "", "must be a number"),
    ],
)
def test_a_number_that_cannot_be_is_marked(
    open_page: Open, run: Run, name: str, typed: str, said: str
) -> None:
    """And nothing is trained with it; a good one takes the mark off."""
    page = open_page(run)
    before = numbers_of(page, "[data-lab-numbers]")
    box = page.locator(f'[data-input="{name}"]')
    box.fill(typed)
    assert box.get_attribute("aria-invalid") == "true"
    assert box.get_attribute("title") == said
    assert numbers_of(page, "[data-lab-numbers]") == before
    box.fill("0")
    if name != "learning_rate":
        assert box.get_attribute("aria-invalid") is None


def test_typed_numbers_are_taken_exactly(open_page: Open, run: Run) -> None:
    """All their digits."""
    page = open_page(run)
    page.locator('[data-input="learning_rate"]').fill("0.0012345678901234567")
    page.locator('[data-input="initial_weight"]').fill("-10")
    page.locator('[data-input="max_epochs"]').fill("321")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    said = numbers_of(page, "[data-lab-numbers]")
    assert said["epochs"] == "321"
    assert float(said["stability_ratio"] or "") == 0.0012345678901234567 / LIMIT


def test_theory_stands_beside_the_experiment(open_page: Open, run: Run) -> None:
    """Each direction's curvature and factor, and the two rates that matter."""
    page = open_page(run)
    page.locator('[data-map] rect[data-cell="3"]').click()
    problem = reopen(run).problem
    rows = page.locator("[data-lab-theory] tbody tr")
    assert rows.count() == 2
    for place, curvature in enumerate(problem.eigenvalues):
        cells = rows.nth(place).locator("td[data-exact]")
        assert exact(cells.nth(0)) == curvature
        assert exact(cells.nth(1)) == pytest.approx(1 - 0.005 * curvature, rel=1e-14)
        epochs = np.log(0.01) / np.log(abs(1 - 0.005 * curvature))
        assert exact(cells.nth(2)) == np.ceil(epochs)
    said = numbers_of(page, "[data-lab-numbers]")
    assert float(said["stability_limit"] or "") == LIMIT
    assert float(said["best_rate"] or "") == pytest.approx(2 / problem.eigenvalues.sum(), rel=1e-14)
    assert float(said["condition_number"] or "") == pytest.approx(
        problem.eigenvalues[1] / problem.eigenvalues[0], rel=1e-14
    )


def test_what_would_run_as_html_stays_text(open_page: Open, tmp_path: Path) -> None:
    """A run, its data, its columns: named to break out of the page, and shown as they are."""
    page = open_page(hostile(tmp_path))
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert HOSTILE in page.locator("[data-trials] thead").inner_text()
    assert HOSTILE in page.locator("[data-lab-numbers]").inner_text()


def test_several_runs_each_have_their_map_and_laboratory(open_page: Open, run: Run, tmp_path: Path) -> None:
    """Under the comparison; what one does leaves the other alone."""
    sweep = SWEEP | {"name": "other", "training": {"epochs": 100}}
    other = ls.run(sweep, out=tmp_path, jobs=1)
    page = open_page(run, other)
    first, second = page.locator("article").nth(0), page.locator("article").nth(1)
    assert page.locator("#comparison table").count() > 3
    ids = page.locator("[id]").evaluate_all("found => found.map(each => each.id)")
    assert len(set(ids)) == len(ids) >= 8
    before = second.locator("[data-lab-numbers]").inner_text()
    first.locator('[data-map] rect[data-cell="1"]').click()
    assert second.locator("[data-lab-numbers]").inner_text() == before
    assert second.locator("[data-map] rect[data-cell]").count() == 35
    page.get_by_role("link", name="other").click()
    assert page.url.endswith("#run-1")


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_every_width_in_light_and_dark(
    open_page: Open, run: Run, width: int, scheme: Any
) -> None:
    """Nothing sticks out to the right, charts fill their places, and text stands out from the paper."""
    page = open_page(run, width=width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for place in ("[data-map]", "[data-lab-path]", "[data-lab-cost]"):
        box, chart = page.locator(place).bounding_box(), page.locator(f"{place} svg").bounding_box()
        assert box is not None
        assert chart is not None
        assert chart["width"] == pytest.approx(box["width"], abs=1)
        assert chart["width"] >= min(280, width - 60) * 0.6
    paper, ink = (
        page.evaluate(f"getComputedStyle(document.body).{name}") for name in ("backgroundColor", "color")
    )
    light = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (paper, ink)]
    assert abs(light[0] - light[1]) > 500
    assert (light[0] > light[1]) == (scheme == "light")


def test_charts_follow_the_width(open_page: Open, run: Run) -> None:
    """A turned phone has its charts drawn again."""
    page = open_page(run, width=1280)
    page.set_viewport_size({"width": 400, "height": 800})
    expect(page.locator("[data-map] svg")).to_have_attribute("viewBox", re.compile(r"^0 0 [1-3]?\d?\d[. ]"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_print_leaves_the_controls_out(open_page: Open, run: Run) -> None:
    """Map, charts and tables stay, on white paper."""
    page = open_page(run, color_scheme="dark")
    page.emulate_media(media="print")
    assert not page.locator("[data-trials-filter]").is_visible()
    assert not page.locator('[data-slider="learning_rate"]').is_visible()
    assert page.locator("[data-map] svg").is_visible()
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 at 96 dots an inch, between margins of 1 cm
    assert page.evaluate("document.documentElement.scrollWidth") <= 718
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_without_javascript_the_tables_are_there(open_page: Open, run: Run) -> None:
    """And the page says what is not."""
    page = open_page(run, java_script_enabled=False)
    assert "need JavaScript" in page.locator("noscript").inner_text()
    assert page.locator('[data-table="summary-learning_rate"] tbody tr').count() == 7
    assert page.locator(".answer").inner_text().startswith("Best trial: ")


def test_everything_that_does_something_has_a_name(open_page: Open, run: Run) -> None:
    """For those who hear the page: inputs, choices and buttons, and pictures too."""
    page = open_page(run)
    for role in ("slider", "spinbutton", "combobox", "textbox", "button", "img", "application"):
        found = page.get_by_role(role)
        assert found.count() > 0, role
        unnamed = page.get_by_role(role, name=re.compile("^$"))
        assert unnamed.count() == 0, role
