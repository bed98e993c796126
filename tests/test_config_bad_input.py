"""Every bad input has its one message, location included: a table of them."""

import re
import time
from pathlib import Path

import pytest

from linreg_sweep.config import as_mapping, load_config, load_sweep, to_yaml
from linreg_sweep.errors import ConfigError

START = "a config starts with 'data:', a sweep with 'name:'"
DATA = "data: {name: tutorial}\n"
GRID = f"{DATA}method: grid\nparameters:\n  "
RANDOM = f"{DATA}method: random\ntrials: 10\nparameters:\n  "

FILES = [
    ("", f"x.yaml:1:1: the file is empty. Hint: {START}"),
    (
        ("- a\n"),
        f"x.yaml:1:1: the top level must be keys with values, got a list. Hint: {START}",
    ),
    (
        "tutorial",
        (f"x.yaml:1:1: the top level must be keys with values, got 'tutorial'. Hint: {START}"),
    ),
    (("data: [1, 2\n"), "x.yaml:2:1: a comma or ] is missing"),
    (("data: {name: tutorial\nseed: 1\n"), "x.yaml:2:5: a comma or } is missing"),
    (
        "data: name: tutorial",
        (
            "x.yaml:1:11: a ':' cannot stand here. Hint: check the indentation, and put text that "
            "holds ': ' in quotes"
        ),
    ),
    (("data:\n\tname: tutorial"), "x.yaml:2:1: a tab cannot indent. Hint: use spaces"),
    (
        ("data: 'tut\nseed: 1"),
        "x.yaml:1:7: a quote is opened here and never closed. Hint: add the closing quote",
    ),
    (
        ("data:\n  name: tutorial\n seed: 1\n"),
        (
            "x.yaml:3:2: this does not fit the lines above it. Hint: keys of one block start in the "
            "same column, and a value follows on its line or further in"
        ),
    ),
    ("data: @home", "x.yaml:1:7: a value cannot start with @. Hint: put it in quotes"),
    (
        ("data: {name: tutorial}\nseed\n"),
        "x.yaml:3:1: a ':' is missing after the key above. Hint: write 'key: value'",
    ),
    (
        'data: {path: "C:\\data.csv", y: b}',
        ("x.yaml:1:18: a backslash before d means nothing in double quotes. Hint: use single quotes"),
    ),
    (
        ("data: {name: tutorial}\nseed: 010\n"),
        (
            "x.yaml:2:7: seed: a whole number does not start with 0, got 010. Hint: write 10, 0o10 "
            "for octal or '010' in quotes for text"
        ),
    ),
    (
        ("data: {name: tutorial}\nseed: 089\n"),
        (
            "x.yaml:2:7: seed: a whole number does not start with 0, got 089. Hint: write 89 or "
            "'089' in quotes for text"
        ),
    ),
    (
        ("<<: {seed: 1}\n"),
        (
            "x.yaml:1:1: merge keys (<<) are not accepted. Hint: write the keys out, or put what is "
            "shared into a config and extend it"
        ),
    ),
    (("data: &d {name: tutorial}\n"), "x.yaml:1:7: data: anchors (&d) are not accepted. Hint: remove it"),
    (("data: *d\n"), "x.yaml:1:7: data: aliases (*d) are not accepted. Hint: write the value out"),
    (
        ("data: !!map {name: tutorial}\n"),
        "x.yaml:1:7: data: tags (!) are not accepted. Hint: write the plain value",
    ),
    (
        ("data: {name: tutorial}\nseed: 1\nseed: 2\n"),
        "x.yaml:3:1: seed: this key is given twice, first on line 2. Hint: keep one of them",
    ),
    (("1: 2\n"), "x.yaml:1:1: a key must be text, got 1. Hint: put it in quotes: '1'"),
    (("? [a]\n: 1\n"), "x.yaml:1:3: a key must be text, got a list or a mapping"),
    (": 1", "x.yaml:1:1: a key is missing before this ':'. Hint: write 'key: value'"),
    (("data: {}\n---\ndata: {}\n"), "x.yaml:2:1: only one document is accepted. Hint: remove the line '---'"),
    ("data: {name: a\x07}", "x.yaml:1:15: control character U+0007. Hint: remove it"),
    ('data: {name: "a\\0"}', "x.yaml:1:14: data.name: control character U+0000. Hint: remove it"),
    ("data: ]", "x.yaml:1:7: a value is missing"),
    (
        ("%YAML 3.0\n---\nseed: 1"),
        "x.yaml:1:1: only YAML 1.1 and 1.2 can be read. Hint: remove the %YAML line",
    ),
    (("data: {name: tutorial}\n...\nseed: 1\n"), "x.yaml:3:1: nothing may follow the end of the document"),
    (
        ("training: {epochs: 1}\n"),
        (
            "x.yaml:1:1: data: is required. Hint: give name: tutorial, or path and y, or extend a "
            "config that does"
        ),
    ),
    (
        ("data: {}\n"),
        (
            "x.yaml:1:1: data.path: is required where there is no name. Hint: give name: tutorial, "
            "or path and y"
        ),
    ),
    (
        ("data: {name: tutrial}\n"),
        "x.yaml:1:14: data.name: must be tutorial, got 'tutrial'. Hint: did you mean 'tutorial'?",
    ),
    (
        ("data: {name: tutorial, path: a.csv, y: b}\n"),
        "x.yaml:1:30: data.path: does not go with name, got 'a.csv'. Hint: give name or path",
    ),
    (
        ("data: {name: tutorial, x: [a]}\n"),
        ("x.yaml:1:27: data.x: does not go with name: built-in data has its own columns. Hint: remove it"),
    ),
    (
        ("data: {path: a.csv}\n"),
        ("x.yaml:1:1: data.y: is required with path. Hint: name the target column, as in y: [price]"),
    ),
    (("data: {path: '', y: b}\n"), "x.yaml:1:14: data.path: must not be empty, got ''"),
    (("data: {path: a.csv, y: []}\n"), "x.yaml:1:24: data.y: must name at least one column"),
    (("data: {path: a.csv, y: [b, b]}\n"), "x.yaml:1:24: data.y: must name each column once, got 'b' twice"),
    (
        ("data: {path: a.csv, x: [a, b], y: b}\n"),
        "x.yaml:1:35: data.y: must not share columns with x, got 'b' in both",
    ),
    (("data: {path: a.csv, y: 5}\n"), "x.yaml:1:24: data.y: must be a text or a list of texts, got 5"),
    (("data: {path: a.csv, y: [5]}\n"), "x.yaml:1:25: data.y[0]: must be text, got 5"),
    (
        ("data: {name:tutorial}\n"),
        (
            "x.yaml:1:1: data.path: is required where there is no name. Hint: give name: tutorial, "
            "or path and y\n"
            "x.yaml:1:8: data.'name:tutorial': unknown key. Hint: put a space after the ':'"
        ),
    ),
    (("data: tutorial\n"), "x.yaml:1:7: data: must be a block of keys, got 'tutorial'"),
    (("name: a\ndata: {name: tutorial}\n"), "x.yaml:1:1: name: unknown key. Hint: did you mean data.name?"),
    (("extends: 5\n"), "x.yaml:1:10: extends: must be the path of a config, got 5"),
    (("extends: none.yaml\n"), "x.yaml:1:10: extends: none.yaml: no such file. Hint: did you mean 'x.yaml'?"),
    (("extends: x.yaml\n"), "x.yaml:1:10: extends: must not go round in a circle, got x.yaml again"),
    (
        ("extends: sweep.yaml\n"),
        "x.yaml:1:10: extends: must be a config, but sweep.yaml is a sweep (it has parameters)",
    ),
]
"""Whole files, given as configs."""

