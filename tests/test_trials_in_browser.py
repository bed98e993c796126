"""Facts about a page's table of trials: it turns, sorts and chooses as pandas and `show --where` do."""

import re

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page

import linreg_sweep as ls
from linreg_sweep.runs.results import Run
from tests.browsing import IN_BROWSER, ROWS, Open, browser, open_page, run, shown_rows
from tests.reported import SWEEP

__all__ = ["browser", "open_page", "run"]

pytestmark = IN_BROWSER


@pytest.fixture(scope="module")
def extreme(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same with a rate so large that trials end in infinities and NaN."""
    return ls.run(SWEEP, out=tmp_path_factory.mktemp("extreme"), jobs=1, part_size=9)


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
