"""Gradient descent compiled by Numba: trials side by side in the lanes of SIMD registers.

Few parameters go by elementwise operations, many of them, and small batches, by products in tiles. Which it
is, is a function of the shape alone (`numba_forms`).
"""

from linreg_sweep.engines.chunks import descend
from linreg_sweep.engines.interface import Results, TrainOptions, Trials
from linreg_sweep.engines.numba_descent import CompiledDescent
from linreg_sweep.engines.numba_forms import Form, form_of
from linreg_sweep.theory.problem import Problem

CHUNK = 512
"""Epochs between two looks at what was measured, at most."""

CHUNK_NUMBERS = 2**20
"""Numbers of theta, of as many trials as go together, over the epochs between two looks."""


def train(problem: Problem, trials: Trials, options: TrainOptions) -> Results:
    """Descends K trials at once, each epoch looked at.

    Args:
        problem: H [P, P] and C [P, O] of the chosen loss; its rows where there are mini-batches.
        trials: their starts, epochs and numbers.
        options: how they descend and when one has ended; precision, history.

    Returns:
        The results of all K trials. A trial that diverges is a result; nothing is raised for it.

    Source: Nocedal and Wright, Numerical Optimization, sec. 3.3; the rules as torch.optim has them.
    """
    method = options.method
    form = form_of(problem.n_rows, problem.shape, method)
    descent = CompiledDescent(problem, options, form, len(trials))
    size = problem.shape[0] * problem.shape[1]
    longest = min(_longest(form, len(trials)), max(1, CHUNK_NUMBERS // (size * descent.lanes)))
    return descend(descent, trials, longest, grows=not (form.is_elementwise and method.is_drawn))


def _longest(form: Form, n_trials: int) -> int:
    """Returns how many epochs go between two looks: more where a look takes longer than all of them."""
    return CHUNK * max(1, min(8, 64 // max(1, n_trials))) if form.is_full_batch else CHUNK
