"""Random declarations of everything that a sweep can vary, on random data."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Declared = dict[str, Any]

ORDERS = ("file", "reshuffle", "independent", "with_replacement")
LOSSES = ("half_mse", "mse", "sse")
ADAPTIVE = ("adam", "adamw", "nadam", "rmsprop", "adagrad", "adadelta")


def random_data(generator: np.random.Generator) -> tuple[Floats, Floats]:
    """Returns x and y: 3 to 40 rows, 1 to 4 features of any scale and place, 1 or 2 targets."""
    rows, features, targets = (int(generator.integers(low, high)) for low, high in ((3, 41), (1, 5), (1, 3)))
    x = generator.normal(size=(rows, features)) * 10.0 ** generator.uniform(-1, 1, features)
    x += generator.normal(size=features) * generator.choice([0, 3])
    return x, generator.normal(1, 3, (rows, targets))


def steepest(x: Floats, n_targets: int, loss: str, fit_bias: bool, standardize: bool) -> float:
    """Returns the largest curvature of the loss on the data."""
    if standardize:
        x = (x - x.mean(axis=0)) / x.std(axis=0)
    design = np.column_stack([x, np.ones(len(x))]) if fit_bias else x
    entries = len(x) * n_targets
    factor = {"half_mse": 1 / entries, "mse": 2 / entries, "sse": 2.0}[loss]
    return float(factor * np.linalg.eigvalsh(design.T @ design)[-1])


def random_schedule(generator: np.random.Generator) -> Any:
    """Returns a schedule of any kind, some with a warm-up."""
    uniform, whole = generator.uniform, generator.integers
    factors = uniform(0.1, 2, int(whole(1, 8))).tolist()
    kinds: list[Declared] = [
        {"name": "constant"},
        {"name": "constant"},
        {"name": "step", "every": int(whole(2, 30)), "gamma": float(uniform(0.1, 1))},
        {"name": "exponential", "gamma": float(uniform(0.9, 1))},
        {"name": "inverse_time", "t0": float(uniform(1, 100))},
        {"name": "power", "power": float(uniform(0.1, 1))},
        {"name": "polynomial", "power": float(uniform(0.5, 3))},
        {"name": "cosine", "final": float(uniform(0, 0.5))},
        {"name": "cosine", "epochs": int(whole(5, 100))},
        {"name": "one_cycle"},
        {"name": "chebyshev", "epochs": int(whole(2, 20))},
        {"name": "chebyshev"},
        {"name": "silver"},
        {"name": "list", "factors": factors, "then": "repeat"},
        {"name": "list", "factors": factors},
    ]
    schedule = kinds[whole(len(kinds))]
    if generator.random() < 0.3:
        schedule |= {"warmup": {"epochs": int(whole(1, 10)), "start": float(uniform(0, 1))}}
    return schedule


def random_sgd(generator: np.random.Generator, rates: Floats, penalty: float) -> Declared:
    """Returns a product of sgd's keys: plain, with momentum, with Nesterov's, or dampened.

    Args:
        generator: of chance.
        rates: that plain descent is stable and unstable with.
        penalty: the largest weight_decay.
    """
    choice, uniform = generator.choice, generator.uniform
    kind, product = int(generator.integers(4)), Declared()
    momentum = sorted({*choice([0.3, 0.5, 0.9, 0.99], 2).tolist()}) if kind else [0.0]
    product["momentum"] = {"values": momentum}
    scale = 1 + momentum[0]
    if kind == 2:
        product["nesterov"] = {"values": [True]}
        scale = (1 + momentum[0]) / (1 + 2 * momentum[0])
    if kind == 3:
        product["dampening"] = {"values": [float(choice([0.3, 0.8, 1.0]))]}
    product["learning_rate"] = {"values": (scale * rates).tolist()}
    if generator.random() < 0.5:
        decay = penalty * 10.0 ** uniform(-4, 0)
        product["weight_decay"] = {"values": [0.0, decay]}
        product["decay_bias"] = {"values": [bool(generator.random() < 0.5)]}
    return product


def random_adaptive(generator: np.random.Generator) -> Declared:
    """Returns a product of another optimizer's keys."""
    optimizer = str(generator.choice(ADAPTIVE))
    product: Declared = {
        "optimizer": {"values": [optimizer]},
        "learning_rate": {"min": 1e-3, "max": 1.0, "num": 3, "scale": "log"},
        "weight_decay": {"values": [0, 0.1]},
        "decay_bias": {"values": [bool(generator.random() < 0.5)]},
    }
    if optimizer == "rmsprop":
        product |= {"momentum": {"values": [0, 0.9]}, "centered": {"values": [False, True]}}
    if optimizer in ("adam", "adamw"):
        product |= {"beta1": {"values": [0.8, 0.9]}, "amsgrad": {"values": [bool(generator.random() < 0.5)]}}
    return product


