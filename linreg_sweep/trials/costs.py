"""What training takes, by arithmetic alone: seconds of one core, and bytes of memory.

The constants were fitted to measurements on two cores of a server. On another machine seconds are good
to a factor of about three, which is all that a decision to wait asks for.
"""

from math import ceil
from typing import Any

import numpy as np

from linreg_sweep.array_types import Floats
from linreg_sweep.engines import ENGINES
from linreg_sweep.engines.chunks import A_ROW, CHUNK, GROWN
from linreg_sweep.engines.numba_forms import AHEAD
from linreg_sweep.engines.pace import NS
from linreg_sweep.engines.spectral import COURSE_BLOCK
from linreg_sweep.theory.drawn import Drawn
from linreg_sweep.theory.epoch_steps import n_groups
from linreg_sweep.theory.file_order import FileOrder
from linreg_sweep.theory.scheduled_order import ScheduledOrder
from linreg_sweep.trials.columns import history_types, trial_types
from linreg_sweep.trials.epochs import most_epochs
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.groups import Group

COURSE_NS = 60_000
"""Nanoseconds of an epoch of a block of trials that theory goes through one by one."""

MAP_NS = 250_000
"""Likewise of batches in file order."""

MAP_STEP_NS, MAP_TRIAL_NS, RUNGS, LIMIT_MAPS = 100_000, 50_000, 40, 60
"""Nanoseconds of each step of an epoch in file order, to what its map comes to for some trials, and of each
of them beside its map; how many maps of each are held; and how many a limit takes as long as."""

PASS_NS = 30_000
"""Nanoseconds of a pass over no rows, to what many parameters come to in the mean over draws."""

BYTES_A_NUMBER = 8

COPIES = 5
"""How often a worker holds a part's numbers at its busiest, and the data where steps look at rows."""

OF_THEORY = 10
"""How often a worker holds a number per parameter of each trial, where it predicts them."""

BYTES_A_BATCH = 750
"""What a batch takes beside its numbers: a few arrays and their views."""


def seconds(experiment: Experiment, values: dict[str, Floats], epochs: Floats) -> float | None:
    """Returns how long one core trains an experiment; None: a GPU would, whose speed is not known.

    Args:
        experiment: what is to be trained.
        values: the hyperparameters of a fair sample of its trials, [k] each, or of all.
        epochs: that each of these does [k].
    """
    engine = ENGINES[experiment.config.training.engine]
    if experiment.config.training.device != "cpu":
        return None
    share = experiment.space.n_trials / len(epochs)
    n_parameters, n_targets = experiment.problem.shape
    # theory predicts each trial, at three levels, and a row of it is written
    of_a_trial = 2000 + (200 * n_parameters + 0.6 * n_parameters**2) * n_targets
    total = experiment.space.n_trials * of_a_trial * NS
    total += engine.starts_in
    means = set[Any]()
    for group in experiment.groups(values):
        if group.is_covered and group.options.method.schedule is not None:  # theory, epoch by epoch
            done = group.of(epochs)
            calls = ceil(len(done) * share / COURSE_BLOCK) * float(done.max()) * COURSE_NS
            total += (calls + share * float(done.sum()) * n_parameters * n_targets * 30) * NS
        if isinstance(group.theory, FileOrder):
            n_trials = share * len(group.trials)
            width = next(group.theory.blocks(group.trials.values, RUNGS)).stop
            n_steps, map_ns = group.theory.n_steps, group.theory.map_ns
            of_maps = ceil(n_trials / width) * n_steps / n_groups(n_steps, n_parameters) * MAP_STEP_NS
            n_limits = ceil(share * group.theory.n_limits(group.trials.values))
            total += (of_maps + n_trials * (MAP_TRIAL_NS + map_ns) + n_limits * LIMIT_MAPS * map_ns) * NS
        if isinstance(group.theory, ScheduledOrder):
            trials, done = group.trials, group.of(epochs)
            is_followed = group.theory.n_maps(trials.quadratic, trials.values, done) < np.inf
            done = np.where(is_followed, done, 0)
            calls = ceil(len(done) * share / COURSE_BLOCK) * float(done.max()) * MAP_NS
            a_move = 100 * group.theory.n_moving(trials.values) ** 2
            total += (calls + share * float(done.sum()) * a_move) * NS
        if isinstance(group.theory, Drawn) and (group.kind, group.theory.key) not in means:
            means.add((group.kind, group.theory.key))  # seeds share them
            passes = group.theory.n_passes(group.trials.values, group.of(epochs))
            of_a_pass = PASS_NS + 0.3 * group.problem.n_rows * n_parameters**2
            total += share * float(passes.sum()) * of_a_pass * NS
        if engine.is_theory:
            continue
        method, n_rows = group.options.method, group.problem.n_rows
        of_these, size = group.of(epochs), method.batch_size or n_rows
        makes = method.is_drawn and not group.steps_by_rows(experiment.config.training.engine)
        making = (20_000 + size * n_parameters * (n_parameters + n_targets)) * makes
        width, a_step, a_trial = engine.pace(group.problem.shape, size, making, method.rule(np).n_slots)
        steps = ceil(n_rows / size)
        together = ceil(len(of_these) * share / width) * float(of_these.max())
        total += steps * (a_step * together + a_trial * share * float(of_these.sum()))
    return float(total)


