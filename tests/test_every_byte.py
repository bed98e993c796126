"""Facts about a run of which any bit is flipped, or any file cut anywhere: found, named, made again.

A bit of each byte is flipped and each file is cut at one place in 8, and what reads that file looks at it;
some of the damage is mended. With EXHAUSTIVE=1 in the environment each bit is flipped and each file is cut
at each place, and the damage of each byte is mended.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import linreg_sweep as ls
from linreg_sweep.errors import ResultsError
from linreg_sweep.runs.reopening import declaration_of
from linreg_sweep.runs.results import Run
from linreg_sweep.storage.parquet import read, read_and_check
from linreg_sweep.storage.store import Store, damaged
from tests.small_run import EXHAUSTIVE, PYTHON, SWEEP, content, flipped

pytestmark = pytest.mark.system

STEP = 1 if EXHAUSTIVE else 1999
"""Between two damages of the same file that are mended."""

SOURCES = {
    "python": (
        *("config.yaml", "metadata.json", "summary.csv", "data.parquet"),
        *("trials/part-00000.parquet", "trials/part-00001.parquet"),
        *("history/part-00000.parquet", "history/part-00001.parquet"),
    ),
    "file": ("config.yaml", "metadata.json"),
}
"""Where the data come from, and the files that say something of their own then."""

TABLES: dict[str, Callable[[ls.Run], pd.DataFrame]] = {
    "trials": lambda run: run.trials,
    "history": lambda run: run.history,
    "summary": lambda run: run.summary(),
}


class Small:
    """A run, how it is made, and what is in it.

    Args:
        out: the directory that holds it.
        from_file: whether its data come from a file, or else from Python.
    """

    def __init__(self, out: Path, *, from_file: bool) -> None:
        self._out, self._sweep, self._data = out, SWEEP, None if from_file else PYTHON
        if from_file:
            (out / "mine.csv").write_text("x,y\n0,1\n1,3\n2,6\n")
            self._sweep = SWEEP | {"data": {"path": str(out / "mine.csv"), "y": ["y"]}}
        self.said: list[str] = []
        self.path = self.make().path
        self.content = content(self.path)
        self.metadata = ls.load(self.path).metadata
        self.tables = {name: of(ls.load(self.path)) for name, of in TABLES.items()}

    def make(self) -> ls.Run:
        """Returns the run, made or mended; what is said of that is kept."""
        self.said = []
        return ls.run(
            self._sweep, out=self._out, data=self._data, jobs=1, part_size=1, report=self.said.append
        )

    def is_summary_right(self) -> bool:
        """Returns whether the summary is what was written."""
        store = Store(self.path)
        return store.is_as_written(store.summary, self.metadata)

    def verdict(self, table: str) -> str:
        """Returns what is said when a table is read: nothing, where it is right."""
        return refusal(lambda: assert_frame_equal(TABLES[table](ls.load(self.path)), self.tables[table]))

    def verified(self) -> str:
        """Returns what is said when the run is verified, or the one file that is named."""
        found: set[Path] = set()
        said = refusal(lambda: found.update(each.part for each in ls.verify(self.path).mismatches))
        return said or " and ".join(map(str, found))


@pytest.fixture(scope="module")
def smalls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Small]:
    """A small run, on data from Python and on those of a file."""
    return {source: Small(tmp_path_factory.mktemp("run"), from_file=source == "file") for source in SOURCES}


@pytest.fixture(params=[(source, name) for source, names in SOURCES.items() for name in names], ids="-".join)
def chosen(request: pytest.FixtureRequest, smalls: dict[str, Small]) -> tuple[Small, str]:
    """A run, and the name of a file of it."""
    source, name = request.param
    return smalls[source], name


@pytest.fixture
def small(chosen: tuple[Small, str]) -> Small:
    """The run."""
    return chosen[0]


def damages(right: bytes, *, every: bool) -> Iterator[bytes]:
    """Yields what a file may say: a bit flipped, of each byte one or all; cut at one place in 8, or all."""
    for place in range(len(right)):
        for bit in range(8) if every else [place % 8]:
            yield flipped(right, 8 * place + bit)
        if every or place % 8 == 0:
            yield right[:place]


def refusal(read: Callable[[], object]) -> str:
    """Returns what a reader says against a file; empty: it has read it."""
    try:
        read()
    except ResultsError as error:
        return str(error)
    return ""


def is_found(small: Small, file: Path) -> bool:
    """Returns whether what reads a file finds it damaged, and names it in one line."""
    if file.suffix == ".csv":
        return not small.is_summary_right()
    readers: dict[str, Callable[[], object]] = {
        "metadata.json": lambda: ls.load(small.path),
        "config.yaml": lambda: declaration_of(Run(Store(small.path))),
    }
    refused = refusal(readers.get(file.name, lambda: read([file])))
    return refused == str(damaged(file))


def passes(part: Path) -> bool:
    """Returns whether a part is taken for whole by what reads damaged ones, too, to say what is wrong."""
    try:
        return read_and_check(part)[1]
    except ResultsError:
        return False


@pytest.fixture
def file(chosen: tuple[Small, str]) -> Iterator[Path]:
    """The file, which is put back in the end."""
    file: Path = chosen[0].path / chosen[1]
    right = file.read_bytes()
    yield file
    file.write_bytes(right)


def test_any_damage_of_any_file_is_found(small: Small, file: Path) -> None:
    """By what reads it; of the summary, which people read, by its checksum."""
    count, n_bytes = 0, file.stat().st_size
    for other in damages(file.read_bytes(), every=EXHAUSTIVE):
        file.write_bytes(other)
        assert is_found(small, file), other
        if file.suffix == ".parquet" and (EXHAUSTIVE or count % 16 == 0):
            assert not passes(file), other
        count += 1
    assert count == (9 * n_bytes if EXHAUSTIVE else n_bytes + -(-n_bytes // 8))
    print(f"{count:,} damages of the {n_bytes:,} bytes of {file.name}")


def test_no_damage_is_read_as_data_and_the_next_run_mends_it(small: Small, file: Path) -> None:
    """Every table is right or names the file, and verify names it; then it is set aside and made again."""
    aside = small.path / "damaged" / "-".join(file.relative_to(small.path).parts)
    refused, count = str(damaged(file)), 0
    for other in islice(damages(file.read_bytes(), every=False), 0, None, STEP):
        file.write_bytes(other)
        for table in TABLES:
            assert small.verdict(table) in ("", refused)
        assert small.verified() in (str(file), refused)
        small.make()
        assert small.said == [
            f"damaged: {file} is not what was written; it is now {aside}, and will be made again"
        ]
        assert content(small.path) == small.content
        assert aside.read_bytes() == other
        aside.unlink()  # or the next would be numbered
        count += 1
    assert count
    print(f"{count:,} damages of {file.name} mended")
