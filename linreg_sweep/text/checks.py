"""What `edge` and `verify` say."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from linreg_sweep.analysis.formats import Table
from linreg_sweep.text.phrases import columns_of
from linreg_sweep.words import counted

if TYPE_CHECKING:
    from linreg_sweep.edge_search import Edges
    from linreg_sweep.verification import Verification


def edge_table(measured: "Edges", *, exact: bool) -> Table:
    """Returns the edges of a sweep, one a row: exact, or with as many digits as were measured."""

    def shown(rate: float | None) -> float | str | None:
        return rate if exact or rate is None else f"{rate:.11g}"

    return columns_of(
        [
            {name: getattr(row, name) for name in measured.varied}
            | {
                "largest_stable": shown(row.largest_stable),
                "smallest_unstable": shown(row.smallest_unstable),
                "stability_limit": shown(row.stability_limit),
                "relative_difference": row.relative_difference,
            }
            for row in measured.rows
        ]
    )


def format_edges(measured: "Edges") -> Iterator[str]:
    """Yields what the rates in a table of edges are, and how they were measured."""
    yield (
        f"Measured with engine {measured.engine}, loss {measured.loss}, {measured.dtype}: up to"
        " largest_stable the difference between two trials dies out, from smallest_unstable on it grows."
    )
    if measured.is_drawn:
        yield "Rows are drawn at random: this is the edge over the first epochs of this seed."
    if measured.dtype == "float32":
        yield "The two are as close as float32 and its rounding can tell apart."
    if any(row.stability_limit is None for row in measured.rows):
        where = f" where {' or '.join(measured.no_limit)}" if measured.no_limit else ""
        yield f"No limit is known{where}: there the measured edge stands alone."
    if any(row.stability_limit is not None for row in measured.rows) and measured.is_drawn:
        yield (
            "stability_limit is theory's in mean square, over all draws: the epochs of one seed may be stable"
            " above it, as relative_difference says."
        )
    elif any(row.stability_limit is not None for row in measured.rows):
        yield (
            "stability_limit is theory's, 2 / largest curvature or momentum's own, in file order the first;"
            " relative_difference is how far the measured edge is from it."
        )


def mismatch_table(checked: "Verification") -> Table:
    """Returns what of a run is not what training it again gives, one a row."""
    wrong = checked.mismatches
    return {
        "trial": [mismatch.trial for mismatch in wrong],
        "column": [mismatch.column for mismatch in wrong],
        "found": [str(mismatch.found) for mismatch in wrong],
        "expected": [mismatch.expected for mismatch in wrong],
        "part": [mismatch.part.name for mismatch in wrong],
    }


def format_verification(checked: "Verification") -> Iterator[str]:
    """Yields what became of a check, in a sentence or two."""
    rows = {mismatch.trial for mismatch in checked.mismatches if mismatch.trial is not None}
    others = {mismatch.part for mismatch in checked.mismatches if mismatch.trial is None}
    wrong = [counted(len(rows), "row")] * bool(rows) + [counted(len(others), "file")] * bool(others)
    differ = "differs" if len(rows) + len(others) == 1 else "differ"
    found = f"{' and '.join(wrong)} {differ}" if wrong else "every number is the same"
    yield f"{counted(checked.n_trials, 'trial')} trained again and compared: {found}."
    if checked.n_mismatches > len(checked.mismatches):
        yield f"These are the first {len(checked.mismatches):,} of {checked.n_mismatches:,} differences."
    if checked.n_missing:
        yield f"{counted(checked.n_missing, 'trial')} missing: the sweep is not finished."
    versions = [f"{name} {then}, here it is {here}" for name, (then, here) in checked.other_versions.items()]
    if versions:
        yield f"The run was made with {'; '.join(versions)}: that alone may change the last digits."
