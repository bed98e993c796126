"""`init`: a first config and sweep on disk, for the tutorial or for a person's own file."""

import os
from collections.abc import Sequence
from pathlib import Path

from linreg_sweep import data as datasets
from linreg_sweep.config.kinds import name_fault
from linreg_sweep.config.scalars import UNPRINTABLE
from linreg_sweep.errors import Complaint, ConfigError
from linreg_sweep.guards.names import name_after
from linreg_sweep.starter import starter


def begin(
    directory: Path, *, data: str | None, x: Sequence[str], y: Sequence[str], name: str | None
) -> tuple[Path, Path, Sequence[str]]:
    """Writes configs/<name>.yaml and sweeps/<name>.yaml.

    Args:
        directory: under which they are written.
        data: a CSV or Parquet file; None: the tutorial's data.
        x: its columns to predict from; none: every numeric one that is not in y.
        y: its columns to predict.
        name: of the two files and of the sweep; None: as the data.

    Returns:
        The two files, and notes on the data.

    Raises:
        ConfigError: y is missing, the name cannot be a file's, a config cannot say where the data are, or a
            file is there already.
        DataError: the data cannot be read or fitted.
    """
    if data is None and (x or y):
        raise ConfigError(Complaint("--x and --y", "go with --data: the tutorial's columns are x and y"))
    if data is not None and not y:
        raise ConfigError(Complaint("--y", "is required with --data: the column to predict"))
    if data is not None and UNPRINTABLE.search(str(Path.cwd() / data)):
        text = f"must be a path that YAML can hold, got {data!a}"
        raise ConfigError(Complaint("--data", text, "rename the file or its folder"))
    table = datasets.tutorial() if data is None else datasets.from_file(data, x=list(x) or None, y=list(y))
    if name is None:
        name = "tutorial" if data is None else name_after(data, "data", shorn_of="-.")
    if name_fault(name):
        hint = f"letters are A to Z and a to z: such as {name_after(name, 'my-sweep', shorn_of='-.')}"
        raise ConfigError(Complaint("--name", name_fault(name), hint))
    config, sweep = directory / "configs" / f"{name}.yaml", directory / "sweeps" / f"{name}.yaml"
    path = None if data is None else Path(os.path.relpath(data, config.parent)).as_posix()
    texts = starter(table, name=name, data_path=path, x=list(x) or None, y=list(y))
    there = [
        Complaint(str(file), "is there already", "choose another --name")
        for file in (config, sweep)
        if file.exists()
    ]
    if there:
        raise ConfigError(*there)
    for file, text in zip((config, sweep), texts, strict=True):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as stream:  # follows no link out of the folder
                stream.write(text)
        except OSError as error:
            raise ConfigError(Complaint(str(file), f"cannot write it: {error.strerror or error}")) from error
    return config, sweep, table.notes
