"""Facts about what a page lets a person do: point, zoom, play, link, brush, choose columns, take along."""

import csv
import io
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

import linreg_sweep as ls
from linreg_sweep.runs.results import Run
from tests.browsing import IN_BROWSER, Open, browser, numbers_of, open_page, run
from tests.reported import SWEEP

__all__ = ["browser", "open_page", "run"]

pytestmark = IN_BROWSER


def matching(page: Page) -> int:
    """Returns how many trials the table says that it lists."""
    words = page.locator("[data-trials-count]").inner_text()
    found = re.search(r"of ([\d,]+) that match", words) or re.search(r"of all ([\d,]+)", words)
    assert found is not None, words
    return int(found[1].replace(",", ""))


def drag(page: Page, place: str, *shares: tuple[float, float]) -> None:
    """Drags over a picture, from one share [across, down] of it to another."""
    picture = page.locator(place)
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box is not None
    (x, y), to = [(box["x"] + a * box["width"], box["y"] + b * box["height"]) for a, b in shares]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(*to, steps=4)
    page.mouse.up()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_of(open_page: Open, run: Run, tmp_path: Path, scheme: str) -> None:
    """No violation of its rules, of one run and of a comparison, in light and dark, on a phone and a desk."""
    other = ls.run(SWEEP | {"name": "other", "training": {"epochs": 100}}, out=tmp_path, jobs=1)
    for runs, width in (((run,), 390), ((run,), 1400), ((run, other), 1400)):
        page = open_page(*runs, width=width, color_scheme=scheme, bypass_csp=True)
        found = Axe().run(page).response["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def test_a_tooltip_stands_at_the_pointer_and_at_the_focus(open_page: Open, run: Run) -> None:
    """It says of a cell what the list beside the map says, and goes away with the pointer."""
    page = open_page(run)
    tip = page.locator("[data-map] .tip")
    page.locator('[data-map] rect[data-cell="9"]').hover()
    told = numbers_of(page, "dl[data-cell]")
    assert f"first trial: {told['first_trial']}" in tip.inner_text()
    page.locator("h1").hover()
    expect(tip).to_be_hidden()
    svg = page.locator("[data-map] svg")
    svg.focus()
    svg.press("ArrowRight")
    assert "first trial: " in tip.inner_text()
    svg.press("Tab")
    expect(tip).to_be_hidden()


def test_a_part_of_the_map_is_zoomed_to_and_listed(open_page: Open, run: Run) -> None:
    """Its trials are those between the ends of the axes; the others fade, and the whole map comes back."""
    page = open_page(run)
    drag(page, "[data-map] svg", (0.4, 0.4), (0.8, 0.7))
    page.locator("[data-map-list]").click()
    where = page.locator("[data-trials-filter]").input_value()
    assert re.match(r"learning_rate in \(0.003, 0.005, .*\) and initial_weight >= -7.5 and initial_w", where)
    assert 0 < matching(page) == len(run.where(where)) < run.n_trials
    page.locator("[data-map-whole]").click()
    faint = page.locator("[data-map] rect.faint").count()
    pairs = run.where(where)[["learning_rate", "initial_weight"]].drop_duplicates()
    assert faint == 35 - len(pairs)
    expect(page.locator("[data-map-whole]")).to_be_disabled()
    drag(page, "[data-explore-lines] rect.brush >> nth=1", (0.5, 0.2), (0.5, 0.6))
    assert page.locator("[data-explore-lines] rect.mark").count() == 1
    page.locator("[data-map-list]").click()  # of one cell: the mark would say otherwise
    assert page.locator("[data-explore-lines] rect.mark").count() == 0


def test_long_words_at_neighbouring_axes_do_not_overlap(open_page: Open, tmp_path: Path) -> None:
    """They are cut as the names of axes are, and whole in the tooltip."""
    schedules = ["constant", *({"name": "step", "every": 10**n, "gamma": 0.5} for n in (2, 3))]
    words = {"optimizer": {"values": ["sgd", "rmsprop"]}, "schedule": {"values": schedules}}
    sweep = SWEEP | {"name": "wordy", "parameters": {"learning_rate": {"values": [0.001, 0.005]}} | words}
    page = open_page(ls.run(sweep, out=tmp_path, jobs=1), width=1400)
    ends = page.locator("[data-explore-lines] text.end")
    assert "step(every=1000, gamma=0.5)" in ends.locator("title").all_text_contents()
    boxes = [box for box in (each.bounding_box() for each in ends.all()) if box is not None]
    for y in {round(box["y"]) for box in boxes}:
        row = sorted((box["x"], box["x"] + box["width"]) for box in boxes if round(box["y"]) == y)
        assert all(left[1] <= right[0] for left, right in pairwise(row))


def test_settings_of_a_comparison_are_all_in_sight(open_page: Open, run: Run, tmp_path: Path) -> None:
    """A long one goes on below, and pushes those of other runs off no page."""
    products = [{"learning_rate": {"values": [0.001 * rate]}, "seed": {"value": 1}} for rate in range(1, 9)]
    other = ls.run(SWEEP | {"name": "union", "parameters": products}, out=tmp_path, jobs=1)
    page = open_page(other, run, width=1000)
    last = page.locator('[data-table="comparison-settings"] th').last
    box = last.bounding_box()
    assert last.inner_text() == run.name
    assert box is not None
    assert box["x"] + box["width"] <= 1000


def test_what_is_held_and_pointed_at_stays_in_sight(open_page: Open, run: Run) -> None:
    """Keys move a part that is zoomed to; another map marks the trial that was chosen on the last."""
    page = open_page(run)
    page.locator('[data-map] rect[data-cell="0"]').click()
    page.locator("[data-map-which]").select_option("1")
    assert numbers_of(page, "dl[data-cell]")["learning_rate"] == f"{run.trials['learning_rate'].min():.6g}"
    page.locator("h1").hover()
    svg = page.locator("[data-map] svg")
    for key in ["+", "+", *["ArrowRight"] * 4]:
        svg.press(key)
    frame, cell = (
        page.locator("[data-map] svg > .axis").bounding_box(),
        page.locator(".chosen").last.bounding_box(),
    )
    assert frame is not None
    assert cell is not None
    assert frame["x"] < cell["x"] + cell["width"] / 2 < frame["x"] + frame["width"]
    assert numbers_of(page, "dl[data-cell]")["learning_rate"] == "0.006"


def test_a_finger_moves_a_part_that_is_zoomed_to(open_page: Open, run: Run) -> None:
    """As far as the map goes, and back; of the whole map it scrolls the page."""
    page = open_page(run, has_touch=True)
    swipe = """(svg, [fromX, fromY, toX, toY]) => {
        const { left, top, width, height } = svg.querySelector(":scope > .axis").getBoundingClientRect();
        const at = (x, y) => ({ clientX: left + x * width, clientY: top + y * height });
        const fire = (type, where) => svg.dispatchEvent(
            new PointerEvent(type, { ...where, pointerType: "touch", button: 0, bubbles: true }));
        fire("pointerdown", at(fromX, fromY));
        fire("pointermove", at(toX, toY));
        dispatchEvent(new PointerEvent("pointerup", { ...at(toX, toY), pointerType: "touch" }));
    }"""
    svg = page.locator("[data-map] svg")
    svg.evaluate(swipe, [0.5, 0.5, 0.25, 0.75])
    assert page.locator("[data-map] rect[data-cell]").count() == 35
    expect(page.locator("[data-map-whole]")).to_be_disabled()
    page.locator("[data-map-in]").click()
    svg.evaluate(swipe, [0.5, 0.5, 0.0, 0.5])
    page.locator("[data-map-list]").click()
    right = page.locator("[data-trials-filter]").input_value()
    assert "0.01)" in right
    svg.evaluate(swipe, [0.2, 0.5, 0.9, 0.5])
    page.locator("[data-map-list]").click()
    assert page.locator("[data-trials-filter]").input_value() != right
    assert page.locator("[data-map] rect.frame").count() == 0


def test_keys_zoom_to_the_cell_that_is_held(open_page: Open, run: Run) -> None:
    """Plus twice: it fills four times the width that it had; zero: as before."""
    page = open_page(run)
    cell = page.locator('[data-map] rect[data-cell="10"]')
    cell.click()
    before = cell.bounding_box()
    svg = page.locator("[data-map] svg")
    for key in "++":
        svg.press(key)
    after = cell.bounding_box()
    svg.press("0")
    again = cell.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] == pytest.approx(4 * before["width"], rel=0.02)
    assert again == before


