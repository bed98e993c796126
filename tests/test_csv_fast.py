"""Facts about columns of CSV that are read block by block: they are as if every cell were looked at."""

import random
from pathlib import Path

import pyarrow as pa
import pytest

from linreg_sweep.errors import DataError
from linreg_sweep.tabular import csv_file, read_table
from linreg_sweep.tabular.spelling import column_of, numbers_of
from linreg_sweep.text_format import TextFormat
from tests.data_files import write

HOSTILE = (
    *("", "-", "+", ".", "-.", "e5", "1e", "1e+", ".e1", "+-3", "++3", "- 3", "1 2", "1.5.", "1,5", "1_000"),
    *("00", "007", "-007", "+007", "00.5", "-00.5", "00e1", "01e5", "0", "-0", "+0", "0.", "0e5", "0.5"),
    *("inf", "-inf", "+Infinity", "nan", "-nan", "nan(1)", "NaN", "NA", "null", "1e999", "-1e999", "1e-999"),
    *("9007199254740992", "9007199254740993", "-9007199254740993", "9007199254740993.0", "1e16", "9" * 400),
    *(
        "0x10",
        "1f",
        "1d5",
        "1e5",
        "1E+05",
        "1.e-05",
        "5.",
        ".5",
        "+.5",
        "1\x00",
        "true",
        "0." + "0" * 400 + "1",
    ),
    *("\u0663", "\u0661.5", "\uff11", " 7", "7 ", "\t7\t", "7\x0b", "7\x0c", "\u00a07", "7\u2009"),
    *(" 007", " -0 ", " inf "),
)


def spelled(rng: random.Random) -> str:
    """Returns a text that is nearly a number, or one."""
    if rng.random() < 0.3:
        return rng.choice(HOSTILE)
    if rng.random() < 0.3:
        return "".join(rng.choice("0019.+-eE ") for _ in range(rng.randrange(1, 8)))
    if rng.random() < 0.5:
        return repr(rng.uniform(-1, 1) * 10.0 ** rng.randrange(-320, 309))
    return f"{rng.choice(('', '-', '+'))}{rng.randrange(10 ** rng.randrange(1, 25))}"


@pytest.mark.parametrize("seed", range(2))
def test_each_spelling_is_taken_or_refused_as_by_the_careful_way(seed: int) -> None:
    """And to the bit: alone, so that no other cell hides it, and within a slice."""
    rng, form = random.Random(seed), TextFormat()
    for text in [*HOSTILE, *(spelled(rng) for _ in range(3_000))]:
        cells = pa.array(["007", text, "inf"]).slice(1, 1)
        (numbers, careful), fast = column_of(pa.chunked_array([cells]), form), numbers_of(cells, form)
        assert (fast is None) == bool(careful.flaws), text
        assert fast is None or fast.tobytes() == numbers.tobytes(), text


def test_files_are_read_or_refused_as_by_the_careful_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same numbers and the same complaints, whichever columns are odd, and where."""
    rng = random.Random(9)
    read = 0
    for _ in range(150):
        rows = [[f"{rng.randrange(100)}" for _ in "abcy"] for _ in range(30)]
        for _ in range(rng.randrange(4)):
            rows[rng.randrange(30)][rng.randrange(4)] = spelled(rng)
        lines = [",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows]
        path = write(tmp_path / "a.csv", "\n".join(["a,b,c,y", *lines, ""]))

        def outcome(file: Path = path) -> tuple[object, ...]:
            try:
                table = read_table(file, None, ["y"])
            except DataError as error:
                return (str(error),)
            return table.x.tobytes(), table.y.tobytes(), table.x_names, table.notes

        found = outcome()
        with monkeypatch.context() as patch:
            patch.setattr(csv_file, "numbers_of", lambda cells, form: None)
            assert outcome() == found
        read += len(found) > 1
    assert 30 < read < 120


def test_a_late_odd_cell_of_one_column_leaves_the_others(tmp_path: Path) -> None:
    """In a file of several blocks a column whose last cell is text is left out, whatever stands before it."""
    rows = [f"{i},{i + 0.25},{-i}" for i in range(400_000)]
    path = write(tmp_path / "a.csv", "\n".join(["a,b,y", *rows, "0,q,0", ""]))
    table = read_table(path, None, ["y"], whole_only=True)
    assert table.x[:, 0].tolist() == [*range(400_000), 0]
    assert table.notes == ("left out, 1 of 400,001 cells are not numbers, such as 'q': b",)
