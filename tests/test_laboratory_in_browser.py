"""Facts about a page's laboratory: what a hand sets is trained as the package trains it, beside theory."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

import linreg_sweep as ls
from linreg_sweep.runs.reopening import reopen
from linreg_sweep.runs.results import Run
from tests.browsing import IN_BROWSER, LIMIT, Open, browser, exact, numbers_of, open_page, run
from tests.reported import SWEEP

__all__ = ["browser", "open_page", "run"]

pytestmark = IN_BROWSER


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
    experiment = reopen(run)
    return numbers_of(page, "[data-lab-numbers]"), experiment.train_groups(experiment.groups(values))


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
    assert ("swings further away each epoch" in words) == (rate > LIMIT)
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


def test_flat_directions_are_called_so(open_page: Open, tmp_path: Path) -> None:
    """Where columns depend on others, the flattest direction is the first that is curved."""
    rows = "".join(f"{x},{x},{z},{x + z}\n" for x, z in ((1, 0), (2, 5), (4, 1), (7, 2)))
    (tmp_path / "twice.csv").write_text(f"a,b,c,y\n{rows}")
    data, rates = {"path": str(tmp_path / "twice.csv"), "y": ["y"]}, {"learning_rate": {"values": [0.01]}}
    run = ls.run(SWEEP | {"data": data, "parameters": rates, "training": {"epochs": 9}}, out=tmp_path, jobs=1)
    names = open_page(run).locator("[data-lab-theory] tbody tr td:first-child").all_text_contents()
    assert names == ["flat", "flattest", "3", "steepest"]
