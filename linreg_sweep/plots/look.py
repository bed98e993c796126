"""How a picture looks: its size, its letters, its words; what a person may ask for, checked once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal, TypeAlias

from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.plots.style import is_standardized, parameter_words, spaced
from linreg_sweep.runs.results import Run, names_of
from linreg_sweep.storage.files import AnyPath
from linreg_sweep.theory.outcome import OUTCOMES, REGIMES
from linreg_sweep.words import counted, did_you_mean, show

PANEL = (8.0, 5.6)
"""Inches of a panel."""

INCHES, DPI, POINTS = (1.0, 60.0), (30, 1200), (4.0, 60.0)
"""The least and the most of a side, of dots an inch and of the size of letters."""

MAX_DOTS = 20_000
"""Of a side of a picture."""

MAX_COLUMNS = 20


@dataclass(frozen=True)
class Style:
    """What a picture is made for.

    Attributes:
        points: the size of its letters.
        dpi: dots an inch.
        widths: of lines, in times those of a screen.
        inches: of the whole picture where it has one column of panels; None: PANEL each.
        inches_of_several: where it has several columns; the height is that of one row.
    """

    points: float
    dpi: int
    widths: float
    inches: tuple[float, float] | None = None
    inches_of_several: tuple[float, float] | None = None


SCREEN = Style(10.0, 150, 1.0)

StyleName: TypeAlias = Literal["slide", "paper"]
"""The names in STYLES, for editors to complete."""

STYLES = {
    "slide": Style(18.0, 150, 1.8, (13.333, 7.5), (13.333, 7.5)),
    "paper": Style(8.0, 300, 0.8, (3.5, 2.9), (7.2, 2.9)),
}
"""By their names: a slide of 16 to 9, a column or the width of a page of a journal."""


@dataclass(frozen=True)
class Look:
    """How a picture looks; see plot.plot for what each is. Names are those of runs, by their directories."""

    style: Style = SCREEN
    title: str | None = None
    size: tuple[float, float] | None = None
    dpi: int | None = None
    points: float = SCREEN.points
    columns: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[AnyPath, str] = field(default_factory=dict)

    def name(self, name: str) -> str:
        """Returns what a sentence or a legend calls a column, an outcome or a regime."""
        return self.labels.get(name, spaced(name))

    def axis(self, name: str, run: Run) -> str:
        """Returns what an axis says of a parameter of a run; with its unit, unless a person named it."""
        return self.labels.get(name) or parameter_words(name, standardized=is_standardized(run))

    def heading(self, run: Run) -> str:
        """Returns what a picture is of: the run, its trials, its data and the loss."""
        trials, source = counted(run.n_trials_done, "trial"), run.metadata["data"]["source"]
        return f"{self.called(run)}: {trials} on {source}, loss {', '.join(run.losses)}"

    def called(self, run: Run) -> str:
        """Returns what a run is called beside the others."""
        return self.names.get(run.path, run.name)

    @property
    def grows(self) -> bool:
        """Whether a picture may be higher than its style says, for a legend that would squeeze it."""
        return self.size is None and self.style is not STYLES["slide"]

    @property
    def width(self) -> float:
        """How wide lines are, in times those of a screen."""
        return self.style.widths

    @property
    def settings(self) -> Any:
        """What matplotlib is set to while the picture is drawn and written; texts stay texts."""
        return {
            "font.size": self.points,
            "axes.linewidth": 0.8 * self.width,
            "axes.unicode_minus": False,  # as scales.plainly has it
            "axes.titlesize": "medium",
            "legend.frameon": False,
            "legend.fontsize": "small",
            "legend.title_fontsize": "small",
            "hatch.linewidth": self.width,
            "pdf.fonttype": 42,
            "svg.fonttype": "none",
            "svg.hashsalt": "linreg-sweep",
        }


PLAIN = Look()


def look_of(
    runs: Sequence[Run],
    *,
    title: str | None = None,
    size: tuple[float, float] | None = None,
    dpi: int | None = None,
    font_size: float | None = None,
    style: str | None = None,
    columns: int | None = None,
    labels: Mapping[str, str] | None = None,
) -> Look:
    """Returns how a picture of runs is to look, by what a person asks for; see plot.plot.

    Raises:
        ConfigError: with everything that is wrong with that.
    """
    faults: list[Complaint] = []
    labels = labels or {}
    if style is not None and style not in STYLES:
        faults.append(Complaint("--style", f"there is no style {show(style)}", did_you_mean(style, STYLES)))
    made_for = STYLES.get(style or "", SCREEN)
    pair = tuple(size) if isinstance(size, Sequence) else ()
    if size is not None and not (len(pair) == 2 and all(_is_within(each, INCHES) for each in pair)):
        text = f"must be two numbers from {INCHES[0]:g} to {INCHES[1]:g}, width and height in inches"
        faults.append(Complaint("--size", f"{text}, got {show(size)}", "for a slide 13.3,7.5"))
    for option, value, bounds, unit in (
        ("--dpi", dpi, DPI, "dots per inch"),
        ("--font-size", font_size, POINTS, "points"),
        ("--columns", columns, (1, MAX_COLUMNS), "columns of panels"),
    ):
        is_whole = unit == "points" or not isinstance(value, float)
        if value is not None and not (is_whole and _is_within(value, bounds)):
            text = f"must be {bounds[0]:g} to {bounds[1]:g} {unit}, got {show(value)}"
            faults.append(Complaint(option, text))
    known = {*OUTCOMES, *REGIMES, "epochs", "stability_ratio", *(name for run in runs for name in run.types)}
    texts = {"--title": title, **{f"--label {name}": text for name, text in labels.items()}}
    for option, said in texts.items():
        if not (isinstance(said, str) or (said is None and option == "--title")):
            faults.append(Complaint(option, f"must be text, got {show(said)}"))
    for name in labels:
        if name not in known:
            text = f"there is nothing called {show(name)} in the picture"
            faults.append(Complaint("--label", text, did_you_mean(name, known)))
    if not faults and size is not None and max(size) * (dpi or made_for.dpi) > MAX_DOTS:
        text = f"must be at most {MAX_DOTS:,} dots on a side, got {max(size) * (dpi or made_for.dpi):,.0f}"
        faults.append(Complaint("--size", text, "lower --size or --dpi"))
    if faults:
        raise ConfigError(*faults)
    if title is None and style == "paper":
        title = ""  # a caption says it
    names = dict(zip([run.path for run in runs], names_of(runs), strict=True))
    return Look(made_for, title, size, dpi, font_size or made_for.points, columns, dict(labels), names)


def _is_within(value: object, bounds: tuple[float, float]) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isfinite(value) and bounds[0] <= value <= bounds[1]
