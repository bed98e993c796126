"""The models: what configs and sweeps hold, and the parameters they are settled into."""

import subprocess
import sys
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from linreg_sweep.config import as_mapping
from linreg_sweep.config.messages import WORDS, faults_of
from linreg_sweep.config.parameters import Normal, Parameter, Points, Steps, Uniform, Values
from linreg_sweep.config.resolve import load_config, load_sweep
from linreg_sweep.config.schema import Config, OutcomeConfig
from linreg_sweep.config.sweeps import GridSweep, RandomSweep
from linreg_sweep.config.training import TrainingConfig
from linreg_sweep.errors import ConfigError

DATA = {"name": "tutorial"}


def grid(**parameters: object) -> dict[str, Parameter]:
    """Returns the settled parameters of a grid."""
    return load_sweep({"data": DATA, "method": "grid", "parameters": parameters}).config.parameters


def random(**parameters: object) -> dict[str, Parameter]:
    """Returns the settled parameters of a random sweep."""
    declared = {"data": DATA, "method": "random", "trials": 10, "parameters": parameters}
    return load_sweep(declared).config.parameters


def test_defaults_are_those_of_the_tutorial() -> None:
    """A config that names its data has the documented defaults."""
    config = load_config({"data": DATA}).config
    assert as_mapping(config)["training"] == {
        "engine": "numpy",
        "loss": "half_mse",
        "optimizer": "sgd",
        "weight_decay": 0.0,
        "decay_bias": False,
        "momentum": 0.0,
        "nesterov": False,
        "dampening": 0.0,
        "learning_rate": 0.005,
        "schedule": {"name": "constant", "warmup": None},
        "initial_weight": 0.0,
        "initial_bias": 0.0,
        "epochs": 10000,
        "batch_size": None,
        "order": "file",
        "average": {"kind": "none"},
        "dtype": "float64",
        "device": "cpu",
        "early_stop": True,
    }
    outcome = config.outcome
    assert (outcome.tolerance, outcome.divergence) == (1e-6, 1e6)
    assert (outcome.settle.epochs, outcome.settle.fraction) == (10, 0.01)
    assert (config.history.every, config.seed) == (0, 0)
    assert (config.data.standardize, config.data.fit_bias) == (False, True)


def test_models_are_frozen() -> None:
    """A model that was checked stays what it was."""
    with pytest.raises(ValidationError, match="frozen"):
        TrainingConfig().epochs = 5


def test_whole_numbers_may_be_floats() -> None:
    """1e4 epochs are 10000 epochs, a whole number."""
    training = load_config({"data": DATA, "training": {"epochs": 1e4, "batch_size": 5.0}}).config.training
    assert (training.epochs, training.batch_size) == (10000, 5)
    assert type(training.epochs) is int


def test_numbers_become_floats() -> None:
    """A whole number where a number is wanted becomes a float, in lists too."""
    training = load_config({"data": DATA, "training": {"initial_weight": [1, 2], "initial_bias": 3}})
    assert training.config.training.initial_weight == (1.0, 2.0)
    assert type(training.config.training.initial_bias) is float


def test_one_column_is_a_list_of_one() -> None:
    """A column may be given alone."""
    data = load_config({"data": {"path": "/a.csv", "x": "size", "y": "price"}}).config.data
    assert (data.x, data.y) == (("size",), ("price",))


def test_history() -> None:
    """History is kept never, every so many epochs, or at 1, 2, 5, 10, ..."""
    for every in (0, 1000, "log"):
        assert load_config({"data": DATA, "history": {"every": every}}).config.history.every == every


def test_cuda_goes_with_torch() -> None:
    """The device cuda is for the engine torch."""
    training = {"engine": "torch", "device": "cuda"}
    assert load_config({"data": DATA, "training": training}).config.training.device == "cuda"


