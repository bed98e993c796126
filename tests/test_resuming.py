"""Facts about sweeps run again: what is missing is made, what is there stays, each in its directory."""

from pathlib import Path

import pytest

import linreg_sweep as ls
from linreg_sweep.errors import ConfigError
from tests.whole_sweeps import GRID, assert_same_run, parts_of


def test_a_lost_part_is_made_anew_and_no_other(tmp_path: Path) -> None:
    """The same call makes what is missing, with the same bytes, and leaves the rest untouched."""
    run = ls.run(GRID, out=tmp_path, jobs=1, part_size=50)
    before = parts_of(run)
    summary = (run.path / "summary.csv").read_bytes()
    lost = run.path / "trials" / "part-00002.parquet"
    lost.unlink()
    assert ls.load(run.path).n_trials_done == 160
    told: list[tuple[int, int]] = []
    again = ls.run(GRID, out=tmp_path, watch=lambda done, total: told.append((done, total)))
    assert told == [(160, 210), (210, 210)]
    after = parts_of(again)
    assert {path: content for path, (content, _) in after.items()} == {
        path: content for path, (content, _) in before.items()
    }
    made = {path.name for path in after if after[path][1] != before[path][1]}
    assert made == {"part-00002.parquet"}
    assert (run.path / "summary.csv").read_bytes() == summary


def test_a_stop_between_two_files_of_a_part_loses_no_history(tmp_path: Path) -> None:
    """A part's history is written before its trials, which are what makes it finished."""
    run = ls.run(GRID, out=tmp_path, jobs=1, part_size=50)
    complete = parts_of(run)
    (run.path / "trials" / "part-00001.parquet").unlink()  # as if stopped after the history
    ls.run(GRID, out=tmp_path, jobs=1)
    assert [content for content, _ in parts_of(run).values()] == [content for content, _ in complete.values()]


@pytest.mark.parametrize("lost", ["history/part-00002.parquet", "trials/part-00000.parquet", "summary.csv"])
def test_any_lost_file_is_made_again(tmp_path: Path, lost: str) -> None:
    """Whatever was deleted from a finished run comes back, byte for byte; until then it is not finished."""
    run = ls.run(GRID, out=tmp_path, jobs=1, part_size=50)
    content = (run.path / lost).read_bytes()
    (run.path / lost).unlink()
    assert ls.load(run.path).finished == (lost == "summary.csv")
    again = ls.run(GRID, out=tmp_path, jobs=1)
    assert (run.path / lost).read_bytes() == content
    assert again.finished
    assert again.metadata["outcomes"] == run.metadata["outcomes"]


def test_a_finished_run_is_not_touched(tmp_path: Path) -> None:
    """Running it again trains nothing and writes nothing but its log, and the same run is returned."""
    run = ls.run(GRID, out=tmp_path, jobs=1)

    def times() -> dict[Path, int]:
        told = ("run.log", "run.lock", "status.json")
        files = [path for path in run.path.rglob("*.*") if path.name not in told]
        return {path: path.stat().st_mtime_ns for path in files}

    before = times()
    told: list[tuple[int, int]] = []
    again = ls.run(GRID, out=tmp_path, watch=lambda done, total: told.append((done, total)))
    assert told == [(210, 210)]
    assert times() == before
    assert_same_run(run, again)


def test_a_run_keeps_its_size_of_parts(tmp_path: Path) -> None:
    """Another size is refused, with the way out; none is fine."""
    run = ls.run(GRID, out=tmp_path, jobs=1, part_size=50)
    ls.run(GRID, out=tmp_path, jobs=1, part_size=50)
    with pytest.raises(ConfigError) as caught:
        ls.run(GRID, out=tmp_path, jobs=1, part_size=60)
    assert str(caught.value) == (
        f"{run.path}: the run was made with a part size of 50, got 60. "
        "Hint: leave it out, or use another --out"
    )


@pytest.mark.parametrize(
    "override",
    [
        *("seed=1", "training.epochs=121", "loss=mse", "engine=torch", "tolerance=1e-5"),
        *("parameters.initial_bias=0", "standardize=true", "history.every=3"),
        "parameters.momentum.values=[0.5, 0]",
    ],
)
def test_another_declaration_has_another_directory(tmp_path: Path, override: str) -> None:
    """Whatever can change a trial, a number or an order changes the eight digits."""
    few = GRID | {"parameters": {"learning_rate": {"values": [0.005]}, "momentum": {"values": [0, 0.5]}}}
    one = ls.run(few, out=tmp_path, jobs=1)
    two = ls.run(few, overrides=[override], out=tmp_path, jobs=1)
    assert one.path != two.path
    assert two.path.name.startswith("grid-")


def test_the_same_declaration_has_the_same_directory(tmp_path: Path) -> None:
    """However it is written: defaults said or not, numbers as 1e-3 or 0.001, whatever the most trials are."""
    few = GRID | {"parameters": {"learning_rate": {"values": [0.001]}}}
    one = ls.run(few, out=tmp_path, jobs=1)
    said = few | {"seed": 0, "max_trials": 10, "outcome": {"tolerance": 1e-06}}
    said |= {"training": {"momentum": 0, "epochs": 1.2e2, "engine": "numpy"}}
    two = ls.run(said, out=tmp_path, overrides=["parameters.learning_rate.values=[1e-3]"], jobs=1)
    assert one.path == two.path
    assert len(list(tmp_path.iterdir())) == 1


def test_a_data_file_is_known_by_its_content(tmp_path: Path) -> None:
    """Moved or renamed it has the same directory; with one number changed it has another."""
    rows = "x,y\n1,2\n2,3.5\n3,7\n"
    for name, text in (("a.csv", rows), ("b.csv", rows), ("c.csv", rows.replace("7", "8"))):
        (tmp_path / name).write_text(text)
    few = {"name": "few", "method": "grid", "parameters": {"learning_rate": {"values": [0.01]}}}
    a, b, c = (
        ls.run(few | {"data": {"path": str(tmp_path / name), "y": "y"}}, out=tmp_path / "results", jobs=1)
        for name in ("a.csv", "b.csv", "c.csv")
    )
    assert a.path == b.path != c.path
