"""Facts about files of text that say how they are written; the oracles are a plain file and `float`."""

import gzip
import json
import random
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from linreg_sweep.config import load_config
from linreg_sweep.config.json_schema import json_schema
from linreg_sweep.errors import ConfigError
from linreg_sweep.tabular.spelling import column_of, numbers_of
from linreg_sweep.tabular.streams import squeezed_lines
from linreg_sweep.text_format import TextFormat
from tests.data_files import read_by, refusals

ROWS = [(1.5, 1234.5, 3.0), (-0.25, 7578.0, 4.5), (1e-3, 1234567.0, 6.0), (3.0, 2.5, 7.0), (4.0, 1.0, 9.0)]
NAMES = ["größe", "b", "y"]


def shown(number: float, decimal: str = ".", thousands: str = "") -> str:
    """Returns a number with these marks."""
    return f"{number:,}".replace(",", "T").replace(".", decimal).replace("T", thousands)


def table(
    separator: str, decimal: str = ".", thousands: str = "", quote: str = "", newline: str = "\n"
) -> str:
    """Returns header and rows as a file has them."""
    cells = [NAMES, *([shown(cell, decimal, thousands) for cell in row] for row in ROWS)]
    return "".join(separator.join(f"{quote}{cell}{quote}" for cell in row) + newline for row in cells)


BODY = table(",").partition("\n")[2]
BLANKS = "\n".join("  " + line.replace(",", " \t  ") + "  " for line in table(",").splitlines())
SHAPES: dict[str, tuple[str, str | bytes, str]] = {
    "semicolons and decimal commas": ("a.csv", table(";", ","), '{separator: ";", decimal: ","}'),
    "points between thousands": (
        "a.csv",
        table(";", ",", "."),
        '{separator: ";", decimal: ",", thousands: "."}',
    ),
    "blanks between thousands": (
        "a.csv",
        table(";", ",", "\u202f"),
        '{separator: ";", decimal: ",", thousands: " "}',
    ),
    "apostrophes between thousands": ("a.csv", table(";", ".", "'"), """{separator: ";", thousands: "'"}"""),
    "quoted commas between thousands": ("a.csv", table(",", ".", ",", '"'), '{thousands: ","}'),
    "letters in latin-1": ("a.csv", table(",").encode("latin-1"), "{encoding: latin-1}"),
    "UTF-16": ("a.csv", table("\t").encode("utf-16"), '{separator: "\\t", encoding: utf-16}'),
    "tabs": ("a.tsv", table("\t"), "{}"),
    "tabs in text": ("a.txt", table("\t"), '{separator: "\\t"}'),
    "runs of blanks": ("a.txt", BLANKS, '{separator: " "}'),
    "bars": ("a.txt", table("|"), '{separator: "|"}'),
    "a byte order mark": ("a.csv", b"\xef\xbb\xbf" + table(";").encode(), '{separator: ";"}'),
    "returns and line feeds": ("a.csv", table(";", ",", newline="\r\n"), '{separator: ";", decimal: ","}'),
    "quoted tabs": ("a.tsv", table("\t", ",", quote='"'), '{decimal: ","}'),
    "packed": ("a.csv.gz", gzip.compress(table(",").encode()), "{}"),
    "packed, of tabs": ("a.tsv.gz", gzip.compress(table("\t").encode()), "{}"),
    "packed in latin-1": (
        "a.txt.gz",
        gzip.compress(table(";").encode("latin-1")),
        '{separator: ";", encoding: latin-1}',
    ),
    "no header": ("a.csv", BODY, "{header: false}"),
    "no header, with a mark": ("a.csv", b"\xef\xbb\xbf" + BODY.encode(), "{header: false}"),
    "no header, of blanks": ("a.txt", "\n" + BODY.replace(",", " "), '{separator: " ", header: false}'),
}
"""Name and content of a file of these rows, and its format as a config says it."""


