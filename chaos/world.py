"""The sweep that is run, where it is run, and what it gives where nobody is killed."""

import json
from pathlib import Path

N_PARTS = 40

SWEEP = """
name: chaos
data: {name: tutorial}
method: grid
training: {epochs: 1000, early_stop: false}
history: {every: 250}
parameters:
  learning_rate: {min: 1e-4, max: 1e-2, num: 20, scale: log}
  initial_weight: {min: -10, max: 10, num: 20}
"""
"""400 trials: so long that workers are started, so short that it can be run hundreds of times."""

STAGES = ("starting", "opening", "training", "finishing", "reporting")
"""Of a life: until it has the run; until it has looked through it; until all parts are there; until the
run is finished; and what is left."""

TRANSIENT = {"metadata.json", "run.log", "status.json", "run.lock"}
"""Files of a run that tell of times and processes."""


class World:
    """A folder with the sweep, and its runs under `results`."""

    def __init__(self, folder: Path) -> None:
        """Writes the sweep.

        Args:
            folder: where; it is made.
        """
        folder.mkdir(parents=True)
        (folder / "sweep.yaml").write_text(SWEEP, encoding="utf-8")
        self.folder = folder

    @staticmethod
    def arguments(*options: str) -> list[str]:
        """Returns the arguments of the command that runs the sweep."""
        return ["run", "sweep.yaml", "--part-size", str(400 // N_PARTS), *options]

    @property
    def run(self) -> Path | None:
        """The run's directory; None: it is not there yet."""
        found = list(self.folder.glob("results/chaos-*"))
        return found[0] if found else None

    @property
    def n_parts(self) -> int:
        """How many parts are there."""
        return 0 if self.run is None else len(list(self.run.glob("trials/part-*")))

    def files(self) -> dict[str, bytes]:
        """Returns the files of the run by name, without those that tell of times and processes."""
        run = self.run
        assert run is not None
        every = (file for file in run.rglob("*") if file.is_file())
        return {str(file.relative_to(run)): file.read_bytes() for file in every if file.name not in TRANSIENT}

    def findings(self) -> dict[str, object]:
        """Returns what metadata.json says, but when."""
        run = self.run
        assert run is not None
        told = json.loads((run / "metadata.json").read_text(encoding="utf-8"))
        return {key: value for key, value in told.items() if key not in ("created", "finished", "seal")}

    def stage(self, pid: int) -> str:
        """Returns how far a process is with the run, by what it has written."""
        run = self.run
        if run is None or f'"pid": {pid},' not in _text(run / "status.json"):
            return "starting"
        if f"begun by process {pid} " not in _text(run / "run.log"):
            return "opening"
        if self.n_parts < N_PARTS:
            return "training"
        return "reporting" if '"finished"' in _text(run / "metadata.json") else "finishing"


def differences(found: World, right: World) -> list[str]:
    """Returns the names of files of a finished run that are not, byte for byte, those of another."""
    one, other = found.files(), right.files()
    names = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
    return names + ["metadata.json"] * (found.findings() != right.findings())


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
