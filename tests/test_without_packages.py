"""Facts about an environment without optional packages, each in a Python that cannot find one of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[1]

WITHOUT = """
import importlib.abc, importlib.metadata, sys
PACKAGE = sys.argv[1]

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == PACKAGE:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
there = importlib.metadata.version
def version(name):
    if name == PACKAGE:
        raise importlib.metadata.PackageNotFoundError(name)
    return there(name)
importlib.metadata.version = version

from linreg_sweep.cli import main
for line in sys.argv[2:]:
    try:
        code = main(line.split())
    except SystemExit as ended:
        code = ended.code
    print(f"<{code}> {line}", file=sys.stderr)
"""

SWEEP = """name: small
data: {name: tutorial}
method: grid
training: {epochs: 50, engine: ENGINE}
parameters: {learning_rate: {values: [0.001, 0.005]}, initial_weight: {values: [0, 1]}}
"""

NEEDED = {
    "torch": ["run torch.yaml", "run numpy.yaml --set training.engine=torch", "train config.yaml --steps 1"],
    "numba": ["run numpy.yaml --set training.engine=numba"],
    "matplotlib": ["plot results/small-*"],
    "openpyxl": ["export results/small-* --to excel"],
    "jinja2": ["report results/small-*"],
    "s3fs": ["run numpy.yaml --out s3://bucket/results"],
    "distributed": ["run numpy.yaml --out new --backend dask --scheduler tcp://127.0.0.1:1"],
}
"""What cannot be had without a package."""

OTHERS = [
    "--help",
    "plan numpy.yaml",
    "train config.yaml",
    "show RUN",
    "list",
    "status RUN",
    "verify RUN",
    "export RUN --to csv",
    "export RUN --to excel",
    "plot RUN",
    "report RUN",
    "schema",
]
"""What needs none of them, or one of the others."""


@pytest.mark.parametrize("package", NEEDED)
def test_what_needs_a_package_says_so_and_all_else_works(tmp_path: Path, package: str) -> None:
    """One sentence with the package and how to get it, exit code 2, no traceback, nothing left behind."""
    for engine in ("numpy", "torch"):
        (tmp_path / f"{engine}.yaml").write_text(SWEEP.replace("ENGINE", engine))
    (tmp_path / "config.yaml").write_text("data: {name: tutorial}\ntraining: {epochs: 20}\n")

    def told(*lines: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT, package, *lines],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr.splitlines()

    assert told("run numpy.yaml")[-1] == "<0> run numpy.yaml"
    (run,) = (tmp_path / "results").iterdir()
    needed = [line.replace("results/small-*", f"results/{run.name}") for line in NEEDED[package]]
    others = [line.replace("RUN", f"results/{run.name}") for line in OTHERS]
    codes = [line for line in told(*(line for line in others if line not in needed)) if line.startswith("<")]
    assert codes == [f"<0> {line}" for line in others if line not in needed]
    said = told(*needed)
    sentences = [line for line in said if not line.startswith("<")]
    assert [line for line in said if line.startswith("<")] == [f"<2> {line}" for line in needed]
    assert len(sentences) == len(needed)
    for sentence in sentences:
        assert package in sentence or package == "distributed"
        assert "pip install" in sentence
    assert [path.name for path in (tmp_path / "results").iterdir()] == [run.name]