CONFIGS = [
    (
        ("training:\n  learnig_rate: 1\n"),
        "x.yaml:3:3: training.learnig_rate: unknown key. Hint: did you mean 'learning_rate'?",
    ),
    (
        ("learning_rate: 1\n"),
        "x.yaml:2:1: learning_rate: unknown key. Hint: did you mean training.learning_rate?",
    ),
    (
        ("training: null\n"),
        (
            "x.yaml:2:11: training: must be a block of keys, got null. Hint: leave the key out, or "
            "give it keys"
        ),
    ),
    (("training: {epochs: 1.5}\n"), "x.yaml:2:20: training.epochs: must be a whole number, got 1.5"),
    (("training: {epochs: true}\n"), "x.yaml:2:20: training.epochs: must be a whole number, got true"),
    (
        ("training: {epochs: '10'}\n"),
        ("x.yaml:2:20: training.epochs: must be a whole number, got '10'. Hint: write 10 without quotes"),
    ),
    (("training: {epochs: -1}\n"), "x.yaml:2:20: training.epochs: must be at least 0, got -1"),
    (
        ("training: {epochs: 1e13}\n"),
        "x.yaml:2:20: training.epochs: must be at most 1,000,000,000,000, got 10000000000000",
    ),
    (("training: {batch_size: 0}\n"), "x.yaml:2:24: training.batch_size: must be at least 1, got 0"),
    (("training: {learning_rate: 0}\n"), "x.yaml:2:27: training.learning_rate: must be above 0, got 0"),
    (
        ("training: {learning_rate: .inf}\n"),
        "x.yaml:2:27: training.learning_rate: must be a finite number, got inf",
    ),
    (
        ("training: {learning_rate: 0,5}\n"),
        "x.yaml:2:29: training: a key must be text, got 5. Hint: put it in quotes: '5'",
    ),
    (("training: {momentum: 1}\n"), "x.yaml:2:22: training.momentum: must be below 1, got 1"),
    (
        ("training: {nesterov: true}\n"),
        (
            "x.yaml:2:22: training.nesterov: must be false where momentum is 0, got true. Hint: set "
            "momentum, for example to 0.9"
        ),
    ),
    (
        ("training: {shuffle: yes}\n"),
        "x.yaml:2:21: training.shuffle: must be true or false, got 'yes'. Hint: write true",
    ),
    (
        ("training: {device: cuda}\n"),
        ("x.yaml:2:20: training.device: must be cpu with engine numpy, got 'cuda'. Hint: use engine: torch"),
    ),
    (
        ("training: {engine: exact}\n"),
        "x.yaml:2:20: training.engine: must be numpy, torch, closed_form or numba, got 'exact'",
    ),
    (
        ("training: {loss: halfmse}\n"),
        (
            "x.yaml:2:18: training.loss: must be half_mse, mse or sse, got 'halfmse'. Hint: did you "
            "mean 'half_mse'?"
        ),
    ),
    (("training: {dtype: 64}\n"), "x.yaml:2:19: training.dtype: must be float32 or float64, got 64"),
    (
        ("training: {initial_weight: []}\n"),
        "x.yaml:2:28: training.initial_weight: must be a number or a list of numbers, got []",
    ),
    (
        ("training: {initial_weight: [1, a]}\n"),
        "x.yaml:2:32: training.initial_weight[1]: must be a number, got 'a'",
    ),
    (
        ("training: {initial_bias: .nan}\n"),
        "x.yaml:2:26: training.initial_bias: must be a finite number, got nan",
    ),
    (("outcome: {tolerance: 0}\n"), "x.yaml:2:22: outcome.tolerance: must be above 0, got 0"),
    (("outcome: {divergence: 1}\n"), "x.yaml:2:23: outcome.divergence: must be above 1, got 1"),
    (("outcome: {settle: {fraction: 1}}\n"), "x.yaml:2:30: outcome.settle.fraction: must be below 1, got 1"),
    (("outcome: {settle: {epochs: 0}}\n"), "x.yaml:2:28: outcome.settle.epochs: must be at least 1, got 0"),
    (
        ("history: {every: lgo}\n"),
        "x.yaml:2:18: history.every: must be 0, a number of epochs or log, got 'lgo'",
    ),
    (("history: {every: -1}\n"), "x.yaml:2:18: history.every: must be at least 0, got -1"),
    (("seed: -1\n"), "x.yaml:2:7: seed: must be at least 0, got -1"),
    (
        ("seed: 9223372036854775808\n"),
        "x.yaml:2:7: seed: must be at most 9,223,372,036,854,775,807, got 9.22337e+18",
    ),
]
"""What follows the line `data: {name: tutorial}` of a config."""

