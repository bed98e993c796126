"""`python -m fuzz.coverage KIND FOLDER [-max_total_time=600 ...]`: contents that reach new lines, by Atheris.

FOLDER keeps what was found worth changing further; it begins with the first cases of the kind. Further
options are libFuzzer's. What escapes ends the run, and lies in the current folder as `crash-...`.
"""

import os
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["linreg_sweep", "yaml", "csv"]):
    from fuzz.targets import TARGETS, feed, make_folder

from fuzz.cases import case

FIRST = 2000
"""Cases, of all kinds, that the folder begins with."""


def main() -> None:
    """Runs until something escapes, or as long as the options say."""
    if len(sys.argv) < 3 or sys.argv[1] not in TARGETS:
        sys.exit(f"{__doc__}\nKIND is one of {', '.join(TARGETS)}")
    kind, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(FIRST):
        made, content = case(0, number)
        if made == kind and len(content) <= 2**16:
            (folder / str(number)).write_bytes(content)
    options = [f"-artifact_prefix={Path.cwd()}/", *sys.argv[3:]]
    with tempfile.TemporaryDirectory() as work:
        make_folder(Path(work))
        os.chdir(work)
        atheris.Setup([sys.argv[0], str(folder), *options], lambda content: _feed(kind, content))
        atheris.Fuzz()


def _feed(kind: str, content: bytes) -> None:
    feed(kind, content)


if __name__ == "__main__":
    main()