def test_the_descent_is_played_and_stepped(open_page: Open, run: Run) -> None:
    """Each moment shows its epoch, and the line through the data that the package has there."""
    page = open_page(run)
    page.locator('[data-map] rect[data-cell="2"]').click()
    page.get_by_role("button", name="To the start").click()
    moment = page.locator("[data-lab-moment]")
    assert moment.inner_text().startswith("Epoch 0")
    assert "y = -10 * x" in moment.inner_text()
    first = page.locator("[data-lab-fit] path.path").get_attribute("d")
    page.get_by_role("button", name="One step on").click()
    trained = ls.train(
        {
            "data": {"name": "tutorial"},
            "training": {"learning_rate": 0.003, "epochs": 1, "initial_weight": -10},
        }
    )
    weight, bias = (trained.rows[name][-1] for name in ("weight", "bias"))
    assert f"y = {weight:.6g} * x {'-' if bias < 0 else '+'} {abs(bias):.6g}" in moment.inner_text()
    assert page.locator("[data-lab-fit] path.path").get_attribute("d") != first
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    page.locator("[data-lab-cost] svg").press("ArrowRight")
    assert page.locator("[data-lab-cost] .tip").is_visible()


def test_the_line_is_in_the_units_of_the_data(open_page: Open, tmp_path: Path) -> None:
    """Where x is standardized the equation is that of `_unscaled`."""
    sweep = SWEEP | {
        "data": {"name": "tutorial", "standardize": True},
        "parameters": {"learning_rate": {"values": [0.5]}},
    }
    run = ls.run(sweep, out=tmp_path, jobs=1)
    page, row = open_page(run), run.trials.iloc[0]
    weight, bias = row["weight_unscaled"], row["bias_unscaled"]
    expected = f"y = {weight:.6g} * x {'-' if bias < 0 else '+'} {abs(bias):.6g}"
    assert expected in page.locator("[data-lab-moment]").inner_text()


