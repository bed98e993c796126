"""The kinds of pictures, a line each; commands read them here, and `--help` loads nothing that draws."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

KindName: TypeAlias = Literal["map", "epochs", "cost", "paths", "slice", "parallel", "fit", "band", "overlay"]
"""The names in KINDS, for editors to complete."""


@dataclass(frozen=True)
class Kind:
    """A kind of picture.

    Attributes:
        draws: a file of plots/ and its function, which gets a Canvas, the runs and the options that it takes.
        shows: what the picture shows, in words.
        takes: the options, beside those of every picture; see plot.plot.
    """

    draws: str
    shows: str
    takes: tuple[str, ...] = ()


KINDS = {
    "map": Kind(
        "heat.draw", "outcomes and regimes, or a column, over two parameters", ("x", "y", "color", "bins")
    ),
    "epochs": Kind("heat.draw_epochs", "epochs to convergence over two parameters", ("x", "y", "bins")),
    "cost": Kind("costs.draw", "the cost against the epoch, for chosen trials", ("trials",)),
    "paths": Kind("paths.draw", "paths of chosen trials over contours of the cost", ("trials",)),
    "slice": Kind("slices.draw", "the share of each outcome by parameter", ("bins",)),
    "parallel": Kind("parallel.draw", "all parameters at once, one line per trial"),
    "fit": Kind("fit.draw", "data with a trial's line or predictions, and its held-out cost", ("trials",)),
    "band": Kind(
        "band.draw",
        "a column's median along a parameter, its spread over seeds and folds, theory beside it",
        ("x", "y", "tuned", "bins"),
    ),
    "overlay": Kind(
        "costs.draw_overlay", "the cost against the epoch, of several runs in one panel", ("trials",)
    ),
}
