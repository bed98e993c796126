"""Facts about lists of trials whose optimizers have different keys: cells are empty where there is none."""

from pathlib import Path

import pandas as pd

import linreg_sweep as ls

LIST = """optimizer,learning_rate,momentum,nesterov,beta1
sgd,0.001,0.5,true,
adam,0.1,,,0.8
sgd,0.002,0.9,false,
"""

UNION = [
    {
        "optimizer": {"values": ["sgd"]},
        "learning_rate, momentum, nesterov": {"values": [[0.001, 0.5, True], [0.002, 0.9, False]]},
    },
    {"optimizer": {"values": ["adam"]}, "learning_rate": 0.1, "beta1": {"values": [0.8]}},
]


def test_the_trials_are_those_of_a_union(tmp_path: Path) -> None:
    """To the bit; and the run, which has the list, is gone on with and verified."""
    (tmp_path / "trials.csv").write_text(LIST, encoding="utf-8")
    declared = {"name": "optimizers", "data": {"name": "tutorial"}, "training": {"epochs": 50}}
    of_list = declared | {"method": "list", "trials": {"path": str(tmp_path / "trials.csv")}}
    as_list = ls.run(of_list, out=tmp_path, jobs=1)
    as_union = ls.run(declared | {"method": "grid", "parameters": UNION}, out=tmp_path, jobs=1)
    shared = [name for name in as_union.trials if name in as_list.trials and name != "trial"]
    assert {"optimizer", "momentum", "nesterov", "beta1", "cost"} < set(shared)
    found = as_list.trials[shared].iloc[[0, 2, 1]].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, as_union.trials[shared], check_exact=True)
    assert ls.run(of_list, out=tmp_path, jobs=1).path == as_list.path
    assert not ls.verify(as_list.path).mismatches
