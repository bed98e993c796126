"""The least-squares problem behind a sweep: its curvature, its optimum and what they imply.

Formulas: `cost = mean((Y - A theta)**2)`, `H = k A^T A`, `C = k A^T Y`, `grad = H theta - C`. The
optimum and the spectrum come from more digits than float64 has (spectrum.py) or, where there are
many parameters, from an orthogonal factorization of A (factored.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Flags, Floats, Indices
from linreg_sweep.blocks import InOrder, Rows, each_block, ends, is_on_disk, one_by_one
from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.theory.box import boxed
from linreg_sweep.theory.dependence import dependence, middle
from linreg_sweep.theory.factored import TRUSTED, factored_spectrum
from linreg_sweep.theory.held_out import HeldOut, hold_out
from linreg_sweep.theory.penalty import penalised
from linreg_sweep.theory.quadratic import Quadratic
from linreg_sweep.theory.spectrum import MAX_PARAMETERS, precise_spectrum, shift
from linreg_sweep.words import shorten

AT_WORST = 48
"""Parameters up to which more digits than float64 has are waited for, some seconds, where it must be."""


SMALL = 2**22
"""Numbers of A, 32 MB, up to which it is kept as a whole for steps that look at some rows."""


def loss_factor(loss: str, n_rows: int, n_targets: int) -> Fraction:
    """Returns k in `grad = k A^T (A theta - Y)` for a step over n_rows rows, exactly."""
    return {
        "half_mse": Fraction(1, n_rows * n_targets),
        "mse": Fraction(2, n_rows * n_targets),
        "sse": Fraction(2),
    }[loss]


@dataclass(frozen=True)
class Problem:
    """A data set and a loss, settled: n rows, P parameters a target, O targets.

    Attributes:
        n_rows: n, the rows of the data.
        x: [n, F], as trials see it; it may make its rows when they are asked for. [0, F] where no step does.
        y: Y [n, O], likewise.
        loss: half_mse, mse or sse: what a step descends.
        fit_bias: whether the last row of theta is a bias.
        hessian: H [P, P] of the loss, in units of loss per unit of theta squared.
        hessian_low: what rounding left off it [P, P].
        constant: C [P, O].
        constant_low: what rounding left off it [P, O].
        optimum: theta* [P, O], of least norm where H is singular.
        optimum_low: what rounding left off the optimum [P, O].
        eigenvalues: of H, ascending [P]; exact zeros where H is singular.
        eigenvalue_lows: what rounding left off the eigenvalues [P]; 0 where that is not known.
        eigenvectors: V [P, P], one a column, in the order of the eigenvalues.
        cost_min: the cost at the optimum, in units of y squared.
        scale: the variance of y about its column means, to which tolerances are relative; mean(y**2)
            where no bias is fitted or y does not vary; 1 where y is 0.
        held_out: what rows say of states that are trained on none of them; None: there are none.
        filed: A [n, P] and -Y [n, O] in the descent's precision, for an engine that goes through all rows by
            itself, where they lie in a file; None: it makes them of x and y.
    """

    n_rows: int
    x: Rows
    y: Rows
    loss: str
    fit_bias: bool
    hessian: Floats
    hessian_low: Floats
    constant: Floats
    constant_low: Floats
    optimum: Floats
    optimum_low: Floats
    eigenvalues: Floats
    eigenvalue_lows: Floats
    eigenvectors: Floats
    cost_min: float
    scale: float
    held_out: HeldOut | None = None
    filed: tuple[NDArray[np.floating], NDArray[np.floating]] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(P, O), the shape of theta."""
        return self.optimum.shape[0], self.optimum.shape[1]

    @property
    def factor(self) -> float:
        """The factor k of a full-batch step."""
        return float(loss_factor(self.loss, self.n_rows, self.shape[1]))

    @property
    def cost_per_loss(self) -> float:
        """1/(k n O): what turns `e^T H e` into an excess cost."""
        return 1.0 / (self.factor * self.n_rows * self.shape[1])

    @property
    def curvature(self) -> tuple[float, float]:
        """The flattest and the steepest curvature apart from 0, of the eigenvalues; 0 and 0 where all are."""
        curved = self.eigenvalues[self.eigenvalues > 0]
        return (float(curved[0]), float(curved[-1])) if len(curved) else (0.0, 0.0)

    @property
    def condition_number(self) -> float:
        """The steepest curvature over the flattest; 1, the easiest, where there is none."""
        flattest, steepest = self.curvature
        return steepest / flattest if flattest else 1.0

    @cached_property
    def known(self) -> dict[Any, Any]:
        """What theories have found of it, by what that depends on."""
        return {}

    @cached_property
    def variance(self) -> float:
        """The mean square of the targets about their own means; about 0 where no bias is fitted."""
        return variance(self.targets, fit_bias=self.fit_bias)

    @cached_property
    def quadratic(self) -> Quadratic:
        """What trials without a penalty descend, the same for all."""
        least = np.array([self.cost_min])
        return Quadratic(
            eigenvalues=self.eigenvalues[:, None],
            lows=self.eigenvalue_lows[:, None],
            bases=self.eigenvectors[..., None],
            optimum=self.optimum[..., None],
            optimum_low=self.optimum_low[..., None],
            cost_at_optimum=least,
            least=least,
            cost_per_loss=self.cost_per_loss,
            scale=self.scale,
        )

    def penalised(self, weight_decay: Floats, decay_bias: bool) -> Quadratic:
        """Returns what trials descend whose penalty [K] is added to the gradient; see penalty.py.

        Args:
            weight_decay: in units of the loss's curvature, at least 0.
            decay_bias: whether the bias is penalised, too.
        """
        gram, moment = (self.hessian, self.hessian_low), (self.constant, self.constant_low)
        return penalised(self.quadratic, gram, moment, weight_decay, self._decayed(decay_bias=decay_bias))

    def boxed(self, weight_decay: Floats, decay_bias: bool) -> Quadratic:
        """Returns what trials descend whose penalty [K] shrinks theta itself, as adamw's; see box.py.

        Args:
            weight_decay: at least 0.
            decay_bias: whether the bias is penalised, too.
        """
        return boxed(self.quadratic, weight_decay, self._decayed(decay_bias=decay_bias))

    def _decayed(self, *, decay_bias: bool) -> Flags:
        """Returns which parameters are penalised [P]."""
        decayed = np.ones(self.shape[0], np.bool_)
        decayed[-1] = decay_bias or not self.fit_bias
        return decayed

    def rows(self, chosen: Indices | slice) -> tuple[Floats, Floats]:
        """Returns some rows of A [k, P], x and, where a bias is fitted, a last one, and of Y [k, O]."""
        is_small = self.n_rows * self.shape[0] <= SMALL
        return self.design[chosen] if is_small else self._made(chosen), self.y[chosen]

    @property
    def is_on_disk(self) -> bool:
        """Whether its rows lie in a file, so that no one should hold all of them."""
        return is_on_disk(self.x)

    @cached_property
    def design(self) -> Floats:
        """A [n, P] as a whole, which takes the memory of all rows."""
        return self._made(slice(None))

    def _made(self, chosen: Indices | slice) -> Floats:
        x = self.x[chosen]
        a = np.ones((len(x), self.shape[0]))
        a[:, : x.shape[1]] = x
        return a

    @property
    def targets(self) -> Floats:
        """Y [n, O] as a whole."""
        return np.asarray(self.y[:])

    def without_rows(self) -> "Problem":
        """Returns the same for steps that see all rows at once, which H and C are enough for."""
        return replace(self, x=self.x[:0], y=self.y[:0], filed=None)

    def __getstate__(self) -> dict[str, Any]:
        """Returns what workers need: limits that are found, but not what else can be worked out again."""
        state = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**state, "known": {"limits": self.known.get("limits", {})}}

    def batch(self, rows: Indices | slice) -> tuple[Floats, Floats]:
        """Returns H [P, P] and C [P, O] of a step over these rows alone, with their own k."""
        hessians, constants = self.batches(rows, None)
        return hessians[0], constants[0]

    def batches(self, rows: Indices | slice, size: int | None) -> tuple[Floats, Floats]:
        """Returns H [m, P, P] and C [m, P, O] of steps over so many of these rows each; None: over all."""
        a, y = (each.reshape(-1, size or len(each), each.shape[1]) for each in self.rows(rows))
        k, transposed = float(loss_factor(self.loss, a.shape[1], y.shape[2])), a.transpose(0, 2, 1)
        return k * (transposed @ a), k * (transposed @ y)

    def excess_cost(self, theta: Floats) -> Floats:
        """Returns how far the cost of each state lies above the optimum, never below 0.

        Args:
            theta: [K, P, O].

        Returns:
            [K], in units of y squared, to full relative precision.
        """
        return self.quadratic.excess(theta)

    def cost(self, theta: Floats) -> Floats:
        """Returns the mean squared error [K] of each state [K, P, O], in units of y squared."""
        return self.cost_min + self.excess_cost(theta)

    def held_out_cost(self, theta: Floats) -> Floats:
        """Returns the mean squared error [K] of states [K, P, O] on held-out rows; NaN: there are none."""
        return np.full(len(theta), np.nan) if self.held_out is None else self.held_out.cost(theta)

    def holding_out(self, x: Rows, y: Rows) -> "Problem":
        """Returns the same with held-out rows, x [m, F] as trials see it and y [m, O]."""
        spread = variance(y, fit_bias=self.fit_bias)
        found = hold_out(x, y, self.optimum, self.optimum_low, spread, fit_bias=self.fit_bias)
        return replace(self, held_out=found)


