"""Facts about the site: it builds without a warning, its links lead somewhere, its reference is complete."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import linreg_sweep
from linreg_sweep.cli import COMMANDS
from linreg_sweep.config.training import TrainingConfig
from linreg_sweep.trials.columns import NAMED

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[1]


class Page(HTMLParser):
    """What a page holds that can be linked to, what it links to and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Sorts what a tag names."""
        named = dict(attrs)
        self.ids.add(named.get("id") or "")
        if tag == "a":
            self.links.add(named.get("href") or "")
        elif tag in ("script", "link", "img"):
            self.loads.add(named.get("src") or named.get("href") or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of the site, built as `make docs` builds it."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, str(ROOT / "docs" / "site" / "build.py"), str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    return out


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """Pages, files and places within pages are there; scripts, styles and pictures are the site's own."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    assert len(pages) > 20
    for path, page in pages.items():
        assert not [each for each in page.loads if each.startswith(("http:", "https:", "//"))], path
        for link in page.links:
            if link.startswith(("http:", "https:")) or path.name in ("search.html", "genindex.html"):
                continue
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            assert target.exists(), (path.name, link)
            if anchor and target in pages:
                assert anchor in pages[target].ids, (path.name, link)


def test_the_reference_has_every_command_key_column_and_name(site: Path) -> None:
    """As the registries have them, with every option; nobody has to add them to a page."""
    text = {path.stem: path.read_text(encoding="utf-8") for path in site.glob("*.html")}
    for command in COMMANDS:
        assert f'id="{command.name}"' in text["commands"]
        for option in [each for each in command.params if each.param_type_name == "option"]:
            assert re.search(rf">[^<]*{re.escape(option.opts[-1])}\b", text["commands"]), option.opts
    for key in TrainingConfig.model_fields:
        assert f">{key}<" in text["keys"] or f">{key}</span>" in text["keys"], key
    for column in NAMED:
        assert f">{column}</span>" in text["columns"], column
    for name in linreg_sweep.__all__:
        assert f'id="linreg_sweep.{name}"' in text["python"], name
