"""From files, what they extend and what --set changes, to one declaration that knows its places."""

import math
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linreg_sweep.config import Config, GridSweep, RandomSweep, as_mapping, load_config, load_sweep, to_yaml
from linreg_sweep.config.nodes import Source, plain
from linreg_sweep.config.overrides import resolve_key
from linreg_sweep.config.parameters import Normal, Points, Steps, Uniform, Values
from linreg_sweep.config.reader import read_text
from linreg_sweep.errors import ConfigError, DataError
from linreg_sweep.places import as_seen_from_here
from linreg_sweep.trials.loading import load_data
from tests.resolved import RANDOM, own_folder, write

__all__ = ["own_folder"]


def message(given: str | Mapping[str, Any], *overrides: str) -> str:
    """Returns what is said about a sweep."""
    with pytest.raises(ConfigError) as caught:
        load_sweep(given, overrides)
    return str(caught.value)


def test_documented_config() -> None:
    """The documentation's config loads, and says what the defaults say."""
    assert load_config("configs/tutorial.yaml").config == load_config({"data": {"name": "tutorial"}}).config


def test_documented_grid() -> None:
    """The documentation's grid loads, over the config that it extends."""
    sweep = load_sweep("sweeps/grid.yaml").config
    assert isinstance(sweep, GridSweep)
    assert sweep.name == "learning-rate-by-start"
    assert list(sweep.parameters.items()) == [
        ("learning_rate", Points(1e-4, 1e-2, 41, "log")),
        ("initial_weight", Steps(-10.0, 10.0, 0.5)),
        ("initial_bias", Values((0.0, 1.0))),
    ]
    assert sweep.training == load_config("configs/tutorial.yaml").config.training


def test_documented_random_sweep() -> None:
    """The documentation's random sweep loads, and without a name takes its file's."""
    sweep = load_sweep(Path("sweeps/random.yaml")).config
    assert isinstance(sweep, RandomSweep)
    assert (sweep.name, sweep.trials, sweep.seed) == ("random", 10000, 7)
    assert list(sweep.parameters.items()) == [
        ("learning_rate", Uniform(1e-4, 1e-2, "log")),
        ("initial_weight", Uniform(-10.0, 10.0)),
        ("initial_bias", Normal(0.0, 3.0)),
        ("batch_size", Values((5, 10, 30))),
    ]


@pytest.mark.parametrize(("stem", "name"), [("my sweep (2)", "my-sweep-2-"), (".x", "x"), ("é", "-")])
def test_name_of_an_unnamed_sweep(stem: str, name: str) -> None:
    """A file's name becomes the sweep's with whatever no name may hold left out."""
    write(f"sweeps/{stem}.yaml", RANDOM)
    assert load_sweep(f"sweeps/{stem}.yaml").config.name == name


def test_paths_are_relative_to_the_file_that_says_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data is looked for from the file that names it, whoever extends that file, from wherever."""
    write("sweeps/deep/s.yaml", "extends: ../../configs/houses.yaml\nmethod: grid\nparameters: {epochs: 5}\n")
    here = Path.cwd()
    monkeypatch.chdir("/")
    declaration = load_sweep(here / "sweeps/deep/s.yaml")
    assert declaration.folder == here / "configs"
    assert declaration.config.data.path == str(here / "data" / "houses.csv")


def test_a_path_that_was_meant_from_the_current_folder_is_told() -> None:
    """Of what is extended, and of data, as long as it would lead somewhere; else what is alike is named."""
    hint = "is there, but a path in a file starts from that file's own folder"
    write("sweeps/here.yaml", "extends: configs/houses.yaml\nmethod: grid\nparameters: {epochs: 5}\n")
    assert message("sweeps/here.yaml").endswith(f": no such file. Hint: configs/houses.yaml {hint}")
    write("houses.csv", "x,y\n1,2\n")
    write("configs/here.yaml", "data: {path: houses.csv, y: y}\n")
    with pytest.raises(DataError, match=f"Hint: houses.csv {hint}$"):
        load_data(load_config("configs/here.yaml"))
    assert not as_seen_from_here(Path("nowhere/houses.csv"))
    assert not as_seen_from_here(Path("/houses.csv").absolute())


def test_paths_of_options_and_mappings_are_relative_to_here() -> None:
    """What --set or Python says about a path starts from the current folder."""
    here = Path.cwd()
    by_option = load_config("configs/houses.yaml", ["data.path=a.csv"])
    by_mapping = load_config({"data": {"path": Path("a.csv"), "y": "price"}})
    for declaration in (by_option, by_mapping):
        assert declaration.folder == here
        assert declaration.config.data.path == str(here / "a.csv")
    assert by_option.config.data.x == ("size", "rooms")


def test_extending_merges_blocks_deeply() -> None:
    """Keys of the extending file win one by one; what it does not name is inherited."""
    write(
        "a.yaml", "extends: configs/houses.yaml\noutcome: {settle: {epochs: 20}}\ndata: {fit_bias: false}\n"
    )
    write("b.yaml", "extends: a.yaml\noutcome: {settle: {fraction: 0.1}, tolerance: 1e-3}\n")
    config = load_config("b.yaml").config
    assert (config.outcome.settle.epochs, config.outcome.settle.fraction) == (20, 0.1)
    assert (config.outcome.tolerance, config.training.epochs) == (1e-3, 5)
    assert (config.data.fit_bias, config.data.standardize, config.data.y) == (False, True, ("price",))


@pytest.mark.parametrize("data", ["{name: tutorial}", "{path: a.csv, y: b}"])
def test_other_data_replaces_inherited_data(data: str) -> None:
    """A data block that says where its data is inherits nothing of another's."""
    write("a.yaml", f"extends: configs/houses.yaml\ndata: {data}\n")
    config = load_config("a.yaml").config
    assert (config.data.x, config.data.standardize, config.training.epochs) == (None, False, 5)


