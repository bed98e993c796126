"""Facts about a page in a real browser: it opens from a file, without network, for everyone, at any width."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

import linreg_sweep as ls
from linreg_sweep.runs.results import Run
from tests.browsing import IN_BROWSER, ROWS, Open, browser, numbers_of, open_page, run, shown_rows
from tests.reported import HOSTILE, SWEEP, hostile

__all__ = ["browser", "open_page", "run"]

pytestmark = IN_BROWSER


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


@pytest.mark.parametrize("width", [360, 768, 1000, 1440])
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
