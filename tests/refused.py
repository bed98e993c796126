"""A folder with what commands ask for, whole and damaged, in which they are refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import linreg_sweep as ls
from linreg_sweep import cli
from tests.shells import kept_handlers

SWEEP = """\
data: {name: tutorial}
method: grid
training: {epochs: 20}
parameters:
  learning_rate: {values: [0.001, 0.005]}
"""
RANDOM = """\
data: {name: tutorial}
method: random
trials: 10
parameters: {learning_rate: {min: 1e-3, max: 1e-2}}
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the sweep."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "sweep.yaml").write_text(SWEEP)
    return ls.run(folder / "sweep.yaml", out=folder, jobs=1).path


@pytest.fixture
def folder(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with a config, sweeps, data, a whole run and two that are damaged."""
    monkeypatch.chdir(tmp_path)
    Path("sweep.yaml").write_text(SWEEP)
    Path("random.yaml").write_text(RANDOM)
    Path("config.yaml").write_text("data: {name: tutorial}\ntraining: {epochs: 20}\n")
    Path("ok.csv").write_text("x,y\n1,2\n2,3\n3,5\n")
    Path("empty").mkdir()
    for name in ("done", "cut", "damaged"):
        for file in template.rglob("*.*"):
            copy = tmp_path / name / file.relative_to(template)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    Path("damaged/metadata.json").write_text('{"format_version": ')
    Path("cut/trials/part-00000.parquet").write_bytes(b"PAR1")
    with kept_handlers():
        yield tmp_path


def refused(arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Runs a command that prints nothing on stdout and writes nothing; returns exit code and stderr."""

    def content() -> dict[Path, bytes]:
        files = (path for path in folder.rglob("*") if path.name != "run.lock")
        return {path: path.read_bytes() if path.is_file() else b"" for path in files}

    before = content()
    code = cli.main(arguments)
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert content() == before
    return code, err
