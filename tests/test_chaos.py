"""Facts about sweeps whose processes are killed: a short version of what `make chaos` does at length."""

import signal
from pathlib import Path

import pytest

from chaos.kills import Kill
from chaos.local import Local
from chaos.on_dask import OnDask
from chaos.witness import Witness
from chaos.world import World, differences

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc"),
]

TERMINATED = Kill("SIGTERM", (signal.SIGTERM,), code=143)


def test_nothing_is_lost_to_random_kills(tmp_path: Path) -> None:
    """The command and its workers die as seed 5 has it; no byte differs, and no process is left."""
    report = Local(tmp_path, seed=5).until(kills=4)
    assert report.troubles == [], report.text()
    assert report.n_kills >= 4
    assert report.finished >= 2


def test_nothing_is_lost_to_kills_on_a_cluster(tmp_path: Path) -> None:
    """Dask's scheduler and workers die as seed 1 has it, and come back: the same holds."""
    report = OnDask(tmp_path, seed=1).until(kills=1)
    assert report.troubles == [], report.text()
    assert report.n_kills >= 1


def test_what_should_not_be_is_noticed(tmp_path: Path) -> None:
    """A wrong exit code, a traceback, a process left behind: each is a trouble, and said in the report."""
    world = World(tmp_path / "world")
    leaves = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    for code, trouble in {
        "raise SystemExit(7)": "exit code 7 after SIGTERM while training",
        "raise ValueError('lost')": "a traceback after SIGTERM while training",
        f"{leaves}; raise SystemExit(143)": "processes that outlived their command",
    }.items():
        witness = Witness(world, few_seconds=0.5)
        witness.end(witness.born(["-c", code], world), [(TERMINATED, "training")])
        witness.see_all_gone()
        assert trouble in "\n".join(witness.report.troubles)
        assert f"WRONG: {witness.report.troubles[0]}" in witness.report.text()


def test_a_byte_that_differs_is_noticed(tmp_path: Path) -> None:
    """As is a file too many, or too few; times and processes may differ."""
    worlds = right, other = World(tmp_path / "right"), World(tmp_path / "other")
    for world in worlds:
        folder = world.folder / "results" / "chaos-12345678"
        (folder / "trials").mkdir(parents=True)
        (folder / "metadata.json").write_text(f'{{"n_trials": 8, "finished": "{world.folder}"}}')
        (folder / "run.log").write_text(str(world.folder))
        for name in ("summary.csv", "trials/part-00000.parquet", "trials/part-00001.parquet"):
            (folder / name).write_text(name)
    assert differences(other, right) == []
    (folder / "summary.csv").write_text("Summary.csv")
    (folder / "trials" / "part-00001.parquet").unlink()
    (folder / "trials" / ".part-00001.parquet.7").touch()
    (folder / "metadata.json").write_text('{"n_trials": 9}')
    assert differences(other, right) == [
        *("summary.csv", "trials/.part-00001.parquet.7", "trials/part-00001.parquet", "metadata.json")
    ]
