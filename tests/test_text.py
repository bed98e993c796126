"""Facts about what commands say: sentences that are true whatever a run or a training found."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import linreg_sweep as ls
from linreg_sweep.analysis.formats import cells_of
from linreg_sweep.analysis.legend import COLUMN_MEANING, MEASURED, Bounds, legend
from linreg_sweep.terminal.choosing import LEAST_FIRST, LISTED, Choice, choose, narrowed
from linreg_sweep.text import runs as text_runs
from linreg_sweep.text.runs import format_run
from linreg_sweep.text.training import format_ending, format_rows
from linreg_sweep.theory.outcome import OUTCOMES, REGIMES

ROOT = Path(__file__).parents[1]

SWEEP: dict[str, Any] = {
    "name": "told",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 100},
    "parameters": {"learning_rate": {"values": [0.001, 0.005]}},
}

BOUNDS = Bounds(divergence=1e6, settle_epochs=10, settle_fraction=0.01)


class Found:
    """A run as text/ sees it, with whatever metadata a fact is about."""

    def __init__(self, best: dict[str, Any], **data: Any) -> None:
        self.name, self.n_trials, self.varied = "found", 1, ["learning_rate"]
        self.metadata = {
            "data": {"source": "a.csv", "rows": 1, "features": ["x"], "targets": ["y"]} | data,
            "best": {"trial": 0, "learning_rate": 0.1, "outcome": "converged", "converged_at": 1, "cost": 2.0}
            | best,
        }


def best_trial(**best: Any) -> str:
    """Returns the sentence on a best trial with these cells."""
    return text_runs.format_best_trial(Found(best).metadata["best"], ["learning_rate"])


def line(best: dict[str, Any], **data: Any) -> list[str]:
    """Returns the fitted line, if there is one."""
    found: Any = Found(best, **data)
    return list(text_runs._fitted_line(found))


def told(sweep: dict[str, Any], out: Path) -> list[str]:
    """Runs a sweep and returns what is said of it."""
    run = ls.run(sweep, out=out, jobs=1)
    table = choose(run, Choice())
    return "\n".join(format_run(run, table, list(table.columns))).splitlines()


# --- the best trial


def test_a_number_that_is_null_is_no_crash() -> None:
    """metadata.json has null for what is not finite; a hyperparameter that a trial lacks is not told."""
    for name in ("cost", "converged_at"):
        sentence = best_trial(**{name: None})
        assert sentence.startswith("Best trial: 0 (learning_rate ")
        assert name == "converged_at" or "not finite" in sentence
    assert best_trial(learning_rate=None).startswith("Best trial: 0 (the set-up's values): ")


def test_the_best_trial_goes_by_its_outcome() -> None:
    """An epoch within the tolerance is no convergence where the trial left it again."""
    for outcome in OUTCOMES:
        how = (
            "converged at epoch 1" if outcome == "converged" else "no trial converged; this one came closest"
        )
        assert best_trial(outcome=outcome, converged_at=1) == (
            f"Best trial: 0 (learning_rate 0.1): {how}, cost 2."
        )


def test_the_best_row_is_named_only_where_it_says_more_than_the_best_trial() -> None:
    """Rows of one trial have nothing on the whole, and where none converged no row is best."""
    cases: list[tuple[int, int, float, list[str]]] = [
        (1, 1, 1.0, []),
        (3, 3, 1.0, ["Overall, rate 2 does best: 3 of 3 trials converged, after a median of 1 epoch."]),
        (3, 0, np.nan, []),
    ]
    for trials, converged, median, said in cases:
        row: dict[str, list[float]] = {"rate": [2.0], "trials": [trials], "converged": [converged]}
        more = {"share_converged": [converged / trials], "median_converged_at": [median], "best_cost": [1.0]}
        assert list(text_runs._best_row(cells_of(row | more))) == said


# --- the fitted line


def test_the_line_is_written_as_a_person_writes_it() -> None:
    """Six digits, a minus rather than plus a negative number, and the units of the file."""
    cases: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        ({"weight": 0.07562784, "bias": -1.8740164}, {}, "y = 0.0756278 * x - 1.87402"),
        ({"weight": -2.0, "bias": 3.0}, {"features": ["my size"]}, "y = -2 * my size + 3"),
        ({"weight": 0.5}, {}, "y = 0.5 * x"),
        (
            {"weight_a": 1.0, "weight_b": -2.0, "bias": 0.5},
            {"features": ["a", "b"]},
            "y = 1 * a - 2 * b + 0.5",
        ),
        ({"weight": 9.0, "bias": 9.0, "weight_unscaled": 1.5, "bias_unscaled": 2.5}, {}, "y = 1.5 * x + 2.5"),
    ]
    for best, data, said in cases:
        assert line(best, **data) == [f"Fitted:         {said}"]


def test_there_is_no_line_where_none_helps() -> None:
    """Not finite, or diverged."""
    cases: list[dict[str, Any]] = [
        {"weight": None, "bias": 1.0},
        {"weight": 1.0, "bias": None},
        {"weight": 1.0, "bias": 1.0, "outcome": "diverged"},
    ]
    for best in cases:
        assert line(best) == []


@pytest.mark.parametrize(
    ("n_features", "n_targets", "standardize"),
    [(1, 1, False), (1, 1, True), (3, 1, True), (2, 2, False), (8, 1, True), (30, 1, True), (2, 5, True)],
)
def test_least_squares_stands_beside_the_line(
    n_features: int, n_targets: int, standardize: bool, tmp_path: Path
) -> None:
    """Of runs and trainings; the oracle is numpy.linalg.lstsq on the columns as they are given."""
    random = np.random.default_rng(n_features + n_targets)
    x, y = random.normal(3, 2, (40, n_features)), random.normal(5, 2, (40, n_targets))
    sweep = SWEEP | {"data": {"standardize": standardize}, "training": {"epochs": 3}}
    exact = np.linalg.lstsq(np.column_stack([x, np.ones(40)]), y, rcond=None)[0]
    run = ls.run(sweep, data=(x, y), out=tmp_path, jobs=1)
    table = choose(run, Choice())
    trained = ls.train({"data": {"standardize": standardize}, "training": {"epochs": 3}}, data=(x, y))
    for lines in (list(format_run(run, table, list(table.columns))), list(format_ending(trained))):
        rows = "\n".join(lines).splitlines()
        if n_features <= 5 and n_targets <= 3:
            columns = dict(zip(trained.experiment.data.x_names, x.T, strict=True))
            found = [row.partition(" = ")[2] for row in rows if row.startswith("Least squares: ")]
            fitted = np.stack([eval(equation, {}, columns) for equation in found], axis=1)
            assert fitted == pytest.approx(x @ exact[:-1] + exact[-1], rel=1e-4)
        else:
            listed = [row.split() for row in rows if re.match("weight_|bias", row)]
            assert [float(row[-1]) for row in listed] == pytest.approx(exact.ravel()[:20], rel=1e-5)
            assert all(len(row) == 3 for row in listed)
            rest = exact.size - len(listed)
            assert (f"and {rest} more parameters" in rows) == (rest > 0)


# --- the legend


def test_every_column_of_a_summary_has_a_meaning(tmp_path: Path) -> None:
    """Beside those whose name says it all."""
    summary = ls.run(SWEEP, out=tmp_path, jobs=1).summary()
    assert set(summary) - {"trials", *OUTCOMES, "regime"} <= set(COLUMN_MEANING)


def test_only_regimes_that_occur_are_explained() -> None:
    """Those within a range of regimes as well."""
    cases: list[tuple[list[str], list[str]]] = [
        (["low"], ["low"]),
        (["high", "low"], ["low", "high"]),
        (["low to high"], ["low", "good", "high"]),
        (["good to too_high", "good"], ["good", "high", "too_high"]),
        ([], []),
    ]
    for cells, regimes in cases:
        lines = list(legend(["cost"], cells, BOUNDS, measured=False))
        assert [line.split()[1] for line in lines if line.startswith("regime ")] == regimes


def test_a_measured_regime_is_told() -> None:
    """Where trials have mini-batches, and the table has regimes at all."""
    assert list(legend(["cost"], ["low"], BOUNDS, measured=True))[-1] == MEASURED
    assert MEASURED not in legend(["cost"], ["low"], BOUNDS, measured=False)
    assert MEASURED not in legend(["cost"], [], BOUNDS, measured=True)


def test_meanings_hold_the_set_ups_own_numbers() -> None:
    """How soon is soon, and how much is too much."""
    bounds = Bounds(divergence=250.0, settle_epochs=1, settle_fraction=0.025)
    assert "shrinks to 2.5 % or less within 1 epoch" in bounds.regime("good")
    assert "more than 2.5 % as far" in bounds.regime("low", measured=True)
    assert "above 250 times the larger of the start's cost" in bounds.outcome("diverged")
    assert "above 1,000,000 times" in BOUNDS.outcome("diverged")
    measured = [BOUNDS.regime(name, measured=True) for name in REGIMES]
    for text in [*map(BOUNDS.regime, REGIMES), *measured, *map(BOUNDS.outcome, OUTCOMES)]:
        assert ":" not in text
        assert "{" not in text


def test_a_run_and_a_training_tell_their_own_numbers(tmp_path: Path) -> None:
    """Not those of the defaults."""
    settle = {"outcome": {"settle": {"epochs": 20, "fraction": 0.05}, "divergence": 500}}
    lines = told(SWEEP | settle, tmp_path)
    assert any(
        line.startswith("regime good ") and "to 5 % or less within 20 epochs" in line for line in lines
    )
    config = {"data": {"name": "tutorial"}, "training": {"learning_rate": 1, "epochs": 9}} | settle
    assert "above 500 times" in next(format_ending(ls.train(config)))


def test_permuted_batches_are_told_of_in_the_legend(tmp_path: Path) -> None:
    """And only where there are some."""
    batches: dict[str, Any] = {"parameters": {"learning_rate": 0.001, "batch_size": {"values": [5, 30]}}}
    assert MEASURED in told(SWEEP | batches | {"training": {"order": "reshuffle"}}, tmp_path)
    assert MEASURED not in told(SWEEP, tmp_path)


# --- the end of a training


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({"learning_rate": 0.006}, "There each epoch multiplies the error by -0.8956."),
        ({"learning_rate": 1e-9}, "There each epoch shrinks the error by 3.16e-07 of its size."),
        (
            {"learning_rate": 0.00275, "momentum": 0.983},
            "There a full swing takes 6.45 epochs, and each epoch shrinks it to 0.9915 of its size.",
        ),
        (
            {"learning_rate": 0.001, "momentum": 0.9, "dampening": 0.9},
            "There a full swing takes 35.9 epochs, and each epoch shrinks it to 0.9487 of its size.",
        ),
        (
            {"learning_rate": 0.0001, "momentum": 0.1},
            "There each epoch in the long run multiplies the error by 0.9648.",
        ),
        (
            {"learning_rate": 0.007, "initial_weight": 0.878898782, "initial_bias": -0.435931032},
            "It converged all the same, as it had next to no error where the error grows.",
        ),
        (
            {"learning_rate": 0.1, "batch_size": 1, "order": "reshuffle"},
            " (each epoch has a permutation of its own): the error grew.",
        ),
        (
            {"learning_rate": 0.1, "batch_size": 1, "order": "independent"},
            " of the stability limit in mean square, over all draws): the error grew.",
        ),
        (
            {"learning_rate": 0.011, "batch_size": 15, "epochs": 10},
            "There each epoch over the batches multiplies the error by -0.4184.",
        ),
    ],
)
def test_a_training_says_what_its_regime_means_there(training: dict[str, Any], said: str) -> None:
    """The factor, with momentum the swing, and why an outcome is not what the regime suggests."""
    settings = {"learning_rate": 0.001, "epochs": 5} | training
    lines = list(format_ending(ls.train({"data": {"name": "tutorial"}, "training": settings})))
    [regime] = [line for line in lines if line.startswith(("Steepest direction: ", "The learning rate is "))]
    assert regime.endswith(said)


def test_the_flattest_direction_is_told_of_where_it_is_to_blame() -> None:
    """The oracle is numpy's eigenvalues of the tutorial's H."""
    table = np.genfromtxt(
        Path(ls.__file__).parent / "datasets" / "tutorial.csv", delimiter=",", skip_header=1
    )
    design = np.column_stack([table[:, 0], np.ones(len(table))])
    low, high = np.linalg.eigvalsh(design.T @ design / len(table))
    epochs = np.log(10) / -np.log(1 - 0.005 * low)
    training = {"learning_rate": 0.005, "epochs": 50}
    sentence = (
        f"The flattest direction needs about {epochs:,.0f} epochs for each factor of 10"
        f" (condition number {high / low:,.0f})."
    )
    data = {"name": "tutorial"}
    assert sentence in format_ending(ls.train({"data": data, "training": training}))
    for more in ({"epochs": 9999}, {"learning_rate": 0.001}, {"momentum": 0.5}, {"batch_size": 10}):
        lines = format_ending(ls.train({"data": data, "training": training | more}))
        assert not any("flattest" in text for text in lines)


def test_many_parameters_are_printed_in_the_last_row_alone() -> None:
    """Wrapped at a comma; the rows before tell epoch and cost."""
    *rows, last = format_rows(ls.train(ROOT / "configs" / "diabetes.yaml", overrides=["epochs=100"]))
    assert rows[0].startswith("Epoch : 10, Cost : ")
    assert all(row.count(" : ") == 2 for row in rows)
    first, *others = last.splitlines()
    assert first.startswith("Epoch : 100, Cost : ")
    assert first.endswith(",")
    assert all(text.startswith("  ") and len(text) <= 101 for text in others)
    assert last.count("Weight_") == 20
    assert last.replace(",\n  ", ", ").count(", ") == 23


@pytest.mark.parametrize(
    ("training", "every", "epochs"),
    [
        ({"epochs": 250}, 100, [100, 200, 250]),
        ({"epochs": 1234}, None, [*range(123, 1231, 123), 1234]),
        ({"epochs": 50, "learning_rate": 1.0}, 100, [1, 2]),
        ({"epochs": 10000, "learning_rate": 0.0064}, 200, [200, 319]),
        ({"epochs": 0}, None, []),
    ],
)
def test_the_last_state_has_a_row(training: dict[str, Any], every: int | None, epochs: list[int]) -> None:
    """Whatever epochs were asked for, and wherever the trial diverged; no printed trial lacks rows."""
    trained = ls.train({"data": {"name": "tutorial"}, "training": training}, every=every)
    assert trained.rows["epoch"].tolist() == epochs
    if epochs:
        assert trained.rows["weight"][-1] == trained.last["weight"][0]


@pytest.mark.parametrize("unit", [1e-9, 1e-4, 1.0, 1e7, 1e150])
def test_a_printed_number_keeps_its_digits_in_any_unit(unit: float) -> None:
    """Its first digits at least, and one form down each column."""
    x = np.array([[1.0, 2.0, 3.0, 5.0], [2.0, 1.0, 0.0, -1.0]]).T
    trained = ls.train(
        {"training": {"learning_rate": 0.1, "epochs": 7}}, data=(x, unit * np.array([1.2, 1.9, 3.3, 5.1]))
    )
    shown = [[cell.split(" : ") for cell in row.split(", ")] for row in format_rows(trained)]
    for place, column in enumerate(list(trained.rows)[1:], start=1):
        texts = [row[place][1] for row in shown]
        exact = np.asarray(trained.rows[column], np.float64)
        assert np.array(list(map(float, texts))) == pytest.approx(exact, rel=0.05)
        assert max(map(len, texts)) < 14
        assert len({re.fullmatch(r"-?\d+\.\d{3}", text) is None for text in texts}) == 1


# --- what is chosen


def test_a_narrow_table_loses_its_least_important_columns_first() -> None:
    """In a fixed order, until it fits, and never those that say what was found."""
    names = ["learning_rate", "trials", *OUTCOMES, "share_converged", "median_converged_at"]
    names += ["p90_converged_at", "best_cost", "regime", "stability_ratio"]
    widths = dict.fromkeys(names, 10)
    whole = 10 * 11 + 2 * 10
    assert narrowed(widths, whole) == names
    assert set(names) - set(narrowed(widths, whole - 1)) == {"share_converged"}
    assert set(names) - set(narrowed(widths, whole - 13)) == {"share_converged", "p90_converged_at"}
    assert set(names) - set(narrowed(widths, 1)) == set(LEAST_FIRST[:4])
    assert set(names) - set(narrowed(widths, 1, ["best_cost"])) == {*LEAST_FIRST[:4]} - {"best_cost"}


def test_parameters_and_names_stay_however_narrow() -> None:
    """A trial keeps its hyperparameters, outcome and epoch; a run its name and path."""
    trial = ["trial", "learning_rate", "initial_weight_a", "outcome", "epochs", "converged_at", "weight_a"]
    assert narrowed(dict.fromkeys(trial, 20), 1) == [*trial[:4], "converged_at"]
    assert narrowed(dict.fromkeys(LISTED, 20), 1) == ["name", "differs", "trials", *OUTCOMES, "run"]
