"""Groups of trials given to their engine, and the least cost on held-out rows where it has not looked."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from linreg_sweep.array_types import Integers
from linreg_sweep.engines import ENGINES, load_engine
from linreg_sweep.engines.interface import Engine, Results, TrainOptions, merge
from linreg_sweep.engines.least_held_out import least_held_out
from linreg_sweep.theory.best_epoch import Least
from linreg_sweep.trials.groups import Group


def train_groups(engine: str, groups: Sequence[Group], states_at: Integers | None = None) -> Results:
    """Trains groups of trials, one after the other.

    Linear algebra runs on one thread, so that the bits are the same in a worker and in process. States are
    kept at these epochs, which ascend; None: as the options of each group say.
    """
    train = load_engine(engine)
    with threadpool_limits(limits=1), np.errstate(over="ignore", invalid="ignore"):
        results = [_trained(engine, train, group, states_at) for group in groups]
    return merge([group.chosen for group in groups], results)


def _trained(engine: str, train: Engine, group: Group, states_at: Integers | None) -> Results:
    problem, trials = group.problem, group.trials
    kept = group.options.history_epochs if states_at is None else states_at
    is_told = _is_told(engine, group)
    options = replace(group.options, history_epochs=kept, held_out=None if is_told else problem.held_out)
    result = train(problem, trials, options)
    if problem.held_out is None or result.least is not None:
        return result
    if is_told:
        return replace(result, least=least_held_out(problem, trials, options, result.epochs))
    return replace(result, least=_least_on_the_way(group, options, result))  # batches without a step taken


def _is_told(engine: str, group: Group) -> bool:
    """Returns whether theory tells every state of trials that an engine steps through: it looks at none."""
    method, options = group.options.method, group.options
    takes_steps = not ENGINES[engine].is_theory
    at_constant_rate = method.batch_size is None and method.schedule is None and options.dtype == "float64"
    return takes_steps and group.is_covered and at_constant_rate


def _least_on_the_way(group: Group, options: TrainOptions, results: Results) -> Least | None:
    """Returns the least cost on held-out rows of trials that are descended to where they ended."""
    trials, none = replace(group.trials, epochs=results.epochs), np.empty(0, np.int64)
    options = replace(options, early_stop=False, history_epochs=none)
    return load_engine("numpy")(group.problem, trials, options).least
