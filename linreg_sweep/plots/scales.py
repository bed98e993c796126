"""The axes of maps: scales, and ticks that say their values plainly and keep clear of each other."""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.plots.canvas import FRAME, LETTER, LINE, SMALL, height_of, letters, width_of, wrapped
from linreg_sweep.plots.cells import MapSide
from linreg_sweep.plots.look import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LONGEST = 18
"""Letters of a word's line beside an axis."""

FEW, SHORT = 8, 6
"""Values, and letters of each, up to which they are the ticks of an axis along which they lie evenly."""

EVEN = 3
"""Values from which on they may lie unevenly."""

DIGITS, MAX_DIGITS = 4, 15
"""Of the numbers that ticks say: where all differ in so many, and at most."""

MAX_LINES = 3
"""Of a word beside an axis; where any has more, all are letters that a legend explains."""


def scale(axes: "Axes", which: str, side: MapSide, words: str, look: Look, share: float = FRAME) -> list[str]:
    """Gives an axis of a map, x or y, its scale, its ends, its ticks and its words.

    `share` is the share of the panel's width within its frame. Returns what letters that stand for long words
    mean, a line each.
    """
    axis = axes.xaxis if which == "x" else axes.yaxis
    inches = share * width_of(axes) if which == "x" else FRAME * height_of(axes)
    edges = side.drawn_edges
    low, high = float(edges[0]), float(edges[-1])
    log = side.log and not side.is_equal
    (axes.set_xscale if which == "x" else axes.set_yscale)("log" if log else "linear")
    (axes.set_xlim if which == "x" else axes.set_ylim)(low, high)
    axis.set_label_text(wrapped(words, inches, look.points))
    points = look.points * SMALL
    if side.is_equal:
        shown, meant = _labels(side, which, inches, points, look)
        axis.set_ticks(range(len(shown)), shown)
        axis.set_tick_params(length=0)
        return meant
    own = told_apart(side.centres.tolist()) if side.ranges is None else []
    places = np.log(side.centres) if log else side.centres
    if 0 < len(own) <= FEW and max(map(len, own)) <= SHORT and (len(own) < EVEN or _are_even(places)):
        step = _step(own, which, inches, points)
        axis.set_ticks(side.centres.tolist()[::step], own[::step])
        axis.set_ticks([], minor=True)
    elif log:
        most = max(2, int(inches * 72 / (points * (LETTER * 9 if which == "x" else 2 * LINE))))
        ticks = ticks_by_ratio(low, high, most)
        axis.set_major_locator(_fixed(ticks))
        axis.set_major_formatter(plain_formatter())
        axis.set_minor_formatter(lambda value, place: "")
    else:
        from matplotlib.ticker import MaxNLocator

        most = max(2, min(9, int(inches * 72 / (points * (LETTER * 8 if which == "x" else 2 * LINE)))))
        axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
    return []


def _are_even(places: NDArray[np.float64]) -> bool:
    """Returns whether no two neighbours are much closer than others, so that their words have room."""
    gaps = np.diff(places)
    return bool(gaps.min() > gaps.max() / 2)


def _fixed(ticks: Sequence[float]) -> Any:
    from matplotlib.ticker import FixedLocator

    return FixedLocator(ticks)


def ticks_by_ratio(low: float, high: float, most: int) -> list[float]:
    """Returns round values between two positive ones, for an axis by ratio with room for so many."""
    powers = range(floor(log10(low)) - 1, ceil(log10(high)) + 2)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        found = [digit * 10.0**power for power in powers for digit in digits]
        inside = [float(f"{value:.1g}") for value in found if low <= value <= high]
        if len(inside) <= most:
            break
    if len(inside) < 2:
        return [float(f"{value:.3g}") for value in (low * (high / low) ** 0.08, high * (low / high) ** 0.08)]
    return inside[:: ceil(len(inside) / most)]


