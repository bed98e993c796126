"""Facts about README, CONTRIBUTING and docs: what they link to is there, and the site has every page."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")


def anchors(page: Path) -> set[str]:
    """Returns what the headings of a page are linked to by."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    """The file and, where one is named, the heading."""
    links = ["".join(found) for found in LINK.findall(page.read_text(encoding="utf-8"))]
    for link in links:
        if link.startswith(("http:", "https:")):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_site_leads_to_every_page() -> None:
    """The navigation has each page of docs and above it once, beside the first, and no other."""
    navigation = runpy.run_path(str(ROOT / "docs" / "site" / "navigation.py"))
    pages = [page for pages in navigation["PAGES"].values() for page in pages]
    assert len(pages) == len(set(pages))
    above = {Path(name).stem for name in navigation["ABOVE"].values()}
    assert {*pages, "index"} == {page.stem for page in (ROOT / "docs").glob("*.md")} | above
    assert all((ROOT / path).exists() for path in navigation["ABOVE"])
