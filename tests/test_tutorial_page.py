"""What docs/tutorial.md shows is what its commands and its Python print."""

import re
import shutil
from pathlib import Path

import pytest

from linreg_sweep.cli import main

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n\$ linreg-sweep (.*?)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
PYTHON = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in a folder with the examples, where runs can be written."""
    for folder in ("configs", "sweeps"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("examples")
@pytest.mark.parametrize(("command", "shown"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_a_command_prints_what_stands_below_it(command: str, shown: str, capsys: Capture) -> None:
    """Line by line and in this order; `...` stands for lines left out, or for the rest of one."""
    assert main(command.split()) == 0
    printed = capsys.readouterr().out
    pattern = "".join(_pattern(line) for line in shown.splitlines())
    assert re.match(pattern, printed), printed


def _pattern(line: str) -> str:
    """Returns what a line of a page can stand for."""
    if line == "...":
        return r"(?:.*\n)*?"
    return re.escape(line.removesuffix("...")) + (r".*\n" if line.endswith("...") else r"\n")


@pytest.mark.parametrize("code", PYTHON, ids=["numpy", "torch"])
def test_the_loops_print_what_their_comment_says(code: str, capsys: Capture) -> None:
    """Each of the two ends with a print, and what it prints."""
    exec(code, {})
    assert capsys.readouterr().out.strip() == code.rsplit("# ", 1)[1].strip()


def test_the_page_goes_the_lectures_way() -> None:
    """Its sections come in the lecture's order, and each but the last has commands or code."""
    sections = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    assert [re.sub(r"\W.*", "", each) for each in sections[:4]] == ["Gradient", "The", "The", "The"]
    for section in PAGE.split("\n## ")[1:-1]:
        assert "$ linreg-sweep" in section
    assert len(BLOCKS) > 12