def make_problem(
    x: Rows,
    y: Rows,
    *,
    loss: str,
    fit_bias: bool,
    noise: Floats | None = None,
    names: Sequence[str] = (),
    in_order: InOrder = one_by_one,
) -> Problem:
    """Settles everything a trial needs to know of the data, in one pass over its rows.

    Args:
        x: [n, F], n >= 1; F may be 0 where a bias is fitted.
        y: [n, O].
        loss: half_mse, mse or sse.
        fit_bias: whether a bias row is added to theta.
        noise: how far rounding may have moved the entries of each column [F]; None: by half a unit in
            the last place.
        names: of the F columns of x and the O of y, for messages.
        in_order: what works on pieces of the rows, here or elsewhere: the sums have the same bits.

    Returns:
        The problem.

    Raises:
        DataError: squares of the data overflow or vanish, or there are more than AT_WORST parameters that
            float64 cannot tell apart.
    """
    factor = loss_factor(loss, len(x), y.shape[1])
    _check_squares(x, y, factor, names)
    data = shift(x, y)
    found = dependence(x, fit_bias=fit_bias, noise=noise)
    n_parameters = x.shape[1] + fit_bias
    spectrum = None
    if n_parameters > MAX_PARAMETERS:
        spectrum = factored_spectrum(data, found, factor, fit_bias=fit_bias, in_order=in_order)
    if spectrum is None and n_parameters <= AT_WORST:
        spectrum = precise_spectrum(data, found, factor, fit_bias=fit_bias, in_order=in_order)
    if spectrum is None:
        text = (
            f"the condition number of more than {AT_WORST} parameters must be below {TRUSTED**-2:.0e}:"
            " columns lie too far from 0, or differ too much in size"
        )
        hint = "write standardize: true in the config's data block, or leave out what nearly repeats others"
        raise DataError(Complaint("data", text, hint))
    return Problem(
        n_rows=len(x),
        x=x,
        y=y,
        loss=loss,
        fit_bias=fit_bias,
        hessian=spectrum.hessian,
        hessian_low=spectrum.hessian_low,
        constant=spectrum.constant,
        constant_low=spectrum.constant_low,
        optimum=spectrum.optimum,
        optimum_low=spectrum.optimum_low,
        eigenvalues=spectrum.eigenvalues,
        eigenvalue_lows=spectrum.lows,
        eigenvectors=spectrum.eigenvectors,
        cost_min=spectrum.cost_min,
        scale=_scale(y, fit_bias=fit_bias),
    )