SWEEPS = [
    (
        ("data: {name: tutorial}\n"),
        (
            "x.yaml:1:1: this is a config (it has no parameters): use `linreg-sweep train`. Hint: a "
            "sweep has method and parameters"
        ),
    ),
    (
        ("data: {name: tutorial}\nparameters:\n  learning_rate: 1\n"),
        "x.yaml:1:1: method: is required. Hint: write method: grid, random or list",
    ),
    (
        ("data: {name: tutorial}\nmethod: gird\nparameters:\n  learning_rate: 1\n"),
        "x.yaml:2:9: method: must be grid, random or list, got 'gird'. Hint: did you mean 'grid'?",
    ),
    (
        ("data: {name: tutorial}\nmethod: grid\n"),
        (
            "x.yaml:1:1: parameters: is required. Hint: say what varies, for example learning_rate: "
            "{values: [0.001, 0.005]}"
        ),
    ),
    (
        ("data: {name: tutorial}\nmethod: grid\nparameters: {}\n"),
        (
            "x.yaml:3:13: parameters: must be a block of at least one parameter, got {}. Hint: write "
            "for example learning_rate: {values: [0.001, 0.005]}"
        ),
    ),
    (
        ("data: {name: tutorial}\nmethod: random\nparameters:\n  learning_rate: 1\n"),
        "x.yaml:1:1: trials: is required. Hint: say how many, for example trials: 1000",
    ),
    (
        ("data: {name: tutorial}\nmethod: grid\ntrials: 5\nparameters:\n  learning_rate: 1\n"),
        "x.yaml:3:1: trials: does not go with method: grid",
    ),
    (
        ("data: {name: tutorial}\nname: .a\nmethod: grid\nparameters:\n  learning_rate: 1\n"),
        (
            "x.yaml:2:7: name: must be up to 100 letters, digits, '-', '_' and '.', with no '.' at "
            "its start, got '.a'"
        ),
    ),
    (
        ("data: {name: tutorial}\nmethod: random\ntrials: 0\nparameters:\n  initial_bias: 1\n"),
        "x.yaml:3:9: trials: must be at least 1, got 0",
    ),
    (
        ("data: {name: tutorial}\nmethod: random\ntrials: 1e9\nparameters:\n  initial_bias: 1\n"),
        (
            "x.yaml:3:9: trials: must be at most 100,000,000 (max_trials), got 1,000,000,000. Hint: "
            "raise max_trials"
        ),
    ),
    (
        ("data: {name: tutorial}\nmethod: grid\nmax_trials: 0\nparameters:\n  initial_bias: 1\n"),
        "x.yaml:3:13: max_trials: must be at least 1, got 0",
    ),
]
"""Whole files, given as sweeps."""

