"""Rows on disk as the compiled engine goes through them by itself: made once, for all parts and processes."""

from dataclasses import replace

from linreg_sweep.blocks import blocks
from linreg_sweep.engines import ENGINES, form_of_epochs
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
    if not (on_disk and ENGINES[training.engine].holds_rows and _goes_by_rows(experiment)):
        return experiment
    filed = {kind: _filed(experiment.problems[kind], training.dtype) for kind in on_disk}
    return replace(experiment, problems={**experiment.problems, **filed})


def _goes_by_rows(experiment: Experiment) -> bool:
    """Returns whether steps of any trial go by the rows of their batches."""
    training = experiment.config.training
    forms = (
        form_of_epochs(training.engine, example.problem, example.options.method, training.dtype)
        for example in experiment.examples_of_sizes
    )
    return any(form is not None and form.goes_by_rows for form in forms)


def _filed(problem: Problem, dtype: str) -> Problem:
    design, targets = (RowsFile(width, problem.n_rows, dtype) for width in problem.shape)
    for rows in blocks(problem.n_rows, problem.shape[0]):
        a, y = problem.rows(rows)
        design.add(a)
        targets.add(-y)
    return replace(problem, filed=(design.opened(), targets.opened()))