def test_a_link_leads_back_to_a_state(open_page: Open, run: Run) -> None:
    """To a trial of the run, or to settings of one's own; what is not allowed is left alone."""
    page = open_page(run)
    page.locator('[data-input="learning_rate"]').fill("0.0041")
    expect(page.locator("[data-lab-link]")).to_have_attribute("href", re.compile("0.0041"))
    link = page.locator("[data-lab-link]").get_attribute("href") or ""
    page.locator('[data-map] rect[data-cell="1"]').click()
    trial = page.locator("[data-lab-link]").get_attribute("href") or ""
    assert re.fullmatch(r"#run-0&trial=\d+", trial)
    page.evaluate("hash => { location.hash = hash; }", link)
    expect(page.locator('[data-input="learning_rate"]')).to_have_value("0.0041")
    page.evaluate("hash => { location.hash = hash; }", trial)
    expect(page.locator('[data-input="learning_rate"]')).not_to_have_value("0.0041")
    page.evaluate("hash => { location.hash = hash; }", "#run-0&learning_rate=-1&x=<b>&%E0%=&momentum=0.5")
    expect(page.locator('[data-input="momentum"]')).to_have_value("0.5")
    assert float(page.locator('[data-input="learning_rate"]').input_value()) > 0


def test_a_mark_on_an_axis_narrows_map_and_table(open_page: Open, run: Run) -> None:
    """To the trials between its ends; a click on the axis lets all through again."""
    page = open_page(run)
    page.locator("[data-explore-lines] svg").scroll_into_view_if_needed()
    drag(page, "[data-explore-lines] rect.brush >> nth=1", (0.5, 0.2), (0.5, 0.6))
    where = page.locator("[data-trials-filter]").input_value()
    assert where.count("initial_weight") == 2
    assert 0 < matching(page) == len(run.where(where)) < run.n_trials
    assert page.locator("[data-explore-lines] path.faint").count() == run.n_trials - matching(page)
    page.locator("[data-explore-lines] rect.brush >> nth=1").click()
    assert matching(page) == run.n_trials


