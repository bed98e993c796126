"""Everything declared can vary: numbers, seeds, words, booleans and schedules, each by its bare name."""

import itertools

import pytest

from linreg_sweep.config import Config, load_config, load_sweep
from linreg_sweep.config.parameters import Points, Steps, Values
from linreg_sweep.config.training import TrainingConfig, keys_of
from linreg_sweep.config.varied import FIXED, KINDS
from linreg_sweep.errors import ConfigError
from linreg_sweep.optimizers import OPTIMIZERS
from linreg_sweep.trials.space import make_space
from tests.varied import DATA, own_folder, refused, shown, space, sweep, written_and_read

__all__ = ["own_folder"]


def test_every_key_of_training_but_four_can_vary() -> None:
    """And seed, fold, and whether data are standardized; by its bare name or with its block before it."""
    assert {*KINDS} == {*TrainingConfig.model_fields, "seed", "fold", "standardize"} - {*FIXED}
    for name in KINDS:
        block = "data." if name == "standardize" else "training."
        words = {
            "schedule": "constant",
            "average": "none",
            "loss": "mse",
            "optimizer": "adam",
            "order": "file",
        }
        value = words.get(name, 0.5)
        if isinstance(value, float):
            value = 5 if KINDS[name].is_whole else value if KINDS[name].is_number else True
        optimizer = next((each for each in OPTIMIZERS if name in keys_of(each)), "sgd")
        training = {"optimizer": optimizer} | ({"momentum": 0.5} if name == "nesterov" else {})
        for key in (name, *([] if name in ("seed", "fold") else [f"{block}{name}"])):
            found = sweep({key: {"values": [value]}}, training=training)
            assert make_space(found).names == (name,)
            written_and_read(found)
    for name in FIXED:
        assert refused({name: 1}) == [f"parameters.{name}: '{name}' cannot vary"]


def test_numbers_of_the_schedule_vary() -> None:
    """Dotted, or bare where no key of training is called so; of another schedule there are none."""
    schedule = {"name": "cosine", "final": 0.5, "warmup": {"epochs": 3}}
    training = {"schedule": schedule}
    names = ("schedule.final", "schedule.epochs", "schedule.warmup.epochs", "epochs", "schedule.warmup.start")
    given = ("final", "training.schedule.epochs", "schedule.warmup.epochs", "epochs", "warmup.start")
    found = sweep(dict.fromkeys(given, 1), training=training)
    assert make_space(found).names == names
    kinds = [type(vars(parameter)["values"][0]) for parameter in found.parameters.values()]
    assert kinds == [float, int, int, int, float]
    written_and_read(found)
    assert refused({"schedule.gamma": 1, "schedule.final": 2}, training=training) == [
        "parameters.'schedule.gamma': unknown parameter",
        "parameters.'schedule.final': must be at most 1, got 2",
    ]
    assert refused({"schedule.final": 1, "schedule": "constant"}, training=training) == [
        "parameters.schedule: schedule and a number of it cannot both vary"
    ]


def test_one_parameter_is_not_given_twice() -> None:
    """Under both its names, or by itself and with others."""
    said = "parameters.'training.loss': 'loss' is given twice"
    assert refused({"loss": "mse", "training.loss": "sse"}) == [said]
    assert refused({"loss": "mse", "training.loss, seed": {"values": [["sse", 1]]}})[0].endswith(
        "'loss' is given twice"
    )


def test_an_option_for_what_a_sweep_varies_is_refused() -> None:
    """Whatever name either is given, and in whichever product."""
    declared = {
        "data": DATA,
        "method": "grid",
        "training": {"schedule": {"name": "exponential", "gamma": 0.9}},
        "parameters": [
            {"epochs": 5, "schedule.gamma": {"values": [0.5]}},
            {"data.standardize, loss": 0},
        ],
    }
    for option, name in (
        ("training.loss=sse", "loss"),
        ("data.standardize=true", "standardize"),
        ("epochs=4", "epochs"),
        ("training={epochs: 4}", "epochs"),
        ("training.schedule.gamma=0.8", "schedule.gamma"),
    ):
        with pytest.raises(ConfigError, match=f"{name} is varied by the sweep. Hint: set parameters whole"):
            load_sweep(declared, [option])


