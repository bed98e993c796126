"""Facts about trials in a page's laboratory: each is repeated to the last bit, or shown by its row."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

import linreg_sweep as ls
from linreg_sweep.runs.results import Run
from tests.browsing import GRID, IN_BROWSER, ROWS, Open, browser, numbers_of, open_page
from tests.reported import SWEEP

__all__ = ["browser", "open_page"]

pytestmark = IN_BROWSER

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
        assert page.locator("[data-lab-note]").inner_text().startswith("Trained by this page")
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
            f"Trial {number} of the run, reproduced to the last bit."
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
        assert "reproduced to the last bit" in note or f"rounds differently from the engine {engine}" in note
        assert page.locator("[data-lab-inputs]").is_visible()


def test_a_descent_too_long_for_the_page_is_shown_by_its_row(open_page: Open, tmp_path: Path) -> None:
    """The table's epochs, not those after which the page stops."""
    training = {"engine": "closed_form", "epochs": 90_000_000}
    sweep = SWEEP | {"parameters": {"learning_rate": {"values": [1e-7, 2e-7]}}, "training": training}
    run = ls.run(sweep, out=tmp_path, jobs=1)
    assert run.trials["converged_at"].min() > 2e7
    assert "the pictures end there" in shown_as_its_row(open_page(run), run, 0)


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
        assert note.startswith(
            "These numbers come from the run, since this page does not train with mini-batches."
        )
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
    assert shown_as_its_row(page, run, 4) == "Trial 4 of the run, reproduced to the last bit."
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
        assert "reproduced to the last bit" in shown_as_its_row(page, run, number)
    page.locator('[data-input="initial_bias"]').fill("1")
    note = page.locator("[data-lab-note]")
    expect(note).to_contain_text("Trained by this page, with loss half_mse; trial 7 of the run")
    rules = {"optimizer": {"values": ["adam", "sgd"]}, "learning_rate": {"values": [1e-3, 1e-2]}}
    run = ls.run(sweep | {"parameters": rules}, out=tmp_path, jobs=1)
    page = open_page(run)
    said = shown_as_its_row(page, run, 0)
    assert said.startswith(
        "These numbers come from the run, since this page does not train with adam. The pictures"
    )
    assert not page.locator("[data-lab-inputs]").is_visible()
    states = run.history[run.history["trial"] == 0]
    points = page.locator("[data-lab-path] path.path").get_attribute("d") or ""
    assert points.count(" ") == len(states) + 1 + (states["epoch"].max() < run.trials["epochs"][0])
    assert shown_as_its_row(page, run, 2) == "Trial 2 of the run, reproduced to the last bit."
    sweep = SWEEP | {"training": {"epochs": 9, "schedule": {"name": "cosine"}}}
    run = ls.run(sweep | {"parameters": {"learning_rate": {"values": [1e-3, 1e-2]}}}, out=tmp_path, jobs=1)
    page = open_page(run)
    said = shown_as_its_row(page, run, 1)
    assert "does not train with the schedule cosine. The run kept no states" in said
    assert "history: {every: log}" in said
    assert not page.locator("[data-lab-charts]").is_visible()
    assert " as measured" not in page.locator("[data-lab-words]").inner_text()
