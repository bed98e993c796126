"""Facts about compared runs: what pandas finds by merging the whole tables, and what was put in by hand."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from linreg_sweep.cli import main
from linreg_sweep.comparing import pairing
from linreg_sweep.comparing.differences import KINDS
from linreg_sweep.runs.results import Run
from linreg_sweep.theory.outcome import OUTCOMES
from tests.compared import RATES, ROOT, WEIGHTS, Make, make, nudged

__all__ = ["make"]


def merged(first: Run, second: Run, keys: list[str]) -> pd.DataFrame:
    """Returns the trials that both have, by pandas."""
    return first.trials.merge(second.trials, on=keys, suffixes=("_a", "_b"))


@pytest.mark.parametrize(
    ("block", "other"),
    [(3, "same space"), (2**18, "same space"), (3, "other order"), (1, "fewer starts"), (3, "momentum")],
)
def test_a_comparison_is_what_pandas_finds(
    make: Make, monkeypatch: pytest.MonkeyPatch, block: int, other: str
) -> None:
    """Counts, transitions, epochs and differences, however many trials are held at once."""
    monkeypatch.setattr(pairing, "BLOCK", block)
    keys = ["learning_rate", "initial_weight"]
    others: dict[str, dict[str, Any]] = {
        "same space": {"training": {"loss": "mse"}},
        "other order": {
            "training": {"loss": "mse"},
            "parameters": {"initial_weight": WEIGHTS, "learning_rate": RATES},
        },
        "fewer starts": {
            "training": {"dtype": "float32"},
            "parameters": {"learning_rate": RATES, "initial_weight": {"values": [-10, 10, 3]}},
        },
        "momentum": {
            "parameters": {
                "learning_rate": RATES,
                "initial_weight": WEIGHTS,
                "momentum": {"values": [0.5, 0.0]},
            }
        },
    }
    first, second = make(), make(**others[other])
    found = ls.compare(first, second)
    if other == "momentum":
        keys.append("momentum")
        first.__dict__["trials"] = first.trials.assign(momentum=0.0)
    both = merged(first, second, keys)
    assert len(both) >= 10
    matched = found.matched.iloc[0]
    assert matched["matched"] == len(both)
    assert matched["only_first"] == first.n_trials - len(both)
    assert matched["only_second"] == second.n_trials - len(both)
    assert len(found.only) == first.n_trials + second.n_trials - 2 * len(both)

    table = pd.crosstab(both["outcome_a"], both["outcome_b"]).reindex(
        index=list(OUTCOMES), columns=list(OUTCOMES), fill_value=0
    )
    assert found.transitions[list(OUTCOMES)].to_numpy().tolist() == table.to_numpy().tolist()

    converged = both[(both["outcome_a"] == "converged") & (both["outcome_b"] == "converged")]
    gap = (converged["converged_at_b"] - converged["converged_at_a"]).astype(float)
    ratio = (converged["converged_at_b"] / converged["converged_at_a"]).astype(float)
    if len(converged):
        epochs = found.epochs.iloc[0]
        assert epochs["both_converged"] == len(converged)
        signs = [(gap < 0).sum(), (gap == 0).sum(), (gap > 0).sum()]
        assert epochs[["sooner", "same_epoch", "later"]].tolist() == signs
        assert epochs["median_epochs_later"] == gap.median()
        assert epochs["median_epochs_ratio"] == pytest.approx(ratio.median(), rel=1e-5)

    bounded = both[(both["outcome_a"] != "diverged") & (both["outcome_b"] != "diverged")]
    for row in found.values.to_dict("records"):
        name = row["value"]
        assert row["largest_difference"] == (bounded[f"{name}_a"] - bounded[f"{name}_b"]).abs().max()
        assert row["same_bits"] == (both[f"{name}_a"] == both[f"{name}_b"]).sum()

    back = ls.compare(second, first)
    assert back.values["largest_difference"].tolist() == found.values["largest_difference"].tolist()

    by = found.by.set_index("learning_rate")
    groups = both.groupby("learning_rate")
    assert by["matched"].to_dict() == groups.size().to_dict()
    for which in "ab":
        counts = both[both[f"outcome_{which}"] == "converged"].groupby("learning_rate").size()
        told = by[f"converged_{'first' if which == 'a' else 'second'}"]
        assert told.to_dict() == counts.reindex(told.index, fill_value=0).to_dict()


def test_one_last_bit_is_found(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    """Of one number in one trial; and it is no change within a tolerance."""
    first, second = make(), make()
    assert ls.compare(first, second).n_changed == 0
    nudged(second, 17, "bias")
    found = ls.compare(first, second)
    assert found.matched["changed"].tolist() == [1]
    (changed,) = found.changed.to_dict("records")
    assert (changed["trial"], changed["differs_in"]) == (17, "bias")
    assert changed["bias_second"] == np.nextafter(changed["bias_first"], np.inf)
    same = found.values.set_index("value")["same_bits"].to_dict()
    assert same == {"cost": 35, "weight": 35, "bias": 34}
    assert ls.compare(first, second, tolerance=1e-12).n_changed == 0
    paths = [str(first.path), str(second.path)]
    assert main(["compare", *paths]) == 0
    with pytest.raises(SystemExit, match="1"):
        main(["compare", *paths, "--fail-on-change"])
    told = capsys.readouterr()
    assert "1 trial changed, 1 of them only in their last bits, or without a partner." in told.err
    assert main(["compare", *paths, "--fail-on-change", "--tolerance", "1e-12"]) == 0


def kinds_by_pandas(first: Run, second: Run, near: float) -> dict[str, int]:
    """Returns how many trials differ how, by pandas and one trial after the other."""
    both, found = merged(first, second, ["learning_rate", "initial_weight"]), dict.fromkeys(KINDS, 0)
    for row in both.to_dict("records"):
        a, b = ({name: row[f"{name}_{side}"] for name in ("weight", "bias", "cost")} for side in "ab")
        events = [(row[f"converged_at_{side}"], row[f"diverged_at_{side}"]) for side in "ab"]
        if row["outcome_a"] != row["outcome_b"]:
            found["outcome_changed"] += 1
        elif repr(events[0]) != repr(events[1]):
            found["epoch_changed"] += 1
        elif a == b:
            found["identical"] += 1
        else:
            apart = max(abs(a[name] - b[name]) for name in ("weight", "bias"))
            scale = max(abs(each[name]) for each in (a, b) for name in ("weight", "bias"))
            found["last_bits" if apart <= near * scale else "numbers_changed"] += 1
    return found


@pytest.mark.parametrize(
    ("training", "near"),
    [
        ({"engine": "torch"}, 2.0**-26),
        ({"dtype": "float32"}, 2.0**-11.5),
        ({"loss": "mse"}, 2.0**-26),
        ({"epochs": 3000}, 2.0**-26),
        ({"momentum": 1e-6}, 2.0**-26),
    ],
)
def test_each_trial_differs_in_one_way(
    make: Make, capsys: pytest.CaptureFixture[str], training: dict[str, Any], near: float
) -> None:
    """Another outcome, epoch or number, last bits alone, or not at all; the first lines say so."""
    first, second = make(), make(training=training)
    expected = kinds_by_pandas(first, second, near)
    found = ls.compare(first, second)
    assert {name: int(found.matched[name].sum()) for name in KINDS} == expected
    assert {name: int(found.by[name].sum()) for name in KINDS[:-1]} == dict(list(expected.items())[:-1])
    assert sum(expected.values()) == 35
    for change, name in (("outcome", "outcome_changed"), ("last bits", "last_bits")):
        assert (found.changed["change"] == change).sum() == expected[name]
    capsys.readouterr()
    assert main(["compare", str(first.path), str(second.path)]) == 0
    said = capsys.readouterr().out.splitlines()[1]
    for count, words in zip(
        expected.values(), ("outcome", "epoch", "numbers", "last bits", "equal"), strict=True
    ):
        assert (
            f"{count} with another {words}" in said or re.search(f"{count} [a-z ]*{words}", said) or not count
        )


def test_another_cost_of_the_same_numbers_is_no_last_bit(make: Make, tmp_path: Path) -> None:
    """Trials that end where they began have the same numbers on other data, and another cost."""
    runs = []
    for name, y in (("a", 3.0), ("b", 5.0)):
        (tmp_path / f"{name}.csv").write_text(f"x,y\n1,{y}\n2,4\n3,9\n")
        runs.append(make(data={"path": str(tmp_path / f"{name}.csv"), "y": "y"}, training={"epochs": 0}))
    found = ls.compare(*runs)
    assert found.matched["numbers_changed"].tolist() == [35]


def test_runs_that_share_no_trial_are_compared_by_their_summaries(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    """And it is said; their rows are those of the summaries."""
    first = make()
    second = make(parameters={"learning_rate": {"values": [0.004, 0.006]}})
    found = ls.compare(first, second)
    assert found.by_summaries
    assert found.matched[["matched", "only_first", "only_second"]].to_numpy().tolist() == [[0, 35, 2]]
    for run, label in ((first, "run0"), (second, "run1")):
        rows = found.by[found.by["run"] == label].drop(columns="run").reset_index(drop=True)
        summary = run.summary(by="learning_rate")
        for name in ("learning_rate", "trials", "converged", "median_converged_at", "best_cost"):
            assert rows[name].astype(float).equals(summary[name].astype(float)), name
    main(["compare", str(first.path), str(second.path)])
    told = "run1 shares no trial with run0 (35 only in run0, 2 only in run1): they are compared by their "
    out = capsys.readouterr().out
    assert f"{told}summaries." in out
    assert "Trials matched on their hyperparameters" not in out  # a row of zeros


def test_standardized_and_unscaled_are_compared_in_the_datas_units(tmp_path: Path) -> None:
    """Weights per unit of x against weights per unit of x; the condition numbers say why they differ."""
    sweep = ROOT / "sweeps" / "diabetes.yaml"
    rates = "parameters.learning_rate={values: [1e-5, 0.1]}"
    runs = [
        ls.run(
            sweep,
            overrides=[rates, *more, "training.engine=closed_form", "training.epochs=10000000000"],
            out=tmp_path,
        )
        for more in ([], ["data.standardize=false"])
    ]
    found = ls.compare(*runs)
    assert any(note.startswith("The condition number of H") for note in found.notes)
    assert any(note.endswith("its data.sha256 is of the standardized columns") for note in found.notes)
    assert "data.sha256" in found.settings["setting"].tolist()
    weights = found.values.set_index("value")["largest_difference"]
    by_hand = abs(runs[0].trials["weight_bmi_unscaled"][0] - runs[1].trials["weight_bmi"][0])
    assert weights["weight_bmi (unscaled)"] == by_hand


def test_trials_with_equal_hyperparameters_are_matched_in_their_order() -> None:
    """The earliest with the earliest; those without a partner are the last."""
    one = np.array([[1.0], [2.0], [1.0], [1.0], [-0.0]])
    other = np.array([[1.0], [3.0], [0.0], [1.0]]) + 0.0
    first, second = pairing._matched(one + 0.0, other)
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == [(0, 0), (2, 3), (4, 2)]


def test_rates_in_stability_limits_are_matched_by_what_they_are(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same declaration means other rates under another loss: half of one run's are the other's."""
    monkeypatch.setattr(pairing, "BLOCK", 1)
    rates = {"learning_rate": {"values": [0.25, 0.5, 1.0], "unit": "stability_limit"}}
    first = make(parameters=rates, part_size=1)
    second = make(parameters=rates, part_size=1, training={"loss": "mse"})
    both = merged(first, second, ["learning_rate"])
    assert len(both) == 2
    assert ls.compare(first, second).matched["matched"].tolist() == [2]