@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_that_says_how_it_is_written_is_read_as_a_plain_one(shape: str, tmp_path: Path) -> None:
    """To the bit, with its names; a run keeps the format, and is called as a run of the plain file."""
    name, content, form = SHAPES[shape]
    data = read_by(tmp_path, name, content, f"format: {form}")
    plain = read_by(tmp_path, "plain.csv", table(","), "x: [größe, b]")
    assert data.notes == ()
    assert (data.x[:].tobytes(), data.y[:].tobytes()) == (plain.x[:].tobytes(), plain.y[:].tobytes())
    names = NAMES if "header" not in form else ["column_1", "column_2", "column_3"]
    assert [*data.x_names, *data.y_names] == names
    if "header" not in form:
        assert data.digest == plain.digest


def test_runs_of_blanks_are_one_wherever_blocks_end() -> None:
    """And none is at either end of a line; line ends stay what they are."""
    rng = random.Random(4)
    for _ in range(300):
        text = "".join(rng.choice(("a", "1", " ", " ", "\t", "\n", "\r\n", "\r")) for _ in range(40))
        cuts = [0, *sorted(rng.randrange(41) for _ in range(5)), len(text)]
        blocks = [text[start:stop] for start, stop in pairwise(cuts)]
        expected = [" ".join(part.split()) or part.strip(" \t") for part in re.split("([\r\n])", text)]
        assert "".join(squeezed_lines(iter(blocks))) == "".join(expected)


REFUSED: dict[str, tuple[str, str, str, str]] = {
    "points where commas stand before decimals": (
        "x;y\n1,5;1\n2.5;2\n",
        '{separator: ";", decimal: ","}',
        "F:3: row 2 of column 'x' must be a number, got '2.5'",
        "data.format has ',' before decimals and nothing between thousands",
    ),
    "groups of two": (
        "x;y\n1.234,5;1\n12.34;2\n",
        '{separator: ";", decimal: ",", thousands: "."}',
        "F:3: row 2 of column 'x' must be a number, got '12.34'",
        "data.format has ',' before decimals and '.' between thousands, in groups of three",
    ),
    "a leading zero": (
        "x;y\n1,5;1\n007,5;2\n",
        '{separator: ";", decimal: ","}',
        "F:3: row 2 of column 'x' must be a number, got '007,5'",
        "",
    ),
    "a row too long": (
        "x;y\n1;2\n1;2;3\n",
        '{separator: ";"}',
        "F:3: every row must have 2 values as the header has, this one has 3",
        "a value with a semicolon in it needs double quotes around it",
    ),
    "a row too short, without a header": (
        "1,2,3\n1,2\n",
        "{header: false}",
        "F:2: every row must have 3 values as the first has, this one has 2",
        "",
    ),
    "a cell, without a header": (
        "1,2,3\n1,2,3\n1,q,3\n",
        "{header: false}",
        "F:3: row 3 of column 'column_2' must be a number, got 'q'",
        "correct the cell",
    ),
    "another separator": (
        "x;y\n1;2\n",
        '{separator: "|"}',
        "F:1: columns must be separated by bars, here they look separated by semicolons",
        'data.format: {separator: ";"}',
    ),
    "blanks": (
        "x y\n1 2\n3 4\n",
        "{}",
        "F:1: columns must be separated by commas, here they look separated by blanks",
        'data.format: {separator: " "}',
    ),
    "a marker": (
        "x,y\n1,2\n?,3\n",
        "{}",
        "F:3: row 2 of column 'x' must be a number, got '?'",
        'data.format: {missing: ["?"]} where it stands for a missing number',
    ),
    "a marker of its own, in a format": (
        "x;y\n1,5;2\nk.A.;3\n",
        '{separator: ";", decimal: ","}',
        "F:3: row 2 of column 'x' must be a number, got 'k.A.'",
        'data.format: {separator: ";", decimal: ",", missing: ["k.A."]} where it stands for a missing number',
    ),
    "a date where commas mark decimals": (
        "x;y\n1,5;2\n31.12.2024;3\n",
        '{separator: ";", decimal: ","}',
        "F:3: row 2 of column 'x' must be a number, got '31.12.2024'",
        "correct the cell, or choose other columns",
    ),
    "a marker that is known": (
        "x,y\n1,2\n?,3\n",
        '{missing: "?"}',
        "F:3: row 2 of column 'x' must be a number, got '?'",
        "fill the cell in or remove the row; data.missing: drop trains without such rows",
    ),
    "a separator as before decimals": (
        "x,y\n1,2\n",
        '{separator: ",", decimal: ","}',
        "data.format: separator and decimal must differ, both are ','",
        "",
    ),
    "decimals in a file of commas": (
        "x,y\n1,2\n",
        '{decimal: ","}',
        "data.format: separator and decimal must differ, both are ','",
        'say what separates values, as in separator: ";"',
    ),
    "decimals as thousands": (
        "x,y\n1,2\n",
        '{thousands: "."}',
        "data.format: decimal and thousands must differ, both are '.'",
        "",
    ),
    "thousands as blanks": (
        "x,y\n1,2\n",
        '{separator: " ", thousands: " "}',
        "data.format: separator and thousands must differ, both are ' '",
        "",
    ),
    "an unknown key": ("x,y\n1,2\n", "{sep: 1}", "data.format.sep: unknown key", "separator"),
    "an unknown encoding": (
        "x,y\n1,2\n",
        "{encoding: latin1}",
        "data.format.encoding: must be utf-8, latin-1,",
        "did you mean 'latin-1'?",
    ),
    "a number as a marker": (
        "x,y\n1,2\n",
        "{missing: [-200]}",
        "data.format.missing[0]: must be text, got -200",
        'in double quotes, "-200"',
    ),
    "a marker with blanks": ("x,y\n1,2\n", '{missing: " ?"}', "data.format.missing: must be printable", ""),
    "a header that is no boolean": (
        "x,y\n1,2\n",
        "{header: none}",
        "data.format.header: must be true or false, got 'none'",
        "",
    ),
    "null": ("x,y\n1,2\n", "null", "data.format: must be a block of keys, got null", ""),
}
"""A file, its format, and what is said of it, with the hint."""


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_so_is_refused(case: str, tmp_path: Path) -> None:
    """One complaint, which says where, and what helps."""
    content, form, text, hint = REFUSED[case]
    (found,) = refusals(tmp_path, "a.txt" if "blanks" in case else "a.csv", content, f"format: {form}")
    assert text in found
    assert hint in found


