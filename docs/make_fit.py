"""Makes docs/fit.md: the way from a CSV file to predictions, each command run and its output shown.

Run by `make gallery`. A test holds the page to be what the commands print.
"""

import io
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

from linreg_sweep.cli import main as command

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "fit.md"

NEW = "wt,hp\n2.4,100\n3.1,150\n6.0,220\n"

HEAD = """\
# From a CSV file to predictions

How many miles does a car go on a gallon, given its weight and its power? `cars.csv`, a copy of
`data/mtcars.csv`, has the answer for 32 cars; `new.csv` asks for three others. Five commands find it.
`make gallery` generates this page, and a test checks every number on it.

```
cp data/mtcars.csv cars.csv
printf 'wt,hp\\n2.4,100\\n3.1,150\\n6.0,220\\n' > new.csv
```"""

STEPS = (
    (
        "`init` looks at the file and writes a config and a sweep around the data's stability limit.",
        "init --data cars.csv --y mpg",
    ),
    (
        "`run` trains every learning rate in eight folds: the cars that a fold holds out are seen by none of"
        " its trials, neither in training nor in scaling. The best setting is the best on held-out cars, in"
        " the mean over folds. The last line is the run's directory.",
        "run sweeps/cars.yaml --set 'data.holdout={folds: 8}'",
    ),
    (
        "`plot` shows the best trial's predictions against the targets, its residuals, and the cost on"
        " training and on held-out cars along its epochs: where the latter rises again, more training"
        " overfits.",
        "plot RUN --kind fit",
    ),
    (
        "`export` writes the model: the best setting, trained once more on all cars, since no fold saw them"
        " all.",
        "export RUN --to model",
    ),
    (
        "`predict` checks new rows as strictly as the training rows, and says which lie outside their range.",
        "predict cars-model.json new.csv",
    ),
)

TAIL = """
The same in Python: `run = ls.run("sweeps/cars.yaml", overrides=["data.holdout={folds: 8}"])`, then
`run.quality()` for R squared and RMSE of every trial, and `run.model().predict(table)`.

## What is held out

```yaml
data:
  path: cars.csv
  y: mpg
  holdout: {fraction: 0.2, seed: 0}  # one of these
  # holdout: {last: 0.2}                        the last fifth of the file
  # holdout: {column: split, value: test}       rows that a column marks; the column is then no x
  # holdout: {path: test.csv}                   all rows of another file
  # holdout: {folds: 5, seed: 0}                five folds, a trial in each; seed: null keeps the file's order
```

The rows drawn are those of scikit-learn's `train_test_split` and `KFold` for the same seed. Means and
standard deviations of `standardize`, tolerances and stability limits come from the training rows alone.
`fold` is a parameter like any other: `parameters: {fold: {values: [0, 1]}}` trains two of the folds.

| column | meaning |
|---|---|
| `held_out_cost` | the mean squared error of the last state on the held-out rows |
| `best_epoch` | the epoch with the least such cost; the last one where it still falls there |
| `best_held_out_cost` | that cost; missing where it still falls at the end |

`best: {by: held_out_cost}` is the default where rows are held out; the summary then shows its median,
its 10th and 90th percentile, its mean and its standard deviation. With folds the best is not a single
trial but a setting, by its mean over the folds, and a map rings it; beside it stands the simplest setting
within one standard error: the one with most `weight_decay` or, where that does not vary, with fewest
`epochs`. `edge` takes one fold at a time (`--set parameters.fold=0`), since each fold has an edge of its
own.

`best_epoch` is the first epoch of least cost; a cost that lies below the last one by less than 1e-12 of it
counts as equal to it. Spreads are exact. Up to a million trials, or for the parameter that varies slowest,
they take one pass over the trials; otherwise two passes or more, in no more memory.

## How well it fits

`r2` is 1 - cost / variance, both over the same rows. The variance is about their own mean, as in
scikit-learn's `r2_score`; without a bias it is about 0, as in R. `rmse` is the root of the cost. Several
targets are taken together (`multioutput="variance_weighted"`). Beside the best trial stand least squares
and, with a penalty, the penalised optimum (ridge regression), on the same rows."""


def main() -> None:
    """Writes the page."""
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(page(Path(folder)), encoding="utf-8")


def page(folder: Path) -> str:
    """Returns the page, having run its commands in a folder."""
    (folder / "cars.csv").write_bytes((ROOT / "data" / "mtcars.csv").read_bytes())
    (folder / "new.csv").write_text(NEW, encoding="utf-8")
    with chdir(folder):
        return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield HEAD
    run = ""
    for text, words in STEPS:
        arguments = words.replace("RUN", run)
        printed = _printed(arguments).splitlines()
        yield f"\n{text}\n\n```"
        yield f"$ linreg-sweep {arguments}"
        yield from printed
        yield "```"
        run = printed[-1] if arguments.startswith("run") else run
    yield "\n```"
    yield Path("new-predicted.csv").read_text(encoding="utf-8").rstrip()
    yield "```"
    yield TAIL


def _printed(arguments: str) -> str:
    """Runs a command and returns what it printed and, of `predict`, what it noted."""
    told, notes = io.StringIO(), io.StringIO()
    with redirect_stdout(told), redirect_stderr(notes):
        code = command(shlex.split(arguments))
    if code:
        raise SystemExit(f"linreg-sweep {arguments} ended with {code}: {notes.getvalue()}")
    noted = notes.getvalue() if arguments.startswith("predict") else ""
    return (noted + told.getvalue()).rstrip()


if __name__ == "__main__":
    main()
