"""Makes docs/gallery.md and its pictures, and the README's: every example sweep, run and drawn.

Run by `make gallery`. Questions and answers are those at the top of the sweeps, which tests hold to be
what the sweeps give; pictures and tables come from the runs made here.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import linreg_sweep as ls
from linreg_sweep.analysis.formats import as_text
from linreg_sweep.plots.plot import save
from linreg_sweep.runs.results import Run
from linreg_sweep.terminal.choosing import summary_to_read

ROOT = Path(__file__).parents[1]
GALLERY = ROOT / "docs" / "gallery.md"
PICTURES = ROOT / "docs" / "gallery"
FIRST = ROOT / "docs" / "learning_rate_by_start.png"
"""The README's picture."""

Picture = tuple[str, dict[str, str]]
"""A kind of picture and its options."""

BY_EPOCHS: Picture = ("epochs", {})
COST: Picture = ("cost", {})
PATHS: Picture = ("paths", {})

PICTURES_OF: dict[str, tuple[Picture, ...]] = {
    "learning_rate_by_start": (BY_EPOCHS, ("map", {})),
    "tutorial_rates": (COST, PATHS),
    "random_search": (("slice", {}),),
    "batch_sizes": (BY_EPOCHS,),
    "far_start": (BY_EPOCHS,),
    "momentum_limits": (BY_EPOCHS,),
    "diabetes": (COST, PATHS),
    "faithful_unscaled": (PATHS,),
    "faithful_standardized": (PATHS,),
    "optimizers": (BY_EPOCHS,),
    "schedules": (COST,),
    "chebyshev": (COST,),
    "adam_rates": (COST,),
    "island_of_stability": (COST,),
    "batches_by_seed": (("band", {}),),
    "orders": (("band", {"x": "order"}),),
    "critical_batch_size": (("band", {"x": "batch_size", "y": "converged_at", "tuned": "learning_rate"}),),
    "plateaus": (("map", {"color": "plateau"}),),
    "overfitting": (("fit", {}),),
    "ridge_folds": (("band", {"x": "weight_decay"}),),
}
"""What is drawn of each example sweep; of others nothing."""

COLUMNS = ("trials", "converged", "unfinished", "diverged", "median_converged_at", "regime")

SPREADS = ("median", "p10", "p90", "mean")
"""What is shown of the spread of a column, where a summary has one."""


MAX_ROWS = 12
"""Rows of a summary that are shown."""


def main() -> None:
    """Writes the page and its pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as out:
        runs = {path: ls.run(path, out=out) for path in sorted((ROOT / "sweeps").glob("*.yaml"))}
        for path, run in runs.items():
            for kind, options in PICTURES_OF.get(path.stem, ()):
                save([run], PICTURES / f"{path.stem}_{kind}.png", kind, **options)
                print(f"{path.stem}: {kind}", file=sys.stderr)
        by_name = {path.stem: run for path, run in runs.items()}
        save([by_name["learning_rate_by_start"]], FIRST, "epochs")
        GALLERY.write_text(page(runs), encoding="utf-8")


def page(runs: dict[Path, Run]) -> str:
    """Returns the text of the gallery."""
    return "\n".join([*_opening(), *(line for path, run in runs.items() for line in _section(path, run))])


def _opening() -> Iterator[str]:
    yield "# Gallery"
    yield ""
    yield "Every sweep in `sweeps/`: its question, its answer, its picture and its summary."
    yield f"Of a longer summary {MAX_ROWS} rows are shown, evenly spaced; `linreg-sweep show RUN` prints all."
    yield "A question that takes another data set for each descent is answered in Python:"
    yield "[double descent](double_descent.md)."


def _section(path: Path, run: Run) -> Iterator[str]:
    said = _said(path)
    yield ""
    yield f"## {said['Question']}"
    yield ""
    yield said["Answer"]
    yield ""
    yield "```"
    yield f"linreg-sweep run sweeps/{path.name}"
    for kind, options in PICTURES_OF.get(path.stem, ()):
        chosen = "".join(f" --{option} {value}" for option, value in options.items())
        yield f"linreg-sweep plot results/{run.path.name} --kind {kind}{chosen}"
    yield "```"
    yield ""
    for kind, _ in PICTURES_OF.get(path.stem, ()):
        yield f"![{kind} of {run.name}](gallery/{path.stem}_{kind}.png)"
        yield ""
    table = summary_to_read(run)
    spread = [f"{measure}_{run.spread}" for measure in SPREADS]
    kept = [name for name in table if name in (*run.settings, *run.varied, *COLUMNS, *spread)]
    n_rows = len(table[kept[0]])
    rows = (
        [place * (n_rows - 1) // (MAX_ROWS - 1) for place in range(MAX_ROWS)]
        if n_rows > MAX_ROWS
        else range(n_rows)
    )
    yield as_text({name: [table[name][row] for row in rows] for name in kept}, "markdown")


def _said(path: Path) -> dict[str, str]:
    """Returns what the comment at the top of an example says, under its four words."""
    said: dict[str, str] = {}
    word = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        text = line.removeprefix("#").strip()
        head, colon, rest = text.partition(":")
        if colon and head in ("Question", "Run", "Read", "Answer"):
            word, text = head, rest.strip()
        said[word] = f"{said.get(word, '')} {text}".strip()
    return {word: text[0].upper() + text[1:] for word, text in said.items()}


if __name__ == "__main__":
    main()