def test_a_format_goes_with_text_alone(tmp_path: Path) -> None:
    """Parquet and built-in data have none."""
    config = tmp_path / "c.yaml"
    for source, said in (("path: a.parquet, y: y", "'a.parquet'"), ("name: tutorial", "built-in data")):
        config.write_text(f'data: {{{source}, format: {{decimal: ","}}}}\n')
        with pytest.raises(ConfigError, match=f"applies to text files .* only, not to {said}"):
            load_config(config)
    config.write_text("data: {name: tutorial, missing: drop}\n")
    with pytest.raises(
        ConfigError, match="cannot be combined with name: built-in data have no missing cells"
    ):
        load_config(config)


def test_other_bytes_than_the_encoding_has_are_named(tmp_path: Path) -> None:
    """By their line; a UTF-16 text that ends within a letter as a whole."""
    (found,) = refusals(tmp_path, "a.csv", b"x,y\n1,2\n\x81,3\n", "format: {encoding: cp1252}")
    assert found.startswith("F:3: text must be cp1252, but this line has other bytes")
    (found,) = refusals(tmp_path, "a.csv", "x,y\n1,2\n".encode("utf-16") + b"1", "format: {encoding: utf-16}")
    assert found.startswith("F: must be text in utf-16: truncated data")
    (found,) = refusals(tmp_path, "a.csv", "x,y\n1,2\n", "format: {encoding: utf-16}")
    assert found.startswith("F: must be text in utf-16: UTF-16 stream does not start with BOM")