def test_nesterov_goes_with_swept_momentum() -> None:
    """Where momentum is varied, nesterov may be true though the set-up's momentum is 0."""
    declared = {"data": DATA, "method": "grid", "training": {"nesterov": True}}
    sweep = load_sweep({**declared, "parameters": {"momentum": {"values": [0.5, 0.9]}}}).config
    assert sweep.training.nesterov
    with pytest.raises(ConfigError, match="must be above 0 with nesterov, got 0"):
        load_sweep({**declared, "parameters": {"momentum": {"min": 0, "max": 0.9, "num": 2}}})


def test_grid_parameters() -> None:
    """A grid's parameter is values, points or steps."""
    for declared, settled in (
        (1, Values((1.0,))),
        ({"value": 1}, Values((1.0,))),
        ({"values": [3, 1, 2]}, Values((3.0, 1.0, 2.0))),
        ({"min": 1, "max": 2, "num": 5}, Points(1.0, 2.0, 5, "linear")),
        ({"min": 1, "max": 2, "num": 5.0, "scale": "log"}, Points(1.0, 2.0, 5, "log")),
        ({"min": 1, "max": 1, "num": 1}, Points(1.0, 1.0, 1, "linear")),
        ({"min": 1, "max": 2, "step": 0.25}, Steps(1.0, 2.0, 0.25)),
        ({"min": 1, "max": 2, "step": 0.25, "scale": "linear"}, Steps(1.0, 2.0, 0.25)),
    ):
        assert grid(initial_weight=declared) == {"initial_weight": settled}


def test_random_parameters() -> None:
    """A random sweep's parameter is values, uniform or normal."""
    for declared, settled in (
        (1, Values((1.0,))),
        ({"values": [3, 1]}, Values((3.0, 1.0))),
        ({"min": 1, "max": 2}, Uniform(1.0, 2.0, "linear")),
        ({"distribution": "uniform", "min": 1, "max": 2, "scale": "log"}, Uniform(1.0, 2.0, "log")),
        ({"distribution": "normal", "mu": 0, "sigma": 3}, Normal(0.0, 3.0, "linear")),
        ({"distribution": "normal", "mu": -5, "sigma": 1, "scale": "log"}, Normal(-5.0, 1.0, "log")),
    ):
        assert random(initial_weight=declared) == {"initial_weight": settled}


def test_log_normal_learning_rate() -> None:
    """A normal learning rate is log-normal."""
    declared = {"distribution": "normal", "mu": -5, "sigma": 1, "scale": "log"}
    assert random(learning_rate=declared) == {"learning_rate": Normal(-5.0, 1.0, "log")}


def test_declared_order_is_kept() -> None:
    """Parameters stay in the order of their declaration, own weights among them."""
    names = ["momentum", "initial_weight_size", "learning_rate", "initial_weight_living area", "epochs"]
    values = {"values": [1]}
    declared = {name: 0.5 if name == "momentum" else values for name in names}
    assert list(grid(**declared)) == names


def test_whole_parameters_stay_whole() -> None:
    """Counts are whole numbers in every shape of a grid."""
    settled = grid(epochs={"min": 0, "max": 1e4, "num": 11}, batch_size={"min": 5, "max": 30, "step": 5})
    assert settled == {"epochs": Points(0, 10000, 11), "batch_size": Steps(5, 30, 5)}


def test_steps_count_in_decimals() -> None:
    """Steps of 0.1 meet 0.3 and every point is the float nearest to its decimal."""
    (steps,) = grid(initial_bias={"min": -0.3, "max": 0.3, "step": 0.1}).values()
    assert isinstance(steps, Steps)
    points = [(steps.first + index * steps.stride) / steps.denominator for index in range(steps.num)]
    assert points == [-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3]


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6), st.integers(1, 10**5), st.integers(0, 12))
def test_steps_agree_with_fractions(first: int, stride: int, n_steps: int, decimals: int) -> None:
    """Whatever the decimals, the number of points and the last point are those of exact fractions."""
    unit = Fraction(1, 10**decimals)
    low, high, step = (float(whole * unit) for whole in (first, first + n_steps * stride, stride))
    (steps,) = grid(initial_bias={"min": low, "max": high, "step": step}).values()
    assert isinstance(steps, Steps)
    assert steps.num == n_steps + 1
    assert steps.last / steps.denominator == high


