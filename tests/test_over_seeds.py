"""What a column is over seeds, against pandas' own quantiles and theory's mean."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls

SWEEP: dict[str, Any] = {
    "name": "seeds",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"order": "independent", "epochs": 30, "early_stop": False, "batch_size": 10},
    "parameters": {"learning_rate": {"values": [0.001, 0.002]}, "seed": {"min": 0, "max": 29}},
}


def test_a_row_has_the_spread_of_its_seeds_and_the_distance_from_theory(tmp_path: Path) -> None:
    """Of each rate; a mean lies within four standard errors, and no seed is a row of its own."""
    run = ls.run(SWEEP, out=tmp_path, jobs=1)
    found = run.over_seeds()
    excess = run.trials.groupby("learning_rate")["excess_cost"]
    assert found["learning_rate"].tolist() == [0.001, 0.002]
    assert found["seeds"].tolist() == [30, 30]
    for name, expected in (
        ("median", excess.median()),
        ("p10", excess.quantile(0.1)),
        ("p90", excess.quantile(0.9)),
        ("mean", excess.mean()),
        ("standard_error", excess.sem()),
    ):
        assert found[name].tolist() == pytest.approx(expected.tolist(), rel=1e-12)
    theory = run.trials.groupby("learning_rate")["expected_excess_cost"].first()
    assert found["theory"].tolist() == theory.tolist()
    distance = (found["mean"] - found["theory"]) / found["standard_error"]
    assert found["standard_errors"].tolist() == pytest.approx(distance.tolist(), rel=1e-12)
    assert found["standard_errors"].abs().max() < 4


def test_no_distance_is_told_that_one_seed_decides() -> None:
    """Nor of trials that ended when they had converged, nor of few."""
    from linreg_sweep.analysis.over_seeds import over_seeds

    fair = np.linspace(1, 2, 40)
    for excess, epochs, told in (
        (fair, 5, True),
        (np.append(fair[1:], 1e6), 5, False),
        (fair, np.arange(40), False),
        (fair[:29], 5, False),
    ):
        table = pd.DataFrame({"excess_cost": excess, "expected_excess_cost": 1.4, "epochs": epochs})
        [row] = over_seeds(table.assign(outcome="unfinished", seed=range(len(table))), ["seed"]).to_dict(
            "records"
        )
        assert np.isfinite(row["standard_errors"]) == told


def test_another_column_has_no_theory(tmp_path: Path) -> None:
    """Only the excess cost has; a column that is not there is refused."""
    run = ls.run(SWEEP, out=tmp_path, jobs=1)
    assert [*run.over_seeds("weight")] == [
        *("learning_rate", "seeds", "median", "p10", "p90", "mean", "standard_error")
    ]
    with pytest.raises(ls.ConfigError, match="nothing"):
        run.over_seeds("nothing")
