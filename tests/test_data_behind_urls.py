"""Facts about data behind URLs: they are read as files are, and what cannot be reached is one complaint."""

import gzip
import importlib.util
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.data import from_file
from linreg_sweep.errors import ConfigError, DataError
from linreg_sweep.places import any_path
from linreg_sweep.scaffold.files import write_scaffold

FRAME = pd.DataFrame({"a": np.arange(40) + 0.5, "b": np.arange(40) ** 2, "y": 3 * np.arange(40) - 1})


@pytest.fixture(params=["store", "disk"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A URL below which data are: fsspec's store in memory, and a folder."""
    text = f"memory://{uuid.uuid4()}" if request.param == "store" else f"file://{tmp_path}/files"
    folder = any_path(text)
    folder.mkdir()
    for name, half in (("one", FRAME[:25]), ("two", FRAME[25:])):
        content = half.to_csv(index=False).encode()
        (folder / f"{name}.csv").write_bytes(content)
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress(content))
        (folder / f"{name}.parquet").write_bytes(half.to_parquet())
    with (folder / "all.xlsx").open("wb") as file:
        FRAME.to_excel(file, index=False)
    return text


@pytest.mark.parametrize("name", ["*.csv", "*.csv.gz", "*.parquet", "all.xlsx"])
def test_they_are_read_as_files_are(url: str, name: str) -> None:
    """Of every kind, and several as one."""
    data = from_file(f"{url}/{name}", None, "y")
    np.testing.assert_array_equal(np.column_stack([data.x[:], data.y[:]]), FRAME)
    assert data.source == name


def test_a_run_of_them(url: str, tmp_path: Path) -> None:
    """Has the directory of a run of a file, says where they were, and is verified."""
    sweep: dict[str, Any] = {"name": "s", "method": "grid", "training": {"epochs": 3}}
    sweep["parameters"] = {"learning_rate": {"values": [1e-4, 1e-3]}}
    run = ls.run(sweep | {"data": {"path": f"{url}/*.parquet", "y": "y"}}, out=tmp_path / "r")
    FRAME.to_csv(tmp_path / "all.csv", index=False)
    other = ls.run(sweep | {"data": {"path": str(tmp_path / "all.csv"), "y": "y"}}, out=tmp_path / "s")
    assert run.path.name == other.path.name
    assert not ls.verify(run).mismatches
    config, _, _ = write_scaffold(tmp_path, data=f"{url}/one.csv", x=[], y=["y"], name=None)
    assert f"path: {url}/one.csv" in config.read_text().replace('"', "") or url.startswith("file:")
    assert ls.train(config, overrides=["epochs=0"]).experiment.problem.n_rows == 25


def test_rows_held_out_behind_a_url_are_found_again(url: str, tmp_path: Path) -> None:
    """By the declaration that a run writes of data too large to be kept."""
    many = pd.DataFrame({"a": np.arange(70_000) % 97, "b": 1.0, "y": np.arange(70_000) % 5})
    (any_path(url) / "many.parquet").write_bytes(many.to_parquet())
    block = {"path": f"{url}/many.parquet", "y": "y", "x": "a", "holdout": {"path": f"{url}/two.csv"}}
    sweep = {"name": "s", "method": "grid", "training": {"epochs": 3}, "parameters": {"learning_rate": 1e-4}}
    run = ls.run(sweep | {"data": block}, out=tmp_path)
    assert (run.path / "data.parquet").exists() == url.startswith("file:")
    assert not ls.verify(run).mismatches


def test_what_is_not_there(url: str) -> None:
    """One complaint each, in one line."""
    for name in ("none.csv", "none*.csv", "one.bin"):
        with pytest.raises(DataError) as caught:
            from_file(f"{url}/{name}", None, "y")
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


def test_what_is_wrong_with_a_cell_is_named_by_the_url(url: str) -> None:
    """As by a path."""
    (any_path(url) / "bad.csv").write_bytes(b"a,y\n1,2\nq,3\n")
    with pytest.raises(DataError, match=r"bad.csv:3: row 2 of column 'a' must be a number, got 'q'"):
        from_file(f"{url}/bad.csv", None, "y")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nowhere://a.csv", "nowhere:// cannot be reached: there is no such kind of store"),
        pytest.param(
            "s3://bucket/a.csv",
            "s3:// cannot be reached: Install s3fs",
            marks=pytest.mark.skipif(
                importlib.util.find_spec("s3fs") is not None, reason="s3fs is installed"
            ),
        ),
    ],
)
def test_what_cannot_be_reached(text: str, said: str) -> None:
    """With what has to be installed."""
    with pytest.raises(ConfigError) as caught:
        ls.train({"data": {"path": text, "y": "y"}})
    assert said in str(caught.value)
    assert "pip install s3fs for s3://" in str(caught.value)
