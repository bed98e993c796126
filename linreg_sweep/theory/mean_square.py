"""Second moments at rest, and the rate from which on they grow, of so many parameters that no matrix is held.

What chance adds to one gradient leaves a trace in all later errors: r_i(t) along an eigenvector of the mean
curvature. At rest each step adds a scatter F, so the error's second moment is `S = K F`, entry by entry, with
K_ij the sum of r_i(t) r_j(t) over t. F itself is what the rows make of S, and what they add at the optimum:
`S - K Pi(S) = K G`. K is known in closed form, with momentum as well, Pi is a pass over the rows, and S grows
from where the largest eigenvalue of K Pi reaches 1: both maps take no semidefinite S to another kind, so that
this eigenvalue is positive and its eigenvector semidefinite (Krein and Rutman, Uspekhi Mat. Nauk 3, 1948; of
regular splittings see Varga, Matrix Iterative Analysis, sec. 3.6).

Without momentum the limit is 2 over the largest eigenvalue of C**-1 D, where a step takes S to
`S - 2 rate C(S) + rate**2 D(S)`: one search instead of one at each rate.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats
from linreg_sweep.theory.affine import growth_of
from linreg_sweep.theory.epoch_map import Momentum
from linreg_sweep.theory.krylov import largest_eigenvalue, undone
from linreg_sweep.theory.scatter import Scatter

Numbers = NDArray[Any]


@dataclass(frozen=True)
class Modes:
    """What steps of the mean curvature do along each of q eigenvectors, to d numbers.

    These are the error and, with momentum, the rate times the velocity: in other pairs the two systems of
    second moments are nearly singular where momentum is close to 1.

    Attributes:
        delta: a step, less I [q, d, d].
        given: what a gradient of 1 does at once [d].
        seen: what makes an error of them [d].
    """

    delta: Floats
    given: Floats
    seen: Floats

    def left_of(self, second: Numbers, grown: complex = 0.0) -> Numbers:
        """Returns what errors have in common [q, q] in all steps together, from one on.

        Args:
            second: what the numbers have in common there [d, d, q, q]; no chance comes on top.
            grown: z - 1, where the steps count by z**-1, z**-2, ... instead of all alike.
        """
        q, d = self.delta.shape[:2]
        unit, one = np.eye(d), self.delta
        both = np.einsum("iac,jbd->ijabcd", one, one)
        both += np.einsum("iac,bd->iabcd", one, unit)[:, None] + np.einsum("jbd,ac->jabcd", one, unit)
        falls = grown * np.eye(d * d) - both.reshape(q, q, d * d, d * d)
        size = np.abs(falls).max(axis=3, keepdims=True)
        wanted = np.moveaxis(second.reshape(d * d, q, q), 0, -1)[..., None] / size
        found = np.linalg.solve(falls / size, wanted)[..., 0]
        return np.asarray(found @ np.outer(self.seen, self.seen).ravel())

    def kept(self, grown: complex = 0.0) -> Numbers:
        """Returns K [q, q]: the same of a scatter of 1 that a step adds to gradients."""
        q = len(self.delta)
        return self.left_of(np.outer(self.given, self.given)[:, :, None, None] * np.ones((q, q)), grown)


def modes_of(values: Floats, rate: float, momentum: Momentum | None) -> Modes:
    """Returns what steps do along eigenvectors of these eigenvalues [q].

    Args:
        values: of the mean curvature, in some unit.
        rate: the learning rate, in one over that.
        momentum: that of one trial.
    """
    x = rate * values
    if momentum is None:
        return Modes(-x[:, None, None], np.array([rate]), np.ones(1))
    m, gain = float(momentum.momentum[0]), float(momentum.gain[0])
    delta = np.empty((len(x), 2, 2))
    delta[:, 1, 0], delta[:, 1, 1] = gain * x, m - 1
    along = float(momentum.along[0])
    delta[:, 0, 0], delta[:, 0, 1] = -along * x, -(m**2 if momentum.nesterov else m)
    return Modes(delta, rate * np.array([along, -gain]), np.array([1.0, 0.0]))


def plateau_of(scatter: Scatter, modes: Modes) -> float:
    """Returns the expected excess at rest, where second moments come to rest; NaN: it was not found."""
    kept, none = modes.kept(), np.zeros_like(scatter.mean)
    size = np.sqrt(np.outer(scatter.values, scatter.values))  # so that entries count by what they cost
    noise = scatter(none, np.zeros_like(scatter.offset))
    found = undone(lambda second: size * kept * scatter(second / size), size * kept * noise) / size
    return float((scatter.excess * (found + scatter.offset @ scatter.offset.T)).sum())


def growth_at(scatter: Scatter, rate: float, momentum: Momentum | None) -> float:
    """Returns a number below 0 where second moments come to rest at a rate, and above where they grow."""
    scatter = scatter.curved
    modes = modes_of(scatter.values, rate * scatter.unit, momentum)
    if not (growth_of(modes.delta) < 0).all():
        return 1.0
    kept, unit = modes.kept(), np.eye(len(scatter.values))
    root = np.sqrt(np.abs(kept))
    if (kept > 0).all():
        return largest_eigenvalue(lambda second: root * scatter(root * second), root * unit) - 1
    return largest_eigenvalue(lambda second: kept * scatter(second), kept * unit, is_symmetric=False) - 1


def limit_of(scatter: Scatter) -> float:
    """Returns the rate from which on second moments grow without momentum; NaN: it was not found."""
    scatter = scatter.curved
    values = scatter.values
    if not len(values):
        return np.inf
    size = np.sqrt((values[:, None] + values) / 2)

    def map_(second: Floats) -> Floats:
        scaled = second / size
        return (values[:, None] * scaled * values + scatter(scaled)) / size

    return 2 / scatter.unit / largest_eigenvalue(map_, np.eye(len(values)) * size)
