"""The least-squares problem behind a sweep: its curvature, its optimum and what they imply.

Formulas: `cost = mean((Y - A theta)**2)`, `H = k A^T A`, `C = k A^T Y`, `grad = H theta - C`. The
optimum and the spectrum come from more digits than float64 has (spectrum.py) or, where there are
many parameters, from an orthogonal factorization of A: H in float64 would square the condition
number (Golub and Van Loan, Matrix Computations, sec. 5.3).
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.errors import Complaint, DataError
from linreg_sweep.theory.spectrum import MOST_PARAMETERS, Spectrum, precise_spectrum

Floats = NDArray[np.float64]

TOGETHER = 2**15
"""Numbers of theta whose costs are worked out together: few enough for the cache."""


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
        design: A [n, P], the x columns and, where a bias is fitted, a last column of ones.
        targets: Y [n, O].
        loss: half_mse, mse or sse: what a step descends.
        fit_bias: whether the last row of theta is a bias.
        hessian: H [P, P] of the loss, in units of loss per unit of theta squared.
        constant: C [P, O].
        optimum: theta* [P, O], of least norm where H is singular.
        optimum_tail: what rounding left off the optimum [P, O]; 0 where that is not known.
        eigenvalues: of H, ascending [P]; exact zeros where H is singular.
        eigenvalue_tails: what rounding left off the eigenvalues [P]; 0 where that is not known.
        eigenvectors: V [P, P], one a column, in the order of the eigenvalues.
        cost_min: the cost at the optimum, in units of y squared.
        scale: the variance of y about its column means, to which tolerances are relative; mean(y**2)
            where no bias is fitted or y does not vary; 1 where y is 0.
    """

    design: Floats
    targets: Floats
    loss: str
    fit_bias: bool
    hessian: Floats
    constant: Floats
    optimum: Floats
    optimum_tail: Floats
    eigenvalues: Floats
    eigenvalue_tails: Floats
    eigenvectors: Floats
    cost_min: float
    scale: float

    @property
    def n_rows(self) -> int:
        """n, the rows of the data."""
        return len(self.design)

    @property
    def shape(self) -> tuple[int, int]:
        """(P, O), the shape of theta."""
        return self.optimum.shape[0], self.optimum.shape[1]

    @property
    def factor(self) -> float:
        """The factor k of a full-batch step."""
        return float(loss_factor(self.loss, self.n_rows, self.targets.shape[1]))

    @property
    def cost_per_loss(self) -> float:
        """1/(k n O): what turns `e^T H e` into an excess cost."""
        return 1.0 / (self.factor * self.targets.size)

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

    def batch(self, rows: NDArray[np.intp] | slice) -> tuple[Floats, Floats]:
        """Returns H [P, P] and C [P, O] of a step over these rows alone, with their own k."""
        a, y = self.design[rows], self.targets[rows]
        k = float(loss_factor(self.loss, len(a), y.shape[1]))
        return k * (a.T @ a), k * (a.T @ y)

    def excess_cost(self, theta: Floats) -> Floats:
        """Returns how far the cost of each state lies above the optimum, never below 0.

        Args:
            theta: [K, P, O].

        Returns:
            [K], in units of y squared, to full relative precision: it is a sum of squares along
            the eigenvectors, not a difference of costs, and each trial's bits are its own.
        """
        total = np.zeros(len(theta))
        with np.errstate(over="ignore", invalid="ignore"):  # diverged trials hold infinities
            weights = (self.eigenvalues * self.cost_per_loss)[:, None, None]
            for first in range(0, len(theta), width := max(1, TOGETHER // self.optimum.size)):
                error = np.moveaxis(theta[first : first + width], 0, -1) - self.optimum[..., None]
                along = self.eigenvectors[0][:, None, None] * error[0]
                spare = np.empty_like(along)
                for vector, row in zip(self.eigenvectors[1:], error[1:], strict=True):
                    along += np.multiply(vector[:, None, None], row, out=spare)
                for term in (weights * along * along).reshape(self.optimum.size, -1):
                    total[first : first + width] += term
        return total

    def cost(self, theta: Floats) -> Floats:
        """Returns the mean squared error [K] of each state [K, P, O], in units of y squared."""
        return self.cost_min + self.excess_cost(theta)


def make_problem(x: Floats, y: Floats, *, loss: str, fit_bias: bool) -> Problem:
    """Settles everything a trial needs to know of the data, in one pass over its rows.

    Args:
        x: [n, F], n >= 1; F may be 0 where a bias is fitted.
        y: [n, O].
        loss: half_mse, mse or sse.
        fit_bias: whether a bias row is added to theta.

    Returns:
        The problem.

    Raises:
        DataError: the data are so large that their squares overflow.

    Source: Golub and Van Loan, Matrix Computations, sec. 5.3 (QR) and 5.5 (rank deficiency).
    """
    design = np.ascontiguousarray(np.column_stack([x, np.ones(len(x))]) if fit_bias else x)
    n_rows = len(design)
    factor = loss_factor(loss, n_rows, y.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):
        hessian, constant = float(factor) * (design.T @ design), float(factor) * (design.T @ y)
        varies = np.ptp(y, axis=0) > 0  # exactly: a mean may be off by its rounding
        spread = np.where(varies, y - y.mean(axis=0), 0.0) if fit_bias else y
        scale = float(np.mean(spread**2)) or float(np.mean(y**2)) or 1.0
    if not (np.isfinite(hessian).all() and np.isfinite(constant).all() and np.isfinite(scale)):
        largest = max(np.abs(x).max(initial=0.0), np.abs(y).max())
        raise DataError(
            Complaint(
                "data",
                f"the squares of the data must stay finite, the largest value is {largest:.3g}",
                "choose a smaller unit, or write standardize: true in the config's data block",
            )
        )

    if np.any(y) and not np.mean(y**2):
        text = f"the squares of the data must not vanish, the largest value of y is {np.abs(y).max():.3g}"
        raise DataError(Complaint("data", text, "choose a smaller unit for y"))

    spectrum = _spectrum(design, y, factor, hessian, constant)
    residuals = y - design @ spectrum.optimum
    return Problem(
        design=design,
        targets=y,
        loss=loss,
        fit_bias=fit_bias,
        hessian=spectrum.hessian,
        constant=spectrum.constant,
        optimum=spectrum.optimum,
        optimum_tail=spectrum.optimum_tail,
        eigenvalues=spectrum.eigenvalues,
        eigenvalue_tails=spectrum.tails,
        eigenvectors=spectrum.eigenvectors,
        cost_min=float(np.mean(residuals**2)),
        scale=scale,
    )


def _spectrum(
    design: Floats, targets: Floats, factor: Fraction, hessian: Floats, constant: Floats
) -> Spectrum:
    """Returns the spectrum of H and the optimum; what counts as 0 is judged on A, not on H."""
    n_rows, n_parameters = design.shape
    triangle = np.asarray(np.linalg.qr(np.column_stack([design, targets]), mode="r"))
    left, singular, right = np.linalg.svd(triangle[:, :n_parameters])
    size = len(singular)
    cutoff = np.finfo(float).eps * max(n_rows, n_parameters) * singular.max(initial=0.0)
    kept = singular > cutoff
    rank = int(np.count_nonzero(kept))
    if n_parameters <= MOST_PARAMETERS:
        return precise_spectrum(design, targets, rank, factor)
    along = left[:, :size][:, kept].T @ triangle[:, n_parameters:]
    optimum = right[:size][kept].T @ (along / singular[kept, None])
    eigenvalues = np.zeros(n_parameters)
    eigenvalues[:size][kept] = float(factor) * singular[kept] ** 2
    vectors = right.T[:, ::-1].copy()
    return Spectrum(
        eigenvalues[::-1].copy(),
        np.zeros(n_parameters),
        vectors,
        optimum,
        np.zeros_like(optimum),
        hessian,
        constant,
    )