def test_a_damaged_archive_is_no_data(tmp_path: Path) -> None:
    """Cut short, of another format, with a wrong checksum, or damaged within."""
    whole = gzip.compress(table(",").encode())
    for content in (
        whole[:-20],
        b"x,y\n1,2\n",
        whole[:-8] + b"\0" * 8,
        whole[:30] + b"\xff" * 30 + whole[60:],
    ):
        (found,) = refusals(tmp_path, "a.csv.gz", content, "format: {}")
        assert "F: must be a gzip archive that can be read: " in found
    assert "let its name end in .gz" in refusals(tmp_path, "a.csv", whole, "format: {}")[0]


@pytest.mark.system
def test_a_small_archive_of_much(tmp_path: Path) -> None:
    """A row that never ends is refused long before all of it is unpacked."""
    path = tmp_path / "much.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(b"x,y\n1,2\n")
        for _ in range(2**31 // 2**24 + 1):
            stream.write(b"\0" * 2**24)
    (found,) = refusals(tmp_path, "much.csv.gz", path.read_bytes(), "format: {}")
    assert "must be a CSV row: longer than 4,194,304 letters" in found


def test_the_schema_has_the_keys(tmp_path: Path) -> None:
    """With a sentence each."""
    text = json.dumps(json_schema())
    definition = json_schema()["$defs"]["TextFormat"]
    assert set(definition["properties"]) == set(TextFormat.model_fields)
    assert all(each["description"] for each in definition["properties"].values())
    assert '"drop"' in text


# --- what is a number


def meaning(text: str, form: TextFormat) -> float | None:
    """Returns the number that a text is in a format; None: it is none. By hand, letter by letter."""
    sign = text[:1] if text[:1] in ("+", "-") else ""
    mantissa, *power = re.split("[eE]", text[len(sign) :], maxsplit=1)
    if power and not re.fullmatch("[+-]?[0-9]+", power[0], re.ASCII):
        return None
    whole, *rest = mantissa.split(form.decimal)
    if len(rest) > 1 or not set("".join(rest)) <= set("0123456789"):
        return None
    groups = whole.split(form.thousands) if form.thousands else [whole]
    if len(groups) > 1 and (
        not 1 <= len(groups[0]) <= 3 or groups[0][0] == "0" or {*map(len, groups[1:])} != {3}
    ):
        return None
    digits = "".join(groups)
    if not set(digits) <= set("0123456789") or (len(digits) > 1 and digits[0] == "0"):
        return None
    if not digits and not (rest and rest[0]):
        return None
    return float(f"{sign}{digits}.{''.join(rest)}0{'e' + power[0] if power else ''}")


@pytest.mark.parametrize("marks", [",", ",.", ", ", ".,", ".'", "._", ",'"])
def test_a_number_is_what_the_format_says_and_nothing_else(marks: str) -> None:
    """Random and hostile spellings, both ways of reading; to the bit."""
    form = TextFormat.model_validate({"decimal": marks[0], "thousands": marks[1:] or None})
    rng = random.Random(marks)
    for _ in range(2000):
        if rng.random() < 0.5:
            text = shown(rng.randrange(10 ** rng.randrange(1, 12)) / 8, marks[0], marks[1:])
            place = rng.randrange(len(text) + 1)
            text = text[:place] + rng.choice(("", "", *"0.,-e '_")) + text[place + rng.randrange(2) :]
        else:
            text = "".join(rng.choice("01059.,'_ +-e") for _ in range(rng.randrange(1, 10)))
        text = text.strip()
        expected = meaning(text, form)
        cells = pa.array(["x", text]).slice(1)
        (numbers, careful), fast = column_of(pa.chunked_array([cells]), form), numbers_of(cells, form)
        if expected is None or not np.isfinite(expected):
            assert careful.flaws, text
            assert fast is None, text
        else:
            assert numbers.tolist() == [expected], text
            assert fast is None or fast.tobytes() == numbers.tobytes(), text
