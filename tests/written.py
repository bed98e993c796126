"""Commands that write for a person, and what is in a folder."""

from pathlib import Path

import pytest

import linreg_sweep as ls
from tests.small_run import made

COMMANDS = {
    **{
        f"export {to}": f"export RUN --to {to} -o FILE" for to in ("csv", "parquet", "json", "latex", "excel")
    },
    "plot": "plot RUN -o FILE",
    "report": "report RUN -o FILE",
}
"""Every command that writes for a person; plot, where there is no file, a PNG."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> ls.Run:
    """A small run."""
    return made(tmp_path_factory.mktemp("run"))


def words(command: str, run: ls.Run, file: object) -> list[str]:
    """Returns a command line."""
    named = {"RUN": str(run.path), "FILE": str(file)}
    return [named.get(word, word) for word in COMMANDS[command].split()]


def state(folder: Path) -> dict[str, object]:
    """Returns what is in a folder, and what each file holds."""
    return {
        str(file.relative_to(folder)): file.read_bytes() if file.is_file() else None
        for file in folder.rglob("*")
    }