def bytes_of_a_trial(experiment: Experiment) -> int:
    """Returns what a trial's rows of the tables take, its history included."""
    of_trial, of_state = (
        sum(np.dtype(type_.dtype).itemsize for type_ in types.values())
        for types in (trial_types(experiment), history_types(experiment))
    )
    return of_trial + experiment.n_states * of_state


def memory(experiment: Experiment, n_trials: int) -> int:
    """Returns the bytes that a worker holds at its busiest with a part of so many trials, and the data."""
    rows, (p, o) = experiment.problem.n_rows, experiment.problem.shape
    of_trials = n_trials * (bytes_of_a_trial(experiment) * COPIES + p * o * OF_THEORY * BYTES_A_NUMBER)
    copies = COPIES if experiment.reads_rows else 1
    return of_trials + rows * (p + o) * copies * BYTES_A_NUMBER + _of_batches(experiment)


def _of_batches(experiment: Experiment) -> int:
    """Returns the bytes of what an engine holds of all steps between two looks."""
    training = experiment.config.training
    if not ENGINES[training.engine].holds_batches:
        return 0
    epochs = most_epochs(training.epochs, experiment.space)
    return max(_of_steps(example, training.engine, epochs) for example in experiment.examples_of_sizes)


def _of_steps(group: Group, engine: str, n_epochs: int) -> int:
    """Returns the bytes of every batch's H and C, and of the rows of some epochs where they are drawn."""
    method, rows, (p, o) = group.options.method, group.problem.n_rows, group.problem.shape
    form, chunk = group.form(engine), ENGINES[engine].chunk
    if form is None or method.batch_size is None or method.sees_all(rows):
        return 0
    number = np.dtype(group.options.dtype).itemsize
    of_numbers = p * (p + o) * number
    n_batches = ceil(rows / method.batch_size)
    of_epoch = 0 if form.steps_by_rows else n_batches * (of_numbers + BYTES_A_BATCH)
    if not method.is_drawn:
        return of_epoch + rows * number * AHEAD * form.looks_ahead
    grows = chunk > 0 and form.steps_by_rows and not form.makes_curvature
    longest = max(chunk or CHUNK, n_epochs // 2 if grows else 0)
    epochs = max(1, min(longest, n_epochs, GROWN // (rows if grows else A_ROW * rows)))
    made = form.makes_curvature * n_batches * of_numbers
    # what is there of the last epochs goes when there is as much of the next ones
    return of_epoch + epochs * (2 * of_epoch + 2 * rows * BYTES_A_NUMBER + made)
