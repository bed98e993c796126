"""Facts about pages of runs that are not as most are; the fixture holds that no browser complains."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from playwright.sync_api import expect

import linreg_sweep as ls
from tests.browsing import IN_BROWSER, Open, browser, numbers_of, open_page, settle
from tests.reported import made
from tests.test_exploring_in_browser import drag, matching

__all__ = ["browser", "open_page"]

pytestmark = IN_BROWSER


def test_a_trial_alone_and_starts_as_far_as_numbers_go(open_page: Open, tmp_path: Path) -> None:
    """There is nothing to explore of one trial; axes that are longer than a number can be are drawn."""
    page = open_page(made(tmp_path, parameters={"learning_rate": {"values": [0.003]}}))
    assert not page.get_by_role("heading", name="Any two columns").is_visible()
    assert page.locator("[data-map] rect[data-cell]").count() == 1
    starts: dict[str, Any] = {"initial_weight": {"values": [-1e308, 0, 1e308]}}
    page = open_page(made(tmp_path, parameters={"learning_rate": {"values": [1, 2, 1e200]}} | starts))
    heights = [page.locator(f'[data-map] rect[data-cell="{row * 3}"]').bounding_box() for row in range(3)]
    assert len({round(box["height"]) for box in heights if box is not None}) == 1


def test_a_page_has_the_colours_of_the_picture(open_page: Open, tmp_path: Path) -> None:
    """Of each cell, though its median may be half an epoch; the legend says what they begin with."""
    rates = {"min": 0.002, "max": 0.006, "num": 5}
    parameters: dict[str, Any] = {"learning_rate": rates, "initial_weight": {"min": -3, "max": 3, "num": 4}}
    run = made(
        tmp_path, parameters=parameters | {"initial_bias": {"values": [0, 5]}}, training={"epochs": 20_000}
    )
    mesh: Any = ls.plot(run, kind="epochs", axes=Figure().add_subplot()).collections[-1]
    assert (mesh.get_array() % 1 == 0.5).any()
    page = open_page(run)
    fills = page.locator("[data-map] rect[data-cell]").evaluate_all(
        "all => all.map(each => each.getAttribute('fill'))"
    )
    found = np.array([[int(part) for part in re.findall(r"\d+", fill)] for fill in fills])
    np.testing.assert_allclose(found / 255, mesh.to_rgba(mesh.get_array()).reshape(-1, 4)[:, :3], atol=0.006)
    assert page.locator("[data-map-legend] span").first.inner_text().startswith(f"{mesh.norm.vmin:,.10g}")


def test_where_nothing_converged_or_diverged_the_map_shows_costs(open_page: Open, tmp_path: Path) -> None:
    """Else it would be grey; the legend names no colour that is not there, nor a limit beyond the map."""
    rates = {"values": [0.0001, 0.0002]}
    page = open_page(made(tmp_path, parameters={"learning_rate": rates}, training={"epochs": 5}))
    expect(page.locator("[data-map-colour]")).to_have_value("cost")
    fills = page.locator("[data-map] rect[data-cell]").evaluate_all(
        "all => all.map(each => each.getAttribute('fill'))"
    )
    assert len(set(fills)) == 2
    legend = page.locator("[data-map-legend]").inner_text()
    assert "squared units of the target" in legend
    assert "unfinished" not in legend
    assert "stability limit" not in legend
    page.locator("[data-map-colour]").select_option("outcome")
    assert "unfinished" in page.locator("[data-map-legend]").inner_text()


def test_words_are_let_through_by_a_mark_between_them(open_page: Open, tmp_path: Path) -> None:
    """The nearest is: a comparison with no word would be none."""
    optimizers = {"values": ["sgd", "adam", "nadam"]}
    run = made(tmp_path, parameters={"optimizer": optimizers, "learning_rate": {"values": [0.001, 0.1]}})
    page = open_page(run)
    drag(page, "[data-explore-lines] rect.brush >> nth=0", (0.5, 0.57), (0.5, 0.62))
    assert page.locator("[data-trials-filter]").input_value() == 'optimizer in ("adam")'
    assert matching(page) == 2


def test_a_link_to_settings_knows_which_problem_they_are_of(open_page: Open, tmp_path: Path) -> None:
    """Where trials have Nesterov's momentum or not, the numbers are the same after the link as before."""
    parameters: dict[str, Any] = {"learning_rate": {"values": [0.001, 0.002]}, "momentum": {"values": [0.5]}}
    run = made(
        tmp_path, parameters=parameters | {"nesterov": {"values": [False, True]}}, training={"epochs": 30}
    )
    first, second = (
        ls.load(run.path).where(f"nesterov == {word}")["trial"].iloc[0] for word in ("false", "true")
    )
    page = open_page(run)
    told = []
    for trial in (first, second):
        page.locator("[data-trials] td button", has_text=re.compile(f"^{trial}$")).click()
        page.locator('[data-input="learning_rate"]').fill("0.0041")
        expect(page.locator("[data-lab-link]")).to_have_attribute("href", re.compile("0.0041"))
        told.append(
            (page.locator("[data-lab-link]").get_attribute("href"), numbers_of(page, "[data-lab-numbers]"))
        )
    assert told[0][1]["cost"] != told[1][1]["cost"]
    for link, numbers in told:
        page.goto(page.url.split("#")[0] + str(link))
        page.reload()
        settle(page)
        assert numbers_of(page, "[data-lab-numbers]") == numbers
