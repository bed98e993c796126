"""Strict YAML: what is text and what a number, where everything stands, and what costs too much."""

import math
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from linreg_sweep.config.nodes import Mark, Node, Source, plain
from linreg_sweep.config.reader import MAX_BYTES, read_file, read_text, read_value
from linreg_sweep.config.scalars import read_scalar
from linreg_sweep.config.writer import quoted, to_yaml
from linreg_sweep.errors import Complaint, ConfigError

SOURCE = Source("x.yaml", Path("/"))


def read(text: str) -> object:
    """Returns the plain data of a text."""
    return plain(read_text(text, SOURCE))


def message(text: str) -> str:
    """Returns what is said about a text."""
    with pytest.raises(ConfigError) as caught:
        read_text(text, SOURCE)
    return str(caught.value)


def complaints(text: str) -> tuple[Complaint, ...]:
    """Returns what is said about a text, if anything is."""
    try:
        assert isinstance(read(text), dict)
    except ConfigError as error:
        return error.complaints
    return ()


def test_scalars() -> None:
    """A plain word is what YAML 1.2 calls it, and 1e-3 a float; all else is text, as whatever has quotes."""
    meant: dict[object, str] = {
        1e-3: "1e-3 1E-3 +0.001",
        1e3: "1e3 1E+3",
        -1e-3: "-1e-3",
        0.5: ".5",
        5.0: "5.",
        1e-6: "1e-06",
        math.inf: ".inf",
        -math.inf: "-.INF",
        5e-324: "4.9e-324",
    }
    for value, words in meant.items():
        for word in words.split():
            read_word = read_scalar(word)
            assert (type(read_word), read_word) == (float, value), word
    for whole, words in {0: "0 -0", 7: "+7", 10: "10", 8: "0o10", 255: "0xfF"}.items():
        for word in words.split():
            read_word = read_scalar(word)
            assert (type(read_word), read_word) == (int, whole), word
    for word in ("null", "Null", "NULL", "~", ""):
        assert read_scalar(word) is None, word
    for word in ("true", "True", "TRUE", "false", "False", "FALSE"):
        assert read_scalar(word) is (word.lower() == "true"), word
    assert math.isnan(float(str(read_scalar(".nan"))))
    for word in (
        *("no", "yes", "on", "off", "y", "tRUE", "inf", "nan", "-.nan", "2026-11-23", "1:30", "1_000"),
        *("1,5", "1.2.3", "1e", "e3", "0b1", "0x", "-", "<", "=", "\u0661", f"0x{'g' * 500}"),
    ):
        assert read_scalar(word) == word
    for word in ("1", "true", "null", "~", "010", "1e-3", "<<", ""):
        assert read(f"a: '{word}'\n'b{word}': 1") == {"a": word, f"b{word}": 1}


def test_block_scalars_are_text() -> None:
    """Block scalars are text, whatever they hold."""
    assert read("a: |\n  10\nb: >\n  x\n  y\n") == {"a": "10\n", "b": "x y\n"}


def marks(node: Node, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Mark]:
    """Returns the place of every value of a tree, by its path."""
    found = {path: node.at}
    if isinstance(node.value, dict | list):
        keys = node.value if isinstance(node.value, dict) else range(len(node.value))
        for key in keys:
            found |= marks(node.value[key], (*path, key))
    return found


def test_marks() -> None:
    """Every value knows its line and column, and so does its key."""
    root = read_text("# above\nab: 1\nc:\n  - x\n  - {d: 'e'}\n", SOURCE)
    assert {path: (mark.line, mark.column) for path, mark in marks(root).items()} == {
        (): (2, 1),
        ("ab",): (2, 5),
        ("c",): (4, 3),
        ("c", 0): (4, 5),
        ("c", 1): (5, 5),
        ("c", 1, "d"): (5, 9),
    }
    assert str(root.value["c"].key_at) == "x.yaml:3:1"


