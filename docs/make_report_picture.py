"""Makes docs/report.png: the top of a report, as Debian's chromium shows it. Run by `make gallery`."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import linreg_sweep as ls

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "report.png"


def main() -> None:
    """Writes the picture, or says that there is no browser to take it with."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("docs/report.png stays as it is: there is no chromium", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        run = ls.run(ROOT / "sweeps" / "learning_rate_by_start.yaml", out=folder)
        page_file = ls.report(run, file=Path(folder) / "report.html")
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 1830}, color_scheme="light")
        page.goto(page_file.as_uri())
        page.locator("main:not([aria-busy])").wait_for()
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
