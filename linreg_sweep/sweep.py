"""The whole story of a sweep: read this first.

A declaration (YAML) meets its data and becomes an experiment; the experiment is trained part by
part; each part is written whole or not at all; the tables are read back from the parts.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from linreg_sweep.config import load_sweep
from linreg_sweep.execution.gathering import gatherers
from linreg_sweep.execution.missing import OpenWorkers, train_missing
from linreg_sweep.execution.parts import check_part_size, make_part, put_together
from linreg_sweep.execution.runner import Work
from linreg_sweep.execution.versions import result_versions
from linreg_sweep.notebook import bar
from linreg_sweep.runs.finishing import finish_run
from linreg_sweep.runs.inspection import missing_of, whole_parts
from linreg_sweep.runs.journal import Journal
from linreg_sweep.runs.lock import held
from linreg_sweep.runs.opening import Entry, open_run, refuse_other_versions
from linreg_sweep.runs.results import Run
from linreg_sweep.runs.writing import written
from linreg_sweep.storage import files
from linreg_sweep.trials.experiment import Experiment
from linreg_sweep.trials.loading import Arrays, data_path, load_data
from linreg_sweep.trials.prepare import prepare
from linreg_sweep.trials.rounding import arithmetic
from linreg_sweep.workers.backends import DASK, PROCESSES, Backend, check_backend, open_backend
from linreg_sweep.workers.interface import PATIENCE

Watch = Callable[[int, int], None]
"""Told how many trials are done, and of how many, whenever that changes."""

Prepared = Callable[[Experiment, int], None]
"""Told what is to be trained and how many trials are missing, before any is."""

Stop = Callable[[], bool]
"""Asked whether to begin nothing more."""


def run(
    sweep: str | Path | Mapping[str, Any],
    *,
    overrides: Iterable[str] = (),
    data: Arrays | None = None,
    out: str | Path = "results",
    jobs: int | None = None,
    part_size: int | None = None,
    backend: Backend = "processes",
    scheduler: str | None = None,
    patience: float | None = None,
    max_memory: str | int | None = None,
    watch: Watch | None = None,
    report: Callable[[str], None] | None = None,
    stop: Stop | None = None,
    prepared: Prepared | None = None,
) -> Run:
    """Trains every trial of a sweep that is not yet there, and returns the run.

    Args:
        sweep: a sweep file, or the same as a mapping.
        overrides: texts like `training.epochs=500`, as `--set` takes them.
        data: x (n,) or (n, F) and y (n,) or (n, O), instead of what the declaration names.
        out: the directory that holds the runs, or a URL such as `s3://bucket/folder`.
        jobs: worker processes; 1: none; None: as many as pay.
        part_size: trials a part, for a run that is not there yet; None: by the sweep.
        backend: what trains: processes or dask.
        scheduler: the address of a cluster's scheduler, such as `tcp://host:8786`.
        patience: seconds to wait for a cluster's workers while there are none; None: 60.
        max_memory: a size such as `4GB`, beyond which the rows of a file are kept on disk; None: half of what
            is free.
        watch: called with how many trials are done, and of how many, whenever that changes; None: a notebook
            shows a bar, and a script shows nothing.
        report: called with a sentence on what went wrong on the way, and was mended.
        stop: asked whether to begin nothing more; the run that is then returned is not finished.
        prepared: called before anything is trained, with the experiment and how many trials are missing.

    Returns:
        The run; its tables are read when they are asked for.

    Raises:
        ConfigError: the declaration is invalid; every complaint at once.
        DataError: the data cannot be read or fitted.
        ResultsError: another process makes this run, or its directory cannot be written. What was
            finished before is intact.
        SweepError: workers die whatever they are given, or no trial can be trained.
    """
    check_backend(backend, jobs, scheduler, patience)
    declaration = load_sweep(sweep, overrides, data_given=data is not None)
    table = load_data(declaration, data, max_memory)
    report = report or (lambda sentence: None)
    open_cluster = partial(open_backend, backend, jobs, scheduler, patience or PATIENCE)
    n_numbers = len(table.x) * (len(table.x_names) + len(table.y_names))
    with gatherers(open_cluster if backend == DASK else None, n_numbers, report) as in_order:
        experiment = prepare(declaration, table, in_order)
    check_part_size(experiment, part_size)
    libraries = (
        *result_versions(declaration.config.training.engine),
        *arithmetic(experiment).keys() - {"form"},
    )
    entry = Entry(experiment, table, data_path(declaration), files.any_path(out))
    entry.store.refuse_links()
    files.make_folder(entry.store.path)
    journal = Journal(entry.store, report)
    with held(entry.store) as was_killed:
        run = open_run(entry, part_size, journal.went_wrong)
        open_workers = partial(open_cluster, libraries)
        alone_first = backend == PROCESSES and jobs is None and not was_killed
        with journal, bar() if watch is None else nullcontext(watch) as shown:
            return _completed(
                run,
                experiment,
                open_workers,
                journal,
                shown,
                stop or (lambda: False),
                prepared or (lambda experiment, n_missing: None),
                alone_first=alone_first,
            )


def _completed(
    run: Run,
    experiment: Experiment,
    open_workers: OpenWorkers,
    journal: Journal,
    watch: Watch,
    stop: Stop,
    prepared: Prepared,
    *,
    alone_first: bool,
) -> Run:
    """Trains what is missing of a run, and sums it up once nothing is."""
    there = whole_parts(run, journal.went_wrong)
    missing = missing_of(run, there)
    if missing:
        refuse_other_versions(run, experiment)
    journal.begin(run.n_trials, run.n_parts, there)
    prepared(experiment, run.n_trials - journal.trials_done)
    watch(journal.trials_done, run.n_trials)
    make, join = (partial(work, experiment, run.part_size) for work in (make_part, put_together))
    work = Work(make, join, bool(there), stop, journal.went_wrong)
    making = train_missing(work, missing, open_workers, journal.work_with, alone_first=alone_first)
    with closing(making), closing(written(run.store, making)) as parts:  # also where somebody keeps an error
        for part in parts:
            there[part.trial_range] = part.facts
            journal.add(part.trial_range, part.facts)
            watch(journal.trials_done, run.n_trials)
    if len(there) < run.n_parts:
        return run
    finished = finish_run(run, experiment, there.values(), journal.went_wrong)
    journal.is_complete = True
    return finished