GRIDS = [
    (
        "learning_rte: 1",
        ("x.yaml:4:3: parameters.learning_rte: unknown parameter. Hint: did you mean 'learning_rate'?"),
    ),
    (
        "engine: torch",
        "x.yaml:4:3: parameters.engine: 'engine' cannot vary. Hint: it is one and the same in all trials",
    ),
    (
        "initial_weight_: 1",
        ("x.yaml:4:3: parameters.initial_weight_: unknown parameter. Hint: did you mean 'initial_weight'?"),
    ),
    (
        ("initial_weight: 1\n  initial_weight_a: 2"),
        (
            "x.yaml:5:3: parameters.initial_weight_a: does not go with initial_weight, which is the "
            "start of every feature. Hint: give each feature its own, or all of them one"
        ),
    ),
    ("learning_rate: -1", "x.yaml:4:18: parameters.learning_rate: must be above 0, got -1"),
    (
        "learning_rate: [1, 2]",
        ("x.yaml:4:18: parameters.learning_rate: must be a number or a block of keys, got [1, 2]"),
    ),
    ("learning_rate: null", "x.yaml:4:18: parameters.learning_rate: must be a number, got null"),
    (
        "learning_rate: {}",
        (
            "x.yaml:4:18: parameters.learning_rate: needs value, or values, or min, max and num, or "
            "min, max and step"
        ),
    ),
    ("learning_rate: {value: 0}", "x.yaml:4:26: parameters.learning_rate.value: must be above 0, got 0"),
    (
        "learning_rate: {values: []}",
        ("x.yaml:4:27: parameters.learning_rate.values: must be a list of at least one number, got []"),
    ),
    (
        "learning_rate: {values: [1, 1.0]}",
        "x.yaml:4:31: parameters.learning_rate.values[1]: must not repeat a value, got 1.0 again",
    ),
    ("learning_rate: {min: 1, max: 2}", "x.yaml:4:18: parameters.learning_rate: needs num, or step"),
    ("learning_rate: {min: 1, num: 2}", "x.yaml:4:18: parameters.learning_rate: needs max"),
    (
        "learning_rate: {min: 1, max: 2, num: 1}",
        (
            "x.yaml:4:40: parameters.learning_rate.num: must be at least 2 where min and max differ, "
            "got 1. Hint: use value for one point"
        ),
    ),
    (
        "learning_rate: {min: 2, max: 1, num: 5}",
        "x.yaml:4:32: parameters.learning_rate.max: must be above min (2), got 1",
    ),
    (
        "learning_rate: {min: -0.1, max: 1, num: 5, scale: log}",
        "x.yaml:4:24: parameters.learning_rate.min: must be above 0, got -0.1",
    ),
    (
        "initial_weight: {min: 0, max: 1, num: 5, scale: log}",
        (
            "x.yaml:4:25: parameters.initial_weight.min: must be above 0 when scale is log, got 0. "
            "Hint: give a range above 0, or scale: linear"
        ),
    ),
    (
        "learning_rate: {min: 1, max: 2, num: 5, scale: lin}",
        (
            "x.yaml:4:50: parameters.learning_rate.scale: must be linear or log, got 'lin'. Hint: did "
            "you mean 'linear'?"
        ),
    ),
    (
        "learning_rate: {min: 1, max: 2, num: 2.5}",
        "x.yaml:4:40: parameters.learning_rate.num: must be a whole number, got 2.5",
    ),
    (
        "learning_rate: {min: 1, max: 2, num: 5, step: 1}",
        "x.yaml:4:43: parameters.learning_rate.step: does not go with num. Hint: keep one of them",
    ),
    (
        "learning_rate: {values: [1], min: 1}",
        ("x.yaml:4:32: parameters.learning_rate.min: does not go with values. Hint: keep one of them"),
    ),
    (
        "learning_rate: {min: 1, max: 2, nmu: 5}",
        "x.yaml:4:35: parameters.learning_rate.nmu: unknown key. Hint: did you mean 'num'?",
    ),
    (
        "initial_bias: {distribution: normal, mu: 0, sigma: 1}",
        (
            "x.yaml:4:18: parameters.initial_bias.distribution: unknown key. Hint: this key is for "
            "method random\n"
            "x.yaml:4:40: parameters.initial_bias.mu: unknown key. Hint: this key is for method "
            "random\n"
            "x.yaml:4:47: parameters.initial_bias.sigma: unknown key. Hint: this key is for method "
            "random"
        ),
    ),
    (
        "initial_bias: {min: 0, max: 1, step: 0.3}",
        ("x.yaml:4:31: parameters.initial_bias.max: must be met by a step of 0.3 from 0, got 1"),
    ),
    (
        "initial_bias: {min: 0, max: 1, step: 0}",
        "x.yaml:4:40: parameters.initial_bias.step: must be above 0, got 0",
    ),
    (
        "initial_bias: {min: 1, max: 1, step: 1}",
        "x.yaml:4:31: parameters.initial_bias.max: must be above min (1), got 1",
    ),
    (
        "initial_bias: {min: 0, max: 1, step: 1e-23}",
        (
            "x.yaml:4:40: parameters.initial_bias.step: must make numbers of which a float holds "
            "every digit, got 1e-23. Hint: use num"
        ),
    ),
    (
        "initial_bias: {min: 0, max: 1, step: 0.5, scale: log}",
        (
            "x.yaml:4:52: parameters.initial_bias.scale: must be linear, got 'log'. Hint: use num for a "
            "log scale"
        ),
    ),
    (
        "initial_bias: {min: -1e308, max: 1e308, num: 5}",
        ("x.yaml:4:36: parameters.initial_bias.max: must be less than 1.8e308 above min, got 1e+308"),
    ),
    (
        "epochs: {values: [1, 2.5]}",
        "x.yaml:4:24: parameters.epochs.values[1]: must be a whole number, got 2.5",
    ),
    (
        "epochs: {min: 1, max: 10, num: 4, scale: log}",
        ("x.yaml:4:44: parameters.epochs.scale: must be linear, because epochs is a whole number"),
    ),
    (
        "epochs: {min: 1, max: 10, num: 3}",
        (
            "x.yaml:4:34: parameters.epochs.num: must make whole numbers, but 3 points from 1 to 10 "
            "lie 4.5 apart"
        ),
    ),
    (
        "epochs: {min: 1, max: 10, step: 0.5}",
        "x.yaml:4:35: parameters.epochs.step: must be a whole number, got 0.5",
    ),
    (
        "batch_size: {min: 0, max: 10, step: 5}",
        "x.yaml:4:21: parameters.batch_size.min: must be at least 1, got 0",
    ),
    ("momentum: {values: [0, 1]}", "x.yaml:4:26: parameters.momentum.values[1]: must be below 1, got 1"),
    (
        "epochs: {min: 1, max: 1e9, step: 1}",
        (
            "x.yaml:3:1: parameters: must make at most 100,000,000 trials (max_trials), got "
            "1,000,000,000. Hint: declare fewer points, or raise max_trials"
        ),
    ),
]
"""The parameters of a grid, from line 4 on."""

RANDOMS = [
    (
        "learning_rate: {min: 1, max: 2, num: 5}",
        ("x.yaml:5:35: parameters.learning_rate.num: unknown key. Hint: this key is for method grid"),
    ),
    (
        "learning_rate: {distribution: normal, mu: 0, sigma: 1}",
        (
            "x.yaml:5:33: parameters.learning_rate.distribution: must come with scale: log, because "
            "learning_rate is never below 0"
        ),
    ),
    (
        "momentum: {distribution: normal, mu: 0, sigma: 1}",
        (
            "x.yaml:5:28: parameters.momentum.distribution: must be uniform, because momentum has a "
            "largest value. Hint: use min and max"
        ),
    ),
    (
        "epochs: {distribution: normal, mu: 0, sigma: 1}",
        (
            "x.yaml:5:26: parameters.epochs.distribution: must be uniform, because epochs is a whole "
            "number. Hint: use min and max"
        ),
    ),
    (
        "initial_bias: {distribution: normal, mu: 0, sigma: 0}",
        "x.yaml:5:54: parameters.initial_bias.sigma: must be above 0, got 0",
    ),
    (
        "initial_bias: {distribution: normal, min: 0, max: 1}",
        (
            "x.yaml:5:40: parameters.initial_bias.min: does not go with distribution: normal. Hint: "
            "keep one of them\n"
            "x.yaml:5:48: parameters.initial_bias.max: does not go with distribution: normal. Hint: "
            "keep one of them"
        ),
    ),
    ("initial_bias: {mu: 0}", "x.yaml:5:17: parameters.initial_bias: needs sigma"),
    (
        "initial_bias: {mu: 0, min: 1}",
        "x.yaml:5:18: parameters.initial_bias.mu: does not go with min. Hint: keep one of them",
    ),
    (
        "initial_bias: {distribution: gaussian, mu: 0, sigma: 1}",
        ("x.yaml:5:32: parameters.initial_bias.distribution: must be uniform or normal, got 'gaussian'"),
    ),
    (
        "initial_bias: {distribution: normal, mu: 0, sigma: 100, scale: log}",
        (
            "x.yaml:5:54: parameters.initial_bias.sigma: must keep mu +- 10 sigma in the range of a "
            "float, got 100"
        ),
    ),
]
"""The parameters of a random sweep, from line 5 on."""

