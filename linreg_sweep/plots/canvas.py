"""Where a picture is drawn: panels on a figure, or one that a person gives; and what stands around them."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.plots.look import PANEL, PLAIN, SCREEN, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTER = 0.56
"""Of the size of letters, how wide one is on average; Chinese, Japanese and Korean ones are twice as wide."""

LINE = 1.35
"""Of the size of letters, how high a line is."""

SMALL = 0.833
"""Of the size of letters, that of small ones, as matplotlib has it."""


TITLE = 0.84
"""Of the width of a panel, how long a title is at most: it stands over the middle of the frame."""

FRAME = 0.74
"""Of the width and height of a panel, what stands within its frame at most, about."""

SIDE, BAR = 8, 11
"""Heights of letters that an axis takes to the left of a frame, and a bar of colours to the right."""

MOST_OF_PANEL = 0.4
"""Of the height of a panel, what a legend takes before its letters are made smaller."""


class Canvas:
    """A figure, or axes of a person's own, and how the picture is to look.

    Attributes:
        look: as asked for; its title is that of the one panel, or else stands above all.
        made: the panels so far.
    """

    def __init__(self, figure: "Figure", look: Look = PLAIN, axes: "Axes | None" = None) -> None:
        """Begins a picture on a figure, or on its one panel that is there."""
        self.figure, self.look, self._axes = figure, look, axes
        self.made: list[Axes] = []

    @property
    def is_given(self) -> bool:
        """Whether there is one panel, a person's own."""
        return self._axes is not None

    def panels(
        self,
        groups: Sequence[int],
        inches: tuple[float, float] = PANEL,
        columns: int | None = None,
        narrowest: float = 0.0,
    ) -> "list[Axes]":
        """Returns new panels.

        Args:
            groups: how many there are of each group; each group begins a row.
            inches: of a panel, where size and style do not say.
            columns: where the look does not say; None: as many as the largest group has.
            narrowest: inches of a panel at least, where the look does not say how many columns there are.

        Raises:
            ConfigError: there are several, and a person gave axes for one.
        """
        if self._axes is not None:
            if sum(groups) != 1:
                text = f"hold one panel, and this picture has {sum(groups)}"
                raise ConfigError(Complaint("axes", text, "leave axes out"))
            self.made = [self._axes]
            return self.made
        wide = min(self.look.columns or columns or max(groups), max(groups))
        if self.look.columns is None and narrowest:
            whole = self._inches(wide, 1, inches)[0]
            wide = max(1, min(wide, int(whole / (narrowest * self.look.points / SCREEN.points))))
        rows = [-(-count // wide) for count in groups]
        self.figure.set_layout_engine("constrained")
        self.figure.set_size_inches(self._inches(wide, sum(rows), inches))
        grid = self.figure.add_gridspec(sum(rows), wide)
        first = 0
        for count, high in zip(groups, rows, strict=True):
            for place in range(count):
                axes = self.figure.add_subplot(grid[first + place // wide, place % wide])
                axes.tick_params(labelsize=self.look.points * SMALL)  # ticks are made when they are drawn
                self.made.append(axes)
            first += high
        if len(self.made) > 1 and self.look.title:
            self.figure.suptitle(wrapped(self.look.title, self.figure.get_size_inches()[0], self.look.points))
        return self.made

    def share_words(self) -> None:
        """Leaves out what an axis upwards says where that of the panel to the left says the same."""
        last = None
        for axes in self.made:
            spec = axes.get_subplotspec()
            words = spec and (
                spec.get_topmost_subplotspec().rowspan.start,
                axes.get_ylabel().replace("\n", " "),
            )
            if words == last:
                axes.set_ylabel("")
            last = words

    def _inches(self, columns: int, rows: int, inches: tuple[float, float]) -> tuple[float, float]:
        style = self.look.style
        if self.look.size is not None:
            return self.look.size
        if style.inches is None or style.inches_of_several is None:
            return inches[0] * columns, inches[1] * rows
        width, height = style.inches if columns == 1 else style.inches_of_several
        return width, height if width > PANEL[0] else height * rows  # a slide has one size


def title(axes: "Axes", look: Look, text: str, inches: float | None = None, **how: Any) -> None:
    """Gives a panel its title, in as many lines as it takes: the one asked for, if it is the only panel.

    It may be so many inches wide; None: as the panel. For `how` see Axes.set_title.
    """
    alone = len(axes.figure.axes) == 1 if axes.figure else True
    shown = text if look.title is None else look.title if alone else text * bool(look.title)
    room = min(TITLE * width_of(axes), width_of(axes) - SIDE * look.points / 72)  # or it is cut to the right
    axes.set_title(wrapped(shown, inches or room, look.points), **how)


def width_of(axes: "Axes") -> float:
    """Returns how many inches wide a panel is with all that belongs to it."""
    return _inches_of(axes)[0]


def width_of_row(panels: "Sequence[Axes]") -> float:
    """Returns how many inches wide the panels of a row are together."""
    spec = panels[0].get_subplotspec()
    return min(len(panels), spec.get_gridspec().ncols if spec else 1) * width_of(panels[0])


def height_of(axes: "Axes") -> float:
    """Returns how many inches high a panel is with all that belongs to it."""
    return _inches_of(axes)[1]


def _inches_of(axes: "Axes") -> tuple[float, float]:
    assert axes.figure is not None
    width, height = axes.figure.get_figure(root=True).get_size_inches().tolist()
    spec = axes.get_subplotspec()
    if spec is None:
        return width, height
    grid = spec.get_topmost_subplotspec().get_gridspec()  # a bar of colours may split a panel
    return width / grid.ncols, height / grid.nrows


def frame_of(axes: "Axes", look: Look, *, has_bar: bool = False) -> float:
    """Returns what share of a panel's width stands within its frame, about; a bar of colours is beside it."""
    beside = (SIDE + BAR * has_bar) * look.points / 72
    return min(FRAME, max(0.2, 1 - beside / width_of(axes)))


def letters(text: str) -> int:
    """Returns how many Latin letters are as wide as a text."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def wrapped(text: str, inches: float, points: float) -> str:
    """Returns a text in lines that are no wider than so many inches, broken between words where possible."""
    most = max(8, int(inches * 72 / (points * LETTER)))
    return "\n".join(line for part in text.split("\n") for line in _lines(part.split(" "), most))


def _lines(words: Iterable[str], most: int) -> list[str]:
    lines = [""]
    for word in words:
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if letters(joined) <= most or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
        while letters(lines[-1]) > most:  # one word
            cut = next(at for at in range(len(lines[-1]), 0, -1) if letters(lines[-1][:at]) <= most)
            cut = lines[-1].rfind("-", 1, cut) + 1 or cut
            lines[-1:] = [lines[-1][:cut], lines[-1][cut:]]
    return lines


def _grown(axes: "Axes", look: Look, lacking: float) -> float:
    """Makes a picture of one panel higher by what its legend lacks, if it may; returns how many points."""
    spec, figure = axes.get_subplotspec(), axes.figure and axes.figure.get_figure(root=True)
    alone = spec is not None and spec.get_topmost_subplotspec().get_gridspec().get_geometry() == (1, 1)
    if lacking <= 0 or not (look.grows and alone and figure):
        return 0.0
    width, height = figure.get_size_inches().tolist()
    figure.set_size_inches(width, height + lacking / 72)
    return lacking


def columns_for(widths: Sequence[float], room: float, most: int) -> int:
    """Returns in how many columns, at most, entries of these widths stand that fill one after the other."""
    count = len(widths)
    for columns in range(min(most, count), 1, -1):
        sizes = [count // columns + (place < count % columns) for place in range(columns)]
        starts = [sum(sizes[:place]) for place in range(columns)]
        widest = [max(widths[start : start + size]) for start, size in zip(starts, sizes, strict=True)]
        if sum(widest) <= room:
            return -(-count // -(-count // columns))  # as many rows, and none but the last shorter
    return 1


def legend(
    axes: "Axes",
    look: Look,
    handles: Sequence[Any],
    *,
    title: str | None = None,
    columns: int | None = None,
) -> None:
    """Names colours and lines below a panel, clear of what its axis says, in as many rows as it takes.

    What then is free beside the frame is what the words of the axis upwards may take; they are broken to fit.
    The axis to the right has its words by then. Each handle has its label; they stand in so many columns at
    most, or in as many as have room.
    """
    from matplotlib.transforms import ScaledTranslation

    small, whole = look.points * SMALL, 72 * height_of(axes)
    room = width_of(axes) - 0.1 * look.points  # it is below the middle of the frame, not of the panel
    for own in (small, 0.8 * small):
        gap = 4.5 * own / 72  # what a handle takes, and stands beside it
        labels = [wrapped(str(handle.get_label()), room - gap, own) for handle in handles]
        widths = [max(map(letters, label.split("\n"))) * LETTER * own / 72 + gap for label in labels]
        fit = columns_for(widths, room, columns or len(handles))
        lines = [title, *labels[:: max(1, fit)]] if title else labels[:: max(1, fit)]
        takes = sum(line.count("\n") + 1.4 for line in lines) * own * 1.2
        if takes < MOST_OF_PANEL * whole:
            break
    whole += _grown(axes, look, takes - MOST_OF_PANEL * whole)
    ticks = [tick.get_text() for tick in axes.get_xticklabels() if tick.get_text()]
    high = max([1, *(text.count("\n") + 1 for text in ticks)]) * small * LINE
    words = axes.get_xlabel()
    high += (words.count("\n") + 1) * look.points * LINE + 4 if words else 0
    above = (axes.get_title().count("\n") + 1) * look.points * LINE
    free = max(1.0, (whole - takes - high - above - 30) / 72)
    axes.set_ylabel(wrapped(axes.get_ylabel().replace("\n", " "), free, look.points))
    if not handles:
        return
    assert axes.figure is not None
    down = ScaledTranslation(0, -(high + 12) / 72, axes.figure.dpi_scale_trans)
    axes.legend(
        handles=list(handles),
        labels=labels,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        bbox_transform=axes.transAxes + down,
        ncols=fit,
        borderaxespad=0.0,
        title=None if title is None else wrapped(title, room, own),
        fontsize=own,
        title_fontsize=own,
    )
