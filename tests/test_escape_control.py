"""Facts about what is shown of names and cells that mean harm."""

import unicodedata

from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.guards.escapes import escape_control
from linreg_sweep.words import did_you_mean


def test_nothing_that_a_terminal_obeys_is_left() -> None:
    """Nor what nobody sees, but the two joiners that scripts need; all else stays as it is."""
    every = "".join(map(chr, range(0x110000)))
    hidden = {letter for letter in every if unicodedata.category(letter)[0] == "C"} | {"\u2028", "\u2029"}
    hidden -= {"\u200c", "\u200d"}
    assert set(escape_control(every, None)) == set(every) - hidden
    assert {"\u061c", "\u200e", "\u200f", "\u202e", "\u2066", "\xad", "\ufeff", "\ue000", "\u0378"} < hidden
    assert escape_control("Größe 五 👍 می‌خواهم", None) == "Größe 五 👍 می‌خواهم"
    assert escape_control("\x1b[2J\n\u202e\udcff") == r"\x1b[2J\n\u202e\udcff"


def test_a_complaint_is_one_short_line() -> None:
    """Whatever a file is called and holds, at most a thousand letters of each are told."""
    error = ConfigError(Complaint("a\nb\r" + "x" * 10**6, "\x1b[31m" + "y" * 10**6, "z" * 10**6))
    (line,) = str(error).splitlines()
    assert len(line) < 3100
    assert line.startswith(r"a\nb\rxxx")
    assert line.endswith("zzz")


def test_long_names_are_not_compared() -> None:
    """A hint costs little where names are as long as a file, and shows sixty letters of each."""
    letters = "".join(map(chr, range(0x4E00, 0x9000)))
    hint = did_you_mean(letters * 20, [letters * 20 + "x", "short"])
    assert hint == f"known here: short, {letters[:57]}..."


def test_few_of_many_names_are_listed() -> None:
    """A folder or header of a million names is looked at in part."""
    asked = iter(str(number) for number in range(10**9))
    assert did_you_mean("nothing alike", asked).endswith(", ...")
    assert int(next(asked)) <= 10_001
