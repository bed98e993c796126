"""Facts about what the laboratory of a report gets: the problem to the bit, or why there is none."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.reports.laboratory import laboratory
from linreg_sweep.runs import opening
from linreg_sweep.runs.reopening import reopen
from linreg_sweep.runs.results import Run
from tests.reported import SWEEP, made, page_of, run

__all__ = ["run"]


def test_the_laboratory_has_the_problem_to_the_bit(run: Run, tmp_path: Path) -> None:
    """H, C, optimum and spectrum, by which the page trains trials itself."""
    [payload] = page_of(tmp_path, run).data
    found, experiment = payload["laboratory"], reopen(run)
    found |= found["setups"][0]
    problem = experiment.problem
    for name, expected in {
        "hessian": problem.hessian,
        "constant": problem.constant,
        "optimum": problem.optimum,
        "eigenvalues": problem.eigenvalues,
        "eigenvectors": problem.eigenvectors.T,
    }.items():
        np.testing.assert_array_equal(np.array(found[name], np.float64), expected, err_msg=name)
    assert found["converged_excess"] == experiment.converged_excess
    assert found["cost_min"] == problem.cost_min
    assert [each["name"] for each in found["inputs"]] == [
        *("learning_rate", "initial_weight", "initial_bias"),
        *("momentum", "max_epochs"),
    ]


def test_the_laboratory_says_what_it_does_not_know(tmp_path: Path) -> None:
    """Trial by trial; of those it has the states that were kept, each above its own optimum."""
    sweep = SWEEP | {
        "training": {"epochs": 100},
        "history": {"every": "log"},
        "parameters": {
            "optimizer": {"values": ["adam", "sgd"]},
            "weight_decay": {"values": [0.0, 2.0]},
            "loss": {"values": ["half_mse", "mse"]},
            "learning_rate": {"values": [0.001, 0.002]},
        },
    }
    run = ls.run(sweep, out=tmp_path, jobs=1)
    [payload] = page_of(tmp_path, run).data
    found, trials = payload["laboratory"], run.trials
    ways = [found["ways"][way] if way >= 0 else "" for way in found["way"]]
    adam, decays = trials["optimizer"] == "adam", trials["weight_decay"] > 0
    expected = [
        "adam" * a + " and " * (a and d) + "weight decay" * d for a, d in zip(adam, decays, strict=True)
    ]
    assert ways == expected
    assert len(found["setups"]) == 2
    assert {(loss, setup) for loss, setup in zip(trials["loss"], found["setup"], strict=True)} == {
        ("half_mse", 0),
        ("mse", 1),
    }
    kept = pd.DataFrame({name: found["kept"][name] for name in ("trial", "epoch", "excess")})
    assert set(kept["trial"]) == set(trials["trial"][adam | decays])
    assert (kept.groupby("trial")["epoch"].min() == 0).all()
    last = kept.groupby("trial").last()
    assert (last["epoch"] == 100).all()
    np.testing.assert_allclose(last["excess"], trials["excess_cost"][last.index], rtol=1e-12)
    [table] = page_of(tmp_path, run).tables["of-each"]
    assert [[text for text, _ in row][:2] for row in table.rows] == [
        [optimizer, loss] for optimizer in ("adam", "sgd") for loss in ("half_mse", "mse")
    ]


@pytest.mark.parametrize(
    ("holdout", "said"), [({"fraction": 0.2, "seed": 0}, ""), ({"folds": 3}, ", in one fold")]
)
def test_the_best_trial_of_each_word_is_of_one_fold(
    holdout: dict[str, float], said: str, tmp_path: Path
) -> None:
    """And is said to be, since it is no mean over folds."""
    run = ls.run(
        {
            "name": "s",
            "data": {"name": "tutorial", "holdout": holdout},
            "training": {"epochs": 5},
            "method": "grid",
            "parameters": {"optimizer": {"values": ["adam", "sgd"]}},
        },
        out=tmp_path,
        jobs=1,
    )
    titles = [text for texts in page_of(tmp_path, run).texts.values() for text in texts if "of each" in text]
    assert [text for text in titles if text == f"The best trial of each optimizer{said}"]


def test_without_its_data_a_run_has_no_laboratory_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of the page is there."""
    monkeypatch.setattr(opening, "SMALL", 0)  # else the run would keep them
    file = tmp_path / "rows.csv"
    file.write_text("x,y\n1,2\n2,4.5\n3,5\n", encoding="utf-8")
    run = made(tmp_path, data={"path": str(file), "y": "y"}, training={"epochs": 5})
    file.write_text("x,y\n1,2\n2,4.5\n3,6\n", encoding="utf-8")
    page = page_of(tmp_path, run)
    assert page.data[0]["laboratory"] is None
    assert any(
        text.startswith("No laboratory: ") and "the data of the run have changed since" in text
        for text in page.texts["aside"]
    )
    assert len(page.data[0]["trials"][0]["cells"]) == 70


def test_a_tolerance_that_every_cost_is_within_can_be_shown(tmp_path: Path) -> None:
    """Its product with the data's scale is no number any more."""
    rates = {"learning_rate": {"values": [0.001, 1.0]}}
    run = made(tmp_path, outcome={"tolerance": 1e308}, training={"epochs": 5}, parameters=rates)
    found = page_of(tmp_path, run).data[0]["laboratory"]
    assert found["converged_excess"] == sys.float_info.max
    ls.plot(run, kind="cost").figure.canvas.draw()


def test_with_many_parameters_there_is_no_laboratory(tmp_path: Path) -> None:
    """A page would wait for each move of a slider."""
    rows = np.random.default_rng(0).normal(size=(60, 41))
    sweep = SWEEP | {"training": {"epochs": 2}, "parameters": {"learning_rate": {"values": [0.1]}}}
    del sweep["data"]
    run = ls.run(sweep, data=(rows[:, :40], rows[:, 40]), out=tmp_path, jobs=1)
    with pytest.raises(ls.ResultsError, match="has 41 parameters per target, and a page trains at most 40"):
        laboratory(run, reopen(run), run.trials)
