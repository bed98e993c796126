"""Where the compiled engine keeps the numbers of trials side by side."""

from dataclasses import dataclass

MOST_LANES = 16
"""Numbers of the widest register."""


@dataclass(frozen=True)
class Rows:
    """Where a kernel's numbers stand: rows of one array [rows, lanes], so that none can alias another.

    Attributes:
        n_parameters: P.
        n_targets: O.
        n_slots: of the rule.
        n_clocks: of the rule.
        n_h: hyperparameters that the rule takes.
        has_average: whether the states are averaged.
    """

    n_parameters: int
    n_targets: int
    n_slots: int
    n_clocks: int
    n_h: int
    has_average: bool

    @property
    def size(self) -> int:
        """Entries of theta, which come first, then those of each slot and of the average."""
        return self.n_parameters * self.n_targets

    @property
    def average(self) -> int:
        """The first row of the average; then come clocks and hyperparameters."""
        return self.size * (1 + self.n_slots)

    @property
    def clock(self) -> int:
        """The first row of the clocks."""
        return self.average + self.size * self.has_average

    @property
    def h(self) -> int:
        """The first row of the hyperparameters."""
        return self.clock + self.n_clocks

    @property
    def rate(self) -> int:
        """The row of the learning rates; then come weight of a state, penalty and, if it is own, theta*."""
        return self.h + self.n_h

    @property
    def optimum(self) -> int:
        """The first row of theta*, and then of the gradient there."""
        return self.rate + 3

    @property
    def low(self) -> int:
        """The row of the lowest measure; then comes the highest."""
        return self.optimum + 2 * self.size

    @property
    def scale(self) -> int:
        """The row by which residuals are multiplied."""
        return self.low + 2

    @property
    def gradient(self) -> int:
        """The first row of the gradient."""
        return self.scale + 1

    @property
    def spare(self) -> int:
        """The first row of room for one number of each parameter, side by side."""
        return self.gradient + self.size

    @property
    def residual(self) -> int:
        """The first row of the residuals."""
        return self.spare + self.n_parameters + MOST_LANES
