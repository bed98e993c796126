"""Facts about what metadata.json may say: a run from anywhere, sealed again, is read or refused in a line."""

import platform
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

import linreg_sweep as ls
from fuzz.runs import METADATA, SWEEP
from linreg_sweep import cli
from linreg_sweep.config.training import TrainingConfig
from linreg_sweep.execution import versions
from linreg_sweep.storage.metadata import FOUND, fault
from linreg_sweep.storage.store import FORMAT_VERSION, MADE_AGAIN, Store
from tests.shells import handlers
from tests.small_run import content, made

__all__ = ["handlers"]

COLUMNS: list[tuple[str, dict[str, Any]]] = [
    *((name, {"name": other}) for name, other in (("cost", "trial"), ("trial", "x"), ("weight", "\ud800"))),
    *(("outcome", {"words": words}) for words in ([], ["converged"], ["a", "b", "c", "d"], "x", [1], None)),
    ("outcome", {"words": ["converged", "converged", "diverged", "failed"]}),
    ("outcome", {"kind": "number", "words": None}),
    ("regime", {"words": ["low", "good", "high", "too_high", "more"]}),
    ("theory", {"words": ["x"] * 2**15}),
    *(("cost", {"kind": kind}) for kind in ("words", "count", "float64", 5)),
    *(("cost", {"role": role}) for role in ("hyperparameter", "state", "key", "x")),
    ("learning_rate", {"role": "derived"}),
    ("weight", {"kind": "count"}),
    ("weight", {"more": 1}),
]
"""What may be told otherwise of a column, and cannot be."""


def changed(name: str, change: dict[str, Any]) -> dict[str, Any]:
    """Returns what is told of the columns, one of the trials table otherwise."""
    told: dict[str, Any] = METADATA["columns"]
    return told | {"trials": [each | change if each["name"] == name else each for each in told["trials"]]}


WRONG: dict[str, list[Any]] = {
    "name": ["../../escaped", "/escaped", "", ".hidden", "nul", "a\n", 5, None],
    "n_trials": [0, -1, "x", 1e400, 2.0, True, None, 2**63],
    "varied": [5, "learning_rate", [1], {}, ["\ud800"]],
    "spans": [[], {"x": 1}, {"x": ["x"]}, {"x": [float("nan")]}],
    "outcomes": [5, {}, {"converged": 1}, METADATA["outcomes"] | {"diverged": "x"}],
    "best": [[1], {}, METADATA["best"] | {"converged_at": "x"}],
    "data": [
        {},
        METADATA["data"] | {"targets": []},
        METADATA["data"] | {"features": []},
        METADATA["data"] | {"rows": 0},
    ],
    "agreement": [METADATA["agreement"] | {"others": 5}, METADATA["agreement"] | {"others": [{}]}],
    "failed": [{"count": 1}, {"count": 1, "first": [{"trial": 0}]}],
    "history": [1],
    "loss": ["x", []],
    "settle": [5],
    "divergence": ["x"],
    "checksums": [[]],
    "finished": [5],
    "edge": [{}],
    "versions": [{"numpy": 2}],
    "columns": [
        *([], {}, {"trials": [], "history": []}, METADATA["columns"] | {"history": [5]}),
        *(changed(name, change) for name, change in COLUMNS),
        METADATA["columns"] | {"history": METADATA["columns"]["history"][:2]},
        METADATA["columns"] | {"trials": METADATA["columns"]["trials"] * 2},
        METADATA["columns"] | {"trials": METADATA["columns"]["trials"][::-1]},
    ],
}


def test_a_run_says_what_can_be() -> None:
    """The example is what this version writes, key by key; nothing is wrong with it."""
    assert fault(METADATA) == ""


def test_every_loss_can_be_said() -> None:
    """What a config may name, the metadata of its run may say."""
    for loss in get_args(TrainingConfig.model_fields["loss"].annotation):
        assert fault(METADATA | {"loss": loss}) == ""


def test_the_example_is_what_is_written(tmp_path: Path) -> None:
    """But for versions, times and last bits."""
    told: dict[str, Any] = dict(made(tmp_path).metadata)
    assert told.keys() == METADATA.keys()
    for key in (
        "name",
        "data",
        "varied",
        "spans",
        "hyperparameters",
        "n_trials",
        "n_parts",
        "outcomes",
        "failed",
    ):
        assert told[key] == METADATA[key]
    for key in ("best", "edge", "agreement"):
        assert told[key].keys() == METADATA[key].keys()


