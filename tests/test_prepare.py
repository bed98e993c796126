"""What only declaration and data together can tell."""

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import linreg_sweep as ls
from linreg_sweep.config import load_config
from linreg_sweep.errors import ConfigError, DataError
from linreg_sweep.trials.loading import load_data
from linreg_sweep.trials.prepare import prepare

X, Y = np.arange(20.0), 3 * np.arange(20.0) + 1


def refusal(config: dict[str, Any], data: Any = (X, Y)) -> str:
    """Returns what is said against a config."""
    with pytest.raises((ConfigError, DataError)) as caught:
        ls.train(config, data=data)
    return str(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_that_is_not_there_is_said_so_before_anything_is_made() -> None:
    """The setting is named, beside whatever else is wrong."""
    training = {"engine": "torch", "device": "cuda", "initial_weight": [1, 2]}
    first, second = refusal({"training": training}).splitlines()
    assert first.startswith("training.initial_weight: must have one number for each of the 1 features")
    assert second.startswith(
        "training.device: cuda must be available, torch finds no such device. Hint: use cpu"
    )


def test_a_start_for_a_bias_that_is_not_fitted_is_refused() -> None:
    """It would change nothing, and stand in the table all the same."""
    config = {"data": {"fit_bias": False}, "training": {"initial_bias": 5}}
    assert refusal(config).startswith("training.initial_bias: must be 0 where data.fit_bias is false, got 5")


def test_a_list_of_starts_is_not_left_to_some_products() -> None:
    """Where others vary one start of all features, no column could hold the list's."""
    rates = {"learning_rate": {"values": [0.01]}}
    union = {
        "name": "u",
        "method": "grid",
        "training": {"initial_weight": [1, 2], "epochs": 0},
        "parameters": [{"initial_weight": {"values": [5]}}, rates],
    }
    data = (np.column_stack([X, X**2]), Y)
    with pytest.raises(ConfigError) as caught:
        ls.plan(union, data=data)
    assert str(caught.value).startswith(
        "training.initial_weight: must be one number where some products vary it"
    )
    assert str(caught.value).endswith("Hint: give one number, or vary it in every product")
    in_all = {
        "parameters": [{"initial_weight": {"values": [5]}}, {"initial_weight": {"values": [6]}, **rates}]
    }
    assert ls.plan(union | in_all, data=data).n_trials == 2


@pytest.mark.parametrize("data", [np.zeros((3, 2)), "x.csv", (X, Y, X)])
def test_data_from_python_are_a_pair(data: Any) -> None:
    """Anything but (x, y) is refused with the way to write it."""
    assert refusal({}, data).startswith("data: must be a pair (x, y) of arrays, got")


def test_a_constant_target_is_measured_against_its_size() -> None:
    """Its variance is 0, however the mean is rounded, so its mean square is the scale."""
    for n_rows in (10, 30, 49):
        for value in (0.1, 1.1, 3.3):
            config = {"training": {"learning_rate": 0.5, "epochs": 200}}
            training = ls.train(config, data=(np.linspace(-1, 1, n_rows), np.full(n_rows, value)))
            assert training.experiment.problem.scale == pytest.approx(value**2)
            assert training.outcome == "converged"


def test_numbers_whose_squares_vanish_are_refused() -> None:
    """A cost of 0 for every state would call them all converged."""
    assert refusal({}, (X, 1e-170 * Y)).startswith("data: the squares of the data must not vanish")


def test_a_trial_that_leaves_the_optimum_again_is_not_called_converged() -> None:
    """`train` goes through all epochs, so the last state decides, as with early_stop: false."""
    config = {
        "data": {"name": "tutorial"},
        "training": {
            "batch_size": 1,
            "learning_rate": 0.0005,
            "epochs": 3000,
            "initial_weight": 0.8788987764182423,
            "initial_bias": -0.43593103448275,
        },
    }
    training = ls.train(config)
    assert training.epoch_of("converged_at") == 0
    assert training.outcome == "unfinished"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"size": [1, 2, 3, 5, 9], "size2": [2, 4, 6, 10, 18]}, "size2 (on size)"),
        (
            {"surface": [5, 10, 13, 6, 7], "wall": [1, 2, 3, 0, 1], "roof": [2, 4, 5, 3, 3]},
            "roof (on surface, wall)",
        ),
        ({"dry": [1, 0, 0, 1, 1], "x": [3, 1, 4, 1, 5], "wet": [0, 1, 1, 0, 0]}, "wet (on dry, a constant)"),
        ({"x": [1, 2, 4, 4, 7], "y2": [1, 4, 9, 16, 25]}, ""),
        ({"x": [1, 2, 4, 4, 7], "c": [3, 3, 3, 3, 3]}, ""),
    ],
)
def test_columns_that_depend_on_others_are_named(columns: dict[str, list[float]], said: str) -> None:
    """With those they depend on; a constant beside a bias has a note of its own."""
    declaration = load_config({"data": {}}, (), data_given=True)
    data = load_data(declaration, (pd.DataFrame(columns), [1.0, 2.0, 4.0, 5.0, 0.0]))
    found = [note for note in data.notes if note.startswith("some columns depend on others")]
    assert [note.rpartition(": ")[2] for note in found] == [said][: bool(said)]