def test_errors_name_the_file_whose_value_won() -> None:
    """A bad value is located in the file that says it, inherited or not, and this file's come first."""
    write("base.yaml", "data: {name: tutorial}\ntraining:\n  epochs: -1\n  momentum: 2\n")
    write("a.yaml", "extends: base.yaml\nseed: -1\ntraining: {momentum: 3}\n")
    with pytest.raises(ConfigError) as caught:
        load_config("a.yaml")
    assert [str(complaint.where) for complaint in caught.value.complaints] == [
        "a.yaml:2:7",
        "a.yaml:3:22",
        "base.yaml:3:11",
    ]


def test_extended_files_are_named_from_here() -> None:
    """A file that is extended is called by its path from where the command stands."""
    write("configs/tutorial.yaml", "data: 5\n")
    said = message("sweeps/grid.yaml")
    assert said == "configs/tutorial.yaml:1:7: data: must be a block of keys, got 5"


def test_chains_and_circles() -> None:
    """Eight files deep is fine, nine is not, and a circle is found."""
    write("c0.yaml", "data: {name: tutorial}\nseed: 5\n")
    for level in range(1, 10):
        write(f"c{level}.yaml", f"extends: c{level - 1}.yaml\n")
    assert load_config("c8.yaml").config.seed == 5
    with pytest.raises(ConfigError, match=r"^c1.yaml:1:10: extends: more than 8 files extend one another$"):
        load_config("c9.yaml")
    write("c0.yaml", "extends: ./configs/../c2.yaml\n")
    with pytest.raises(ConfigError, match=r"^c0.yaml:1:10: extends: must not form a cycle, got c2.yaml"):
        load_config("c2.yaml")


def test_bad_content_of_an_extended_file_is_located_there() -> None:
    """What strict YAML refuses in an extended file is said at its own line."""
    write("configs/tutorial.yaml", "data: {name: tutorial}\nseed: 010\n")
    assert message("sweeps/grid.yaml").startswith("configs/tutorial.yaml:2:7: seed: a whole number does not")


def test_missing_method_hides_nothing_of_the_config() -> None:
    """Without a method the rest is checked all the same, nesterov with a varied momentum included."""
    sweep = "data: {name: tutorial}\nseed: -1\ntraining: {nesterov: true}\nparameters: {momentum: 0.5}\n"
    write("a.yaml", sweep)
    assert message("a.yaml").splitlines() == [
        "a.yaml:1:1: method: is required. Hint: write method: grid, random or list",
        "a.yaml:2:7: seed: must be at least 0, got -1",
    ]


def test_config_and_sweep_are_told_apart() -> None:
    """A sweep where a config is expected, or the other way round, is named as such."""
    with pytest.raises(ConfigError) as caught:
        load_config("sweeps/grid.yaml")
    said = "sweeps/grid.yaml:4:1: this is a sweep (it has parameters): use `linreg-sweep run`"
    assert str(caught.value) == said
    assert "this is a config (it has no parameters)" in message("configs/tutorial.yaml")


