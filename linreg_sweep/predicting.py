"""Predictions for the rows of a file: its own cells as they are, and a column for each target."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from linreg_sweep.analysis.quality import measures
from linreg_sweep.array_types import Floats
from linreg_sweep.errors import Complaint, ConfigError, DataError
from linreg_sweep.model import Model, read_model
from linreg_sweep.runs.results import load
from linreg_sweep.storage import files
from linreg_sweep.storage.outputs import Output, output
from linreg_sweep.tabular import cells_of_rows, column_names_of, read_table
from linreg_sweep.tabular.sniffing import find_format, told
from linreg_sweep.text_format import TextFormat, text_kind
from linreg_sweep.theory.problem import variance
from linreg_sweep.words import counted, joined, listed, shorten

MAX_NAMED = 5
"""Features that are named of those outside their range."""


@dataclass(frozen=True)
class Predictions:
    """What rows of a file are predicted to have.

    Attributes:
        model: what predicts.
        path: the file.
        form: how it is written, if it is text.
        predicted: [m, O].
        notes: what a person should know: rows outside the range of the training rows, columns that are not
            used; the fit, where the file has all targets.
    """

    model: Model
    path: Path
    form: TextFormat | None
    predicted: Floats
    notes: tuple[str, ...]


def model_at(place: str | Path, trial: int | None = None) -> Model:
    """Returns the model of a trial in a run's directory (see Run.model), or of a file that holds one.

    Raises:
        ConfigError: a file holds one model, and a trial is asked for; else see Run.model.
        ResultsError: there is no such run or file.
    """
    if not files.is_local(files.any_path(place)) or not Path(place).is_file():
        return load(place).model(trial)
    if trial is not None:
        raise ConfigError(Complaint("--trial", f"applies to a run, and {place} is a model", "leave it out"))
    return read_model(place)


def predict_file(model: Model, path: Path) -> Predictions:
    """Returns what the rows of a file are predicted to have.

    It has the features among its columns, in any order. How text is written is found out, and told where it
    is not by the default.

    Raises:
        DataError: with every complaint found, as about data to train on.
    """
    is_text = text_kind(path.name) and path.is_file()
    form = find_format(path, model.features) if is_text else None
    names = column_names_of(path, form)
    complaints = model.complaints(str(path), names)
    clash = [f"predicted_{target}" for target in model.targets if f"predicted_{target}" in names]
    complaints += [
        Complaint(str(path), f"has a column {shorten(name)!r} already", "rename it") for name in clash
    ]
    if complaints:
        raise DataError(*complaints)
    measured = [target for target in model.targets if target in names]
    has_targets = len(measured) == len(model.targets)
    y = model.targets if has_targets else ()
    try:
        table = read_table(path, model.features, y, form=form, needs_y=False)
    except DataError as error:  # what a config may say of data helps nobody here
        found = (replace(each, hint=each.hint.partition("; data.")[0]) for each in error.complaints)
        raise DataError(*found) from None
    predicted = model.of_rows(table.x)
    notes = []
    if form is not None and (said := told(form)):
        notes.append(f"the file was read with {said}")
    if others := [name for name in names if name not in (*model.features, *model.targets)]:
        notes.append(f"columns that the model does not use: {listed(others)}")
    notes += _outside(model, table.x)
    known = ~np.isnan(table.y).any(axis=1)
    if has_targets and known.any():
        notes.append(_fit(model, predicted[known], table.y[known]))
    return Predictions(model, path, form, predicted, tuple(notes))


def write_predictions(found: Predictions, file: Output) -> None:
    """Writes the rows of a file as CSV, each as it is, with what it is predicted to have; see outputs.output.

    Raises:
        ConfigError, SweepError: it cannot be written.
    """
    path, form = found.path, found.form
    added = [f"predicted_{target}" for target in found.model.targets]
    with output(file) as stream:
        text = io.TextIOWrapper(stream, "utf-8", "surrogateescape", newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*column_names_of(path, form), *added])
        for cells, row in zip(cells_of_rows(path, form), found.predicted.tolist(), strict=True):
            writer.writerow([*cells, *map(repr, row)])
        text.detach()


def _outside(model: Model, x: Floats) -> Iterator[str]:
    """Yields how many rows lie outside the range of the training rows, and in which features."""
    outside = model.outside(x)
    rows = int(outside.any(axis=1).sum())
    if not rows:
        return
    counts = outside.sum(axis=0)
    worst = [place for place in np.argsort(-counts, kind="stable")[:MAX_NAMED] if counts[place]]
    named = joined(
        [
            f"{shorten(model.features[place])} ({counts[place]:,}, trained from {model.low[place]:.6g}"
            f" to {model.high[place]:.6g})"
            for place in worst
        ],
        "and",
    )
    yield f"{rows:,} of {len(x):,} rows lie outside the range of the training rows, in {named}"


def _fit(model: Model, predicted: Floats, y: Floats) -> str:
    """Returns how well the predictions fit targets that are known."""
    cost = np.array([((predicted - y) ** 2).mean()])
    spread = variance(y, fit_bias=model.fit_bias)
    found: dict[str, Any] = {name: float(value[0]) for name, value in measures(cost, spread).items()}
    of = "a target" if y.shape[1] == 1 else "all targets"
    r2 = f"R2 {found['r2']:.6g}, " if np.isfinite(found["r2"]) else ""
    return f"{r2}RMSE {found['rmse']:.6g} on the {counted(len(y), 'row')} with {of}"
