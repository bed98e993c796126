"""Which parameter matters, in a sentence."""

from linreg_sweep.analysis.aggregate import Table
from linreg_sweep.analysis.importance import MANY
from linreg_sweep.plots.style import spaced
from linreg_sweep.words import joined

LEAST = 0.01
"""The smallest share that is worth a word."""

MOST = 4
"""Shares that a sentence names."""


def format_importance(column: str, table: Table) -> str:
    """Returns which shares of the variance of a column parameters and pairs have; nothing where it has none.

    Of the column `outcome` it is whether trials converge. For the table see analysis.importance.shares.
    """
    found = [
        (str(name), share)
        for name, share in zip(table["parameters"], table["share"], strict=True)
        if share is not None and share >= LEAST
    ]
    if len(table["parameters"]) < 2 or not found:
        return ""
    verbs = ["explain " if found[0][0] == MANY else "explains ", *[""] * (MOST - 1)]
    named = zip(found, verbs, strict=False)
    told = [f"{_words(name)} {verb}{100 * share:.0f} %" for (name, share), verb in named]
    what = "whether trials converge" if column == "outcome" else spaced(column)
    return f"Of the variance in {what}, {joined(told)}."


def _words(name: str) -> str:
    """Returns a parameter, or two that act together, as a sentence has them."""
    first, x, second = name.partition(" x ")
    return f"{spaced(first)} together with {spaced(second)}" if x else spaced(first)
