"""Makes docs/walkthrough.md: one question from YAML to answer, each command run and its output shown.

Run by `make gallery`. A test holds the page to be what the commands print.
"""

import io
import re
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

from linreg_sweep.cli import main as command

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "walkthrough.md"
FOLDER = ROOT / "docs" / "walkthrough"

QUESTION = "Does it help to standardize the waiting times of Old Faithful?"

SWEEPS = {
    "as_they_are": "false",
    "standardized": "true",
}

SWEEP = """\
name: {name}
data: {{path: faithful.csv, x: [waiting], y: [eruptions], standardize: {standardize}}}
training: {{engine: closed_form, epochs: 100000}}
method: grid
parameters:
  learning_rate: {{min: 0.01, max: 1.2, num: 12, unit: stability_limit}}
"""

STEPS = (
    (
        "The same sweep is declared twice: once on minutes as they are, once on z-scores. Learning rates are"
        " multiples of each one's own stability limit, so that both get rates that suit them.",
        None,
    ),
    ("Before anything is trained, `plan` shows what theory expects.", "plan as_they_are.yaml"),
    ("It expects no trial to converge, and none does:", "run as_they_are.yaml"),
    (
        "With standardized waiting times, every learning rate up to the limit converges.",
        "run standardized.yaml",
    ),
    (
        "Why? `compare` shows what differs and what that means: the condition number, and with it the"
        " number of epochs that the flattest direction needs. The learning rates themselves differ, since"
        " the limits do, so the two runs are compared by their summaries.",
        "compare results/as_they_are results/standardized",
    ),
    (
        "A picture of a few paths shows it. On minutes, descent falls into a long narrow valley at once"
        " and then creeps along it; on z-scores no direction is flatter than another, and it goes"
        " straight to the optimum.",
        "plot results/as_they_are results/standardized --kind paths -o walkthrough/paths.png",
    ),
    (
        "`export` turns the table into LaTeX.",
        "export results/standardized --to latex --by learning_rate -o walkthrough/standardized.tex",
    ),
)


def main() -> None:
    """Writes the page and its picture."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(page(Path(folder)), encoding="utf-8")
        (FOLDER / "paths.png").write_bytes((Path(folder) / "walkthrough" / "paths.png").read_bytes())


def page(folder: Path) -> str:
    """Returns the page, having run its commands in a folder."""
    (folder / "walkthrough").mkdir()
    (folder / "faithful.csv").write_bytes((ROOT / "data" / "faithful.csv").read_bytes())
    with chdir(folder):
        return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f"# {QUESTION}"
    yield ""
    yield "One question from YAML to answer, on `data/faithful.csv` (272 eruptions; see `data/README.md`)."
    yield "`make gallery` generates this page, and a test checks every number on it."
    for text, arguments in STEPS:
        yield ""
        yield text
        yield ""
        if arguments is None:
            for name, standardize in SWEEPS.items():
                sweep = SWEEP.format(name=name, standardize=standardize)
                Path(f"{name}.yaml").write_text(sweep)
                yield "```yaml"
                yield f"# {name}.yaml"
                yield sweep.rstrip()
                yield "```"
            continue
        yield "```"
        yield f"$ linreg-sweep {arguments}"
        yield from _printed(arguments).splitlines()
        yield "```"
        if "plot" in arguments:
            yield ""
            yield "![Paths of a few trials of each run over the contours of the cost](walkthrough/paths.png)"


def _printed(arguments: str) -> str:
    """Runs a command and returns what it printed; a run's directory is called without its hash."""
    for run in Path("results").glob("*") if Path("results").exists() else ():
        plain = Path("results") / re.sub(r"-[0-9a-f]{8}$", "", run.name)
        if not plain.exists():
            run.rename(plain)
    told = io.StringIO()
    with redirect_stdout(told), redirect_stderr(io.StringIO()):
        code = command(shlex.split(arguments))
    if code:
        raise SystemExit(f"linreg-sweep {arguments} ended with {code}")
    return re.sub(r"(results/\w+)-[0-9a-f]{8}", r"\1", told.getvalue().rstrip())


if __name__ == "__main__":
    main()