def test_words_booleans_and_schedules_are_chosen_by_whole_numbers() -> None:
    """Which stand for the declared values, in their order, and have labels."""
    cosine = {"name": "cosine", "final": 0.1}
    declared = {
        "loss": {"values": ["sse", "half_mse"]},
        "order": {"values": ["reshuffle", "file"]},
        "schedule": {"values": [cosine, "constant"]},
    }
    made = space(declared)
    assert made.labels == {
        "loss": ("sse", "half_mse"),
        "order": ("reshuffle", "file"),
        "schedule": ("cosine(final=0.1)", "constant"),
    }
    assert [row[:2] for row in shown(made)] == [
        row[:2] for row in itertools.product(["sse", "half_mse"], ["reshuffle", "file"], [0, 1])
    ]
    assert made.choices["schedule"][0].model_dump() == {**cosine, "warmup": None, "epochs": None}
    assert made.values(0, 2)["schedule"].tolist() == [0.0, 1.0]
    written_and_read(sweep(declared))
    assert sweep({"schedule": cosine}).parameters == {"schedule": Values((made.choices["schedule"][0],))}


def test_values_are_checked_by_the_kind_of_their_field() -> None:
    """Each at its place."""
    assert refused(
        {
            "loss": {"values": ["mse", "mae", "mse"]},
            "nesterov": {"values": [True, 1, "no"]},
            "schedule": {"values": ["constant", {"name": "cosine", "final": 2}, "cosin", {"step": 2}]},
            "optimizer": {"min": 1, "max": 2},
        }
    ) == [
        "parameters.loss.values[1]: must be half_mse, mse or sse, got 'mae'",
        "parameters.nesterov.values[1]: must be true or false, got 1",
        "parameters.nesterov.values[2]: must be true or false, got 'no'",
        "parameters.schedule.values[1].final: must be at most 1, got 2",
        "parameters.schedule.values[2]: must be one of the kinds of schedule, or a block of keys with"
        " its name, got 'cosin'",
        "parameters.schedule.values[3]: must have the key name, which says what kind of schedule it is",
        "parameters.optimizer: must be sgd, adam, adamw, nadam, rmsprop, adagrad or adadelta, got "
        "{'min': 1, 'max': 2}",
    ]
    assert refused(
        {"loss": {"values": ["mse", "mse"]}, "schedule": {"values": ["silver", {"name": "silver"}]}}
    ) == [
        "parameters.loss.values[1]: must not repeat a value, got 'mse' again",
        "parameters.schedule.values[1]: must not repeat a value, got {'name': 'silver'} again",
    ]


@pytest.mark.parametrize("method", ["grid", "random"])
def test_seeds_from_min_to_max_are_whole_numbers_with_both_ends(method: str) -> None:
    """Under a grid each of them once; drawn, each equally likely. Other numbers need num or step."""
    more = {"trials": 1000} if method == "random" else {}
    made = space({"seed": {"min": 2, "max": 9}}, method, **more)
    assert sorted({*made.values(0, made.n_trials)["seed"].tolist()}) == [*range(2, 10)]
    if method == "grid":
        assert sweep({"seed": {"min": 2, "max": 9}}).parameters == {"seed": Steps(2, 9, 1)}
        assert sweep({"seed": {"min": 0, "max": 9, "num": 4}}).parameters == {"seed": Points(0, 9, 4)}
        assert refused({"epochs": {"min": 2, "max": 9}}) == ["parameters.epochs: needs num, or step"]
        assert refused({"seed": {"min": 0, "max": 2**53 + 1}})[0].startswith(
            "parameters.seed.max: must be at most"
        )
        written_and_read(sweep({"seed": {"min": 2, "max": 9}}))


def test_what_is_best_is_declared() -> None:
    """The earliest to converge, unless another column is named."""
    assert sweep({"epochs": 5}).best.by == "converged_at"
    assert sweep({"epochs": 5}, best={"by": "cost"}).best.by == "cost"
    written_and_read(sweep({"epochs": 5}, best={"by": "average_cost"}))
    assert refused({"epochs": 5}, best={"by": "costs"}) == [
        "best.by: must be converged_at, cost, held_out_cost, best_held_out_cost or average_cost, got 'costs'"
    ]


def test_a_config_varies_nothing() -> None:
    """It is a product of one trial."""
    config: Config = load_config({"data": DATA}).config
    assert (make_space(config).n_trials, make_space(config).names, config.optimizers) == (1, (), ("sgd",))
