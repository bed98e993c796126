"""Facts about which parameter matters: shares of variance, against sums over pandas' groups."""

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import linreg_sweep as ls
from linreg_sweep.analysis.importance import shares
from tests.shells import Shell, shell

__all__ = ["shell"]

GRID: dict[str, Any] = {
    "name": "matters",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 20},
    "parameters": {
        "learning_rate": {"values": [0.001, 0.002, 0.005]},
        "initial_weight": {"values": [-5, 0, 1, 7]},
        "initial_bias": {"values": [-1, 4]},
    },
}


def test_shares_are_those_of_an_analysis_of_variance(tmp_path: Path) -> None:
    """Main effects and pairs beyond them, of a column and of whether trials converged; they add up to 1."""
    run = ls.run(GRID, out=tmp_path, jobs=1, part_size=5)
    trials = run.trials.assign(outcome=(run.trials["outcome"] == "converged").astype(float))
    names = list(GRID["parameters"])
    for of in ("cost", "weight"):
        column, table = run.importance(of)
        found = dict(zip(table["parameters"], table["share"], strict=True))
        centred = trials[of] - trials[of].mean()
        total = (centred**2).mean()
        alone = {name: centred.groupby(trials[name]).transform("mean") for name in names}
        for name in names:
            assert found[name] == pytest.approx((alone[name] ** 2).mean() / total, abs=1e-12)
        for one, two in combinations(names, 2):
            both = centred.groupby([trials[one], trials[two]]).transform("mean")
            beyond = ((both - alone[one] - alone[two]) ** 2).mean() / total
            assert found[f"{one} x {two}"] == pytest.approx(beyond, abs=1e-12)
        assert column == of
        assert sum(found.values()) == pytest.approx(1)
        assert list(found.values()) == sorted(found.values(), reverse=True)
    assert run.importance()[0] == "outcome"


@pytest.mark.parametrize("scale", [2.0**-1000, 2.0**1020])
def test_shares_do_not_depend_on_how_large_numbers_are(scale: float) -> None:
    """To the bit, also where squares and sums would be infinite, as of costs that diverged, or vanish."""
    values = np.random.default_rng(4).normal(size=(3, 4))
    assert shares(values * scale, ["a", "b"]) == shares(values, ["a", "b"])


def test_what_does_not_matter_has_a_share_of_0() -> None:
    """And not what rounding leaves of it."""
    values = np.repeat(np.random.default_rng(0).normal(size=(7, 1)), 3, axis=1)
    found = shares(values, ("learning_rate", "initial_weight"))
    assert found["parameters"][0] == "learning_rate"
    assert found["share"] == [pytest.approx(1, abs=1e-15), 0.0, 0.0]
    values = np.random.default_rng(1).random((7, 1, 1)).repeat(3, axis=1).repeat(5, axis=2)
    assert shares(values, ("learning_rate", "initial_weight", "initial_bias"))["share"][1:] == [0.0] * 6


def test_what_has_no_exact_shares_is_refused(tmp_path: Path, shell: Shell) -> None:
    """Draws, and a column that some trials miss; the command prints the table."""
    run = ls.run(GRID, out=tmp_path, jobs=1)
    with pytest.raises(ls.ConfigError, match="converged_at is missing or infinite in"):
        run.importance("converged_at")
    with pytest.raises(ls.ConfigError, match="regime holds words"):
        run.importance("regime")
    drawn = {**GRID, "method": "random", "trials": 4, "parameters": {"learning_rate": {"min": 0.1, "max": 1}}}
    with pytest.raises(ls.ConfigError, match="needs a grid"):
        ls.run(drawn, out=tmp_path, jobs=1).importance()
    told = shell("importance", run.path, "--of", "cost", "--format", "csv")
    assert told.table[0]["parameters"] == run.importance("cost")[1]["parameters"][0]


def test_a_column_without_variance_has_none_to_share(tmp_path: Path, shell: Shell) -> None:
    """Where no trial converged, that is said in place of a table without numbers."""
    run = ls.run(GRID | {"training": {"epochs": 1}}, out=tmp_path, jobs=1)
    told = shell("importance", run.path)
    assert "All trials have the same outcome" in told.err
    assert told.out == ""