def test_byte_order_mark_and_line_ends(tmp_path: Path) -> None:
    """A byte order mark is no character, and any line end ends a line."""
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: \xc3\xa9\r\n")
    root = read_file(path)
    assert plain(root) == {"a": 1, "b": "é"}
    assert (root.value["a"].at.column, root.value["b"].at.line) == (4, 2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: 1\nb: \xe9\n", "x.yaml:2:4: must be UTF-8, got the byte 0xe9. Hint: save it again as UTF-8"),
        ("a: 1".encode("utf-16"), "x.yaml: must be UTF-8, got UTF-16. Hint: save it again as UTF-8"),
        (b"a: " + b"1" * MAX_BYTES, "x.yaml: a file may hold 1 MiB at most"),
        (b"a: 1\nb: \x00\n", "x.yaml:2:4: control character U+0000. Hint: remove it"),
        (b'a: "\\uD800"', "x.yaml:1:4: a: control character U+D800. Hint: remove it"),
        (b'a: "\\UFFFFFFFF"', "x.yaml:1:7: not readable as YAML: a number that is too large"),
        (b"%YAML " + b"1" * 5000 + b".1\n", "x.yaml:1:7: not readable as YAML: a number that is too large"),
    ],
)
def test_bytes_that_are_no_text(
    content: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is UTF-8 without control characters and at most 1 MiB."""
    monkeypatch.chdir(tmp_path)
    Path("x.yaml").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_file(Path("x.yaml"))
    assert str(caught.value) == said


@pytest.mark.parametrize("name", ["cars.csv", "cars.CSV.gz", "cars.xlsx"])
def test_data_in_place_of_yaml(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gives a file of data is told the command that makes a sweep of it."""
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(b"x,y\n1,\xe9\n")
    with pytest.raises(ConfigError) as caught:
        read_file(Path(name))
    hint = f"`linreg-sweep init --data {name} --y COLUMN` writes a config and a sweep for it"
    assert str(caught.value) == f"{name}: this is a file of data, not of YAML. Hint: {hint}"


def test_unreadable_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is missing, a folder or no file name at all is named with the reason."""
    monkeypatch.chdir(tmp_path)
    Path("tutorial.yaml").touch()
    Path("y.yaml").touch()  # like all others in its ending alone
    for name, said in [
        ("tutoral.yaml", "tutoral.yaml: no such file. Hint: did you mean 'tutorial.yaml'?"),
        ("yours.yaml", "yours.yaml: no such file"),
        (".", ".: this is a folder. Hint: name a YAML file in it"),
        ("tutorial.yaml/x", "tutorial.yaml/x: cannot be read: Not a directory"),
        ("a\0b", "a\\x00b: cannot be read: embedded null byte"),
    ]:
        with pytest.raises(ConfigError) as caught:
            read_file(Path(name))
        assert str(caught.value) == said


MERGES = "a0: &a0 {k: 1}\n" + "".join(
    f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 8)}]}}\n" for level in range(1, 9)
)
ALIASES = "a0: &a0 [x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 30)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MERGES, "x.yaml:1:5: a0: anchors (&a0) are not accepted. Hint: remove it"),
        (ALIASES, "x.yaml:1:5: a0: anchors (&a0) are not accepted. Hint: remove it"),
        ("a: " + "[" * 200_000, "x.yaml:1:24: more than 20 levels of nesting"),
        ("{a: " * 200_000, "x.yaml:1:85: more than 20 levels of nesting"),
        ("- " * 200_000, "x.yaml:1:43: more than 20 levels of nesting"),
        ("? " * 200_000, "x.yaml:1:43: more than 20 levels of nesting"),
        ("a" * 2 * 2**20, "x.yaml: a text may hold 1 MiB at most"),
        ("a: " + "9" * 10**5, "x.yaml:1:4: a: a number has at most 400 characters, got 100000"),
    ],
    ids=["merges", "aliases", "brackets", "braces", "dashes", "keys", "size", "digits"],
)
def test_bombs_are_refused_quickly(text: str, said: str) -> None:
    """What would cost minutes or crash a parser is refused within seconds."""
    start = time.perf_counter()
    assert message(text).splitlines()[0] == said
    assert time.perf_counter() - start < 5


def test_twenty_levels_are_read() -> None:
    """Twenty levels are read, one more is refused."""
    assert read("a: " + "[" * 19 + "1" + "]" * 19)
    assert "more than 20 levels" in message("a: " + "[" * 20 + "1" + "]" * 20)


def test_option_values_have_no_lines() -> None:
    """A value from an option is placed at the option, without line and column."""
    source = Source("--set a=[1, 2]", Path("/"))
    assert {str(mark) for mark in marks(read_value("[1, 2]", source)).values()} == {"--set a=[1, 2]"}


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r\x85\u2028"))


@given(TEXTS | st.sampled_from(["no", "1e-3", "010", "~", "1:30", "<<", "a: b", "# c", "...", "---", "'"]))
def test_text_round_trip(text: str) -> None:
    """Any printable text is written so that it reads back as the same text, as value and as key."""
    mapping = {"value": text, f"key{text}": [text, text]}
    if not any(0xFFFE <= ord(letter) <= 0xFFFF for letter in text):
        assert read(to_yaml(mapping)) == mapping


@given(
    TEXTS
    | st.sampled_from(
        ["no", "1e-3", "010", "~", "a: b", "# c", "a, b", "]", "<<", "- x", "|", "=", "", "-", "?"]
    )
)
def test_a_quoted_text_is_read_as_itself(text: str) -> None:
    """By us and by plain YAML, as a value and in a list."""
    if not any(0xFFFE <= ord(letter) <= 0xFFFF for letter in text):
        line = f"{{value: {quoted(text)}, list: [{quoted(text)}]}}"
        assert read(line) == yaml.safe_load(line) == {"value": text, "list": [text]}
        assert yaml.safe_load(f"value: {quoted(text)}") == {"value": text}


def test_what_is_read_as_itself_has_no_quotes() -> None:
    """Most names and paths stay as a person would write them."""
    for text in ("a", "../data/a-b.csv", "living area", "Größe", "C:/data", "mpg#2"):
        assert quoted(text) == text


@given(st.floats(allow_nan=False))
def test_float_round_trip(number: float) -> None:
    """Any float is written so that it reads back to the bit, as a float."""
    back = read(to_yaml({"a": number, "b": [number]}))
    assert isinstance(back, dict)
    assert [back["a"].hex(), back["b"][0].hex()] == [number.hex()] * 2


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever a text holds, it is read or refused with a complaint; nothing else happens."""
    assert all(map(str, complaints(text)))


@given(st.text(st.sampled_from(list("ab:,[]{}&*!|>'\"%#?-\n \t0\\<~")), max_size=60))
def test_any_syntax_is_read_or_refused(text: str) -> None:
    """Whatever YAML's signs add up to, the text is read or refused in words without its jargon."""
    assert all("while parsing" not in str(complaint) for complaint in complaints(text))
