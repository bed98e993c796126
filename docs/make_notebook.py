"""Makes docs/notebook.ipynb: a short notebook, executed, from the cells below.

Run by `make gallery`. A test executes it again and holds its tables to be the same.
"""

import os
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PAGE = Path(__file__).parent / "notebook.ipynb"

TEXT, CODE = new_markdown_cell, new_code_cell

CELLS = (
    (
        TEXT,
        """\
# Which learning rate, and does momentum help?

What the commands do, from Python, on the tutorial's 30 rows, which come with the package. `make gallery` made
and ran this notebook. Where the package is not installed, as on Colab, the first cell installs it.""",
    ),
    (
        CODE,
        """\
from importlib.util import find_spec

if not find_spec("linreg_sweep"):
    %pip install --quiet 'git+<address of this repository>'""",
    ),
    (
        CODE,
        """\
import linreg_sweep as ls

sweep = {
    "name": "plain",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 20_000},
    "parameters": {
        "learning_rate": {"min": 0.05, "max": 1.2, "num": 24, "unit": "stability_limit"},
        "initial_weight": {"min": -10, "max": 10, "num": 21},
    },
}
ls.plan(sweep)""",
    ),
    (
        TEXT,
        """\
Nothing is trained yet: this is what theory expects. The rates are multiples of the data's stability limit,
from a twentieth of it to a fifth above. Now train them:""",
    ),
    (
        CODE,
        """\
plain = ls.run(sweep)
table = plain.summary(by="learning_rate")
table[["learning_rate", "trials", "converged", "median_converged_at", "regime"]]""",
    ),
    (
        TEXT,
        """\
Every trial is a row of `plain.trials`, an ordinary DataFrame. Here are the three best; `predicted_at` is the
epoch that the closed form gives without training:""",
    ),
    (
        CODE,
        """\
plain.best(3)[["trial", "learning_rate", "initial_weight", "converged_at", "predicted_at", "cost"]]""",
    ),
    (
        TEXT,
        """\
The map of all trials, with the limit drawn in:""",
    ),
    (
        CODE,
        """\
ls.plot(plain, kind="epochs");""",
    ),
    (
        TEXT,
        """\
Now the same with momentum, as `torch.optim.SGD` defines it. `compare` shows what differs and what that
means. It matches trials on their hyperparameters; since the limit differs, so do the rates, and here it sets
the summaries side by side.""",
    ),
    (
        CODE,
        """\
heavy = ls.run(sweep | {"name": "heavy", "training": {"epochs": 20_000, "momentum": 0.9}})
found = ls.compare(plain, heavy)
found.settings""",
    ),
    (
        CODE,
        """\
print(*found.notes)
found.outcomes[["run", "converged", "unfinished", "diverged", "median_converged_at"]]""",
    ),
    (
        TEXT,
        """\
The path of the first trial, at a twentieth of the limit, shows why: plain descent creeps along the valley and
is not done after 20,000 epochs; momentum swings into the valley and then rolls to the optimum.""",
    ),
    (
        CODE,
        """\
ls.plot(plain, heavy, kind="paths", trials=[0]);""",
    ),
    (
        TEXT,
        """\
And one page to hand on, with a map to click on and a laboratory to play with; it opens in any browser:""",
    ),
    (
        CODE,
        """\
ls.report(plain, heavy, file="momentum.html")""",
    ),
)


def main(file: Path) -> None:
    """Writes the notebook."""
    cells = [kind(text, id=f"cell-{number}") for number, (kind, text) in enumerate(CELLS)]
    notebook = new_notebook(cells=cells)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=300,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": folder}},
        )
        client.execute(env={**os.environ, "TQDM_DISABLE": "1"})  # a bar is another one each time
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.validate(notebook)
    file.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(PAGE)