def test_any_columns_are_axes_and_colours(open_page: Open, run: Run) -> None:
    """A point a trial that has both; a click shows its trial in the laboratory."""
    page = open_page(run)
    page.locator("[data-explore-y]").select_option("converged_at")
    page.locator("[data-explore-colour]").select_option("cost")
    points = page.locator("[data-explore-points] circle.point")
    assert points.count() == run.trials["converged_at"].notna().sum()
    point = points.first
    number = int(point.get_attribute("data-row") or "")
    point.dispatch_event("click")
    assert page.locator("[data-lab-words]").inner_text().startswith(f"Trial {number} of the run")


def test_columns_are_chosen_and_explained(open_page: Open, run: Run) -> None:
    """What is unchecked leaves the table; each says what it means."""
    page = open_page(run)
    page.get_by_text("Choose columns").click()
    box = page.locator('[data-column="contraction"]')
    assert "contraction" in page.locator("[data-trials] thead").inner_text()
    box.uncheck()
    assert "contraction" not in page.locator("[data-trials] thead").inner_text()
    assert len(page.locator("[data-trials-columns] label", has=box).inner_text()) > len(" contraction") + 10


def test_rows_and_pictures_are_taken_along(open_page: Open, run: Run) -> None:
    """The rows that match, every number exact; the map as a picture that stands by itself."""
    page = open_page(run)
    page.locator("[data-trials-filter]").fill("outcome == converged")
    with page.expect_download() as download:
        page.locator("[data-trials-save]").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
    expected = run.where("outcome == converged")
    assert [int(row["trial"]) for row in rows] == expected["trial"].tolist()
    np.testing.assert_array_equal([float(row["cost"]) for row in rows], expected["cost"].to_numpy())
    with page.expect_download() as download:
        page.locator("[data-map-save]").click()
    picture = Path(download.value.path()).read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    assert picture.count("data-cell=") == 35
    assert "var(" not in picture


def test_a_comparison_opens_with_a_picture(open_page: Open, run: Run, tmp_path: Path) -> None:
    """A line a run: the share of trials that converged, and the least cost, at each learning rate."""
    other = ls.run(SWEEP | {"name": "other", "training": {"epochs": 100}}, out=tmp_path, jobs=1)
    page = open_page(run, other)
    charts = page.locator("[data-comparison] [data-curves]")
    words = charts.first.locator("circle").evaluate_all("all => all.map(each => each.dataset.words)")
    share = run.trials.groupby("learning_rate")["outcome"].agg(lambda found: (found == "converged").mean())
    for rate, value in share.items():
        assert f"{run.name}: {rate:.6g}, {value:.6g}" in words
    assert charts.nth(1).locator("circle").count() > 7


def test_ticks_of_years_are_told_apart(open_page: Open, tmp_path: Path) -> None:
    """Between two of them, too, where four digits would be the same for all."""
    x = np.repeat([1931.0, 1932.0], 10)
    y = 40 - (x - 1931) + np.tile(np.arange(10.0), 2)
    sweep = {
        "method": "grid",
        "data": {"standardize": True},
        "parameters": {"learning_rate": {"values": [0.5, 1]}},
    }
    page = open_page(ls.run(sweep, data=(x, y), out=tmp_path, jobs=1))
    labels = page.locator("[data-fit] svg text[text-anchor=middle]").all_text_contents()[:-1]
    assert len(labels) > 2
    assert len({*labels}) == len(labels)