def test_options() -> None:
    """An option sets one key, named in full or by its end."""
    for option, path, value in (
        ("training.epochs=500", ("training", "epochs"), 500),
        (" epochs = 1e3", ("training", "epochs"), 1000),
        ("learning_rate=1e-3", ("training", "learning_rate"), 1e-3),
        ("settle.epochs=5", ("outcome", "settle", "epochs"), 5),
        ("fraction=0.5", ("outcome", "settle", "fraction"), 0.5),
        ("outcome.settle={epochs: 5}", ("outcome", "settle", "epochs"), 5),
        ("every=log", ("history", "every"), "log"),
        ("batch_size=null", ("training", "batch_size"), None),
        ("initial_weight=[1, 2]", ("training", "initial_weight"), (1.0, 2.0)),
        ("data.x=[a,b]", ("data", "x"), ("a", "b")),
        ("y='a=b'", ("data", "y"), ("a=b",)),
        ("data.name=tutorial", ("data", "name"), "tutorial"),
    ):
        found: Any = load_config("configs/houses.yaml", [option]).config
        for key in path:
            found = getattr(found, key)
        assert found == value, option


def test_sweep_options() -> None:
    """Options reach a sweep's own keys, whole parameters and parts of them."""
    rate = "parameters.learning_rate={min: 1e-3, max: 1e-1, num: 5, scale: log}"
    sweep = load_sweep("sweeps/grid.yaml", [rate, "parameters.momentum=0.5", "name=no", "epochs=5"]).config
    assert sweep.parameters["learning_rate"] == Points(1e-3, 1e-1, 5, "log")
    assert sweep.parameters["momentum"] == Values((0.5,))
    assert (sweep.name, sweep.training.epochs) == ("no", 5)
    sweep = load_sweep("sweeps/random.yaml", ["trials=5", "parameters.initial_bias.sigma=1"]).config
    assert isinstance(sweep, RandomSweep)
    assert (sweep.trials, sweep.parameters["initial_bias"]) == (5, Normal(0.0, 1.0))


def test_an_option_into_a_union_is_sent_to_the_file() -> None:
    """Its products are a list, into which no option reaches; none is sent from one refusal to the next."""
    union = {"data": {"name": "tutorial"}, "method": "grid", "parameters": [{"momentum": 0.5}, {"seed": 1}]}
    hint = "Hint: set parameters whole, or edit the file"
    said = f"parameters is a list of products, into which no option reaches. {hint}"
    assert message(union, "parameters.momentum=0.9").endswith(said)
    assert message(union, "training.momentum=0.9").endswith(f"momentum is varied by the sweep. {hint}")


def test_one_option_needs_no_list() -> None:
    """A text from Python is an option, not as many as it has letters."""
    assert load_config("configs/tutorial.yaml", "seed=1").config.seed == 1


def test_last_option_wins() -> None:
    """Of two options for one key the later holds."""
    assert load_config("configs/tutorial.yaml", ["seed=1", "epochs=2", "seed=3"]).config.seed == 3


def test_other_data_by_options() -> None:
    """Naming another source of data by option drops the source there was."""
    data = load_config("configs/tutorial.yaml", ["data.path=a.csv", "y=[b]"]).config.data
    assert (data.name, data.y) == (None, ("b",))


def test_ambiguous_ends_name_the_choices() -> None:
    """An end that several keys share equally near the top is refused with all of them named."""
    known = [("a",), ("a", "k"), ("b",), ("b", "k"), ("b", "c"), ("b", "c", "d")]
    source = Source("--set k=1", Path("/"))
    assert resolve_key(("d",), known, source) == ("b", "c", "d")
    with pytest.raises(ConfigError, match=r"^--set k=1: k: several keys end so. Hint: write a.k or b.k$"):
        resolve_key(("k",), known, source)


def test_later_complaints_are_located() -> None:
    """What is found out against the data is said at the place of the value, or of the block it lacks."""
    declaration = load_config("configs/houses.yaml", ["momentum=0.5"])
    error = declaration.error(("data", "x", 1), "no such column: 'rooms'", "columns: size, price")
    assert (
        str(error)
        == "configs/houses.yaml:1:44: data.x[1]: no such column: 'rooms'. Hint: columns: size, price"
    )
    assert str(declaration.error(("training", "dtype"), "t")) == "configs/houses.yaml:2:1: training.dtype: t"
    assert str(declaration.error(("training", "momentum"), "t")) == "--set momentum=0.5: training.momentum: t"
    assert str(load_config({"data": {"name": "tutorial"}}).error(("data",), "t")) == "data: t"


