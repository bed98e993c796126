"""The entry points that read what people write, each fed one content; what comes of it is checked."""

import contextlib
import gzip
import io
import json
import os
import shutil
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, get_args

import pandas as pd

from fuzz.runs import SWEEP
from linreg_sweep import cli
from linreg_sweep.analysis.formats import as_text, cells_of
from linreg_sweep.analysis.where import where
from linreg_sweep.config import load_config, load_sweep
from linreg_sweep.data import Data, from_file
from linreg_sweep.errors import ConfigError, DataError, ResultsError, SweepError
from linreg_sweep.exporting import export
from linreg_sweep.guards.escapes import MAX_LETTERS, OBEYED
from linreg_sweep.planning import plan
from linreg_sweep.runs.results import list_runs, load
from linreg_sweep.scaffold.texts import scaffold_texts
from linreg_sweep.storage.checksum import BLANK, with_checksum
from linreg_sweep.storage.store import Store, find_runs
from linreg_sweep.sweep import run
from linreg_sweep.tabular.sniffing import find_format
from linreg_sweep.terminal.choosing import Choice, choose, listed, summary_to_read
from linreg_sweep.text.runs import format_legend, format_run
from linreg_sweep.text.status import format_status, standing
from linreg_sweep.text_format import TextFormat, as_declared
from linreg_sweep.trials.loading import load_data
from linreg_sweep.trials.prepare import prepare

ROOT = Path(__file__).parents[1]

MAX_LINES = 52
"""Of one error: fifty complaints, and that there are more."""

FORECAST = 5000
"""Trials of a sweep that theory is asked about: of more it takes as long as it is allowed to."""

ACCEPTED = "accepted"

FRAME = pd.DataFrame(
    {
        "trial": range(5),
        "learning_rate": [0.001, 0.002, 0.005, 0.01, 0.1],
        "cost": [1.0, 0.5, float("nan"), float("inf"), 1e-300],
        "converged_at": pd.array([1, None, 3, None, 5], dtype="Int64"),
        "outcome": pd.Categorical(
            ["converged", "diverged", "converged", "unfinished", "converged"],
            ["converged", "unfinished", "diverged"],
        ),
    }
)


def make_folder(folder: Path) -> None:
    """Fills a folder with what contents may name: the examples, a run, and files that are none."""
    for name in ("configs", "sweeps", "data"):
        shutil.copytree(ROOT / name, folder / name)
    for out in ("runs", "others"):
        run(SWEEP, out=folder / out, jobs=1, part_size=1)
    (folder / "small.yaml").write_text(json.dumps(SWEEP), encoding="utf-8")
    with contextlib.suppress(OSError, AttributeError):
        os.mkfifo(folder / "pipe")
        (folder / "loop").symlink_to("loop")


def check(error: SweepError) -> str:
    """Checks that an error is one that a person can read, and returns its kind.

    Raises:
        AssertionError: it is of another exit code, too long, or no text for a terminal.
    """
    assert isinstance(error, ConfigError | DataError), f"{type(error).__name__}: {error}"
    assert error.exit_code == 2
    assert error.complaints, "an error without a complaint"
    check_words(str(error))
    return type(error).__name__


def check_words(text: str) -> None:
    """Checks that a text has lines of bounded number and length, and nothing that a terminal obeys."""
    lines = text.split("\n")
    assert len(lines) <= MAX_LINES, f"{len(lines)} lines"
    for line in lines:
        assert len(line) <= 4 * MAX_LETTERS, f"a line of {len(line)} letters"
        assert not OBEYED.search(line), f"a terminal would obey {line!r}"


def config(content: bytes) -> str:
    """A config, and the data that it names."""
    file = Path("configs/x.yaml")
    file.write_bytes(content)
    declaration = load_config(file)
    prepare(declaration, load_data(declaration))
    return ACCEPTED