def upwards(axes: "Axes", low: float, high: float, look: Look, *, log: bool) -> None:
    """Gives an axis upwards its scale, its ends, and ticks that say their values plainly."""
    from matplotlib.ticker import MaxNLocator

    most = max(2, int(FRAME * height_of(axes) * 72 / (look.points * SMALL * 2 * LINE)))
    axes.set_yscale("log" if log else "linear")
    axes.set_ylim(low, high)
    ticks = _fixed(ticks_by_ratio(low, high, most)) if log else None
    axes.yaxis.set_major_locator(ticks or MaxNLocator(min(9, most), steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(plain_formatter())
    axes.yaxis.set_minor_formatter(lambda value, place: "")


def along_epochs(axes: "Axes", last: int, look: Look) -> None:
    """Gives an axis of epochs its scale, by ratio from 1 on, and as many powers of ten as have room."""
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(0, max(last, 1) * 1.15)
    powers = [10**power for power in range(floor(log10(max(last, 1))) + 1)]
    words = [plainly(value) for value in (0, *powers)]
    step = _step(words, "x", FRAME * width_of(axes), look.points * SMALL)
    axes.set_xticks([0, *powers[::step]], [words[0], *words[1::step]])
    name_axes(axes, look, look.labels.get("epoch", "epoch (0, then log scale)"))


def name_axes(axes: "Axes", look: Look, right: str | None = None, up: str | None = None) -> None:
    """Says what is along the axes of a panel, in as many lines as it takes."""
    if right is not None:
        axes.set_xlabel(wrapped(right, FRAME * width_of(axes), look.points))
    if up is not None:
        axes.set_ylabel(wrapped(up, FRAME * height_of(axes), look.points))


def plainly(value: float, digits: int = DIGITS) -> str:
    """Returns a number as a tick says it: 0.001, 20,000, 1e-7."""
    if 1e-4 <= abs(value) < 1e6 or value == 0:
        return f"{value:,.{max(6, digits)}g}" if abs(value) >= 1000 else f"{value:.{digits}g}"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def told_apart(values: Sequence[float]) -> list[str]:
    """Returns what the ticks at different numbers say: as many digits as they take to differ."""
    several = ([plainly(value, digits) for value in values] for digits in range(DIGITS, MAX_DIGITS + 1))
    return next((words for words in several if len({*words}) == len(words)), list(map(plainly, values)))


def plain_formatter() -> Any:
    """Returns what writes the ticks of an axis, see told_apart."""
    from matplotlib.ticker import FuncFormatter

    class Plain(FuncFormatter):
        def format_ticks(self, values: Sequence[float]) -> list[str]:
            return told_apart(values)

    return Plain(lambda value, place: plainly(value))


def _labels(
    side: MapSide, which: str, inches: float, points: float, look: Look
) -> tuple[list[str], list[str]]:
    """Returns what equal cells say, and what it means where it is one letter."""
    if side.is_words:
        words = [look.labels.get(word, word) for word in side.labels]
        room = inches / len(words) * 72 / (points * LETTER) - 1 if which == "x" else LONGEST
        lines = [folded(word, int(room)) for word in words]
        high = inches / len(words) * 72 / (points * LINE) if which == "y" else MAX_LINES
        is_short = all(
            text.count("\n") < min(MAX_LINES, high) and max(map(letters, text.split("\n"))) <= room + 1
            for text in lines
        )
        if is_short:
            return lines, []
        names = [chr(ord("A") + place % 26) * (1 + place // 26) for place in range(len(words))]
        return names, [f"{name}: {word}" for name, word in zip(names, words, strict=True)]
    words = told_apart(side.centres.tolist())
    step = _step(words, which, inches, points)
    return [word if not place % step else "" for place, word in enumerate(words)], []


def _step(words: Sequence[str], which: str, inches: float, points: float) -> int:
    """Returns how many words there are to be for each that has room."""
    each = points * (LETTER * (max(map(len, words)) + 1.5) if which == "x" else LINE) / 72
    return ceil(each * len(words) / inches)


def folded(word: str, most: int) -> str:
    """Returns a word such as step(every=200, gamma=0.1) in lines of about so many letters, cut where it may.

    It may be cut before a bracket, after a comma, after an underscore and between words.
    """
    pieces = [""]
    for before, letter in pairwise(f" {word}"):
        if letter == "(" or (before in ", _" and len(pieces[-1]) > 1):
            pieces.append("")
        pieces[-1] += letter
    lines = [""]
    for piece in pieces:
        if lines[-1] and letters((lines[-1] + piece).strip()) > most:
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.strip() for line in lines if line.strip())
