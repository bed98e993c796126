"""How the error along each eigenvector of H moves: `e_t = p_t e_0`, with p_t in closed form.

Without momentum p_t = c**t with c = 1 - learning_rate * eigenvalue. With momentum p_t is the t-th
power of a 2x2 companion matrix on the error and the one before; its two roots z give
`p_t = z_1**t * shape(t)` with a shape that is bounded or slow, also where the roots are one
(defective) or a complex pair (it swings).

Everything is [P, k], modes by trials, elementwise, so that a trial's bits are its own. Logarithms
of numbers close to 1 are taken of their distance from 1, so that p_t keeps its precision over
any number of epochs.
"""

from dataclasses import dataclass, replace

import numpy as np

from linreg_sweep.array_types import Flags, Floats, Indices
from linreg_sweep.theory.double_double import two_product
from linreg_sweep.theory.sums import of_columns

NEVER = -1e3
"""Logarithm of a factor of 0: its powers vanish, but for the 0th."""

SAME = 1e-150
"""Angle below which two roots are one."""

SLACK = 1e-9
"""Relative width by which bounds are widened, far above their rounding."""


@dataclass(frozen=True)
class PlainModes:
    """Descent without momentum.

    Attributes:
        log: the logarithm of abs(c) [P, k].
        odd: whether c is negative, so that odd powers are too [P, k].
        first_step: p_1 - p_0 [P, k].
    """

    log: Floats
    odd: Flags
    first_step: Floats

    @property
    def second_step(self) -> Floats:
        """p_2 - p_1 [P, k]."""
        return self.first_step * (1.0 + self.first_step)

    def still_where(self, still: Flags) -> "PlainModes":
        """Returns modes of which some [P, k] stay where they are: they have no error to move."""
        if not still.any():
            return self
        return replace(self, log=np.where(still, 0.0, self.log), odd=self.odd & ~still)

    def factors(self, epoch: Floats) -> Floats:
        """Returns p_t [P, k] at each trial's epoch t [k]."""
        factor = np.exp(self.log * epoch)
        if self.odd.any():
            np.negative(factor, out=factor, where=self.odd & _is_odd(epoch))
        return factor

    def take(self, columns: Indices | slice) -> "PlainModes":
        """Returns some trials."""
        return PlainModes(**{name: of_columns(value, columns) for name, value in vars(self).items()})


def plain_modes(learning_rate: Floats, eigenvalues: Floats, lows: Floats) -> PlainModes:
    """Returns the modes of k trials without momentum.

    Args:
        learning_rate: [k].
        eigenvalues: of H [P, k], or [P, 1] where all trials have the same.
        lows: what rounding left off them, see Quadratic.
    """
    step, low = steps(learning_rate, eigenvalues, lows)
    over = step > 1
    distance = np.where(over, 2.0 - step, step)  # of abs(c) below 1; exact where abs(c) is close to 1
    low = np.where(over, low, -low) / np.maximum(np.abs(1.0 - step), np.finfo(float).tiny)
    log = np.log1p(-distance) + np.where(np.abs(low) < 1e-8, low, 0.0)
    return PlainModes(np.maximum(log, NEVER), over, -step)


def steps(learning_rate: Floats, eigenvalues: Floats, lows: Floats) -> tuple[Floats, Floats]:
    """Returns x = learning_rate * eigenvalue [P, k], and what rounding left off."""
    x, low = two_product(learning_rate, eigenvalues)
    return x, np.where(np.isfinite(low), low, 0.0) + learning_rate * lows


def _is_odd(epoch: Floats) -> Flags:
    odd: Flags = (epoch.astype(np.int64) & 1).astype(np.bool_)
    return odd