OPTIONS = [
    ("x", "--set x: must be key=value. Hint: write for example --set training.epochs=500"),
    ("a..b=1", "--set a..b=1: must be key=value. Hint: write for example --set training.epochs=500"),
    ("training.epoch=5", "--set training.epoch=5: training.epoch: unknown key. Hint: did you mean 'epochs'?"),
    ("epochs=", "--set epochs=: training.epochs: a value is missing after '='. Hint: write null for none"),
    ("epochs=[1", "--set epochs=[1: a comma or ] is missing"),
    (
        "seed=010",
        (
            "--set seed=010: a whole number does not start with 0, got 010. Hint: write 10, 0o10 for "
            "octal or '010' in quotes for text"
        ),
    ),
    (
        "training.epochs.x=5",
        "--set training.epochs.x=5: training.epochs: must be a whole number, got {'x': 5}",
    ),
    ("extends=a.yaml", "--set extends=a.yaml: extends: only a file can say what it extends"),
    ("trainig.epochs=5", "--set trainig.epochs=5: trainig.epochs: unknown key. Hint: did you mean 'epochs'?"),
    ("momentum=&a 1", "--set momentum=&a 1: anchors (&a) are not accepted. Hint: remove it"),
    ("training=5", "--set training=5: training: must be a block of keys, got 5"),
    (
        "data.path=a.csv",
        ("x.yaml:1:1: data.y: is required with path. Hint: name the target column, as in y: [price]"),
    ),
]
"""`--set` on a config of the line `data: {name: tutorial}`."""