def _check_squares(x: Rows, y: Rows, factor: Fraction, names: Sequence[str]) -> None:
    """Refuses data that float64 cannot square.

    Raises:
        DataError: squares overflow, or those of a column that is not 0 vanish.
    """
    most = max(float(factor), 1 / len(x))
    with np.errstate(over="ignore", under="ignore"):
        squares = most * np.hstack([_sum_of_squares(columns) for columns in (x, y)])
    largest = np.hstack([np.maximum(high, -low) for low, high in (ends(x), ends(y))])
    vanished = (squares < np.finfo(np.float64).tiny) & (largest > 0)
    for wrong, must in ((~np.isfinite(squares), "stay finite"), (vanished, "not vanish")):
        if wrong.any():
            worst = int(np.flatnonzero(wrong)[largest[wrong].argmax()])
            text = f"the squares of the data must {must}, the largest value"
            text += f" of column {shorten(names[worst])!r}" if names else ""
            hint = "choose another unit"
            if worst < x.shape[1]:
                hint += ", or write standardize: true in the config's data block"
            raise DataError(Complaint("data", f"{text} is {largest[worst]:.3g}", hint))


def _sum_of_squares(matrix: Rows) -> Floats:
    """Returns that of each column [columns]."""
    nothing = np.zeros(matrix.shape[1])
    return sum((np.einsum("ij,ij->j", block, block) for block in each_block(matrix)), nothing)


def _scale(y: Rows, *, fit_bias: bool) -> float:
    """Returns the cost of the best constant, or of 0 where no bias is fitted or y does not vary."""
    return variance(y, fit_bias=fit_bias) or variance(y, fit_bias=False) or 1.0


def variance(y: Rows, *, fit_bias: bool) -> float:
    """Returns the mean square of targets [n, O] about their own means; about 0 where no bias is fitted."""
    if not fit_bias:
        return sum(float((part**2).sum()) for part in each_block(y)) / (len(y) * y.shape[1])
    low, high = ends(y)
    shift, varies = middle(low, high), low < high  # exactly: a mean may be off by its rounding
    size = len(y) * y.shape[1]
    mean = sum(((part - shift).sum(axis=0) for part in each_block(y)), np.zeros(len(shift))) / len(y)
    spread = sum(float((np.where(varies, part - shift - mean, 0.0) ** 2).sum()) for part in each_block(y))
    return spread / size
