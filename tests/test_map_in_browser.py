"""Facts about a page's map: cells tell pandas's numbers and train their trials, and nothing overlaps."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import linreg_sweep as ls
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import OUTCOMES
from tests.browsing import GRID, IN_BROWSER, Open, browser, numbers_of, open_page, run
from tests.reported import SWEEP, cells_by_pandas

__all__ = ["browser", "open_page", "run"]

pytestmark = IN_BROWSER


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
    assert page.locator("[data-lab-note]").inner_text().startswith("Trial 20 of the run, reproduced")
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


def test_cells_fill_the_row_of_a_word_with_rates_of_its_own(open_page: Open, tmp_path: Path) -> None:
    """As in a picture of a union: no gap where others have rates, and each point is a cell's."""
    products = [
        {"optimizer": "sgd", "learning_rate": {"values": [0.001, 0.003, 0.005]}},
        {"optimizer": "adam", "learning_rate": {"min": 0.002, "max": 2, "num": 7, "scale": "log"}},
    ]
    sweep = SWEEP | {"parameters": products, "training": {"epochs": 50}}
    page = open_page(ls.run(sweep, out=tmp_path, jobs=1))
    cells = page.locator("[data-map] rect[data-cell]")
    boxes = [box for each in cells.all() if (box := each.bounding_box()) is not None]
    rows = [sorted(box["x"] for box in boxes if box["y"] == top) for top in {box["y"] for box in boxes}]
    assert sorted(map(len, rows)) == [3, 7]
    for box in boxes:
        page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
        assert numbers_of(page, "dl[data-cell]")["trials"] == "1"
        to_the_right = [other["x"] for other in boxes if other["y"] == box["y"] and other["x"] > box["x"]]
        assert not to_the_right or min(to_the_right) - box["x"] - box["width"] < 1


def test_theorys_edge_is_drawn_where_it_lies(open_page: Open, run: Run) -> None:
    """Between the last rate that converges and the first that diverges."""
    page = open_page(run)
    edge = page.locator("[data-map] path.edge").bounding_box()
    cells = [page.locator(f'[data-map] rect[data-cell="{cell}"]').bounding_box() for cell in (4, 5)]
    assert edge is not None
    assert cells[0] is not None
    assert cells[1] is not None
    assert cells[0]["x"] < edge["x"] < cells[1]["x"] + cells[1]["width"]


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
