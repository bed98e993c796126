"""Texts of a figure that hold names from outside: drawn as they are, in fonts that have their letters."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.guards.escapes import escape_control
from linreg_sweep.plots.look import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UNKNOWN = "\u25a1"
"""What stands for a letter that no font has; matplotlib would warn, and draw much the same."""


def make_legible(figure: "Figure") -> str:
    """Settles the letters and fonts of all texts that a figure holds by now.

    What nobody sees is escaped, a dollar sign begins no formula, and letters that matplotlib's own font lacks
    are taken from whichever font of this machine has them.

    Returns:
        A note on the letters that no font has; nothing where there are none.
    """
    from matplotlib.text import Text

    texts = [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]
    for text in texts:
        text.set_text("\n".join(escape_control(line) for line in text.get_text().split("\n")))
        text.set_parse_math(False)
    families, unknown = _families_for(set().union(*(text.get_text() for text in texts)) - set("\n"))
    for text in texts:
        if len(families) > 1:
            text.set_fontfamily(families)
        text.set_text("".join(UNKNOWN if letter in unknown else letter for letter in text.get_text()))
    shown = escape_control("".join(sorted(unknown)), 20)
    return f"no font here has these letters, which are drawn as boxes: {shown}" if unknown else ""


def check_letters(look: Look) -> None:
    """Raises a ConfigError where a title or a label that a person gave has letters that no font here has."""
    said = {"--title": look.title or "", **{f"--label {name}": text for name, text in look.labels.items()}}
    faults = []
    for option, text in said.items():
        _, lacking = _families_for(set(escape_control(text.replace("\n", ""))))
        if lacking:
            text = f"no font here has {escape_control(''.join(sorted(lacking)), 20)}"
            faults.append(Complaint(option, text, "install one that does, such as Noto Sans CJK"))
    if faults:
        raise ConfigError(*faults)


def _families_for(letters: set[str]) -> tuple[list[str], set[str]]:
    """Returns the fonts that some letters are drawn in, matplotlib's own first, and those that none has."""
    families: list[str] = []
    for family, has in _fonts():
        if letters & has or not families:  # the first is the one that all is drawn in
            families.append(family)
            letters = letters - has
        if not letters:
            break
    return families, letters


def _fonts() -> Iterator[tuple[str, set[str]]]:
    """Yields the fonts of this machine and their letters, matplotlib's own first."""
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

    own = get_font(findfont(FontProperties(family=rcParams["font.family"])))
    yield own.family_name, set(map(chr, own.get_charmap()))
    for family in sorted({entry.name for entry in fontManager.ttflist} - {own.family_name}):
        if family.startswith("Last Resort"):  # boxes alone
            continue
        try:
            # of the files of one name, the one that matplotlib will draw in
            yield family, set(map(chr, get_font(findfont(FontProperties(family=family))).get_charmap()))
        except (OSError, RuntimeError):  # such as one of coloured pictures, which matplotlib cannot draw
            continue