SWEEP_OPTIONS = [
    (
        "training.learning_rate=1",
        (
            "--set training.learning_rate=1: training.learning_rate: learning_rate is varied by the "
            "sweep. Hint: set parameters.learning_rate"
        ),
    ),
    (
        "training={learning_rate: 1}",
        (
            "--set training={learning_rate: 1}: training.learning_rate: learning_rate is varied by "
            "the sweep. Hint: set parameters.learning_rate"
        ),
    ),
    (
        "parameters.learning_rate.values=5",
        (
            "--set parameters.learning_rate.values=5: parameters.learning_rate.values: "
            "parameters.learning_rate is a value and has no keys"
        ),
    ),
    ("trials=5", "--set trials=5: trials: does not go with method: grid"),
    ("method=random", "x.yaml:1:1: trials: is required. Hint: say how many, for example trials: 1000"),
]
"""`--set` on a grid that varies learning_rate."""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test stands in a folder that holds one sweep, named sweep.yaml."""
    monkeypatch.chdir(tmp_path)
    Path("sweep.yaml").write_text(f"{GRID}learning_rate: 1\n", encoding="utf-8")


def config_message(text: str, *overrides: str) -> str:
    """Returns what is said about a config, given as x.yaml."""
    Path("x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config("x.yaml", overrides)
    return str(caught.value)


def sweep_message(text: str, *overrides: str) -> str:
    """Returns what is said about a sweep, given as x.yaml."""
    Path("x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_sweep("x.yaml", overrides)
    return str(caught.value)


def unhinted(message: str) -> str:
    """Returns a message without what it says to write, which test_suggestions.py writes and reads."""
    return re.sub(r"(?m)\. Hint: .*\bwrite \w+: \{.*$", "", message)


def test_file() -> None:
    """A file that is invalid is refused with its line and column."""
    for text, message in FILES:
        assert config_message(text) == message


def test_config() -> None:
    """A config with a bad value is refused at the value."""
    for text, message in CONFIGS:
        assert config_message(DATA + text) == message


def test_sweep() -> None:
    """A sweep with a bad value is refused at the value."""
    for text, message in SWEEPS:
        assert sweep_message(text) == message


def test_grid_parameter() -> None:
    """A parameter that no grid can have is refused at what is wrong with it."""
    for text, message in GRIDS:
        assert unhinted(sweep_message(f"{GRID}{text}\n")) == message


def test_random_parameter() -> None:
    """A parameter that cannot be drawn is refused at what is wrong with it."""
    for text, message in RANDOMS:
        assert unhinted(sweep_message(f"{RANDOM}{text}\n")) == message


def test_option() -> None:
    """A bad --set is refused under its own name."""
    for text, message in OPTIONS:
        assert config_message(DATA, text) == message


def test_sweep_option() -> None:
    """A --set that a sweep cannot take is refused under its own name."""
    for text, message in SWEEP_OPTIONS:
        assert sweep_message(f"{GRID}learning_rate: 1\n", text) == message


def test_number_too_long() -> None:
    """A number of more than 400 characters is refused before it is read."""
    message = "x.yaml:2:7: seed: a number has at most 400 characters, got 401"
    assert config_message(f"{DATA}seed: {'1' * 401}") == message


def test_number_beyond_floats() -> None:
    """A whole number that no float reaches is refused, and shown by its size."""
    message = config_message(f"{DATA}training: {{learning_rate: 1{'0' * 399}}}")
    assert message == "x.yaml:2:27: training.learning_rate: must be a number below 1.8e308, got 1e+399"


def test_large_numbers_are_shown_by_their_size() -> None:
    """From 1e16 on six digits are shown, below it all of them."""
    said = "x.yaml:2:20: training.epochs: must be at most 1,000,000,000,000, got"
    for given, shown in (
        ("1e300", "1e+300"),
        ("10000000000000000", "1e+16"),
        ("123456789123456789", "1.23457e+17"),
        ("9999999999999999", "9999999999999999"),
    ):
        assert config_message(f"{DATA}training: {{epochs: {given}}}") == f"{said} {shown}"
    assert (
        config_message(f"{DATA}seed: -{'1' * 20}") == "x.yaml:2:7: seed: must be at least 0, got -1.11111e+19"
    )


def test_all_at_once_in_file_order() -> None:
    """All that is wrong with a file is said at once, in the order of its lines."""
    text = """\
    seed: -1
    trainig: {}
    parameters:
      momentum: {values: [2]}
      learning_rate:
        scale: log
        max: -1
        min: -0.1
        num: 0
    method: grid
    training: {shuffle: no, epochs: 1.5}
    data: {path: a.csv, x: [a, a]}
    """
    assert sweep_message(text).splitlines() == [
        "x.yaml:1:11: seed: must be at least 0, got -1",
        "x.yaml:2:5: trainig: unknown key. Hint: did you mean 'training'?",
        "x.yaml:4:27: parameters.momentum.values[0]: must be below 1, got 2",
        "x.yaml:7:14: parameters.learning_rate.max: must be above 0, got -1",
        "x.yaml:8:14: parameters.learning_rate.min: must be above 0, got -0.1",
        "x.yaml:9:14: parameters.learning_rate.num: must be at least 1, got 0",
        "x.yaml:11:25: training.shuffle: must be true or false, got 'no'. Hint: write false",
        "x.yaml:11:37: training.epochs: must be a whole number, got 1.5",
        "x.yaml:12:5: data.y: is required with path. Hint: name the target column, as in y: [price]",
        "x.yaml:12:28: data.x: must name each column once, got 'a' twice",
    ]


def test_reader_reports_all_at_once() -> None:
    """All that strict YAML refuses in a file is said at once, in the order of its lines."""
    text = "data: &a {name: tutorial}\nseed: 010\nseed: *a\n1: !!str 2\ntraining: [\n"
    assert [line.split(": ")[0] for line in config_message(text).splitlines()] == [
        "x.yaml:1:7",
        "x.yaml:2:7",
        "x.yaml:3:1",
        "x.yaml:3:7",
        "x.yaml:4:1",
        "x.yaml:4:4",
        "x.yaml:6:1",
    ]


def test_file_comes_before_options() -> None:
    """What is wrong with the file is said before what is wrong with options, and those in their order."""
    messages = config_message(f"{DATA}seed: -1\n", "foo=1", "epochs=-1", "bar").splitlines()
    assert [message.split(": ")[0] for message in messages] == [
        "x.yaml:2:7",
        "--set foo=1",
        "--set epochs=-1",
        "--set bar",
    ]


def test_many_complaints_are_cut_short() -> None:
    """Of very many complaints fifty are said, and that there are more."""
    messages = config_message("".join(f"k{index}: 1\n" for index in range(1000))).splitlines()
    assert len(messages) == 51
    assert messages[-1] == "and more"


@pytest.mark.parametrize("method", ["", "method: gird\n", "method: 3\n"])
def test_parameters_are_checked_without_a_method(method: str) -> None:
    """Without a method that there is, the parameters are checked as the likely method's."""
    text = f"{DATA}{method}parameters:\n  learning_rate: {{min: 2, max: 1, num: 3}}\n  momentum: 2\n"
    first, *rest = sweep_message(text).splitlines()
    assert "method: " in first
    assert [unhinted(line).split(":", 3)[3] for line in rest] == [
        " parameters.learning_rate.max: must be above min (2), got 1",
        " parameters.momentum: must be below 1, got 2",
    ]


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("trials: 0\n", "trials: must be at least 1, got 0"),
        ("", "trials: is required. Hint: say how many, for example trials: 1000"),
        ("method: radom\n", "trials: is required. Hint: say how many, for example trials: 1000"),
    ],
)
def test_a_random_sweep_is_recognised(head: str, said: str) -> None:
    """Trials, a distribution or a name that is close tell that a sweep is meant to be random."""
    text = f"{head}{DATA}parameters: {{initial_bias: {{distribution: normal, mu: 0, sigma: -1}}}}\n"
    lines = sweep_message(text).splitlines()
    assert len(lines) == 3
    assert any(line.endswith(said) for line in lines)
    assert lines[-1].endswith("parameters.initial_bias.sigma: must be above 0, got -1")


def test_a_grid_is_recognised_by_its_name() -> None:
    """A misspelt method that is close to grid is one, whatever else is there."""
    text = f"{DATA}method: gird\ntrials: 5\nparameters: {{momentum: {{min: 0, max: 2, num: 3}}}}\n"
    assert sweep_message(text).splitlines() == [
        "x.yaml:2:9: method: must be grid, random or list, got 'gird'. Hint: did you mean 'grid'?",
        "x.yaml:3:1: trials: does not go with method: grid",
        "x.yaml:4:38: parameters.momentum.max: must be below 1, got 2",
    ]


