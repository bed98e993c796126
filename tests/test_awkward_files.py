"""Facts about files that are awkward in one thing each: what is read of them, and what is said, is true."""

from pathlib import Path

import pytest

from linreg_sweep.cli import main
from linreg_sweep.data import from_file
from linreg_sweep.text_format import TextFormat


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_mark_of_utf8_is_no_letter_where_blanks_separate() -> None:
    """Nor does the blank behind it begin a value."""
    Path("a.txt").write_text("\ufeff  x y\n 3 4\n 5 7\n", encoding="utf-8")
    data = from_file("a.txt", x=["x"], y=["y"], form=TextFormat(separator=" "))
    assert data.x[:].ravel().tolist() == [3, 5]


def started(text: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Returns the config that init writes around a file, and what it says."""
    Path("a.csv").write_text(text, encoding="utf-8")
    assert main(["init", "--data", "a.csv", "--y", "y"]) == 0
    return Path("configs/a.yaml").read_text(encoding="utf-8"), capsys.readouterr().err


def test_a_column_is_judged_by_its_own_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """Not by those that another column leaves, which then is left out itself."""
    rows = [f"{i**2 % 17},{'' if i < 3 else 5},{9 - i if i < 3 else 1},{i % 7}" for i in range(60)]
    config, said = started("\n".join(["a,k,c,y", *rows, ""]), capsys)
    assert "x: [a, c]" in config
    assert "left out, the same in all rows: k" in said


def test_a_count_is_one_though_another_column_misses_a_cell(capsys: pytest.CaptureFixture[str]) -> None:
    """Whose row is left out, so that a number is."""
    rows = [f"{i},{'' if i == 30 else i**2 % 17},{i % 7}" for i in range(60)]
    config, said = started("\n".join(["t,a,y", *rows, ""]), capsys)
    assert "x: [a]" in config
    assert "left out, counting the rows (--x keeps it): t" in said


def test_a_column_of_infinities_is_not_called_empty(capsys: pytest.CaptureFixture[str]) -> None:
    """It holds something, but no number."""
    rows = [f"{i**2 % 17},{'inf' if i % 2 else '-inf'},{i % 7}" for i in range(60)]
    _, said = started("\n".join(["a,c,y", *rows, ""]), capsys)
    assert "left out, not numeric: c" in said


@pytest.mark.system
def test_the_format_of_a_long_file_of_returns_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    """Its lines end in returns alone."""
    rows = "\r".join(["a;y", *(f"{i % 17},5;{i % 7}" for i in range(300_000)), ""])
    Path("a.csv").write_bytes(rows.encode())
    assert main(["init", "--data", "a.csv", "--y", "y"]) == 0
    assert 'format: {separator: ";", decimal: ","}' in Path("configs/a.yaml").read_text(encoding="utf-8")


def test_what_windows_writes_is_in_its_encoding(capsys: pytest.CaptureFixture[str]) -> None:
    """A euro sign is none in latin-1, which other Western letters are taken for."""
    for heading, encoding in (("Preis in €", "cp1252"), ("Größe", "latin-1")):
        rows = "\n".join([f"{heading};y", *(f"{i**2 % 17},5;{i % 7}" for i in range(60)), ""])
        Path("a.csv").write_bytes(rows.encode("cp1252"))
        assert main(["init", "--data", "a.csv", "--y", "y"]) == 0
        config = Path("configs/a.yaml")
        assert f"encoding: {encoding}" in config.read_text(encoding="utf-8")
        assert heading in config.read_text(encoding="utf-8")
        config.unlink()
        Path("sweeps/a.yaml").unlink()