def sweep(content: bytes) -> str:
    """A sweep, its data, and what theory says of it."""
    file = Path("sweeps/x.yaml")
    file.write_bytes(content)
    declaration = load_sweep(file)
    experiment = prepare(declaration, load_data(declaration))
    experiment.space.values(0, min(10, experiment.space.n_trials))
    if experiment.space.n_trials <= FORECAST:
        plan(file)
    return ACCEPTED


def option(content: bytes) -> str:
    """`--set` on a sweep."""
    declaration = load_sweep("sweeps/tutorial_rates.yaml", [content.decode("utf-8", "surrogateescape")])
    prepare(declaration, load_data(declaration))
    return ACCEPTED


def csv(content: bytes) -> str:
    """A file of text, written as is said or found, and a first config for it."""
    random = Random(zlib.crc32(content) + 1)
    name = random.choice((*["x.csv"] * 5, "x.tsv", "x.txt", "x.csv.gz"))
    if name.endswith(".gz") and random.random() < 0.9:
        content = gzip.compress(content)
    said: dict[str, Any] = {}
    if random.random() < 0.3:
        fields = TextFormat.model_fields
        said = {key: random.choice(get_args(fields[key].annotation)) for key in ("decimal", "encoding")}
        said |= {"separator": random.choice((*",;\t| ", None)), "thousands": random.choice((None, *"., '"))}
        said |= {"missing": random.choice(((), ("?",), ("-1", "x"))), "header": random.random() < 0.7}
    form = TextFormat.model_validate(said)
    if random.random() < 0.4:
        Path(name).write_bytes(content)
        form = find_format(Path(name), random.choice(((), ("y",))))
    return _data(name, content, form)


def parquet(content: bytes) -> str:
    """A Parquet file, and a first config for it."""
    return _data("x.parquet", content)


def excel(content: bytes) -> str:
    """An .xlsx file, and a first config for it."""
    return _data("x.xlsx", content)


def _data(name: str, content: bytes, form: TextFormat | None = None) -> str:
    random = Random(zlib.crc32(content))
    Path(name).write_bytes(content)
    header = content[:2000].split(b"\n")[0].decode("utf-8", "surrogateescape").strip().split(",")
    y = [header[-1]] if random.random() < 0.8 and name not in ("x.parquet", "x.xlsx") else ["y"]
    x = None if random.random() < 0.8 else random.choice((["x0"], ["x0", "x1"], header[:3], ["x"]))
    drop = random.random() < 0.3
    source, most = name, random.choice((None, None, 100))
    if random.random() < 0.1:  # as two files that are one table
        shutil.rmtree("parts", ignore_errors=True)
        Path("parts").mkdir()
        for each in (name, f"a{name}"):
            Path("parts", each).write_bytes(content)
        source = "parts"
    scaled = random.random() < 0.3
    data = from_file(source, x, y, standardize=scaled, form=form, drop=drop, max_memory=most)
    _start(data, source, [f"format: {as_declared(form)}"] if form not in (None, TextFormat()) else [])
    return ACCEPTED


def _start(data: Data, name: str, reading: Sequence[str]) -> None:
    texts = scaffold_texts(data, name="x", data_path=f"../{name}", x=None, y=data.y_names, reading=reading)
    for folder, text in zip(("configs", "sweeps"), texts, strict=True):
        Path(folder, "x.yaml").write_text(text, encoding="utf-8")
    try:
        load_sweep("sweeps/x.yaml")
    except SweepError as error:
        raise AssertionError(f"init wrote what cannot be read: {error}") from error


def comparison(content: bytes) -> str:
    """`--where` over a table."""
    where(FRAME, content.decode("utf-8", "surrogateescape"))
    return ACCEPTED


