"""What trials descend, with and without a penalty: what a penalty costs is paid once, not in each part."""

from collections.abc import Hashable

import numpy as np
from threadpoolctl import threadpool_limits

from linreg_sweep.array_types import Floats
from linreg_sweep.method import Method
from linreg_sweep.theory.penalty import joined
from linreg_sweep.theory.problem import Problem
from linreg_sweep.theory.quadratic import Quadratic
from linreg_sweep.trials.groups import Kind

KEPT = 2**25
"""Numbers of eigenvectors that are kept, 256 MB."""

WORTH_KEEPING = 24
"""Parameters up to which many penalties are worked out side by side, in no time."""


class Quadratics:
    """The quadratics of penalties, of which those that were met are kept as long as there is room."""

    def __init__(self) -> None:
        """Begins with none."""
        self._known: dict[tuple[Hashable, ...], Quadratic] = {}
        self._room = KEPT

    def of(self, problem: Problem, kind: Kind, method: Method, decay: Floats) -> Quadratic:
        """Returns what trials of a method with these penalties [K] descend on a problem of a kind."""
        if not method.is_penalised:
            return problem.quadratic
        distinct, which = np.unique(decay, return_inverse=True)
        solve = problem.boxed if method.is_decoupled else problem.penalised
        keys = [(kind, method.is_decoupled, method.decays_bias, each) for each in distinct.tolist()]
        missing = [place for place, key in enumerate(keys) if key not in self._known]
        size = problem.shape[0] ** 2 * len(missing)
        few = len(distinct) == 1 or problem.shape[0] > WORTH_KEEPING
        with threadpool_limits(limits=1):
            if not len(distinct) or not few or size > self._room:
                return solve(decay, method.decays_bias)
            self._room -= size
            for place in missing:
                self._known[keys[place]] = solve(distinct[place : place + 1], method.decays_bias)
        found = joined([self._known[key] for key in keys])
        return found if len(distinct) == 1 else found.take(which)
