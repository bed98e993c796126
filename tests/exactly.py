"""Descent in exact arithmetic, as an oracle: whole numbers for the states, fractions for the optimum.

Floats are taken for the exact numbers they are. States are whole multiples of 2**-BITS, so an epoch
rounds at the 180th decimal digit, and nothing a test looks at can tell it from exact.
"""

from collections.abc import Sequence
from fractions import Fraction

BITS = 640

Matrix = list[list[Fraction]]


def products(left: Sequence[Sequence[float]], right: Sequence[Sequence[float]], factor: Fraction) -> Matrix:
    """Returns factor * left^T right, for rows of floats."""
    columns = [[Fraction(value) for value in column] for column in zip(*left, strict=True)]
    others = [[Fraction(value) for value in column] for column in zip(*right, strict=True)]
    return [
        [factor * sum((a * b for a, b in zip(one, other, strict=True)), Fraction(0)) for other in others]
        for one in columns
    ]


def solve(matrix: Matrix, right: Matrix) -> Matrix:
    """Returns the solution of a system of equations with one solution, by elimination."""
    rows = [[*a, *b] for a, b in zip(matrix, right, strict=True)]
    size = len(rows)
    for pivot in range(size):
        best = max(range(pivot, size), key=lambda row: abs(rows[row][pivot]))
        rows[pivot], rows[best] = rows[best], rows[pivot]
        rows[pivot] = [value / rows[pivot][pivot] for value in rows[pivot]]
        for other in range(size):
            if other != pivot and rows[other][pivot]:
                times = rows[other][pivot]
                rows[other] = [a - times * b for a, b in zip(rows[other], rows[pivot], strict=True)]
    return [row[size:] for row in rows]


def fixed(value: Fraction | float) -> int:
    """Returns a number in whole multiples of 2**-BITS."""
    exact = Fraction(value)
    return (exact.numerator << BITS) // exact.denominator


def real(value: int) -> Fraction:
    """Returns the number that a whole multiple of 2**-BITS is."""
    return Fraction(value, 1 << BITS)


def descend(
    hessian: list[list[int]],
    error: list[list[int]],
    learning_rate: float,
    epochs: int,
    momentum: float = 0.0,
    *,
    nesterov: bool = False,
) -> list[list[list[int]]]:
    """Returns the errors theta_t - theta* [P, O] for t from 0 to epochs, in fixed point.

    Args:
        hessian: H [P, P] in fixed point.
        error: of the start.
        learning_rate: taken exactly.
        epochs: how many.
        momentum: taken exactly, as torch.optim.SGD defines it.
        nesterov: likewise.
    """
    rate, push = fixed(learning_rate), fixed(momentum)
    velocity = [[0] * len(row) for row in error]
    states = [error]
    for _ in range(epochs):
        gradient = [
            [
                sum(h * e for h, e in zip(row, column, strict=True)) >> BITS
                for column in zip(*error, strict=True)
            ]
            for row in hessian
        ]
        velocity = [
            [(push * v >> BITS) + g for v, g in zip(vs, gs, strict=True)]
            for vs, gs in zip(velocity, gradient, strict=True)
        ]
        moves = velocity
        if nesterov:
            moves = [
                [g + (push * v >> BITS) for v, g in zip(vs, gs, strict=True)]
                for vs, gs in zip(velocity, gradient, strict=True)
            ]
        error = [
            [e - (rate * m >> BITS) for e, m in zip(es, ms, strict=True)]
            for es, ms in zip(error, moves, strict=True)
        ]
        states.append(error)
    return states


def excess(hessian: list[list[int]], error: list[list[int]], cost_per_loss: Fraction) -> float:
    """Returns the excess cost of a state, rounded once."""
    total = 0
    for column in zip(*error, strict=True):
        for row, one in zip(hessian, column, strict=True):
            total += one * (sum(h * e for h, e in zip(row, column, strict=True)) >> BITS) >> BITS
    exact = real(total) * cost_per_loss
    return float(exact) if exact < 10**300 else float("inf")