@dataclass(frozen=True)
class MomentumModes:
    """Descent with momentum: `p_t = sign**t * exp(log * t) * shape(t)` for t >= 2, all [P, k].

    Attributes:
        still: whether p_t is 1 for good.
        first_step: p_1 - p_0.
        second_step: p_2 - p_1.
        log: logarithm of the larger root's modulus; of both, where they are a complex pair.
        odd: whether the sum of the roots is negative, so that odd powers change sign.
        swings: whether the roots are a complex pair.
        crosses: whether they are real, with opposite signs.
        angle: of the complex roots from the real axis; else half the logarithm of the ratio of the
            real ones.
        slope: how far p_1 lies from the middle of the roots, relative to their geometric mean.
        larger: where the roots cross, the shape is `larger + smaller * ratio**t`.
        smaller: see larger.
        ratio: the smaller root over the larger, see larger.
        unit: sin(angle) where the roots swing, else expm1(-2 angle); 1 where they are one double root.
        fade: exp(-angle) where they do not swing.
    """

    still: Flags
    first_step: Floats
    second_step: Floats
    log: Floats
    odd: Flags
    swings: Flags
    crosses: Flags
    angle: Floats
    slope: Floats
    larger: Floats
    smaller: Floats
    ratio: Floats
    unit: Floats
    fade: Floats

    def still_where(self, still: Flags) -> "MomentumModes":
        """Returns modes of which some [P, k] stay where they are: they have no error to move."""
        return replace(self, still=self.still | still)

    def take(self, columns: Indices) -> "MomentumModes":
        """Returns some trials."""
        return MomentumModes(**{name: value.take(columns, axis=1) for name, value in vars(self).items()})

    def factors(self, epoch: Floats) -> Floats:
        """Returns p_t [P, k] at each trial's epoch t [k]."""
        factor = self.power(epoch) * self.shape(epoch)
        np.negative(factor, out=factor, where=self.odd & _is_odd(epoch))
        factor = np.where(epoch == 1, 1.0 + self.first_step, factor)
        return np.where(self.still | (epoch == 0), 1.0, factor)

    def power(self, epoch: Floats) -> Floats:
        """Returns the modulus of the larger root to the power of each trial's epoch t [k]."""
        return np.exp(self.log * epoch)

    def shape(self, epoch: Floats) -> Floats:
        """Returns the shape [P, k] at each trial's epoch t [k]."""
        turn = self.angle * epoch
        one = self.angle < SAME  # one double root: sin(a t) / sin(a) and its like are t
        decay = np.expm1(-2.0 * turn)
        shape = 1.0 + decay / 2 + self.slope * np.where(one, epoch, decay / self.unit * self.fade)
        if self.swings.any():
            swinging = np.cos(turn) + self.slope * np.where(one, epoch, np.sin(turn) / self.unit)
            shape = np.where(self.swings, swinging, shape)
        if self.crosses.any():
            shape = np.where(self.crosses, self.larger + self.smaller * self.ratio**epoch, shape)
        return shape

    def bounds(self, first: Floats, last: Floats) -> tuple[Floats, Floats]:
        """Returns bounds [P, k] on abs(p_t) over each trial's epochs from first [k] to last [k], both >= 2.

        Between its zeros the shape is concave or monotone, so that it is least at an end.
        """
        at_first, at_last = self.shape(first), self.shape(last)
        ends = np.abs(at_first), np.abs(at_last)
        one_sign = (np.sign(at_first) == np.sign(at_last)) & ~(
            self.swings & (self.angle * (last - first) >= np.pi)
        )
        least, most = np.where(one_sign, np.minimum(*ends), 0.0), np.maximum(*ends)
        reach = np.where(self.angle < SAME, np.inf, np.hypot(1.0, self.slope / self.unit))
        most = np.where(self.swings, np.minimum(reach, 1.0 + np.abs(self.slope) * last), most)
        if self.crosses.any():
            fading = np.abs(self.smaller) * np.abs(self.ratio) ** first
            least = np.where(self.crosses, np.maximum(np.abs(self.larger) - fading, 0.0), least)
            most = np.where(self.crosses, np.abs(self.larger) + fading, most)
        powers = self.power(first), self.power(last)
        return np.minimum(*powers) * least * (1 - SLACK), np.maximum(*powers) * most * (1 + SLACK)


