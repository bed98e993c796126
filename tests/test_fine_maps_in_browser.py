"""Facts about a page's map of more cells than are elements: one picture, the same numbers and colours."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from playwright.sync_api import Page, expect

import linreg_sweep as ls
from linreg_sweep.reports import payload as payloads
from linreg_sweep.runs.results import Run
from tests.browsing import IN_BROWSER, Open, browser, numbers_of, open_page
from tests.reported import SWEEP

__all__ = ["browser", "open_page"]

pytestmark = IN_BROWSER

WIDE, HIGH = 90, 60


@pytest.fixture(scope="module")
def fine(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """5,400 trials, a cell each: of a block of two by two one is listed."""
    parameters = {
        "learning_rate": {"min": 0.001, "max": 0.007, "num": WIDE},
        "initial_weight": {"min": -3, "max": 3, "num": HIGH},
    }
    training = {"epochs": 20_000, "engine": "closed_form"}
    sweep = SWEEP | {"parameters": parameters, "training": training}
    return ls.run(sweep, out=tmp_path_factory.mktemp("fine"), jobs=1)


def middle(page: Page, column: int, row: int) -> tuple[float, float]:
    """Returns where the middle of a cell is in the window, by the frame of the whole map."""
    box = page.locator("[data-map] svg > .axis").bounding_box()
    assert box is not None
    across, up = (column + 0.5) / WIDE, (row + 0.5) / HIGH
    return box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"]


def colours(page: Page) -> Any:
    """Returns the colours [rows, columns, 4] in the middles of the cells of a picture, the lowest first."""
    read = """async (image, [wide, high]) => {
        const made = new Image();
        made.src = image.getAttribute("href");
        await made.decode();
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [made.width, made.height];
        const pen = canvas.getContext("2d", { willReadFrequently: true });
        pen.drawImage(made, 0, 0);
        const at = (place, count, pixels) => Math.floor(((place + 0.5) / count) * pixels);
        return [...Array(high).keys()].map(row => [...Array(wide).keys()].map(column =>
            [...pen.getImageData(at(column, wide, made.width), at(high - 1 - row, high, made.height), 1, 1)
                .data]));
    }"""
    return np.array(page.locator("[data-map] image").evaluate(read, [WIDE, HIGH]))


def test_the_picture_has_the_colours_of_the_cells(open_page: Open, fine: Run) -> None:
    """Those that matplotlib draws; where the table is narrowed, faint outside the blocks of what it lists."""
    page = open_page(fine)
    meshes: Any = ls.plot(fine, kind="epochs", axes=Figure().add_subplot()).collections
    expected = np.ones((HIGH * WIDE, 4))
    for mesh in meshes:
        known = ~np.ma.getmaskarray(np.ma.masked_invalid(mesh.get_array().ravel()))
        expected[known] = mesh.to_rgba(mesh.get_array().ravel())[known]
    found = colours(page)
    np.testing.assert_allclose(found[..., :3] / 255, expected[:, :3].reshape(HIGH, WIDE, 3), atol=0.006)
    page.locator("[data-trials-filter]").fill("learning_rate < 0.004")
    rates = np.linspace(0.001, 0.007, WIDE)
    is_faint = colours(page)[..., 3] < 255
    assert (
        is_faint == (rates[np.arange(WIDE) // 2 * 2] >= 0.004)
    ).mean() > 0.98  # the best hundred are listed, too
    assert is_faint[:, -1].all()
    assert not is_faint[:, 0].any()


def test_a_cell_without_a_listed_trial_is_trained_from_its_settings(open_page: Open, fine: Run) -> None:
    """Its numbers are those of its trial; a link leads back to it; arrows move from there."""
    page = open_page(fine)
    page.locator("[data-map]").scroll_into_view_if_needed()
    page.mouse.click(*middle(page, 31, 17))
    trial = fine.trials.iloc[31 * HIGH + 17]
    assert numbers_of(page, "dl[data-cell]")["first_trial"] == str(trial["trial"])
    assert float(page.locator('[data-input="learning_rate"]').input_value()) == trial["learning_rate"]
    assert float(page.locator('[data-input="initial_weight"]').input_value()) == trial["initial_weight"]
    told = numbers_of(page, "[data-lab-numbers]")
    assert int(told["converged_at"] or "") == trial["converged_at"]
    assert float(told["cost"] or "") == pytest.approx(trial["cost"], rel=1e-12)
    expect(page.locator("[data-lab-note]")).to_contain_text(f"trial {trial['trial']:,}")
    link = page.locator("[data-lab-link]").get_attribute("href") or ""
    page.mouse.click(*middle(page, 2, 2))
    page.evaluate("hash => { location.hash = hash; }", link)
    expect(page.locator('[data-input="learning_rate"]')).to_have_value(repr(float(trial["learning_rate"])))
    page.locator("[data-map] svg").press("ArrowRight")
    assert numbers_of(page, "dl[data-cell]")["first_trial"] == str(trial["trial"] + HIGH)


def test_packed_numbers_are_those_of_the_trials(
    open_page: Open, fine: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole ones exactly, a cost as far as it is shown; the colours stay, and settings are exact."""
    exact = colours(open_page(fine))
    monkeypatch.setattr(payloads, "MAX_EXACT", 4)
    page = open_page(fine)
    np.testing.assert_array_equal(colours(page), exact)
    page.locator("[data-map]").scroll_into_view_if_needed()
    for column, row in ((0, 0), (31, 17), (WIDE - 1, HIGH - 1)):
        page.mouse.click(*middle(page, column, row))
        trial = fine.trials.iloc[column * HIGH + row]
        told = numbers_of(page, "dl[data-cell]")
        assert told["first_trial"] == str(trial["trial"])
        assert told[trial["outcome"]] == "1"
        assert float((told["best_cost"] or "").replace("inf", "Infinity")) == float(f"{trial['cost']:.6g}")
        assert told["regime"] == trial["regime"].replace("_", " ")
        assert float(page.locator('[data-input="learning_rate"]').input_value()) == trial["learning_rate"]


def test_a_part_that_is_zoomed_to_has_elements_again(open_page: Open, fine: Run) -> None:
    """A quarter of 5,400 cells, with as many at the edges as are cut."""
    page = open_page(fine)
    assert page.locator("[data-map] rect[data-cell]").count() == 0
    page.locator("[data-map-in]").click()
    assert 1300 < page.locator("[data-map] rect[data-cell]").count() < 1600
    assert page.locator("[data-map] image").count() == 0


def test_where_the_page_cannot_train_it_says_how_to_see_the_trial(open_page: Open, tmp_path: Path) -> None:
    """Adam's trials are known by their rows alone."""
    rates = {"min": 0.001, "max": 0.4, "num": WIDE}
    starts = {"min": -3, "max": 3, "num": HIGH}
    sweep = SWEEP | {
        "training": {"epochs": 3, "optimizer": "adam"},
        "parameters": {"learning_rate": rates, "initial_weight": starts},
    }
    page = open_page(ls.run(sweep, out=tmp_path, jobs=1))
    page.locator("[data-map]").scroll_into_view_if_needed()
    page.mouse.click(*middle(page, 31, 17))
    expect(page.locator("[data-lab-words]")).to_contain_text(f'"trial == {31 * HIGH + 17}"')
    assert not page.locator("[data-lab-inputs]").is_visible()
    page.mouse.click(*middle(page, 30, 16))
    expect(page.locator("[data-lab-words]")).to_contain_text(f"Trial {30 * HIGH + 16:,} of the run")
