"""The gallery's text is what its maker writes today, and its pictures are there."""

import importlib.util
import re
from pathlib import Path

import linreg_sweep as ls

ROOT = Path(__file__).parents[1]


def test_the_gallery_is_what_the_example_sweeps_give(tmp_path: Path) -> None:
    """Every sweep has its section; after a change `make gallery` writes it anew."""
    spec = importlib.util.spec_from_file_location("make_gallery", ROOT / "docs" / "make_gallery.py")
    assert spec is not None
    assert spec.loader is not None
    gallery = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gallery)
    sweeps = sorted((ROOT / "sweeps").glob("*.yaml"))
    text = gallery.page({path: ls.run(path, out=tmp_path) for path in sweeps})
    assert (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8") == text
    pictures = re.findall(r"\]\((gallery/.*?)\)", text)
    assert len(pictures) > 8
    assert sorted(pictures) == sorted(f"gallery/{file.name}" for file in (ROOT / "docs/gallery").iterdir())