def momentum_modes(
    learning_rate: Floats,
    momentum: Floats,
    eigenvalues: Floats,
    lows: Floats,
    *,
    nesterov: bool,
    dampening: Floats | None = None,
) -> MomentumModes:
    """Returns the modes of k trials with momentum.

    Args:
        learning_rate: [k].
        momentum: [k], above 0 and below 1.
        eigenvalues: of H [P, k], or [P, 1] where all trials have the same.
        lows: what rounding left off them, see Quadratic.
        nesterov: momentum looks ahead, as torch.optim.SGD defines it.
        dampening: share of the gradient [k] that is held back, but in the first step; not with nesterov.

    Source: Goh, Why Momentum Really Works, Distill 2017, for the companion matrix; its discriminant
    is written as a product, which keeps its digits where it is close to 0.
    """
    x, low = steps(learning_rate, eigenvalues, lows)
    c, m, root_m = 1.0 - x, momentum, np.sqrt(momentum)
    if nesterov:
        trace, determinant, first = (1 + m) * c, m * c, c - m * x
        first_step, second_step = -(1 + m) * x, -x * (first * (1 + m) + m * m)
        discriminant = c * ((1 - m) ** 2 - (1 + m) ** 2 * x)
        off_middle = ((1 - m) * c - 2 * m * x) / 2
        beyond = (2 + 2 * m) - (1 + 2 * m) * x - (1 + 2 * m) * low  # (1 + z_1) (1 + z_2)
        log_determinant = np.log(m) + np.log1p(-np.minimum(x, 1.0))
    else:
        first_step, second_step, off_middle = -x, -x * (m + c), ((1 - m) - x) / 2
        if dampening is not None:  # but in the first step
            whole = x
            x, error = two_product(x, 1 - dampening)
            low = low * (1 - dampening) + np.where(np.isfinite(error), error, 0.0)
            second_step, off_middle = -whole * m - x * c, ((1 - m) - whole - (whole - x)) / 2
        trace, determinant, first = (1 + m) - x, np.broadcast_to(m, x.shape), c
        discriminant = (((1 - m) / (1 + root_m)) ** 2 - x) * ((1 + root_m) ** 2 - x)
        beyond = 2 * (1 + m) - x - low
        log_determinant = np.broadcast_to(np.log1p(m - 1), x.shape)
    odd = trace < 0
    swings, crosses = discriminant < 0, determinant < 0
    root = np.sqrt(np.abs(discriminant))
    modulus = np.sqrt(np.abs(determinant))
    sign = np.where(odd, -1.0, 1.0)
    large = (trace + sign * root) / 2
    small = np.where(large == 0, 0.0, determinant / large)  # the larger one has the size of the other
    distance = np.where(odd, beyond / (1 + small), x / (1 - small))  # of abs(large) below 1
    log = np.where(swings, log_determinant / 2, np.log1p(-np.minimum(distance, 1.0)))
    angle = np.where(swings, np.arctan2(root, np.abs(trace)), np.arcsinh(root / (2 * modulus)))
    angle, both = np.nan_to_num(angle), large - small
    some = np.where(angle < SAME, 1.0, angle)
    return MomentumModes(
        still=first_step == 0,
        first_step=first_step,
        second_step=second_step,
        log=np.maximum(np.nan_to_num(log, nan=NEVER, neginf=NEVER), NEVER),
        odd=odd,
        swings=swings,
        crosses=crosses,
        angle=angle,
        slope=np.nan_to_num(off_middle / (sign * modulus), posinf=0.0, neginf=0.0),  # both roots 0
        larger=np.nan_to_num((first - small) / both),
        smaller=np.nan_to_num((large - first) / both),
        ratio=np.nan_to_num(small / large),
        unit=np.where(swings, np.sin(some), np.expm1(-2.0 * some)),
        fade=np.exp(-some),
    )
