"""Names that no file should have, and files that are none, are told in one line that moves no cursor."""

import os
from pathlib import Path

import pytest

from linreg_sweep import cli
from linreg_sweep.guards.escapes import OBEYED
from tests.refused import folder, refused, template

__all__ = ["folder", "template"]


@pytest.mark.parametrize("name", ["pipe", "/dev/zero", "/dev/tty", "loop", "loop/x.yaml", "a" * 300])
def test_no_file_at_all(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What has no end is neither waited for nor read: one line, as a config, as its base and as data."""
    os.mkfifo("pipe")
    Path("loop").symlink_to("loop")
    Path("extends.yaml").write_text(f"extends: {name}\n")
    Path("data.yaml").write_text(f"data: {{path: {name}, y: y}}\n")
    Path("a.csv").symlink_to(folder / name)
    Path("link.yaml").write_text("data: {path: a.csv, y: y}\n")
    for file in (name, "extends.yaml", "data.yaml", "link.yaml"):
        assert cli.main(["train", file]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        assert len(err) < 2500


@pytest.mark.parametrize(
    "arguments",
    ["train F", "plan F", "init --data F --y y", "init --name F", "show F", "list F", "init --y F"],
)
def test_odd_names_are_told_in_escapes(
    arguments: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name moves no cursor, forges no line and turns no letters, whatever it is that is so called."""
    for odd in ("\x1b[31m", "a\nb", "\udcff", "\u202egpj"):
        code = cli.main([odd if word == "F" else word for word in arguments.split()])
        out, err = capsys.readouterr()
        assert code in (1, 2)
        assert out == ""
        assert err.endswith("\n")
        assert not OBEYED.search(err[:-1])


@pytest.mark.parametrize("odd", ["\x1b[31m", "\udcff"])
def test_data_where_no_config_can_say_so(odd: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run keeps where its data are, so that must be text that YAML holds."""
    place = Path(f"in{odd}")
    place.mkdir()
    (place / "ok.csv").write_bytes(Path("ok.csv").read_bytes())
    (place / "x.yaml").write_text("data: {path: ok.csv, y: y}\n")
    shown = ascii(odd)[1:-1]
    assert refused(["train", f"{place}/x.yaml"], folder, capsys) == (
        2,
        f"in{shown}/x.yaml:1:14: data.path: must lie in a folder whose name YAML can hold, "
        f"got '{folder}/in{shown}/ok.csv'. Hint: rename the folder\n",
    )
    assert refused(["init", "--data", f"{place}/ok.csv", "--y", "y"], folder, capsys) == (
        2,
        f"--data: must be a path that YAML can hold, got 'in{shown}/ok.csv'. "
        "Hint: rename the file or its folder\n",
    )