def test_a_misspelt_parameter_is_checked_as_the_one_meant() -> None:
    """What stands under a misspelt name is checked as well."""
    assert sweep_message(f"{GRID}learning_rat: {{mn: 1, scale: logg}}\n").splitlines() == [
        "x.yaml:4:3: parameters.learning_rat: unknown parameter. Hint: did you mean 'learning_rate'?",
        "x.yaml:4:18: parameters.learning_rat.mn: unknown key. Hint: did you mean 'min'?",
        "x.yaml:4:32: parameters.learning_rat.scale: must be linear or log, got 'logg'. "
        "Hint: did you mean 'log'?",
    ]
    assert sweep_message(f"{GRID}epoch: 2.5\n").splitlines() == [
        "x.yaml:4:3: parameters.epoch: unknown parameter. Hint: did you mean 'epochs'?",
        "x.yaml:4:10: parameters.epoch: must be a whole number, got 2.5",
    ]


def test_keys_are_checked_where_others_are_missing() -> None:
    """What is there is checked although something is missing."""
    assert sweep_message(f"{GRID}learning_rate: {{min: -1, max: 2, scale: log}}\n").splitlines() == [
        "x.yaml:4:18: parameters.learning_rate: needs num, or step",
        "x.yaml:4:24: parameters.learning_rate.min: must be above 0, got -1",
    ]


def test_what_the_reader_refuses_hides_nothing() -> None:
    """A scalar, tag, anchor or second key that is refused stands among all that is wrong."""
    text = (
        f"{DATA}seed: 010\nseed: 1\nmethod: grid\nparameters:\n"
        "  learning_rate: {values: [0.001, 010, -1]}\n  momentum: &m 2\n"
        "  epochs: {min: 012, max: 5.5, num: !a 0}\ntrainig: 1\n"
    )
    assert [line.split(". Hint")[0] for line in sweep_message(text, "epochs=x", "bar").splitlines()] == [
        "x.yaml:2:7: seed: a whole number does not start with 0, got 010",
        "x.yaml:3:1: seed: this key is given twice, first on line 2",
        "x.yaml:6:35: parameters.learning_rate.values[1]: a whole number does not start with 0, got 010",
        "x.yaml:6:40: parameters.learning_rate.values[2]: must be above 0, got -1",
        "x.yaml:7:13: parameters.momentum: anchors (&m) are not accepted",
        "x.yaml:8:17: parameters.epochs.min: a whole number does not start with 0, got 012",
        "x.yaml:8:27: parameters.epochs.max: must be a whole number, got 5.5",
        "x.yaml:8:37: parameters.epochs.num: tags (!) are not accepted",
        "x.yaml:9:1: trainig: unknown key",
        "--set epochs=x: training.epochs: must be a whole number, got 'x'",
        "--set epochs=x: training.epochs: epochs is varied by the sweep",
        "--set bar: must be key=value",
    ]


def test_a_refused_value_alone_is_refused() -> None:
    """A file in which nothing but a refused value is wrong does not load."""
    text = f"{DATA}training: {{batch_size: 010}}\n"
    assert config_message(text).startswith("x.yaml:2:24: training.batch_size: a whole number does not start")
    assert len(config_message(text).splitlines()) == 1


def test_refused_values_of_extended_files_are_told_along() -> None:
    """What the reader refuses in one file hides nothing of another."""
    Path("base.yaml").write_text(f"{DATA}seed: 010\ntraining: {{epochs: -1}}\n", encoding="utf-8")
    text = "extends: base.yaml\nmethod: grid\nparameters: {learning_rate: 010, momentum: 2}\n"
    assert [line.split(": ")[0] for line in sweep_message(text).splitlines()] == [
        "x.yaml:3:29",
        "x.yaml:3:44",
        "base.yaml:2:7",
        "base.yaml:3:20",
    ]
    assert [
        line.split(": ")[:2] for line in config_message("extends: bse.yaml\nseed: 010\n").splitlines()
    ] == [
        ["x.yaml:2:7", "seed"],
        ["x.yaml:1:10", "extends"],
    ]
    assert config_message("extends: 010\n").splitlines() == [
        "x.yaml:1:10: extends: a whole number does not start with 0, got 010. "
        "Hint: write 10, 0o10 for octal or '010' in quotes for text"
    ]


LARGE = {
    "equal values": "learning_rate: {values: [" + "1, " * 200_000 + "1]}",
    "equal values that can be read": "learning_rate: {values: [" + "1, " * 9_000 + "1]}",
    "tags": "learning_rate: {values: [" + "!a 1, " * 150_000 + "1]}",
    "leading zeros": "learning_rate: {values: [" + "01, " * 150_000 + "1]}",
    "names": "\n  ".join(f"k{index}: 1" for index in range(9_000)),
}


@pytest.mark.parametrize("case", LARGE)
def test_large_faults_cost_little(case: str) -> None:
    """However many faults a file has, few are collected, in little time."""
    start = time.process_time()
    messages = sweep_message(f"{GRID}{LARGE[case]}\n").splitlines()
    assert time.process_time() - start < 4
    assert len(messages) == (1 if case == "equal values" else 51)
    assert len(messages) == 1 or messages[-1] == "and more"


def test_many_lists_are_not_read_to_their_end() -> None:
    """Of a text of very many values no more are held in memory than any sweep can need."""
    text = "\n  ".join(f"k{index}: [{'1,' * 9_000}]" for index in range(50))
    message = sweep_message(GRID + text)
    assert message.endswith(": more than 100,000 values in one text")
    assert message.startswith("x.yaml:15:")


def test_a_list_is_not_too_long() -> None:
    """A list of more than 10,000 is refused before it is read to its end."""
    text = "learning_rate: {values: [" + ", ".join(str(number) for number in range(1, 10_002)) + "]}\n"
    assert sweep_message(GRID + text) == (
        "x.yaml:4:27: parameters.learning_rate.values: must be a list of at most 10,000, got more. "
        "Hint: to vary a parameter, use num, step or a random sweep"
    )