def test_what_is_wrong_is_said_where_it_is_declared() -> None:
    """In a list of trials, in a product of a union, beside other parameters, in the first with a unit."""
    strange = {"initial_weight_z": {"values": [1]}}
    rates = {"learning_rate, epochs": {"values": [[0.5, 1], [1e39, 2]]}}
    in_unit = {"learning_rate": {"values": [1], "unit": "stability_limit"}}
    adam = {"training": {"optimizer": "adam"}}
    for declared, place in (
        (
            {"method": "list", "trials": {"columns": {"initial_weight_z": [1]}}},
            "trials.columns.initial_weight_z",
        ),
        ({"method": "grid", "parameters": [{"epochs": 1}, strange]}, "parameters[1].initial_weight_z"),
        (
            {"method": "grid", "parameters": rates, "training": {"dtype": "float32"}},
            "parameters.'learning_rate, epochs'",
        ),
        (
            {"method": "grid", "parameters": [{"learning_rate": 1}, in_unit], **adam},
            "parameters[1].learning_rate.unit",
        ),
    ):
        with pytest.raises(ConfigError) as caught:
            ls.plan({"name": "a", **declared}, data=(X, Y))
        assert str(caught.value).partition(": ")[0] == place


def test_a_seed_is_itself() -> None:
    """Whole numbers beyond those that a float can hold are different seeds."""
    seeds = [2**60, 2**60 + 1, 2**63 - 1]
    config = {"data": {"name": "tutorial"}, "training": {"batch_size": 5, "order": "reshuffle"}}
    found = []
    for seed in seeds:
        declaration = load_config(config | {"seed": seed})
        found.append(prepare(declaration, load_data(declaration)).example.options.method.seed)
    assert found == seeds


@pytest.mark.parametrize("training", [{}, {"batch_size": 32}, {"engine": "torch"}])
def test_workers_are_given_rows_only_where_a_step_looks_at_them(training: dict[str, Any]) -> None:
    """What is gathered of all rows is enough for descent on all of them, and as good to the bit."""
    x = np.random.default_rng(1).normal(size=(2_000, 2))
    declaration = load_config({"training": {"epochs": 3, **training}}, data_given=True)
    experiment = prepare(declaration, load_data(declaration, (x, x.sum(axis=1))))
    sent = pickle.dumps(experiment)
    assert (len(sent) > x.nbytes) == bool(training)
    here, there = (
        each.train_groups(each.groups(each.values(0, 1))) for each in (experiment, pickle.loads(sent))
    )
    assert here.theta.tobytes() == there.theta.tobytes()
