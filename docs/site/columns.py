"""The reference of columns, from the registry of the trials table and what summaries and comparisons say."""

from collections.abc import Iterator
from inspect import getdoc

from tables import table

from linreg_sweep.analysis.legend import COLUMN_MEANING
from linreg_sweep.text.comparisons import MEANING
from linreg_sweep.trials.columns import HISTORY, NAMED, TRIALS, Column, Family

HOLDS = {
    "number": "number",
    "count": "whole number",
    "epoch": "epoch, or missing",
    "words": "word",
}
"""What each kind of column holds."""

FAMILIES = {
    "hyperparameter": ("the hyperparameters", "what the sweep varies and what it holds fixed, a column each"),
    "state": (
        "`weight`, `bias`",
        "the state at which the trial ended; `weight_<x>` with several features, `weight_<x>_<y>` and"
        " `bias_<y>` with several targets; `_unscaled`: in the data's own units, where x is standardized",
    ),
    "average": ("`average_<parameter>`", "the averaged state"),
}
"""Columns of which an experiment decides how many there are, by how the function begins that names them."""

PLAIN = {
    "trial": "its number, from 0 on, in the order of the grid",
    "outcome": "how it ended",
    "regime": "what its learning rate does to the steepest direction",
    "regime_source": "whether the regime follows from the data's spectrum or was measured",
}
"""What columns mean whose name says enough beside a table."""


def text() -> str:
    """Returns the tables of columns."""
    return "\n".join(
        (
            "\n## Trials\n",
            "`show --trials`, `Run.trials`, `export`: one row per trial.\n",
            table(("column", "holds", "meaning"), map(_row, TRIALS)),
            "\n## Summaries\n",
            "`run`, `show`, `Run.summary`: one row per value, with the number of `trials`,"
            " how many of them ended in each outcome, and\n",
            table(("column", "meaning"), _only_in_summaries()),
            "\n## History\n",
            "`Run.history`: one row a kept state (`history.every`).\n",
            table(("column", "meaning"), _of_history()),
            "\n## Comparisons\n",
            "`compare`, `Comparison`.\n",
            table(("column", "meaning"), ((_code(name), meaning) for name, meaning in MEANING.items())),
        )
    )


def _row(entry: Column | Family) -> tuple[str, str, str]:
    if isinstance(entry, Family):
        kind = entry.types.__name__.strip("_").removesuffix("_types")
        name, meaning = FAMILIES.get(kind, (kind.replace("_", " "), getdoc(entry.types) or ""))
        return name, "", meaning
    holds = ", ".join(f"`{word}`" for word in entry.words) or HOLDS[entry.kind]
    return f"`{entry.name}`", holds, entry.meaning or PLAIN.get(entry.name, "")


def _only_in_summaries() -> Iterator[tuple[str, str]]:
    for name, meaning in COLUMN_MEANING.items():
        if name not in NAMED and name != "learning_rate":
            yield f"`{name}`", meaning


def _of_history() -> Iterator[tuple[str, str]]:
    meaning = {"trial": "the trial's number", "epoch": "epochs done: the state after that epoch's update"}
    for name in HISTORY:
        yield f"`{name}`", meaning.get(name, "")
    yield FAMILIES["state"][0], "the state, as in the table of trials"
    yield "`cost`", "mean squared error of this state"


def _code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))