def test_three_runs_are_each_compared_with_the_first(make: Make) -> None:
    """A row a run, and a column per run where configs differ."""
    found = ls.compare(make(), make(training={"loss": "mse"}), make(training={"loss": "sse"}))
    assert found.outcomes["run"].tolist() == ["run0", "run1", "run2"]
    assert found.matched["run"].tolist() == ["run1", "run2"]
    assert list(found.settings.set_index("setting").loc["training.loss"]) == ["half_mse", "mse", "sse"]
    assert found.settings.columns.tolist() == ["setting", "run0", "run1", "run2"]


def test_ranges_span_both_runs(make: Make) -> None:
    """Every matched trial lies in one of them."""
    found = ls.compare(make(), make(training={"loss": "mse"}), bins=3)
    assert len(found.by) == 3
    assert found.by["matched"].sum() == 35
    assert found.by["learning_rate"].tolist()[0].startswith("0.0005 to ")


def test_trials_that_end_in_infinities_are_compared_in_silence(make: Make) -> None:
    """Their numbers are no differences; they count as the same to the bit, and no warning is given."""
    rates = {"learning_rate": {"values": [0.001, 1e200, 1e300]}}
    found = ls.compare(make(parameters=rates), make(parameters=rates))
    assert found.values["same_bits"].tolist() == [3, 3, 3]
    assert found.values["largest_difference"].tolist() == [0, 0, 0]


