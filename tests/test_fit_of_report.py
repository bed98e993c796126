"""Facts about how a page begins: the best trial's line through the data, and which parameter matters."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.text.importance import format_importance
from tests.browsing import IN_BROWSER, Open, browser, open_page
from tests.pages import Page

__all__ = ["browser", "open_page"]

SWEEP: dict[str, Any] = {
    "name": "begins",
    "method": "grid",
    "training": {"epochs": 1000},
    "parameters": {
        "learning_rate": {"values": [0.002, 0.02, 0.2]},
        "initial_weight": {"values": [-3, 0, 2]},
    },
}


def data(n: int = 30) -> tuple[Any, Any]:
    """Returns a feature and a target that it does not explain wholly."""
    x = np.linspace(0, 4, n)
    return x, 2 * x - 1 + np.sin(5 * x)


def page_of(run: ls.Run, tmp_path: Path) -> Page:
    """Returns its page, taken apart."""
    return Page(ls.report(run, file=tmp_path / "page.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("standardize", [False, True])
def test_a_page_has_the_rows_and_both_lines(tmp_path: Path, standardize: bool) -> None:
    """Those trained on and those held out; the best trial's own line, and polyfit's."""
    x, y = data()
    sweep = SWEEP | {"data": {"standardize": standardize, "holdout": {"last": 0.2}}}
    run = ls.run(sweep, data=(x, y), out=tmp_path, jobs=1)
    (given,) = page_of(run, tmp_path).data
    fit = given["fit"]
    assert (fit["trained"]["x"], fit["trained"]["y"]) == (x[:24].tolist(), y[:24].tolist())
    assert (fit["held_out"]["x"], fit["held_out"]["y"]) == (x[24:].tolist(), y[24:].tolist())
    model = run.model()
    assert fit["line"] == [model.weights[0, 0], model.bias[0]]
    assert fit["least_squares"] == pytest.approx(np.polyfit(x[:24], y[:24], 1).tolist(), rel=1e-9)
    assert fit["trial"] == run.best(1)["trial"].iloc[0]


def test_several_features_have_no_line(tmp_path: Path) -> None:
    """Nor has a run of which every trial diverged, nor one of which nothing is known yet."""
    x, y = data()
    table = pd.DataFrame({"a": x, "b": x**2})
    run = ls.run(SWEEP, data=(table, y), out=tmp_path, jobs=1)
    assert page_of(run, tmp_path).data[0]["fit"] is None
    diverged = SWEEP | {"parameters": {"learning_rate": {"values": [100.0]}}}
    run = ls.run(diverged, data=(x, y), out=tmp_path, jobs=1)
    page = page_of(run, tmp_path)
    assert page.data[0]["fit"] is None
    assert not any("data-importance" in attributes for _, attributes in page.elements)


def test_the_page_says_which_parameter_matters(tmp_path: Path) -> None:
    """In the words and shares of `importance`, whose own oracle is pandas."""
    run = ls.run(SWEEP, data=data(), out=tmp_path, jobs=1)
    column, table = run.importance()
    told = format_importance(column, table)
    assert told.startswith(
        f"Of the variance in {'whether trials converge' if column == 'outcome' else column}, "
    )
    assert told in "".join(page_of(run, tmp_path).texts["p"])
    shares: dict[str, Any] = {
        "parameters": ["a_b", "a_b x c.d", "c.d", "e"],
        "share": [0.514, 0.33, 0.151, 0.005],
    }
    assert format_importance("held_out_cost", shares) == (
        "Of the variance in held out cost, a b explains 51 %, a b together with c d 33 % and c d 15 %."
    )
    many: dict[str, Any] = {"parameters": ["three or more together", "a"], "share": [0.6, 0.4]}
    said = "Of the variance in cost, three or more together explain 60 % and a 40 %."
    assert format_importance("cost", many) == said
    assert format_importance("cost", {"parameters": ["a"], "share": [1.0]}) == ""
    assert format_importance("cost", {"parameters": ["a", "b"], "share": [None, None]}) == ""


@pytest.mark.parametrize("width", [360, 1280])
@IN_BROWSER[0]
@IN_BROWSER[1]
def test_the_fit_is_drawn_before_all_else(open_page: Open, tmp_path: Path, width: int) -> None:
    """A dot a row, two lines, above the first table; nothing where there are several features."""
    sweep = SWEEP | {"data": {"holdout": {"last": 0.2}}}
    page = open_page(ls.run(sweep, data=data(), out=tmp_path, jobs=1), width=width)
    figure = page.locator("[data-fit]")
    assert figure.locator("circle.datum").count() == 30
    assert figure.locator("circle.held").count() == 6
    assert figure.locator("path.path").count() == figure.locator("path.recorded").count() == 1
    held, kept = (
        figure.locator(f"circle.datum{kind}").first.evaluate("dot => getComputedStyle(dot).fill")
        for kind in (".held", ":not(.held)")
    )
    assert held != kept
    box, table = figure.bounding_box(), page.locator("table").first.bounding_box()
    assert box is not None
    assert table is not None
    assert box["y"] + box["height"] <= table["y"]
    assert box["width"] <= width
    x, y = data()
    several = ls.run(SWEEP, data=(np.column_stack([x, x**2]), y), out=tmp_path, jobs=1)
    assert not open_page(several, width=width).locator("[data-fit]").is_visible()
