"""Facts about a run of format 3, whose metadata.json does not tell of its columns; version 0.2 made it."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet as pq

import linreg_sweep as ls
from linreg_sweep.storage.layout import HISTORY, TRIALS
from tests.kernels import kernels, on_kernel


@pytest.fixture
def old(tmp_path: Path) -> ls.Run:
    """The run, which has a history, standardized data, mini-batches and epochs that vary."""
    with zipfile.ZipFile(Path(__file__).parent / "facts" / "run_of_format_3.zip") as archive:
        archive.extractall(tmp_path)
    return ls.load(next(tmp_path.glob("format-3-*")))


def test_a_run_of_format_3_is_read(old: ls.Run) -> None:
    """Every number as Arrow has it, words and missing epochs too; its summary is that of its summary.csv."""
    assert (old.metadata["format_version"], "columns" in old.metadata) == (3, False)
    for table, found in ((TRIALS, old.trials), (HISTORY, old.history)):
        parts = sorted((Path(str(old.path)) / table).glob("part-*"))
        raw = pd.concat([pq.read_table(part).to_pandas() for part in parts], ignore_index=True)
        assert list(found) == list(raw)
        for name in raw:
            assert found[name].astype("object").equals(raw[name].astype("object")), name
    assert old.trials["max_epochs"].dtype == old.trials["converged_at"].dtype == "Int64"
    written = pd.read_csv(Path(str(old.path)) / "summary.csv")
    pd.testing.assert_frame_equal(old.summary(), written, check_dtype=False, check_exact=True)
    assert old.where("theory == mini_batches and batch_size == 7")["trial"].tolist() == [0, 1, 4, 5, 8, 9]


@pytest.mark.skipif("SkylakeX" not in kernels(), reason="no kernels for AVX-512, which made it, run here")
def test_a_run_of_format_3_is_checked_and_compared(old: ls.Run, tmp_path: Path) -> None:
    """This version trains it to the same bits, and its own run of the same sweep has the same trials."""
    here = f"{str(old.path)!r}, {str(tmp_path)!r}"
    on_kernel("SkylakeX", f"from tests.test_older_formats import check; check({here})")


def check(path: str, folder: str) -> None:
    """Holds the run to what the kernels make of it that are in use: sums over a batch are BLAS's."""
    old, tmp_path = ls.load(path), Path(folder)
    assert ls.verify(old).mismatches == ()
    text = old.store.config.read_text(encoding="utf-8")
    assert text.count("  shuffle: false\n") == 1
    with pytest.raises(ls.ConfigError, match=r"training\.shuffle: .* write order: file; shuffle is"):
        ls.run(old.store.config, out=tmp_path / "new", jobs=1)
    now = tmp_path / "format-3.yaml"
    now.write_text(text.replace("shuffle: false", "order: file"), encoding="utf-8")
    new = ls.run(now, out=tmp_path / "new", jobs=1)
    assert "training.shuffle" not in str(ls.compare(old, new).settings)
    assert new.metadata["format_version"] > 3
    found = ls.compare(old, new).matched.iloc[0]
    assert (found["matched"], found["identical"]) == (12, 12)
    assert json.dumps(new.metadata["best"]["cost"]) == json.dumps(old.metadata["best"]["cost"])
    assert np.array_equal(new.trials["weight"], old.trials["weight"])
