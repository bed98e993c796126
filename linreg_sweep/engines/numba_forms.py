"""Which arithmetic the compiled engine takes: a function of the shape of data and steps, and of the rule.

Forms round differently, so that no run may mix two; how many trials there are plays no part.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linreg_sweep.method import Method

FEW_PARAMETERS = 8
"""Parameters up to which products are elementwise, with the NumPy engine's bits, if all rows make a step."""

FEW_BATCHES = 24
"""Batches an epoch up to which they are elementwise with mini-batches."""

SETTLED_BATCHES = 1024
"""Batches an epoch up to which they are so where H of each is held."""

MOST_MADE = 16
"""Parameters up to which H of a batch that is drawn is made of its rows, where these are as many."""

MOST_NUMBERS = 2**22
"""Numbers of H and C of all batches, or of products of rows, that are held at once."""

MOST_HELD = 28
"""Parameters up to which theta goes through rows in registers: it decides bits, so no processor does."""

LEAST_ROWS, MOST_ROWS = 64, 256
"""Rows whose residuals are held at once, those of smaller batches together where no step comes between."""

AHEAD = 8
"""Rows whose residuals are found at once where each is a step: those of the later ones follow."""

CHUNK = 512
"""Epochs between two looks at what was measured, at most, unless there are only rows to be held."""

CHUNK_NUMBERS = 2**20
"""Numbers of theta, of as many trials as go together, or of H, over the epochs between two looks."""


@dataclass(frozen=True)
class Form:
    """The arithmetic of a step and of the measure.

    Attributes:
        is_elementwise: products of H are; else they are chains of fma.
        steps_by_rows: a step takes rows, by way of residuals; else H and C that are there.
        measures_by_rows: likewise the gradient of all rows.
        is_full_batch: a step sees all rows, and its gradient is the one that is measured.
        shuffles: whether epochs differ in the rows that their steps see.
        is_row_by_row: whether a step sees one row.
        holds_batch: whether the residuals of a step are held at once.
        makes_curvature: whether rows are first made into H and C of the step, by which it goes.
        looks_ahead: whether single rows are taken several at a time, by the products of each with the others.
    """

    is_elementwise: bool
    steps_by_rows: bool
    measures_by_rows: bool
    is_full_batch: bool
    shuffles: bool
    is_row_by_row: bool
    holds_batch: bool
    makes_curvature: bool = False
    looks_ahead: bool = False

    @property
    def measures_by_difference(self) -> bool:
        """Whether rows measure how far theta is from theta*: no step takes the gradient of all of them."""
        return self.measures_by_rows and not self.is_full_batch

    def __str__(self) -> str:
        """Names the family of its roundings."""
        if self.is_elementwise:
            return "H elementwise"
        has_curvature = self.is_full_batch or self.makes_curvature
        ways = {self.steps_by_rows and not has_curvature, self.measures_by_rows}
        ahead = f", {AHEAD} rows at a time" * self.looks_ahead
        return " and ".join(("rows" if by_rows else "H") for by_rows in sorted(ways)) + f" by fma{ahead}"


def form_of(n_rows: int, shape: tuple[int, int], method: "Method", dtype: str = "float64") -> Form:
    """Returns the form for a shape and a method, the same in either precision.

    Args:
        n_rows: n.
        shape: (P, O).
        method: how many rows a step sees, in which order, and whether its rule is the plain one.
        dtype: of no account.
    """
    n_parameters, n_targets = shape
    size, shuffles = min(method.batch_size or n_rows, n_rows), method.is_drawn
    n_batches = -(-n_rows // size)
    few, of_size = n_parameters <= FEW_PARAMETERS, (size == 1, size <= MOST_ROWS)
    by_rows = 2 * n_rows < n_parameters and not few
    if method.sees_all(n_rows):
        return Form(few, by_rows, by_rows, True, False, *of_size)
    held = n_batches * n_parameters * (n_parameters + n_targets)
    step_by_rows = shuffles or n_parameters >= 2 * size or held > MOST_NUMBERS
    most = FEW_BATCHES if step_by_rows else SETTLED_BATCHES
    if few and n_batches <= most:
        return Form(True, False, False, False, shuffles, *of_size)
    padded = n_batches * n_parameters * (n_parameters + max(n_targets, MOST_MADE))
    makes = shuffles and n_parameters <= min(MOST_MADE, size) and padded <= MOST_NUMBERS
    single = size == 1 and not shuffles and n_parameters > MOST_HELD
    ahead = single and method.is_plain and n_rows * AHEAD <= MOST_NUMBERS
    return Form(False, step_by_rows, by_rows, False, shuffles, *of_size, makes, ahead)