def test_what_one_run_varies_and_the_other_sets_up_is_matched(make: Make) -> None:
    """A schedule by its label; a key of optimizers by the default of each, and none where it has none."""
    rates = {"learning_rate": {"values": [0.001, 0.005]}}
    cosine = {"name": "cosine", "final": 0.01, "warmup": {"epochs": 10, "start": 0.1}}
    varied = make(training={"epochs": 300}, parameters={"schedule": {"values": ["constant", cosine]}} | rates)
    fixed = make(training={"epochs": 300, "schedule": cosine}, parameters=rates)
    [row] = ls.compare(varied, fixed).matched.to_dict("records")
    assert (row["matched"], row["identical"], row["only_first"], row["only_second"]) == (2, 2, 2, 0)
    rules = {"optimizer": {"values": ["sgd", "rmsprop", "adam"]}}
    several = make(training={"epochs": 300}, parameters=rules | rates)
    momenta = {"momentum": {"values": [0, 0.5]}, "optimizer": {"values": ["sgd", "rmsprop"]}}
    union = make(training={"epochs": 300}, parameters=[momenta | rates, {"optimizer": "adam"} | rates])
    found = ls.compare(several, union)
    [row] = found.matched.to_dict("records")
    assert (row["matched"], row["identical"], row["only_first"], row["only_second"]) == (6, 6, 0, 4)
    assert found.by["optimizer"].tolist() == ["sgd", "rmsprop", "adam"]
    assert set(found.only["momentum"]) == {0.5}
    assert set(found.settings["setting"]).isdisjoint({"training.optimizer", "training.learning_rate"})
