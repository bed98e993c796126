"""The page's reader of comparisons is held to the same table of cases as Python's (test_where.py)."""

import json
import os
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browsing import CHROMIUM, IN_BROWSER
from tests.words import CATEGORIES

pytestmark = IN_BROWSER

FACTS = json.loads((Path(__file__).parent / "facts" / "comparisons.json").read_text(encoding="utf-8"))

SCRIPTS = Path(__file__).parents[1] / "linreg_sweep" / "reports" / "scripts"

ASKED = """({ columns, cases }) => {
  const given = columns.map(unpacked);
  return cases.map(({ where }) => {
    try {
      const holds = comparison(where, given);
      return { where, rows: given[0].cells.filter((_, row) => holds(row)) };
    } catch (error) {
      return { where, error: error.message };
    }
  });
}"""


def test_each_comparison_keeps_its_rows_or_is_refused_at_its_place() -> None:
    """The rows and, but for the hint, the words of `--where`."""
    words = CATEGORIES | FACTS["words"]
    columns = [
        {
            "name": name,
            "cells": cells,
            "number": not any(isinstance(cell, str) and cell != "Infinity" for cell in cells),
            **({"order": list(words[name])} if name in words else {}),
        }
        for name, cells in FACTS["columns"].items()
    ]
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = chromium.new_page()
        for script in ("numbers.js", "where.js"):
            page.add_script_tag(content=(SCRIPTS / script).read_text(encoding="utf-8"))
        found = page.evaluate(ASKED, {"columns": columns, "cases": FACTS["cases"]})
        chromium.close()
    for said in found:
        if "error" in said:
            said["error"] = said["error"].partition(". Hint: ")[0]
    assert found == FACTS["cases"]
