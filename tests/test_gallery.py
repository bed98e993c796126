"""The pages of docs are what their makers write today, and their pictures are there."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import linreg_sweep as ls

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def maker(name: str) -> ModuleType:
    """Returns the script that makes a page."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_of_keys_are_what_the_code_says() -> None:
    """Every optimizer, schedule and average with its keys; after a change `make gallery` rewrites them."""
    text = maker("make_training").page()
    assert (DOCS / "training.md").read_text(encoding="utf-8") == text
    assert all(f"| `{key}` |" in text for key in ("adamw", "amsgrad", "chebyshev", "t0", "ema", "from"))


def test_the_gallery_is_what_the_example_sweeps_give(tmp_path: Path) -> None:
    """Every sweep has its section; after a change `make gallery` rewrites it."""
    sweeps = sorted((ROOT / "sweeps").glob("*.yaml"))
    text = maker("make_gallery").page({path: ls.run(path, out=tmp_path) for path in sweeps})
    assert (DOCS / "gallery.md").read_text(encoding="utf-8") == text
    pictures = re.findall(r"\]\((gallery/.*?)\)", text)
    assert len(pictures) > 8
    assert sorted(pictures) == sorted(f"gallery/{file.name}" for file in (DOCS / "gallery").iterdir())


def test_the_walkthrough_is_what_its_commands_print(tmp_path: Path) -> None:
    """Every command of it ends well and prints what stands there; `make gallery` rewrites it."""
    assert (DOCS / "walkthrough.md").read_text(encoding="utf-8") == maker("make_walkthrough").page(tmp_path)
    assert (DOCS / "walkthrough" / "paths.png").exists()


def test_the_way_to_a_fit_is_what_its_commands_print(tmp_path: Path) -> None:
    """From a CSV file to predictions in five commands; `make gallery` rewrites it."""
    text = maker("make_fit").page(tmp_path)
    assert (DOCS / "fit.md").read_text(encoding="utf-8") == text
    assert text.count("$ linreg-sweep ") == 5


def without_pictures(text: str) -> str:
    """Returns HTML with the pictures in it only named: their bytes differ from machine to machine."""
    return re.sub(r'src="data:image/png;base64,[^"]+"', "src", text)


def told(notebook: Path) -> list[Any]:
    """Returns the cells of a notebook and what they gave; of pictures only that they are there."""
    outputs = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        outputs.append(cell["source"])
        for output in cell.get("outputs", []):
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr"
            given = output.get("data", {"text": output.get("text")})
            texts = {kind: "".join(value) for kind, value in given.items()}
            outputs.append(
                {kind: kind == "image/png" or without_pictures(text) for kind, text in texts.items()}
            )
    return outputs


def test_the_notebook_is_what_its_cells_give(tmp_path: Path) -> None:
    """Executed again from its maker it has the same tables, and pictures where it had them."""
    again = tmp_path / "notebook.ipynb"
    code = "import sys, pathlib, make_notebook; make_notebook.main(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, again], cwd=DOCS, check=True, capture_output=True)
    assert told(again) == told(DOCS / "notebook.ipynb")
    assert sum("image/png" in each for each in told(again)) == 2
