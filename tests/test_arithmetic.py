"""Facts about what is told of a run's arithmetic, and what follows where it is another."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import linreg_sweep as ls
from linreg_sweep.errors import ResultsError, SweepError
from linreg_sweep.gemm import kernel
from linreg_sweep.workers.checked import check
from tests.clusters import square

SWEEP: dict[str, Any] = {
    "name": "rounded",
    "method": "grid",
    "training": {"epochs": 30},
    "parameters": {"learning_rate": {"min": 0.001, "max": 0.01, "num": 8}},
}


def made(tmp_path: Path, features: int, **training: Any) -> ls.Run:
    """Returns a run of two parts on random data."""
    x = np.random.default_rng(0).normal(size=(40, features))
    sweep = SWEEP | {"training": SWEEP["training"] | training}
    return ls.run(sweep, data=(x, x.sum(axis=1)), out=tmp_path, part_size=4, jobs=1)


def retold(run: ls.Run, **versions: str | None) -> None:
    """Writes that a run was made with others, or says nothing of them, and that its last part is missing."""
    told = {key: value for key, value in (run.metadata["versions"] | versions).items() if value is not None}
    run.store.write_metadata(run.metadata | {"versions": told})
    run.store.part(run.store.trials, 1).unlink()


@pytest.mark.parametrize(
    ("features", "training", "form", "is_by_blas"),
    [
        (2, {}, "H elementwise", False),
        (2, {"engine": "closed_form"}, None, False),
        (2, {"batch_size": 1}, "rows by BLAS, 128 columns a block", True),
        (10, {"engine": "closed_form"}, None, True),
        (10, {}, "H by BLAS, 128 columns a block", True),
        (10, {"batch_size": 4, "order": "reshuffle"}, "rows by BLAS, 128 columns a block", True),
    ],
)
def test_a_run_names_its_products_and_its_blas(
    tmp_path: Path, features: int, training: dict[str, Any], form: str | None, is_by_blas: bool
) -> None:
    """Where any of them was made by BLAS."""
    told = made(tmp_path, features, **training).metadata["versions"]
    assert told.get("form") == form
    assert told.get("blas") == (kernel() if is_by_blas else None)


def test_a_run_of_another_blas_is_checked_and_not_continued(tmp_path: Path) -> None:
    """It says which it was, and that a processor like that would do."""
    run = made(tmp_path, 10)
    retold(run, blas="openblas 0.3.31 Other")
    assert ls.verify(run.path).other_versions == {"blas": ("openblas 0.3.31 Other", kernel())}
    with pytest.raises(ResultsError, match=r"made with blas openblas 0\.3\.31 Other, here it is .*processor"):
        made(tmp_path, 10)


def test_a_run_that_says_nothing_of_its_products_had_those_of_elements(tmp_path: Path) -> None:
    """As runs of older versions: one of few parameters goes on, one of many does not."""
    few, many = made(tmp_path / "few", 2), made(tmp_path / "many", 10)
    for run in (few, many):
        retold(run, form=None, blas=None)
    assert made(tmp_path / "few", 2).finished
    with pytest.raises(ResultsError, match="made with form H elementwise, here it is H by BLAS"):
        made(tmp_path / "many", 10)


def test_work_is_not_done_by_another_blas() -> None:
    """The hint says how OpenBLAS can be made to compute as it did elsewhere."""
    checked = check(square, ["blas"])
    assert checked(3) == 9
    with pytest.raises(SweepError, match=r"blas must be openblas 1 Zen, but it is .*OPENBLAS_CORETYPE=Zen"):
        replace(checked, versions=(("blas", "openblas 1 Zen"),))(3)
