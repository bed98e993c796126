"""The whole story of a sweep: read this first.

A declaration (YAML) meets its data and becomes an experiment; the experiment is trained part by
part; each part is written whole or not at all; the tables are read back from the parts.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from linreg_sweep.config import load_sweep
from linreg_sweep.parts import make_part
from linreg_sweep.prepare import Arrays, data_path, load_data, prepare
from linreg_sweep.register import finish_run, open_run
from linreg_sweep.results import Run
from linreg_sweep.runner import run_parts
from linreg_sweep.writing import written

Watch = Callable[[int, int], None]
"""Told how many trials are done, and of how many, whenever that changes."""


def run(
    sweep: str | Path | Mapping[str, Any],
    *,
    overrides: Iterable[str] = (),
    data: Arrays | None = None,
    out: str | Path = "results",
    jobs: int | None = None,
    part_size: int | None = None,
    watch: Watch = lambda done, total: None,
) -> Run:
    """Trains every trial of a sweep that is not yet there, and returns the run.

    Args:
        sweep: a sweep file, or the same as a mapping.
        overrides: texts like `training.epochs=500`, as `--set` takes them.
        data: x (n,) or (n, F) and y (n,) or (n, O), instead of what the declaration names.
        out: the directory that holds the runs.
        jobs: worker processes; 1: none; None: as many as pay.
        part_size: trials a part, for a run that is not there yet; None: by the sweep.
        watch: told of the progress.

    Raises:
        ConfigError: the declaration cannot be meant; every complaint at once.
        DataError: the data cannot be read or fitted.
        ResultsError: the run's directory cannot be written. What was finished before is intact.
    """
    declaration = load_sweep(sweep, overrides, data_given=data is not None)
    table = load_data(declaration, data)
    experiment = prepare(declaration, table)
    n_trials = experiment.space.n_trials
    run = open_run(experiment, table, data_path(declaration), Path(out), part_size)
    size = run.metadata["part_size"]
    finished = set(run.finished_parts())
    missing = [number for number in range(run.metadata["n_parts"]) if number not in finished]
    done = run.n_trials_done
    watch(done, n_trials)
    for part in written(run.store, run_parts(partial(make_part, experiment, size), missing, jobs)):
        done += part.n_trials
        watch(done, n_trials)
    return finish_run(run, experiment)
