"""Facts about accuracy on data with certified values (NIST StRD), and where a plateau is no optimum."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import linreg_sweep as ls
from linreg_sweep import data
from linreg_sweep.theory.problem import make_problem
from tests import exactly

ROOT = Path(__file__).parents[1]
CERTIFIED = json.loads((Path(__file__).parent / "facts" / "certified.json").read_text())


def digits(found: float, certified: float) -> float:
    """Returns to how many digits a number is right (log relative error)."""
    return 15.0 if found == certified else float(-np.log10(abs(found - certified) / abs(certified)))


def test_norris_converges_to_its_certified_values(tmp_path: Path) -> None:
    """Standardized, descended to the end, and transformed back: at least 11 digits."""
    sweep: dict[str, Any] = {
        "name": "norris",
        "data": {"path": str(ROOT / "data" / "norris.csv"), "y": ["y"], "standardize": True},
        "method": "grid",
        "training": {"engine": "closed_form", "early_stop": False},
        "parameters": {"learning_rate": {"values": [0.1, 0.9, 1.5]}},
    }
    trials = ls.run(sweep, out=tmp_path, jobs=1).trials
    certified = CERTIFIED["norris"]["coef"]
    for weight, bias in zip(trials["weight_unscaled"], trials["bias_unscaled"], strict=True):
        assert digits(weight, float(certified["B1"])) >= 11
        assert digits(bias, float(certified["B0"])) >= 11


@pytest.mark.parametrize("engine", ["closed_form", "numpy"])
def test_no_plateau_of_unscaled_norris_is_called_converged(tmp_path: Path, engine: str) -> None:
    """By exact fractions: a trial is called converged where its cost is within the tolerance, else not."""
    file = ROOT / "data" / "norris.csv"
    sweep: dict[str, Any] = {
        "name": "plateau",
        "data": {"path": str(file), "y": ["y"]},
        "method": "grid",
        "training": {"engine": engine},
        "outcome": {"tolerance": 1e-9},
        "parameters": {
            "learning_rate": {"min": 0.01, "max": 0.999, "num": 6, "scale": "log", "unit": "stability_limit"},
            "epochs": {"values": [100, 3000]},
            "initial_bias": {"values": [-0.26232, 0, 5]},
        },
    }
    run = ls.run(sweep, out=tmp_path, jobs=1)
    table = data.from_file(file, None, ("y",), False, True)
    problem = make_problem(table.x, table.y, loss="half_mse", fit_bias=True)
    design = problem.design.tolist()
    factor = Fraction(1, len(design))
    hessian = exactly.products(design, design, factor)
    best = exactly.solve(hessian, exactly.products(design, table.y[:].tolist(), factor))
    level = 1e-9 * problem.scale
    columns = (run.trials[name].tolist() for name in ("weight", "bias", "outcome"))
    for weight, bias, outcome in zip(*columns, strict=True):
        error = [Fraction(weight) - best[0][0], Fraction(bias) - best[1][0]]
        excess = float(sum(hessian[i][j] * error[i] * error[j] for i in (0, 1) for j in (0, 1)))
        assert (outcome == "converged") == (excess <= level * (1 + 1e-9))
    unfinished = run.trials[run.trials["outcome"] == "unfinished"]
    off = np.abs(unfinished["bias"] - float(best[1][0]))
    assert (unfinished["contraction"].abs() < 1).all()
    assert off.max() > 4  # where the cost stands still the bias has hardly moved
    assert set(run.trials["outcome"]) == {"converged", "unfinished"}
