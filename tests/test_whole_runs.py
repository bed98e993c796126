"""Facts about a run that is what it says: summed up over all its trials, its data with it."""

import shutil
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]

import linreg_sweep as ls
from linreg_sweep.cli import main
from linreg_sweep.errors import ResultsError
from linreg_sweep.runs import opening
from tests.small_run import SWEEP, content, made

SIX = ["parameters={learning_rate: {min: 0.001, max: 0.006, num: 6}}"]
"""Six trials instead of two, in as many parts."""

DATA = "size,rooms,price\n50,2,100\n80,3,170\n120,3,230\n200,5,420\n"


def sums_up(run: ls.Run) -> bool:
    """Returns whether what a run says of all trials is what pandas counts in its rows."""
    counts = run.trials["outcome"].value_counts().to_dict()
    outcomes = {name: count for name, count in run.metadata["outcomes"].items() if count}
    return outcomes == {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("gone", [0, 3])
@pytest.mark.parametrize("at", [4, 6])
def test_a_part_that_vanishes_while_a_run_is_made_is_missed(gone: int, at: int, tmp_path: Path) -> None:
    """The run is not finished then, which is said; the same command makes it again, and sums up all."""

    def vanish(done: int, total: int) -> None:
        if done == at:
            next(tmp_path.glob(f"broken/*/trials/part-{gone:05d}.parquet")).unlink(missing_ok=True)

    right = made(tmp_path / "right", overrides=SIX)
    with pytest.raises(
        ResultsError, match=r"part-0000\d.parquet: is gone|a part that was written is gone"
    ) as caught:
        made(tmp_path / "broken", overrides=SIX, watch=vanish)
    assert "again" in str(caught.value)
    run = made(tmp_path / "broken", overrides=SIX)
    assert run.finished
    assert sums_up(run)
    assert content(run.path) == content(right.path)


@pytest.fixture(params=["parts", "all"])
def lagging(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A store in memory that opens what was written and lists it only later, as old ones may."""
    listing, late = MemoryFileSystem.ls, [True]

    def ls_(self: Any, path: str, detail: bool = True, **more: Any) -> Any:
        found = listing(self, path, detail=detail, **more)
        if not late[0] or "/trials" not in path:
            return found
        return [] if request.param == "all" else found[: len(found) // 2]

    monkeypatch.setattr(MemoryFileSystem, "ls", ls_)
    return late


def test_a_store_whose_listing_lags_has_a_whole_run(lagging: list[bool], tmp_path: Path) -> None:
    """What was written is looked for by name: the run is finished, and says so, before it can be listed."""
    right = made(tmp_path, overrides=SIX)
    out = f"memory://{uuid.uuid4()}"
    run = made(out, overrides=SIX)
    for each in (run, ls.load(str(run.path))):
        assert each.finished
        assert len(each.trials) == 6
        assert sums_up(each)
    assert run.store.summary.read_bytes() == right.store.summary.read_bytes()
    assert ls.verify(run).mismatches == ()
    lagging[0] = False
    assert made(out, overrides=SIX).finished


@pytest.mark.parametrize("moved", [0, 1])
def test_a_run_that_was_summed_up_otherwise_is_summed_up_again(moved: int, tmp_path: Path) -> None:
    """Without a trial, when it is not called finished until then, or with one moved; verify names it."""
    run = made(tmp_path, overrides=SIX)
    right, outcomes = content(run.path), dict(run.metadata["outcomes"])
    most, *_, least = sorted(outcomes, key=lambda name: -outcomes[name])
    forged = {most: outcomes[most] - 1, least: outcomes[least] + moved}
    run.store.write_metadata(run.metadata | {"outcomes": outcomes | forged})
    wrong = ls.load(run.path)
    assert wrong.finished == bool(moved)
    assert [each.column for each in ls.verify(wrong).mismatches] == ["outcomes"]
    again = made(tmp_path, overrides=SIX)
    assert again.finished
    assert content(again.path) == right
    assert ls.verify(again).mismatches == ()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small file."""
    file = tmp_path / "shop" / "houses.csv"
    file.parent.mkdir()
    file.write_text(DATA)
    return file


def on(file: Path, **changes: Any) -> dict[str, Any]:
    """Returns a sweep on a file."""
    return SWEEP | {"data": {"path": str(file), "y": ["price"], "standardize": True}} | changes


def test_a_run_that_was_copied_elsewhere_has_its_data(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the file it is read, verified, drawn, reported on and finished, to the byte."""
    run = ls.run(on(source), out=tmp_path / "here", jobs=1, part_size=1)
    right = content(run.path)
    there = shutil.copytree(run.path, tmp_path / "there" / "results" / run.path.name)
    shutil.rmtree(source.parent)
    shutil.rmtree(tmp_path / "here")
    monkeypatch.chdir(tmp_path / "there")
    assert ls.verify(there).mismatches == ()
    for command in (f"plot {there} --kind paths -o x.png", f"report {there} -o x.html"):
        assert main(command.split()) == 0
    assert "laboratory" in Path("x.html").read_text()
    (there / "trials" / "part-00001.parquet").unlink()
    capsys.readouterr()
    assert main(["run", str(there / "config.yaml"), "--jobs", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"results/{there.name}"
    assert content(there) == right
    assert ls.load(there).metadata["data"]["source"] == "houses.csv"
    (there / "data.parquet").unlink()
    with pytest.raises(ResultsError, match=r"data\.parquet: is gone"):
        ls.verify(there)


def test_a_run_has_the_same_directory_wherever_its_data_are(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept or not, moved or not, by its own config.yaml or by the sweep."""
    runs = [ls.run(on(source), out=tmp_path / "a", jobs=1)]
    moved = Path(shutil.copy(source, tmp_path / "moved.csv"))
    runs.append(ls.run(on(moved), out=tmp_path / "b", jobs=1))
    runs.append(ls.run(runs[0].store.config, out=tmp_path / "c", jobs=1))
    monkeypatch.setattr(opening, "SMALL", 0)
    runs.append(ls.run(on(source), out=tmp_path / "d", jobs=1))
    assert len({run.path.name for run in runs}) == 1
    assert [run.store.data.exists() for run in runs] == [True, True, True, False]


def test_large_data_are_looked_for_where_they_were(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said where that is and how to give another place, which the run then keeps in mind."""
    monkeypatch.setattr(opening, "SMALL", 0)
    run = ls.run(on(source), out=tmp_path / "out", jobs=1, part_size=1)
    moved = source.rename(tmp_path / "moved.csv")
    with pytest.raises(ResultsError) as caught:
        ls.verify(run)
    line = str(caught.value)
    assert f"not at {source} any more" in line
    assert f"`linreg-sweep run {run.store.config} --out {run.path.parent} --set data.path=FILE`" in line
    again = ls.run(run.store.config, overrides=[f"data.path={moved}"], out=run.path.parent, jobs=1)
    assert again.path == run.path
    assert ls.verify(run.path).mismatches == ()
    assert not (run.path / "damaged").exists()


def test_a_run_from_before_data_were_kept_stays_as_it_is(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read, verified and finished with its data where they are."""
    with monkeypatch.context() as patch:
        patch.setattr(opening, "SMALL", 0)
        run = ls.run(on(source), out=tmp_path, jobs=1, part_size=1)
    right = content(run.path)
    run.store.part(run.store.trials, 1).unlink()
    again = ls.run(on(source), out=tmp_path, jobs=1)
    assert content(again.path) == right
    assert ls.verify(again).mismatches == ()


@pytest.mark.parametrize("name", ["outcome", "trial", "a b", "größe", "x_unscaled2"])
def test_columns_of_kept_data_may_have_any_name(name: str, tmp_path: Path) -> None:
    """And any finite number: they come back to the bit."""
    file = tmp_path / "mine.csv"
    x = np.nextafter([0.1, -1e-300, 5e-324, 1e15], np.inf)
    file.write_text(f"{name},y\n" + "".join(f"{value!r},{row}\n" for row, value in enumerate(x.tolist())))
    sweep = SWEEP | {"data": {"path": str(file), "y": ["y"]}}
    run = ls.run(sweep, out=tmp_path, jobs=1)
    file.unlink()
    assert ls.verify(run).mismatches == ()
    assert ls.run(run.store.config, out=tmp_path, jobs=1).path == run.path


def test_a_small_part_of_a_large_file_is_kept(tmp_path: Path) -> None:
    """Two of many columns: what a trial needs is small."""
    file, rows = tmp_path / "wide.csv", np.random.default_rng(0).normal(size=(1000, 200))
    np.savetxt(file, rows, delimiter=",", header=",".join(f"c{n}" for n in range(200)), comments="")
    assert file.stat().st_size > opening.SMALL
    for x, is_kept in (["c1"], True), (None, False):
        data = {"path": str(file), "y": ["c0"]} | ({} if x is None else {"x": x})
        run = ls.run(SWEEP | {"data": data, "parameters": {"learning_rate": 1e-3}}, out=tmp_path, jobs=1)
        assert run.store.data.exists() == is_kept