def test_what_cannot_be_is_named() -> None:
    """By its key, whatever it is."""
    for key, values in WRONG.items():
        for value in values:
            assert fault(METADATA | {key: value}) == f"what it says of {key} cannot be"


def test_a_library_that_is_not_there_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that are, the version is their own."""
    monkeypatch.setattr(versions, "LIBRARIES", ("numpy", "no-such-library"))
    assert versions.installed() == {"python": platform.python_version(), "numpy": np.__version__}


def test_what_does_not_go_together_is_named() -> None:
    """Parts are those of the trials, and the best trial has the columns that are told of it."""
    assert fault(METADATA | {"n_parts": 3}) == "its parts do not make up its trials"
    best = {key: value for key, value in METADATA["best"].items() if key != "learning_rate"}
    assert fault(METADATA | {"best": best}) == "its best trial lacks columns"
    words = METADATA["best"] | {"weight": "two"}
    assert fault(METADATA | {"best": words}) == "what it says of its best trial's parameters cannot be"


def test_what_a_finished_run_found_is_needed_once_it_is_finished() -> None:
    """And not before."""
    begun = {key: value for key, value in METADATA.items() if key not in FOUND}
    assert fault(begun) == ""
    assert fault(begun | {"finished": "today"}) == f"it lacks {', '.join(list(FOUND)[1:])}"


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("command", ["plot", "export --to csv", "report", "show", "status", "verify"])
def test_a_name_does_not_climb_out_of_the_folder(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files without a name of their own are called after the run, so a run named otherwise is refused."""
    run = made(tmp_path / "a" / "b")
    run.store.write_metadata(run.metadata | {"name": "../../escaped"})
    monkeypatch.chdir(tmp_path / "a" / "b")
    before = sorted(tmp_path.rglob("*"))
    assert cli.main([*command.split(), str(run.path)]) == 1
    told = capsys.readouterr()
    text = f"{run.store.metadata}: is damaged: what it says of name cannot be. Hint: {MADE_AGAIN}"
    assert (told.out, told.err) == ("", f"{text}\n")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.usefixtures("handlers")
def test_list_shows_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One run that cannot be read hides none."""
    wrong, other = made(tmp_path), made(tmp_path, overrides=["name=other"])
    wrong.store.write_metadata(wrong.metadata | {"best": [1]})
    assert cli.main(["list", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert other.path.name in told.out
    assert told.err.startswith(f"{wrong.store.metadata}: is damaged: what it says of best cannot be")


def test_a_newer_format_may_say_anything(tmp_path: Path) -> None:
    """It is refused as such, before its kinds are looked at."""
    store = Store(tmp_path)
    store.write_metadata({"format_version": FORMAT_VERSION + 1, "name": 5})
    with pytest.raises(ls.ResultsError, match="this version reads up to"):
        store.read_metadata()


def test_the_next_run_makes_such_metadata_again(tmp_path: Path) -> None:
    """As it does where they were damaged by chance."""
    run = made(tmp_path)
    run.store.write_metadata(run.metadata | {"n_trials": 0})
    told: list[str] = []
    assert made(tmp_path, report=told.append).n_trials == len(SWEEP["parameters"]["learning_rate"]["values"])
    assert [line.split(" is ")[0] for line in told] == [f"damaged: {run.store.metadata}"]


@pytest.mark.parametrize(
    "otherwise",
    [
        {"n_trials": 1, "n_parts": 1},
        {"n_trials": 8, "n_parts": 8},
        {"n_trials": 2**62, "part_size": 2**62, "n_parts": 1},
        {"part_size": 2, "n_parts": 1},
        {"engine": "torch"},
        {"history": False},
    ],
)
def test_what_is_declared_is_not_believed_otherwise(otherwise: dict[str, Any], tmp_path: Path) -> None:
    """Sealed or not: it is set aside, and no part is."""
    run = made(tmp_path)
    right = content(run.path)
    run.store.write_metadata(run.metadata | otherwise)
    told: list[str] = []
    made(tmp_path, report=told.append)
    assert [line.split(" is ")[0] for line in told] == [f"damaged: {run.store.metadata}"]
    assert content(run.path) == right
