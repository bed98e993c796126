"""What `init` writes takes the place of nothing."""

from pathlib import Path

import pytest

from linreg_sweep import cli


def test_init_writes_through_no_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A link that was laid where a config goes leads nowhere."""
    monkeypatch.chdir(tmp_path)
    Path("configs").mkdir()
    Path("configs/tutorial.yaml").symlink_to(tmp_path / "elsewhere")
    assert cli.main(["init"]) == 2
    assert capsys.readouterr().err == "configs/tutorial.yaml: cannot write it: File exists\n"
    assert not Path("elsewhere").exists()


def test_init_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both files are named where both are there already, and both stay as they are."""
    monkeypatch.chdir(tmp_path)
    assert cli.main(["init"]) == 0
    capsys.readouterr()
    Path("configs/tutorial.yaml").write_text("mine")
    sweep = Path("sweeps/tutorial.yaml").read_bytes()
    assert cli.main(["init"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        "configs/tutorial.yaml: is there already. Hint: choose another --name\n"
        "sweeps/tutorial.yaml: is there already. Hint: choose another --name\n"
    )
    assert Path("configs/tutorial.yaml").read_text() == "mine"
    assert Path("sweeps/tutorial.yaml").read_bytes() == sweep