def test_parameters_share_the_ranges_of_training() -> None:
    """What training refuses as a value, a parameter of the same name refuses too, in the same words."""
    for name, bad in [("learning_rate", 0), ("momentum", 1), ("epochs", -1), ("batch_size", 0)]:
        said = []
        for declared in (
            {"data": DATA, "training": {name: bad}},
            {"data": DATA, "method": "grid", "parameters": {name: bad}},
        ):
            with pytest.raises(ConfigError) as caught:
                (load_config if "training" in declared else load_sweep)(declared)
            said.append(str(caught.value).split(": ", 1)[1])
        assert said[0] == said[1]


def test_huge_grids_are_counted() -> None:
    """A grid too large for any number of digits is refused, and max_trials can be raised."""
    many = {f"initial_weight_{index}": {"min": 0, "max": 1, "num": 10**12} for index in range(500)}
    with pytest.raises(
        ConfigError, match=r"at most 100,000,000 trials \(max_trials\), got more than 10\*\*30"
    ):
        grid(**many)
    parameters = {"initial_bias": {"min": 0, "max": 1, "num": 10**9}}
    declared = {"data": DATA, "method": "grid", "max_trials": 1e9, "parameters": parameters}
    assert load_sweep(declared).config.max_trials == 10**9


JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["log", "linear", "normal", "uniform", "tutorial", "numpy", "", "a", "10**400"])
    | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["value", "values", "min", "max", "num", "step", "scale", "distribution", "mu", "sigma", "x"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=6,
)


def keys_of(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    """Returns a strategy for blocks of a model with junk for values."""
    blocks = {
        name: keys_of(field.annotation) | JUNK
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        else JUNK
        for name, field in model.model_fields.items()
        if name not in ("method", "parameters")
    }
    return st.fixed_dictionaries({}, optional=blocks)


NAMES = ["learning_rate", "initial_weight", "initial_bias", "epochs", "batch_size", "momentum", "loss"]


@pytest.mark.parametrize("model", [Config, GridSweep, RandomSweep])
@settings(deadline=None)
@given(st.data())
def test_every_error_has_words(model: type[Config], data: st.DataObject) -> None:
    """Whatever is given, every error has words of its own, and none of pydantic's."""
    given = data.draw(keys_of(model))
    if model is not Config:
        given["method"] = "grid" if model is GridSweep else "random"
        given["parameters"] = data.draw(st.dictionaries(st.sampled_from(NAMES), JUNK) | JUNK)
    try:
        model.model_validate(given)
    except ValidationError as error:
        types = {details["type"] for details in error.errors(include_url=False)}
        texts = [fault.text for fault in faults_of(error, model)]
    else:
        types, texts = set(), []
    assert types <= {*WORDS, "extra_forbidden"}
    assert not any("Input should" in text or "input should" in text for text in texts)


def test_mistakes_are_shown_shortened() -> None:
    """A value is shown with at most 60 characters."""
    with pytest.raises(ConfigError) as caught:
        load_config({"data": DATA, "outcome": "x" * 10**6})
    assert str(caught.value) == f"outcome: must be a block of keys, got '{'x' * 57}...'"


def test_ranges_are_open_where_documented() -> None:
    """The least and the largest values that are accepted are accepted."""
    OutcomeConfig.model_validate({"tolerance": 5e-324, "divergence": 1.0000000000000002})
    load_config({"data": DATA, "seed": 2**63 - 1, "training": {"epochs": 10**12, "momentum": 0.999}})
    load_config({"data": DATA, "training": {"epochs": 0, "batch_size": 1}})


def test_package_imports_no_library_of_tables_or_tensors() -> None:
    """Checking a config needs neither pandas nor torch."""
    code = "import linreg_sweep.config, sys; print({'pandas', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
