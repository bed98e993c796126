"""A real browser, cut off from the network, in which pages of runs are opened and read.

Chromium comes from Debian (`apt-get install chromium`); without it those tests are skipped, and say so.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, sync_playwright

import linreg_sweep as ls
from linreg_sweep.runs.results import Run
from tests.reported import SWEEP

CHROMIUM = shutil.which("chromium")

IN_BROWSER = [
    pytest.mark.system,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium"),
]
"""What marks tests that need a browser."""

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


def settle(page: Page) -> None:
    """Waits until a page has unpacked what it shows."""
    page.locator("main:not([aria-busy])").wait_for()


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
        settle(page)
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


def numbers_of(page: Page, place: str) -> dict[str, str | None]:
    """Returns a list of numbers on the page by their names: exact, or the words that stand there."""
    read = "cells => cells.map(cell => [cell.dataset.name, cell.dataset.exact ?? cell.textContent])"
    return dict(page.locator(f"{place} dd").evaluate_all(read))


GRID = {
    "learning_rate": {"values": [0.001, 0.005, 0.0063, 0.0064]},
    "initial_weight": {"values": [-3.7, 0.1, 8]},
}