def random_starts(generator: np.random.Generator, fit_bias: bool) -> Declared:
    """Returns two starts, near or far."""
    spread = 10.0 ** generator.uniform(-3, 1)
    product: Declared = {"initial_weight": {"values": generator.normal(0, spread, 2).tolist()}}
    if fit_bias and generator.random() < 0.5:
        product["initial_bias"] = float(generator.normal(0, spread))
    return product


def random_set_up(generator: np.random.Generator, fit_bias: bool, *, epochs: int, anything: bool) -> Declared:
    """Returns a value of a set-up's own for much that products vary, which may be none of theirs."""
    of_batches = {
        "batch_size": int(generator.integers(1, 41)),
        "order": str(generator.choice(ORDERS)),
    }
    return {
        "loss": str(generator.choice(LOSSES)),
        "standardize": fit_bias and bool(generator.random() < 0.3),
        "schedule": random_schedule(generator),
        "epochs": int(generator.integers(0, epochs)),
        "momentum": float(generator.choice([0.2, 0.6])),
        "weight_decay": float(generator.choice([0, 1e-3])),
        "initial_weight": float(generator.normal()),
        **(of_batches if anything else {}),
    }


def random_union(
    generator: np.random.Generator, n_products: int, *, epochs: int = 300, anything: bool = False
) -> tuple[Declared, tuple[Floats, Floats]]:
    """Returns a sweep, a union of so many products, each a declaration of its own, and its data.

    What a product lacks is the set-up's, whose values may be none that are varied.

    Args:
        generator: of chance.
        n_products: how many.
        epochs: more than a trial has.
        anything: whether there are mini-batches, averages and optimizers of which no theory tells, too.
    """
    x, y = random_data(generator)
    fit_bias = bool(generator.random() < 0.7)
    set_up = random_set_up(generator, fit_bias, epochs=epochs, anything=anything)
    losses = generator.permutation(LOSSES)[: generator.integers(1, 4)]
    often, products = generator.choice([0, 0.3]), list[Declared]()
    for _ in range(n_products):
        lacking = {name for name in set_up if generator.random() < often}
        loss, standardize = str(generator.choice(losses)), fit_bias and bool(generator.random() < 0.3)
        loss = set_up["loss"] if "loss" in lacking else loss
        standardize = set_up["standardize"] if "standardize" in lacking else standardize
        curvature = steepest(x, y.shape[1], loss, fit_bias, standardize)
        shares = generator.choice([0.02, 0.3, 0.9, 1.0, 1.05, 2.0], 2) * generator.uniform(0.5, 1, 2)
        product = random_sgd(generator, 2 / curvature * shares, curvature)
        if anything:
            product = random_adaptive(generator) if generator.random() < 0.5 else product
            product |= random_course(generator)
        schedule = random_schedule(generator)
        whole = {
            "loss": {"values": [loss]},
            "standardize": {"values": [standardize]},
            "schedule": {"values": [schedule]},
            "epochs": {"values": [int(generator.integers(0, epochs))]},
            **product,
            **random_starts(generator, fit_bias),
        }
        products.append({name: each for name, each in whole.items() if name not in lacking})
    if all("optimizer" in product for product in products):
        del set_up["momentum"]  # which few others have
    return {
        "name": "random",
        "method": "grid",
        "data": {"fit_bias": fit_bias, "standardize": set_up.pop("standardize")},
        "training": {
            **set_up,
            "dtype": str(generator.choice(["float64", "float32"])),
            "early_stop": bool(generator.random() < 0.6),
        },
        "outcome": {
            "tolerance": float(generator.choice([1e-6, 1e-3, 0.1])),
            "divergence": float(generator.choice([1.5, 100, 1e6])),
        },
        "parameters": products,
    }, (x, y)


def random_course(generator: np.random.Generator) -> Declared:
    """Returns a product of mini-batches, their order and an average."""
    averages = [
        "none",
        {"kind": "mean", "from": int(generator.integers(3))},
        {"kind": "ema", "decay": float(generator.uniform(0, 1))},
    ]
    return {
        "batch_size": {"values": [int(generator.integers(1, 41))]},
        "order": {"values": [str(generator.choice(ORDERS))]},
        "seed": {"values": [int(generator.integers(3))]},
        "average": {"values": [averages[int(generator.integers(3))]]},
    }


def as_list(declared: Declared, generator: np.random.Generator, n_trials: int) -> Declared:
    """Returns a list of so many trials that mix what the products of a union have in common."""
    products = declared["parameters"]
    names = [name for name in products[0] if all(name in each for each in products)]
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for product in products:
        for name in names:
            declared_values = product[name]
            columns[name] += declared_values.get("values", ()) if isinstance(declared_values, dict) else ()
    picked = {
        name: [values[place] for place in generator.integers(len(values), size=n_trials)]
        for name, values in columns.items()
        if values
    }
    blocks = {key: block for key, block in declared.items() if key != "parameters"}
    return {**blocks, "method": "list", "trials": {"columns": picked}}