def test_mapping_from_python() -> None:
    """NumPy's numbers and arrays, tuples and paths are taken for what they mean."""
    declared = {
        "data": {"path": Path("/a.csv"), "x": ("b", "c"), "y": "d", "fit_bias": np.bool_(True)},
        "training": {"epochs": np.int64(5)},
        "method": "grid",
        "parameters": {"learning_rate": {"values": np.array([0.1, 0.2])}, "initial_bias": np.float64(1)},
    }
    sweep = load_sweep(declared).config
    assert (sweep.name, sweep.training.epochs, sweep.data.x) == ("sweep", 5, ("b", "c"))
    assert sweep.parameters == {"learning_rate": Values((0.1, 0.2)), "initial_bias": Values((1.0,))}


def test_bad_mappings_from_python() -> None:
    """A mapping from Python is trusted no more than a file."""
    endless: dict[str, Any] = {}
    endless["data"] = endless
    assert message(endless) == "more than 20 levels of nesting"
    assert message({"data": {1: 2}}) == "data: keys must be text, got 1"
    said = message({"data": {"path": "a\0", "y": "b"}, "method": "grid", "parameters": {"epochs": 10**5000}})
    assert said == (
        "data.path: must be text without control characters\n"
        "parameters.epochs: must be at most 1,000,000,000,000, got a huge whole number"
    )


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["data={path: 'a b.csv', x: ['no', '1e-3', ' '], y: \"\\n\"}", "settle.fraction=1e-310"],
        [
            "history.every=log",
            "engine=torch",
            "device=cuda",
            "momentum=0.9",
            "nesterov=true",
            "dtype=float32",
        ],
        [
            "tolerance=1.2345678901234567e-7",
            "divergence=1e300",
            "order=reshuffle",
            "seed=9223372036854775807",
        ],
        ["parameters={initial_weight_é x: {value: 0.1}, batch_size: {min: 1, max: 9, SHAPE}, momentum: 0.5}"],
    ],
)
@pytest.mark.parametrize("name", ["grid", "random"])
def test_resolved_mapping_round_trip(name: str, options: list[str]) -> None:
    """What a sweep resolves to is complete, and loads to an equal sweep, also through YAML."""
    options = [option.replace("SHAPE", "step: 4" if name == "grid" else "scale: log") for option in options]
    config = load_sweep(f"sweeps/{name}.yaml", options).config
    mapping = as_mapping(config)
    assert load_sweep(mapping).config == config
    assert list(load_sweep(mapping).config.parameters) == list(config.parameters)
    text = to_yaml(mapping)
    assert plain(read_text(text, Source("", Path("/")))) == mapping
    write("resolved/config.yaml", text)
    again = load_sweep("resolved/config.yaml").config
    assert again == config
    assert to_yaml(as_mapping(again)) == text
    assert repr(mapping["training"]["initial_weight"]) == repr(
        as_mapping(again)["training"]["initial_weight"]
    )


def test_resolved_mapping_leaves_nothing_to_a_default() -> None:
    """The resolved mapping names every key there is, in the documentation's order."""
    mapping = as_mapping(load_config("configs/tutorial.yaml").config)
    assert list(mapping) == ["data", "training", "outcome", "history", "seed"]
    others = {
        "beta1",
        "beta2",
        "eps",
        "amsgrad",
        "decoupled_weight_decay",
        "alpha",
        "centered",
        "rho",
        "lr_decay",
    }
    keys = list(Config.model_fields["training"].default.model_dump())
    assert list(mapping["training"]) == [key for key in keys if key not in others]
    assert None not in {mapping["training"][key] for key in ("momentum", "nesterov", "weight_decay")}
    assert mapping["outcome"]["settle"] == {"epochs": 10, "fraction": 0.01}
    sweep = as_mapping(load_sweep("sweeps/random.yaml").config)
    assert list(sweep)[:6] == ["name", "method", "trials", "max_trials", "best", "parameters"]
    assert load_config(mapping).config == load_config("configs/tutorial.yaml").config


def test_declarations_pickle() -> None:
    """A declaration can be sent to another process."""
    declaration = load_sweep("sweeps/grid.yaml")
    assert pickle.loads(pickle.dumps(declaration)) == declaration


def test_infinity_is_text_to_no_reader() -> None:
    """Infinite numbers are written as YAML's own, and stay numbers."""
    back = plain(read_text(to_yaml({"a": math.inf, "b": [-math.inf]}), Source("", Path("/"))))
    assert back == {"a": math.inf, "b": [-math.inf]}
