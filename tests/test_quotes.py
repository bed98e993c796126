"""Facts about quotation marks in CSV: those that do not close what they open are refused, not read over."""

import csv
import io
import random
from pathlib import Path

import pytest

from linreg_sweep.data import from_file
from linreg_sweep.errors import DataError
from linreg_sweep.tabular.quotes import QuoteWatch


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('x,y,note\n1,2,"abc\n3,4,def\n5,6,"ghi"\n7,8,z\n', "a.csv:4: must have nothing between a quoted"),
        ('x,y\n1,2\n3,"4\n', "a.csv:3: must close the quotation mark"),
        ('x,y\n1,2\n3,"1"5\n4,7\n', "a.csv:3: must have nothing between a quoted"),
    ],
)
def test_no_row_is_taken_into_a_cell(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each was read, with fewer rows or other numbers."""
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        from_file("a.csv", x=["x"], y=["y"])
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a mark"])
@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_a_strict_reader_refuses(seed: int, mark: str, separator: str) -> None:
    """Whatever the text, cut into blocks anywhere: as Python's csv, strict, has it."""
    draw = random.Random(seed)
    for _ in range(500):
        text = "".join(draw.choice(f'a""{separator}\n') for _ in range(draw.randrange(12)))
        try:
            list(csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator))
            expected = True
        except csv.Error:
            expected = False
        content = (mark + text).encode()
        cuts = sorted(draw.randrange(len(content) + 1) for _ in range(3))
        blocks = [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]
        watch = QuoteWatch(separator)
        for block in filter(None, blocks):
            watch.look(block)
        assert (watch.stray() is None) is expected, text
