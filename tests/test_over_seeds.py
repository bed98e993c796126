"""What a column is over seeds, against pandas' own quantiles and theory's mean."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import linreg_sweep as ls
from linreg_sweep.analysis.over_seeds import over_seeds
from linreg_sweep.cli import main
from linreg_sweep.column_types import Array, ColumnType
from linreg_sweep.text.seeds import format_over_seeds

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


def standard_errors(columns: dict[str, Array]) -> list[Any]:
    """Returns what is told of trials that are one part."""
    types = dict.fromkeys(columns, ColumnType("number"))
    return over_seeds(lambda names: [columns], [], "excess_cost", types)["standard_errors"]


def test_no_distance_is_told_that_one_seed_decides() -> None:
    """Nor of trials that ended when they had converged, nor of few."""
    fair = np.linspace(1, 2, 40)
    for excess, epochs, told in (
        (fair, 5, True),
        (np.append(fair[1:], 1e6), 5, False),
        (fair, np.arange(40), False),
        (fair[:29], 5, False),
    ):
        columns = {"excess_cost": excess, "expected_excess_cost": np.full(len(excess), 1.4)}
        columns["epochs"] = epochs + np.zeros(len(excess))
        [distance] = standard_errors(columns)
        assert (distance is not None) == told


def test_another_column_has_no_theory(tmp_path: Path) -> None:
    """Only the excess cost has; a column that is not there is refused."""
    run = ls.run(SWEEP, out=tmp_path, jobs=1)
    assert [*run.over_seeds("weight")] == [
        *("learning_rate", "seeds", "median", "p10", "p90", "mean", "standard_error")
    ]
    with pytest.raises(ls.ConfigError, match="nothing"):
        run.over_seeds("nothing")


def test_a_summary_goes_by_settings_and_says_the_distance_from_theory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its columns are pandas' quantiles of the excess; `run` and `show` say the standard errors between."""
    run = ls.run(SWEEP, out=tmp_path, jobs=1, part_size=7)
    summary, excess = run.summary(), run.trials.groupby("learning_rate")["excess_cost"]
    for name, expected in (("median", excess.median()), ("p10", excess.quantile(0.1)), ("sd", excess.std())):
        assert summary[f"{name}_excess_cost"].tolist() == pytest.approx(expected.tolist(), rel=1e-12)
    theory = run.trials.groupby("learning_rate")["expected_excess_cost"].first()
    ends = sorted({f"{-errors:.1f}" for errors in (excess.mean() - theory) / excess.sem()})
    said = f"costs of 2 settings lie {' to '.join(ends)} standard errors below that of theory over all draws."
    assert said in " ".join(format_over_seeds(run))
    assert main(["show", str(run.path)]) == 0
    assert said in capsys.readouterr().out
    few = ls.run(SWEEP | {"parameters": {"seed": {"min": 0, "max": 3}}}, out=tmp_path, jobs=1)
    assert [*format_over_seeds(few)] == [
        "4 seeds are too few to say how many standard errors their mean excess cost lies from that of theory:"
        " 30 are needed."
    ]


def test_what_never_came_is_later_than_all(tmp_path: Path) -> None:
    """A seed that did not converge counts as above those that did, as pandas has it with infinity."""
    training = SWEEP["training"] | {"epochs": 420, "early_stop": True}
    rates = {"learning_rate": {"values": [0.002, 0.006]}}
    changes = {
        "training": training,
        "parameters": SWEEP["parameters"] | rates,
        "outcome": {"tolerance": 3e-4},
    }
    run = ls.run(SWEEP | changes, out=tmp_path, jobs=1)
    assert 0 < run.trials["converged_at"].isna().sum() < len(run.trials)
    at = run.trials["converged_at"].astype(float).fillna(np.inf).groupby(run.trials["learning_rate"])
    found = run.over_seeds("converged_at")
    for name, share in (("median", 0.5), ("p10", 0.1), ("p90", 0.9)):
        assert found[name].tolist() == pytest.approx(at.quantile(share).fillna(np.inf).tolist(), rel=1e-12)
