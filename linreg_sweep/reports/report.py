"""A report: what is gathered of each run, put into one page, written whole or not at all."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from linreg_sweep.analysis.aggregate import Table
from linreg_sweep.analysis.quality import table_of
from linreg_sweep.analysis.shown import COLORS
from linreg_sweep.comparing.comparison import bins_to_read, compare
from linreg_sweep.errors import Complaint, ConfigError, SweepError
from linreg_sweep.plots.style import spaced
from linreg_sweep.reports.fit import fit_of
from linreg_sweep.reports.gather import FEWER_CELLS, Gathered, gather
from linreg_sweep.reports.laboratory import laboratory
from linreg_sweep.reports.page import Section, Shown, packed, render, shown
from linreg_sweep.reports.payload import map_of, settings_of, trials_of
from linreg_sweep.runs.reopening import declaration_of, reopen
from linreg_sweep.runs.results import Run, as_run
from linreg_sweep.storage import files
from linreg_sweep.storage.files import AnyPath
from linreg_sweep.storage.metadata import DataFacts
from linreg_sweep.storage.outputs import Output, output
from linreg_sweep.text.advice import format_advice
from linreg_sweep.text.importance import format_importance
from linreg_sweep.text.plans import axes_table
from linreg_sweep.text.runs import format_legend, measured
from linreg_sweep.theory.outcome import OUTCOMES
from linreg_sweep.trials.advice import advise, is_needed
from linreg_sweep.trials.axes import axes_of
from linreg_sweep.words import counted, ended, rows_of

MAX_PAYLOAD = 2_500_000
"""Letters that a page's scripts get of a run; maps that are no smooth pictures are coarser for it."""


def report(*runs: Run | str | Path, file: Output | None = None) -> AnyPath:
    """Writes a page of a run, or of several compared with the first, that opens anywhere.

    Args:
        runs: one or more, or their directories.
        file: a path, a URL that fsspec knows, or `-` for stdout; None: named after the runs, in the current
            folder.

    Returns:
        The file.

    Raises:
        ConfigError: no run, or one twice; no file can be there.
        ResultsError: there is no such run, it is damaged, or none of its trials is finished.
        SweepError: the file cannot be written; what was there stays.
    """
    if not runs:
        raise ConfigError(Complaint("", "a run is needed to report on"))
    found = [as_run(run) for run in runs]
    comparison = None
    if len(found) > 1:
        comparison = compare(*found, bins=bins_to_read(found, ()))
    names = [run.name for run in found] if comparison is None else list(comparison.runs)
    sections = [_small_section(name, run) for name, run in zip(names, found, strict=True)]
    page = render(", ".join(names), sections, comparison)
    if file is None:
        file = Path(f"{'-'.join(run.name for run in found)}-report.html")
    with output(file) as stream:
        stream.write(page.encode())
    return files.any_path(file)


def _small_section(name: str, run: Run) -> Section:
    """Returns what a page says of one run, with as fine maps as MAX_PAYLOAD has room for."""
    section = _section(name, gather(run))
    return section if len(section.payload) <= MAX_PAYLOAD else _section(name, gather(run, FEWER_CELLS))


def _section(name: str, found: Gathered) -> Section:
    """Returns what a page says of one run."""
    run, data = found.run, found.run.metadata["data"]
    products = declaration_of(run).config.products
    trained, why_not, fit = None, None, None
    advice: list[tuple[str, list[str]]] = []
    try:
        fit = fit_of(run)
        experiment = reopen(run)
        if run.finished and is_needed(run.metadata["outcomes"]):
            for line in format_advice(advise(experiment), "even the farthest start"):
                words, *settings = line.split(" --set ")
                advice.append((words, [f"--set {setting}" for setting in settings]))
        trained = laboratory(run, experiment, found.trials)
    except SweepError as error:
        why_not = str(error)
    payload = {
        "name": name,
        "maps": [
            map_of(run, each) | {"block": block} for each, block in zip(found.maps, found.blocks, strict=True)
        ],
        "trials": trials_of(found.trials, run.types),
        "others": settings_of(found.others, run.types),
        "all_listed": found.all_listed,
        "varied": list(run.varied),
        "n_trials": run.n_trials_done,
        "best": found.best,
        "laboratory": trained,
        "fit": fit,
        "outcomes": {outcome: COLORS[outcome] for outcome in OUTCOMES},
    }
    first, fits = next(iter(found.summaries.values())), run.metadata.get("quality")
    return Section(
        name=name,
        subject=(
            f"{counted(run.n_trials_done, 'trial')} of linear regression by gradient descent on"
            f" {data['source']}: {rows_of(data['rows'], data.get('held_out_rows', []))}, {_features(data)},"
            f" predicting {', '.join(data['targets'])};"
            f" loss {', '.join(run.losses)}, engine {run.metadata['engine']}."
        ),
        answer=found.answer,
        importance=_importance(run),
        advice=advice,
        facts=_facts(run),
        swept=shown("swept", "What was swept", axes_table(axes_of(products))),
        quality=None if fits is None else shown("quality", f"The fit, {measured(run)}", table_of(fits)),
        of_each=None if found.of_each is None else _of_each(run, found.of_each),
        command=shlex.join(["linreg-sweep", "run", str(run.store.config)]),
        config=files.read(run.store.config).decode(),
        summaries=[shown(f"summary-{by}", f"By {by}", table) for by, table in found.summaries.items()],
        legend=list(format_legend(first, run)),
        notes=list(_notes(run)),
        no_laboratory=why_not,
        payload=packed(payload),
    )


def _importance(run: Run) -> str:
    """Returns which parameter matters, in a sentence; nothing where that is not exact, or nothing varies."""
    if not run.is_ordered or not run.finished or run.n_failed:
        return ""
    try:
        return format_importance(*run.importance())
    except ConfigError:  # no parameter has two values
        return ""


def _of_each(run: Run, table: Table) -> Shown:
    """Returns the best trial of each word, or of each combination of words, as the page shows it."""
    words = [name for name in run.default_by() if run.types[name].is_words]
    where = ", in one fold" if run.n_folds > 1 else ""
    return shown("of-each", f"The best trial of each {' and '.join(map(spaced, words))}{where}", table)


def _features(data: DataFacts) -> str:
    names = data["features"]
    return (
        f"{counted(len(names), 'feature')} ({', '.join(names)})"
        if len(names) <= 12
        else f"{len(names)} features"
    )


def _facts(run: Run) -> dict[str, str]:
    """Returns what was run, by what each is called."""
    metadata = run.metadata
    facts = {
        "Run": run.path.resolve().name,
        "Data": f"{metadata['data']['source']}, SHA-256 of the rows trained on {metadata['data']['sha256']}",
        "Begun": metadata["created"],
        "Finished": metadata.get("finished", "not yet"),
    }
    versions = ", ".join(f"{name} {version}" for name, version in metadata["versions"].items())
    return facts | {"Versions": versions}


def _notes(run: Run) -> Iterator[str]:
    if not run.finished:
        yield f"{run.n_trials_done:,} of {run.n_trials:,} trials are done: the sweep is not finished."
    yield from (ended(f"{note[0].upper()}{note[1:]}") for note in run.metadata["data"]["notes"])