def command(content: bytes) -> str:
    """A whole command line; what it says of a file that is not there, or of a wrong usage."""
    arguments = [part.decode("utf-8", "surrogateescape") for part in content.split(b"\0")][:-1]
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    code: object
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main(arguments)
    except SystemExit as stopped:  # `verify` that found something
        code = stopped.code
    finally:
        shutil.rmtree("first", ignore_errors=True)
    assert code in (0, 1, 2), f"exit code {code}"
    said = err.getvalue()
    assert "Traceback" not in said, said
    if not said.startswith(("Usage:", "Error:")):  # those are click's own
        check_words(said.removesuffix("\n"))
    return ACCEPTED if code == 0 else f"exit code {code}"


def metadata(content: bytes) -> str:
    """A run's metadata.json, sealed by whoever wrote it, as commands read it."""
    store = _store()
    whole = store.metadata.read_bytes()
    store.metadata.write_bytes(with_checksum(content) if BLANK.encode() in content else content)
    try:
        return _read(store)
    except ResultsError as error:
        check_words(str(error))
        return type(error).__name__
    finally:
        store.metadata.write_bytes(whole)


def _read(store: Store) -> str:
    table, complaints = listed(list_runs("runs"))
    as_text(cells_of(table), "table")
    for complaint in complaints:
        check_words(str(complaint))
    list(format_status(standing(str(store.path))))
    loaded = load(store.path)
    list(format_legend(choose(loaded, Choice()), loaded))
    if loaded.finished:
        summary = summary_to_read(loaded)
        list(format_run(loaded, summary, list(cells_of(summary))))
    file = export(loaded, "csv")
    assert file.parent == Path(), f"{file} is elsewhere"
    file.unlink()
    return ACCEPTED


def status(content: bytes) -> str:
    """A run's status.json."""
    store = _store()
    store.status.write_bytes(content)
    found = standing(str(store.path))
    as_text(found.table(), "json")
    list(format_status(found))
    return "nothing" if found.status is None else ACCEPTED


def part(content: bytes) -> str:
    """A part of a run's trials or history, sealed by whoever wrote it, as some commands read it."""
    store = _store()
    file = store.part(store.trials if b"excess_cost" in content else store.history, 0)
    kept = {place: place.read_bytes() for place in (file, store.metadata, store.summary)}
    file.write_bytes(with_checksum(content) if BLANK.encode() in content else content)
    words = {"RUN": str(store.path), "OTHER": str(_store("others").path)}
    try:
        asked = Random(zlib.crc32(content)).sample(READERS, 4)
        codes = [
            command("".join(f"{words.get(word, word)}\0" for word in line.split()).encode()) for line in asked
        ]
        if file.parent == store.history:
            _ = load(store.path).history
    except ResultsError as error:
        check_words(str(error))
        return type(error).__name__
    finally:
        shutil.rmtree(store.path / "damaged", ignore_errors=True)
        for place, before in kept.items():
            place.write_bytes(before)
    return max(codes, key=lambda code: code != ACCEPTED)


READERS = [
    *("show RUN", "show RUN --trials", "show RUN --top 1", "show RUN --where cost>0 --by learning_rate"),
    *("verify RUN", "plot RUN -o x.png", "plot RUN --kind parallel -o x.png", "report RUN -o x.html"),
    *("export RUN --to excel -o x.xlsx", "export RUN --to parquet -o x.parquet", "status RUN"),
    *("compare OTHER RUN", "run small.yaml --out runs --jobs 1", "run small.yaml --out runs --jobs 1"),
]
"""Commands that read parts."""


def _store(out: str = "runs") -> Store:
    """Returns the one run that is there."""
    (store,) = find_runs(Path(out))
    return store


TARGETS: dict[str, Callable[[bytes], str]] = {
    "config": config,
    "sweep": sweep,
    "option": option,
    "csv": csv,
    "parquet": parquet,
    "excel": excel,
    "comparison": comparison,
    "command": command,
    "metadata": metadata,
    "status": status,
    "part": part,
}


def feed(kind: str, content: bytes) -> str:
    """Feeds a content to the entry points of its kind; returns `accepted`, or as what it was refused.

    Raises:
        BaseException: whatever escaped.
    """
    try:
        return TARGETS[kind](content)
    except SweepError as error:
        return check(error)
