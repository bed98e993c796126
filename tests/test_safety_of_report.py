"""Facts about what a page runs and loads: its own script alone, and nothing that a run is named."""

import base64
import hashlib
import re
from importlib import resources
from pathlib import Path

import pytest

import linreg_sweep as ls
from linreg_sweep.reports.page import SCRIPTS, packed
from linreg_sweep.runs.results import Run
from tests.pages import Page, loads_from_elsewhere, unpack
from tests.reported import HOSTILE, hostile, page_of, run

__all__ = ["run"]


def test_the_policy_allows_the_pages_own_style_and_script_alone(run: Run, tmp_path: Path) -> None:
    """By their hashes, taken of the text between the tags; nothing is loaded from elsewhere."""
    file = ls.report(run, file=tmp_path / "page.html")
    page = Page(file.read_text(encoding="utf-8"))
    [style], [script] = page.texts["style"], page.texts["script"]

    def hashed(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    assert page.policy == (
        f"default-src 'none'; style-src 'sha256-{hashed(style)}'; script-src 'sha256-{hashed(script)}';"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert loads_from_elsewhere(file.read_text(encoding="utf-8")) == []
    assert not any("style" in attributes for _, attributes in page.elements)
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_what_is_loaded_from_elsewhere_would_be_found() -> None:
    """Else the fact above says nothing."""
    for text in ('<img src="x.png">', "<a href='http://a'>", "@import 'x'", "a { b: url(http://c) }"):
        assert loads_from_elsewhere(text), text
    assert not loads_from_elsewhere('<a href="#comparison">')


def test_nothing_of_a_run_becomes_html(tmp_path: Path) -> None:
    """Names, columns, notes and versions that would run as HTML stay text."""
    page = page_of(tmp_path, hostile(tmp_path))
    assert page.texts["h1"] == [HOSTILE]
    assert HOSTILE in " ".join(page.texts["aside"])
    assert f"weight_{HOSTILE}" in [column["name"] for column in page.data[0]["trials"]]
    assert not {"img", "iframe", "object", "link"} & {tag for tag, _ in page.elements}
    assert len(page.texts["script"]) == len(page.texts["application/gzip"]) == 1


@pytest.mark.parametrize("text", [HOSTILE, "<!--", "]]>", "\u2028\u2029", "&amp;"])
def test_what_is_packed_into_a_page_ends_nothing_and_means_the_same(text: str) -> None:
    """It holds letters, digits and the three other signs of base64 alone, the same ones each time."""
    said = packed({text: [text, 0.1, None]})
    assert re.fullmatch("[A-Za-z0-9+/=]+", said)
    assert unpack(said) == {text: [text, 0.1, None]}
    assert said == packed({text: [text, 0.1, None]})


def test_the_scripts_are_all_there_and_end_no_script() -> None:
    """Each file of the folder has its place in the page."""
    folder = resources.files("linreg_sweep.reports").joinpath("scripts")
    assert sorted(file.name for file in folder.iterdir()) == sorted(f"{name}.js" for name in SCRIPTS)
    for name in SCRIPTS:
        source = folder.joinpath(f"{name}.js").read_text(encoding="utf-8")
        assert "</script" not in source
        assert "<!--" not in source
        assert not any(word in source for word in ("innerHTML", "eval(", "fetch(", "document.write"))
