"""What the README and docs/configs.md show is what it gives: tables, commands, configs and Python."""

import re
import shutil
from pathlib import Path

import pytest

import linreg_sweep as ls
from linreg_sweep.cli import main
from linreg_sweep.config import as_mapping

pytestmark = pytest.mark.system

ROOT = Path(__file__).parent.parent

Capture = pytest.CaptureFixture[str]


def blocks(page: str, language: str) -> list[str]:
    """Returns a page's blocks of a language; those of no language for ""."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_the_readmes_table_is_printed(capsys: Capture, tmp_path: Path) -> None:
    """Every line of the README's shortened table is a line of the output, some columns left out."""
    sweep = ROOT / "sweeps" / "learning_rate_by_start.yaml"
    assert main(["run", str(sweep), "--out", str(tmp_path), "--jobs", "1"]) == 0
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    (block,) = (block for block in blocks("README.md", "") if block.startswith("learning-rate-by-start: "))
    for line in block.splitlines():
        assert any(is_within(line.split(), words) for words in printed), line


def is_within(some: list[str], words: list[str]) -> bool:
    """Returns whether these are some of the words, in their order."""
    rest = iter(words)
    return all(word in rest for word in some)


def test_the_config_and_sweep_of_the_docs(tmp_path: Path) -> None:
    """The YAML of docs/configs.md is a config with no key left out, and a sweep on top of it."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    for block in blocks("docs/configs.md", "yaml"):
        path = tmp_path / block.split()[1]
        path.parent.mkdir()
        path.write_text(block, encoding="utf-8")
    named = set(re.findall(r"(\w+):", (tmp_path / "configs" / "mine.yaml").read_text(encoding="utf-8")))
    resolved = as_mapping(ls.train(tmp_path / "configs" / "mine.yaml").experiment.config)
    for section in ("data", "training", "outcome", "history"):
        assert {*resolved[section], section} <= named | {"name"}
    assert ls.plan(tmp_path / "sweeps" / "mine.yaml").n_trials == 3362


def test_the_readmes_way_to_data_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its commands run as they stand, and its sweep extends the config that they write."""
    (tmp_path / "my.csv").write_text("size,price\n1,3\n2,5\n4,8\n5,12\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (commands,) = (block for block in blocks("README.md", "") if block.startswith("linreg-sweep init"))
    for line in commands.splitlines():
        assert main(line.partition("#")[0].split()[1:]) == 0
    assert [run.name for run in ls.list_runs("results")] == ["my"]
    (sweep,) = blocks("README.md", "yaml")
    path = tmp_path / sweep.split()[1]
    path.write_text(sweep, encoding="utf-8")
    assert ls.plan(path).n_trials == 12 * 2 + 2 * 21


def test_the_readmes_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's Python runs as it stands, beside the examples."""
    for folder in ("configs", "sweeps"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    (block,) = blocks("README.md", "python")
    exec(block, {})
    assert [run.name for run in ls.list_runs("results")] == ["learning-rate-by-start", "mine"]
