"""Facts about letters in pictures: names from outside are drawn as they are, or it is said why not."""

from io import BytesIO

import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font

from linreg_sweep.plots.lettering import UNKNOWN, _fonts, make_legible

OWN = set(map(chr, get_font(findfont("DejaVu Sans")).get_charmap()))
FROM_ANOTHER = next(
    letter for family, letters in _fonts() for letter in sorted(letters - OWN) if letter.isprintable()
)


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("price of x", "price of x"),
        ("a$b$c^ $_$", "a$b$c^ $_$"),
        ("\x1b[2J\u202eb", "\\x1b[2J\\u202eb"),
        (f"of {FROM_ANOTHER}", f"of {FROM_ANOTHER}"),
        ("Gr\u00f6\u00dfe \u03bb", "Gr\u00f6\u00dfe \u03bb"),
    ],
)
def test_a_name_is_drawn_to_the_letter(name: str, drawn: str) -> None:
    """No formula, no control and no warning (an error here); the scale's powers stay formulas."""
    figure = Figure()
    axes = figure.subplots()
    axes.set_title(f"{name}\nsecond line")
    axes.set_xscale("log")
    assert make_legible(figure) == ""
    figure.savefig(BytesIO(), format="svg")
    assert axes.get_title() == f"{drawn}\nsecond line"
    assert axes.get_xticklabels()[0].get_text().startswith("$")
    assert axes.get_xticklabels()[0].get_parse_math()


def test_letters_that_no_font_has_are_boxes_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no font of the machine has any but Latin letters."""
    from linreg_sweep.plots import lettering

    monkeypatch.setattr(lettering, "_fonts", lambda: iter([("DejaVu Sans", OWN)]))
    figure = Figure()
    axes = figure.subplots()
    axes.set_xlabel("initial weight of \u9762\u79ef")
    assert make_legible(figure).endswith("drawn as boxes: \u79ef\u9762")
    figure.savefig(BytesIO(), format="png")
    assert axes.get_xlabel() == f"initial weight of {UNKNOWN}{UNKNOWN}"