def test_values_from_python_are_not_too_many() -> None:
    """More than 10,000 values are refused, as they could not be read back; 10,000 are written and read."""
    values = [1 + number / 3 for number in range(10_001)]
    sweep = {
        "data": {"name": "tutorial"},
        "method": "grid",
        "parameters": {"learning_rate": {"values": values}},
    }
    with pytest.raises(ConfigError) as caught:
        load_sweep(sweep)
    assert str(caught.value) == (
        "parameters.learning_rate.values: must be a list of at most 10,000, got 10,001. "
        "Hint: use num, step or a random sweep"
    )
    values.pop()
    config = load_sweep(sweep).config
    Path("x.yaml").write_text(to_yaml(as_mapping(config)), encoding="utf-8")
    assert load_sweep("x.yaml").config == config


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("parameters:\n  learning_rate:{values: [0.001]}\n", "x.yaml:2:17: {} Hint: write 'learning_rate: '"),
        ("training:{epochs: 1, momentum: 0}\n", "x.yaml:1:10: {} Hint: write 'training: '"),
        ("a:[1, 2]\nb: 3\n", "x.yaml:1:3: {} Hint: write 'a: '"),
        ("training:\n  epochs:5\n  seed: 1\n", "x.yaml:2:10: {} Hint: write 'epochs: '"),
    ],
)
def test_a_blank_is_missing_after_a_colon(text: str, said: str) -> None:
    """A value glued to its key is named, and not the line that YAML stumbles over."""
    message = said.format("a blank is missing after the ':'.")
    assert config_message(text) == f"{message} before its value"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("0.001, 0.002", "parameters.learning_rate: must be a number, got '0.001, 0.002'. {}"),
        ("0.001,0.002", "parameters.learning_rate: must be a number, got '0.001,0.002'. {}"),
    ],
)
def test_numbers_in_a_row(given: str, said: str) -> None:
    """Numbers with commas between them are told how to be a list."""
    hint = "Hint: write learning_rate: {values: [0.001, 0.002]}"
    assert sweep_message(f"{GRID}learning_rate: {given}\n") == f"x.yaml:4:18: {said.format(hint)}"
    told = sweep_message(f"{GRID}learning_rate:\n    values: {given}\n")
    assert told.endswith("Hint: write [0.001, 0.002]")


def test_one_number_with_a_comma() -> None:
    """A decimal comma is a number still."""
    assert sweep_message(f"{GRID}learning_rate: 1,5\n").endswith("got '1,5'. Hint: write 1.5")


def test_nesterov_points_to_the_momentum() -> None:
    """With Nesterov the parameter at fault is named."""
    text = f"{DATA}training: {{nesterov: true}}\nmethod: random\ntrials: 5\nparameters:\n"
    assert sweep_message(f"{text}  momentum: {{min: 0, max: 0.5}}\n") == (
        "x.yaml:6:13: parameters.momentum: must be above 0 with nesterov, got 0.0"
    )
    assert sweep_message(f"{text}  momentum: {{values: [0, 0.5]}}\n") == (
        "x.yaml:6:13: parameters.momentum: must be above 0 with nesterov, got 0.0"
    )


def test_a_text_of_digits_is_not_tried_in_every_way() -> None:
    """Whether a text is nearly a number is told in one pass, however long it is."""
    start = time.process_time()
    message = config_message(f"{DATA}training: {{learning_rate: '{'1' * 1_000_000}x'}}")
    assert time.process_time() - start < 4
    assert message.startswith("x.yaml:2:27: training.learning_rate: must be a number, got '111")
    assert len(message) < 200


def test_many_columns_are_compared_once_each() -> None:
    """Ten thousand columns in x and in y, all different, cost one look at each."""
    x, y = ([f"{role}{index}" for index in range(10_000)] for role in "xy")
    start = time.process_time()
    with pytest.raises(ConfigError) as caught:
        load_config({"data": {"path": "a.csv", "x": x, "y": [*y, "x9999"]}})
    assert time.process_time() - start < 0.7
    assert str(caught.value) == "data.y: must not share columns with x, got 'x9999' in both"


def test_long_words_are_cut_short() -> None:
    """A column or path of nearly a mebibyte is told by its ends."""
    long = "c" * 400_000
    message = config_message(f"data: {{path: a.csv, y: b, x: [{long}, {long}]}}")
    assert message == f"x.yaml:1:30: data.x: must name each column once, got '{'c' * 57}...' twice"
    assert len(config_message(f"extends: {long}")) < 1200


def test_an_option_is_not_nested_for_ever() -> None:
    """A key of `--set` has as many levels as a file."""
    message = config_message(DATA, f"training{'.a' * 3000}=1")
    assert message == f"--set training{'.a' * 24}....: more than 20 levels of nesting"


def test_mappings_from_python_have_the_bounds_of_files() -> None:
    """One that holds itself ends, and numbers that Python does not print are told."""
    endless: dict[str, object] = {}
    endless |= {"a": endless, "b": endless}
    for given, said in (
        (endless, "more than 20 levels of nesting"),
        ({"data": [{}] * 200_000}, "more than 100,000 values"),
        ({"data": {"name": "tutorial"}, "seed": [10**5000]}, "seed: must be a whole number, got a list"),
    ):
        with pytest.raises(ConfigError) as caught:
            load_config(given)
        assert str(caught.value) == said


@pytest.mark.parametrize("name", ["con", "NUL", "aux.a", "Com1", "lpt9.txt.gz"])
def test_names_of_devices(name: str) -> None:
    """A sweep is not called what Windows calls a device, nor named after a file that is."""
    text = f"{GRID}learning_rate: 1\n"
    said = f"name: must not be what Windows calls a device, got '{name}'"
    assert sweep_message(f"name: {name}\n{text}") == f"x.yaml:1:7: {said}"
    Path(f"{name}.yaml").write_text(text, encoding="utf-8")
    stem = Path(f"{name}.yaml").stem
    assert load_sweep(f"{stem}.yaml").config.name == "sweep"
