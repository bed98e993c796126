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


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in a folder with the examples and a file of one's own."""
    for folder in ("configs", "sweeps"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "my.csv").write_text("size,price\n1,3\n2,5\n4,8\n5,12\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def commands(page: str) -> list[str]:
    """Returns every command of a page, in its order, whether in a block or within a sentence."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.findall(r"(?:^|`)(linreg-sweep [a-z]+ [^`#\n]+)", text, re.MULTILINE)
    return [command.strip() for command in found]


@pytest.mark.usefixtures("examples")
def test_every_command_of_the_readme(capsys: Capture) -> None:
    """Each ends well as it stands, for RUN the run that `make sweep` makes; and so do make's own."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "$(BIN)/linreg-sweep run sweeps/learning_rate_by_start.yaml" in makefile
    for target in re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE):
        assert f"\n{target}: " in makefile
    assert main(["run", "sweeps/learning_rate_by_start.yaml"]) == 0
    run = capsys.readouterr().out.splitlines()[-1]
    asked = commands("README.md")
    assert len(asked) >= 4
    for command in asked:
        assert main(command.replace("RUN", run).split()[1:]) == 0, command
    assert Path("learning-rate-by-start-epochs.png").exists()
    assert Path("learning-rate-by-start-report.html").exists()


@pytest.mark.usefixtures("examples")
def test_the_readmes_sweep_extends_the_config_that_init_writes() -> None:
    """It is of two products, as many trials as it declares."""
    (init,) = (command for command in commands("README.md") if " init " in command)
    assert main(init.split()[1:]) == 0
    (sweep,) = blocks("README.md", "yaml")
    path = Path(sweep.split()[1])
    path.write_text(sweep, encoding="utf-8")
    assert ls.plan(path).n_trials == 12 * 2 + 2 * 21


@pytest.mark.usefixtures("examples")
@pytest.mark.parametrize(
    ("page", "made"), [("README.md", "learning-rate-by-start"), ("docs/own_data.md", "mine")]
)
def test_the_python_of_a_page(page: str, made: str) -> None:
    """It runs as it stands, beside the examples."""
    (block,) = blocks(page, "python")
    exec(block, {})
    assert [run.name for run in ls.list_runs("results")] == [made]


def test_a_citation_names_this_version() -> None:
    """As the package does."""
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {ls.__version__}\n" in cited
