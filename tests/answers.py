"""What the opening comment of an example says, its answer above all."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls

ROOT = Path(__file__).parent.parent

Runs = Callable[..., ls.Run]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Runs a sweep by its name, once for all tests."""
    out = tmp_path_factory.mktemp("results")

    def run(name: str, *overrides: str) -> ls.Run:
        return ls.run(ROOT / "sweeps" / f"{name}.yaml", overrides=overrides, out=out, jobs=1)

    return run


def outcomes(trials: pd.DataFrame) -> set[str]:
    """Returns the different outcomes of trials."""
    return set(trials["outcome"])


def converged_at(trials: pd.DataFrame, **values: float) -> str:
    """Returns the epoch at which the one trial with these values converged, as the answers write it."""
    for column, value in values.items():
        trials = trials[np.isclose(trials[column], value, rtol=1e-9)]
    (epoch,) = trials["converged_at"]
    return f"epoch {epoch:,}"


def comment(path: Path) -> dict[str, str]:
    """Returns the parts of an example's opening comment: Question, Run, Read, Answer."""
    opening = re.match(r"(#.*\n)+", path.read_text(encoding="utf-8"))
    assert opening is not None
    text = " ".join(line.lstrip("# ").strip() for line in opening[0].splitlines())
    parts = re.split(r"(Question|Run|Read|Answer):\s+", text)[1:]
    return {key: value.strip() for key, value in zip(parts[::2], parts[1::2], strict=True)}


def answer(kind: str, name: str) -> str:
    """Returns the answer that stands in an example's comment."""
    return comment(ROOT / kind / f"{name}.yaml")["Answer"]


def assert_says(text: str, *facts: str) -> None:
    """Asserts that an answer holds these words, each not as part of a longer number."""
    for fact in facts:
        assert re.search(rf"(?<![\d.]){re.escape(fact)}(?![\d]|\.\d)", text), f"{fact!r} is not in {text!r}"
