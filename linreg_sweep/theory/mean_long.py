"""The mean over all draws after any number of steps, by an integral around what a step has for eigenvalues.

The sum over all steps s of their second moments times z**-s solves an equation like that of second moments at
rest (`mean_square.py`), for each complex z; and what t steps come to is its integral over z**t dz / z around
the eigenvalues of a step. With z = exp(w / t) most of these lie on the negative half of w's axis, and on
Talbot's contour around it two dozen points give all digits (Weideman and Trefethen, Math. Comp. 76, 2007).
Those apart from it, which swing from step to step, are left to die out first: step by step, and so far that
twice as many steps, taken as well, show what the integral would have missed.
"""

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats
from linreg_sweep.theory.krylov import undone
from linreg_sweep.theory.mean_course import MeanCourse

Numbers = NDArray[np.complex128]

POINTS = 24
"""Points of the contour, of which half are mirrored: an error of 1e-14."""

PASSES = 800
"""Passes over the rows that two integrals mostly take."""

GONE = 23.0
"""How many times by e what swings is to die out: to 1e-10."""

TRUSTED = 5e-10
"""Share of the excess that may be missing, as far as it shows."""


def swinging_steps(course: MeanCourse) -> int:
    """Returns the steps within which what swings from step to step dies out."""
    delta = course.modes.delta
    moved = 1 + np.linalg.eigvals(delta)
    swings = (moved.imag != 0) | (moved.real < 0)
    size = float(np.abs(moved[swings]).max(initial=0.1) * np.abs(moved).max())
    return int(np.ceil(min(GONE / -np.log(size), 2**62))) if size < 1 else 2**62


def long_after(course: MeanCourse, state: Floats, n_steps: int, swinging: int) -> float:
    """Returns the expected excess so many steps after moments; NaN: it was not found, to nine digits.

    Args:
        course: of moments that come to rest.
        state: the moments.
        n_steps: more than twice those in which what swings dies out.
        swinging: these.
    """
    begun = course.after(state, swinging)
    seen = course.excess(course.after(begun, swinging))
    found = _integral(course, begun, n_steps - swinging)
    missing = abs(_integral(course, begun, swinging) - seen)
    return found if missing <= TRUSTED * found else np.nan


def _integral(course: MeanCourse, state: Floats, n_steps: int) -> float:
    angle = (np.arange(POINTS // 2) * 2 + 1) * np.pi / POINTS
    turned = 0.6407 * angle
    point = POINTS * (0.5017 * angle / np.tan(turned) - 0.6122 + 0.2645j * angle)
    slope = POINTS * (0.5017 / np.tan(turned) - 0.5017 * turned / np.sin(turned) ** 2 + 0.2645j)
    sums = [_summed(course, state, complex(np.expm1(each / n_steps))) for each in point]
    return float((np.exp(point) * slope * sums).imag.sum() * 2 / POINTS / n_steps)


def _summed(course: MeanCourse, state: Floats, grown: complex) -> complex:
    """Returns the sum over all steps s of the expected excess times z**-s, of z = 1 + grown."""
    scatter, modes, z = course.scatter, course.modes, 1 + grown
    second, mean = course.parts(state)
    d = len(modes.given)
    falls = grown * np.eye(d) - modes.delta
    means = np.linalg.solve(falls, z * np.moveaxis(mean, 0, 1).astype(complex))
    mean = np.einsum("a,iao->io", modes.seen, means)
    none, constant = np.zeros_like(scatter.mean), z / grown
    noise = scatter(none, np.zeros_like(scatter.offset))
    mixed = scatter(none, mean.real) - noise + 1j * (scatter(none, mean.imag) - noise)
    kept = modes.kept(grown)
    size = np.sqrt(np.outer(scatter.values, scatter.values))

    def again(some: Numbers) -> Numbers:
        some = some / size
        return np.asarray(size * kept * (scatter(some.real) + 1j * scatter(some.imag)))

    target = modes.left_of(z * second, grown) + kept * (mixed + constant * noise)
    found = undone(again, size * target) / size
    return course.summed(found, mean, constant)
