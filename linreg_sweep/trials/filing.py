"""Rows on disk as the compiled engine goes through them by itself: made once, for all parts and processes."""

from dataclasses import replace

from linreg_sweep.blocks import blocks
from linreg_sweep.engines import ENGINES
from linreg_sweep.tabular.rows_file import RowsFile
from linreg_sweep.theory.problem import Problem
from linreg_sweep.trials.experiment import Experiment


def with_rows_filed(experiment: Experiment) -> Experiment:
    """Returns an experiment whose engine finds A and -Y in files, where it would else hold them in memory.

    Raises:
        DataError: there is no space for them.
    """
    training = experiment.config.training
    on_disk = [kind for kind, problem in experiment.problems.items() if problem.is_on_disk]
    if not on_disk or not ENGINES[training.engine].holds_rows:
        return experiment
    if not any(example.steps_by_rows(training.engine) for example in experiment.examples_of_sizes):
        return experiment
    filed = {kind: _filed(experiment.problems[kind], training.dtype) for kind in on_disk}
    return replace(experiment, problems={**experiment.problems, **filed})


def _filed(problem: Problem, dtype: str) -> Problem:
    design, targets = (RowsFile(width, problem.n_rows, dtype) for width in problem.shape)
    for rows in blocks(problem.n_rows, problem.shape[0]):
        a, y = problem.rows(rows)
        design.add(a)
        targets.add(-y)
    return replace(problem, filed=(design.opened(), targets.opened()))
