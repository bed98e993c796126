"""Facts about a million trials: the same bits however they are run, and no memory that grows with them."""

import hashlib
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import linreg_sweep as ls
from linreg_sweep.engines import closed_form
from linreg_sweep.theory.modes import MomentumModes, PlainModes
from linreg_sweep.theory.problem import make_problem
from tests.descents import judged, make_method, make_trials

pytestmark = pytest.mark.system

SWEEP = {
    "name": "million",
    "data": {"name": "tutorial"},
    "training": {"engine": "closed_form"},
    "method": "grid",
    "parameters": {
        "learning_rate": {"min": 1e-4, "max": 1e-2, "num": 1000, "scale": "log"},
        "initial_weight": {"min": -10, "max": 10, "num": 1000},
    },
}


def digest(run: ls.Run) -> str:
    """Returns a hash of every column of all parts, and of the summary."""
    hashes: dict[str, hashlib._Hash] = {}
    for columns in run.parts(run.columns):
        for name, values in columns.items():
            hashes.setdefault(name, hashlib.sha256()).update(np.ascontiguousarray(values).tobytes())
    told = {name: found.hexdigest() for name, found in hashes.items()}
    return f"{told} {(run.path / 'summary.csv').read_text()}"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The million in one process, in parts of the default size."""
    return digest(ls.run(SWEEP, out=tmp_path_factory.mktemp("one"), jobs=1))


@pytest.mark.parametrize(("jobs", "part_size"), [(2, None), (2, 30_000), (1, 250_000)])
def test_a_million_trials_have_the_same_bits(
    tmp_path: Path, reference: str, jobs: int, part_size: int | None
) -> None:
    """Whatever the workers and the parts, table and summary."""
    assert digest(ls.run(SWEEP, out=tmp_path, jobs=jobs, part_size=part_size)) == reference


def test_a_million_trials_that_were_killed_and_finished(tmp_path: Path, reference: str) -> None:
    """A process killed in the middle leaves whole parts; the same command finishes the rest."""
    sweep = tmp_path / "million.yaml"
    sweep.write_text(yaml.safe_dump(SWEEP, sort_keys=False))
    command = [sys.executable, "-m", "linreg_sweep", "run", str(sweep), "--out", str(tmp_path), "--jobs", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while len(list(tmp_path.glob("*/trials/part-*"))) < 3 and time.monotonic() < until:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (path,) = tmp_path.glob("million-*")
    assert 3 <= len(ls.load(path).finished_parts()) < 16
    assert digest(ls.run(sweep, out=tmp_path, jobs=1)) == reference


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_closed_form_costs_the_same_for_any_number_of_epochs(
    monkeypatch: pytest.MonkeyPatch, momentum: float
) -> None:
    """It looks at as many epochs for 10**15 as for 10**6, but for the halving of what is longer."""
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(20, 1)), generator.normal(size=(20, 1))
    problem = make_problem(x, y, loss="half_mse", fit_bias=True)
    rates = np.geomspace(1e-3, 1.2, 50) * 2 / problem.eigenvalues[-1]
    start = generator.normal(size=(50, *problem.shape))
    looked: list[int] = []
    for kind in (PlainModes, MomentumModes):

        def counted(self: Any, epoch: Any, original: Any = kind.factors) -> Any:
            looked.append(1)
            return original(self, epoch)

        monkeypatch.setattr(kind, "factors", counted)
    counts = []
    for epochs in (10**6, 10**15):
        looked.clear()
        trials = make_trials(problem, rates, start, epochs, momentum=momentum)
        results = closed_form.train(problem, trials, judged(problem, trials, make_method(trials)))
        counts.append(len(looked))
        assert (results.epochs < 10**6).all()
    assert counts[0] == counts[1] < 2000
