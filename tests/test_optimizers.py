"""Facts about the optimizers' rules: torch.optim's definitions, the same in NumPy, torch and Numba."""

import inspect
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
import torch
from numba.cpython.unsafe.tuple import tuple_setitem
from numba.np.unsafe.ndarray import to_fixed_tuple
from pydantic import ValidationError

from linreg_sweep.optimizers import OPTIMIZERS
from tests.rules import TORCH, Case, Curvature, Floats, path, torch_path

REFERENCE = json.loads((Path(__file__).parent / "facts" / "reference.json").read_text())

KEYS = {  # what is drawn for each number key, and how
    "momentum": (0.0, 0.95),
    "dampening": (0.0, 1.0),
    "beta1": (0.0, 0.98),
    "beta2": (0.97, 0.9999),
    "alpha": (0.97, 0.999),
    "rho": (0.8, 0.99),
    "lr_decay": (0.0, 0.5),
}
OPTIONAL = ("momentum", "dampening", "lr_decay")  # 0 unless a variant has it

VARIANTS: list[tuple[str, tuple[str, ...]]] = [
    ("sgd", ()),
    ("sgd", ("momentum",)),
    ("sgd", ("momentum", "nesterov")),
    ("sgd", ("momentum", "dampening")),
    ("adam", ()),
    ("adam", ("amsgrad",)),
    ("adamw", ()),
    ("adamw", ("amsgrad",)),
    ("nadam", ()),
    ("nadam", ("decoupled_weight_decay",)),
    ("rmsprop", ()),
    ("rmsprop", ("momentum",)),
    ("rmsprop", ("centered",)),
    ("rmsprop", ("centered", "momentum")),
    ("adagrad", ()),
    ("adagrad", ("lr_decay",)),
    ("adadelta", ()),
]
variants = pytest.mark.parametrize(
    ("optimizer", "has"), VARIANTS, ids=["-".join((name, *has)) for name, has in VARIANTS]
)


def draw(optimizer: str, has: tuple[str, ...], number: int, k: int = 4) -> tuple[Case, Curvature, Floats]:
    """Returns k trials of a random problem, with H [P, P], C [P, O] and their starts [P, O, k].

    Every third problem has no penalty, and every third penalises the bias, too. Rates are small enough for
    no trial to jump about its optimum, where an adaptive step magnifies whatever was rounded.
    """
    seed = np.random.default_rng([number, *optimizer.encode()])
    n_parameters, n_targets = 1 + number % 5, 1 + number % 3
    design = seed.normal(size=(n_parameters + 4, n_parameters))
    design[:, -1] = 1
    hessian = design.T @ design / len(design)
    constant = design.T @ seed.normal(size=(len(design), n_targets)) / len(design)
    fields = OPTIMIZERS[optimizer].settings.model_fields
    values = {
        name: seed.uniform(*limits, k)
        for name, limits in KEYS.items()
        if name in fields and (name in has or name not in OPTIONAL)
    }
    if "eps" in fields:
        values["eps"] = 10 ** seed.uniform(-10, -3, k)
    low, high = {"sgd": (-2, -0.3), "adadelta": (-1, 0)}.get(optimizer, (-3, -2.3))
    values["learning_rate"] = 10 ** seed.uniform(low, high, k)
    if optimizer == "sgd":
        values["learning_rate"] /= np.linalg.eigvalsh(hessian)[-1]
    values["weight_decay"] = 10 ** seed.uniform(-3, -0.5, k) * (number % 3 > 0)
    flags = frozenset(name for name in has if name not in KEYS) | (
        {"decay_bias"} if number % 3 == 2 else set()
    )
    return Case(optimizer, flags, values), (hessian, constant), seed.normal(size=(n_parameters, n_targets, k))


@variants
def test_each_trial_goes_as_torch_optim_trains_it(optimizer: str, has: tuple[str, ...]) -> None:
    """Four trials at once, of their own rates and hyperparameters: to 1e-13 of a path's size in 60 steps."""
    for number in range(12):
        case, curvature, start = draw(optimizer, has, number)
        ours = path(case, [curvature], start, 60)
        for trial in range(case.count):
            theirs = torch_path(case, trial, [curvature], start[..., trial], 60)
            assert np.abs(ours[..., trial] - theirs).max() <= 1e-13 * np.abs(theirs).max()
            assert np.abs(theirs[-1] - theirs[0]).max() > 1e-4


@variants
def test_in_float32_each_trial_is_torchs_to_its_rounding(optimizer: str, has: tuple[str, ...]) -> None:
    """At torch's own defaults, whose 1 - beta2 has no digits to lose: 30 steps to 1e-6 of a path's size."""
    for number in range(3, 6):
        case, curvature, start = draw(optimizer, has, number, 2)
        kept = {name: numbers for name, numbers in case.values.items() if name in ("learning_rate", *has)}
        case = replace(case, values=kept)
        ours = path(case, [curvature], start, 30, kind="float32")
        for trial in range(2):
            theirs = torch_path(case, trial, [curvature], start[..., trial], 30, torch.float32)
            assert np.abs(ours[..., trial] - theirs).max() <= 1e-6 * np.abs(theirs).max()


@variants
def test_torch_tensors_go_as_arrays_do(optimizer: str, has: tuple[str, ...]) -> None:
    """To 1e-13 of a path's size."""
    case, curvature, start = draw(optimizer, has, 8)
    arrays, tensors = (path(case, [curvature], start, 60, xp) for xp in (np, torch))
    assert np.abs(arrays - tensors).max() <= 1e-13 * np.abs(arrays).max()


@variants
def test_neighbours_do_not_change_a_bit(optimizer: str, has: tuple[str, ...]) -> None:
    """A trial alone has the bits that it has between others, though those are infinite or no numbers."""
    case, curvature, start = draw(optimizer, has, 11, 9)
    for place, value in ((0, np.inf), (3, np.nan), (7, -np.inf)):
        start[..., place] = value
        for numbers in case.values.values():
            numbers[place] = value
    together = path(case, [curvature], start, 40)
    for trial in (1, 2, 4, 8):
        only = {name: numbers[[trial]] for name, numbers in case.values.items()}
        alone = path(replace(case, values=only), [curvature], start[..., [trial]], 40)
        assert np.isfinite(alone).all()
        assert alone[..., 0].tobytes() == together[..., trial].tobytes()


@pytest.mark.system
@pytest.mark.parametrize("kind", ["float64", "float32"])
@variants
def test_numba_has_the_bits_of_numpy(optimizer: str, has: tuple[str, ...], kind: str) -> None:
    """The same formula compiled for one number of a trial, whatever it has of slots, names and clocks."""
    case, curvature, start = draw(optimizer, has, 8)
    rule = case.rule(np)
    tick, step = (numba.njit(inline="always")(each) for each in (rule.tick, rule.step))
    n_slots, n_names, n_clocks = max(1, rule.n_slots), max(1, len(rule.names)), max(1, rule.n_clocks)
    zero = np.dtype(kind).type(0)
    no_slots, no_h, no_clock = (zero,) * n_slots, (zero,) * n_names, (zero,) * n_clocks

    @numba.njit(error_model="numpy")
    def lanes(theta: Any, slots: Any, gradient: Any, rate: Any, h: Any, clocks: Any, is_first: bool) -> None:
        for k in range(rate.size):
            exact = to_fixed_tuple(h[:, k], n_names)  # type: ignore[call-arg, var-annotated]
            clock = tick(to_fixed_tuple(clocks[:, k], n_clocks), exact)
            here, own = no_h, no_clock
            for place in range(n_names):
                here = tuple_setitem(here, place, h[place, k])
            for place in range(n_clocks):
                clocks[place, k] = clock[place]
                own = tuple_setitem(own, place, clock[place])
            for entry in range(theta.shape[0]):
                kept = no_slots
                for place in range(n_slots):
                    kept = tuple_setitem(kept, place, slots[place, entry, k])
                theta[entry, k], kept = step(
                    theta[entry, k], kept, gradient[entry, k], rate[k], here, own, is_first
                )
                for place in range(n_slots):
                    slots[place, entry, k] = kept[place]

    def compiled(theta: Any, slots: Any, gradient: Any, rate: Any, is_first: bool) -> None:
        lanes(
            theta.reshape(-1, case.count), slots, gradient.reshape(-1, case.count), rate, h, clocks, is_first
        )

    h = np.zeros((n_names, case.count))
    for place, name in enumerate(rule.names):
        h[place] = case.number(name)
    clocks = np.ones((n_clocks, case.count))
    theta, rate = start.astype(kind), case.number("learning_rate").astype(kind)
    slots = np.zeros((n_slots, start[..., 0].size, case.count), kind)
    decay = np.ones((len(start), 1, 1)) * case.penalty
    decay = decay.astype(kind)
    hessian, constant = (each.astype(kind) for each in curvature)
    for number in range(30):
        gradient = hessian[:, 0, None, None] * theta[0]
        for q in range(1, len(start)):
            gradient += hessian[:, q, None, None] * theta[q]
        gradient -= constant[..., None]
        if case.is_decoupled:
            theta *= 1 - rate * decay
        else:
            gradient += decay * theta
        compiled(theta, slots, gradient, rate, number == 0)
    assert theta.tobytes() == path(case, [curvature], start, 30, kind=kind)[-1].astype(kind).tobytes()


GRADIENTS = np.array([-3.0, 1e-4, 0.5, 20.0])


def first_step(optimizer: str, kind: str = "float64", **values: float) -> Floats:
    """Returns the lengths of the first step at learning rate 1, for each of GRADIENTS."""
    numbers = {name: np.array([value]) for name, value in values.items()}
    case = Case(optimizer, frozenset(), {"learning_rate": np.ones(1), "weight_decay": np.zeros(1), **numbers})
    constant = -GRADIENTS[:, None]
    size = len(GRADIENTS)
    taken = path(case, [(np.zeros((size, size)), constant)], np.zeros((size, 1, 1)), 1, kind=kind)[1, :, 0, 0]
    assert (np.sign(taken) == -np.sign(GRADIENTS)).all()
    return np.asarray(np.abs(taken))


def test_the_first_step_has_its_known_length() -> None:
    """Whatever the gradient, nearly: by each definition with all averages at zero."""
    size = np.abs(GRADIENTS)
    for optimizer in ("adam", "adamw", "adagrad"):
        np.testing.assert_allclose(first_step(optimizer, eps=1e-5), size / (size + 1e-5), rtol=4e-16)
    np.testing.assert_allclose(first_step("rmsprop", eps=0.0), 10, rtol=1e-15)
    np.testing.assert_allclose(first_step("nadam", eps=0.0), 1.05645177835538823, rtol=4e-16)
    shares_kept = {"alpha": 0.9999, "eps": 0.0}  # 1 - 0.9999 in float32 is 1.0002e-4
    np.testing.assert_allclose(first_step("rmsprop", "float32", **shares_kept), 100, rtol=2e-7)
    expected = np.sqrt(1e-6) / np.sqrt(0.1 * size**2 + 1e-6) * size
    np.testing.assert_allclose(first_step("adadelta"), expected, rtol=4e-16)
    np.testing.assert_allclose(expected[3], 0.00316, rtol=1e-3)


@variants
def test_twice_the_gradient_and_eps_is_the_same_descent(optimizer: str, has: tuple[str, ...]) -> None:
    """To the bit, so that mse and half_mse differ in eps alone; not so without a ratio, nor in Adadelta."""
    case, (hessian, constant), start = draw(optimizer, has, 9)
    once = path(case, [(hessian, constant)], start, 60)
    doubled = {**case.values, "eps": 2 * case.values.get("eps", np.zeros(4))}
    twice = path(replace(case, values=doubled), [(2 * hessian, 2 * constant)], start, 60)
    assert (once.tobytes() == twice.tobytes()) == (optimizer not in ("sgd", "adadelta"))


@pytest.mark.parametrize("optimizer", ["adam", "nadam"])
def test_clocks_are_powers_and_never_fade(optimizer: str) -> None:
    """Against Python's powers, to 1e-12; none becomes a denormal number however long a descent is."""
    rule = OPTIMIZERS[optimizer].rule(frozenset(), frozenset(), np)
    h = tuple(np.array([number]) for number in (0.9, 0.95, 1e-8))
    clock = tuple(np.ones(1) for _ in range(rule.n_clocks))
    product = 1.0
    for t in range(1, 20_001):
        clock = rule.tick(clock, h)
        now, ahead = (0.9 * (1 - 0.5 * 0.96 ** (0.004 * at)) for at in (t, t + 1))
        product *= now
        if t in (1, 2, 10, 1000, 20_000):
            left = {
                "adam": (1 - 0.9**t, np.sqrt(1 - 0.95**t)),
                "nadam": (1 - 0.95**t, (1 - now) / (1 - product), ahead / (1 - product * ahead)),
            }[optimizer]
            for number in left:
                assert min(abs(own[0] / number - 1) for own in clock) < 1e-12
    assert min(float(own[0]) for own in clock) > np.finfo(float).tiny


def s1(settings: dict[str, Any]) -> tuple[list[Curvature], Floats, Floats]:
    """Returns H and C of each step of an epoch on the reference's data, and A [n, P] and Y [n, O]."""
    rows = REFERENCE["data"]["S1"]["inline"]
    design = np.column_stack([rows["x"], np.ones(len(rows["x"]))])
    targets = np.array(rows["y"])
    size = len(design) if settings["batch"] == "full" else 3
    curvatures = []
    for first in range(0, len(design), size):
        a, y = design[first : first + size], targets[first : first + size]
        factor = {"half_mse": 1, "mse": 2}[settings["loss"]] / y.size
        curvatures.append((factor * a.T @ a, factor * a.T @ y))
    return curvatures, design, targets


RUNS = {
    entry["id"].rpartition("/")[0]: entry["settings"]
    for entry in REFERENCE["entries"]
    if entry["id"].startswith("opt/") and "schedule" not in entry["settings"]
}


@pytest.mark.parametrize("run", RUNS)
def test_the_references_are_met(run: str) -> None:
    """Numbers computed by torch and by a second route, to their tolerance."""
    settings = dict(RUNS[run])
    curvatures, design, targets = s1(settings)
    optimizer = settings["optimizer"].rpartition(".")[2].lower()
    fields = OPTIMIZERS[optimizer].settings.model_fields
    flags = {name for name, value in settings.items() if name in fields and value is True}
    values = {name: np.array([float(value)]) for name, value in settings.items() if name in {*fields} - flags}
    case = Case(
        optimizer,
        frozenset(flags if "bias" in settings else flags | {"decay_bias"}),
        {"learning_rate": np.array([settings["lr"]]), **values},
    )
    steps = settings["epochs"] * len(curvatures)
    theta = path(case, curvatures, np.zeros((design.shape[1], 1, 1)), steps)[-1, :, :, 0]
    found = {
        "w0": theta[0, 0],
        "last": theta[-1, -1],
        "cost": np.mean((targets - design @ theta) ** 2),
    }
    expected = {e["id"]: e for e in REFERENCE["entries"] if e["id"].rpartition("/")[0] == run}
    assert len(expected) == 3
    for name, entry in expected.items():
        assert found[name.rpartition("/")[2]] == pytest.approx(
            float(entry["value"]), **entry["tolerance"], abs=0
        )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_keys_defaults_and_ranges_are_torchs(optimizer: str) -> None:
    """Read from torch's own signatures; what torch refuses is refused here."""
    assert set(OPTIMIZERS) == set(TORCH)
    settings = OPTIMIZERS[optimizer].settings
    parameters = inspect.signature(TORCH[optimizer]).parameters
    theirs = {name: parameter.default for name, parameter in parameters.items()}
    theirs["beta1"], theirs["beta2"] = theirs.pop("betas", (None, None))
    own = settings().model_dump()
    assert own.pop("decay_bias") is False
    assert own == {name: theirs[name] for name in own}
    assert all(field.description for field in settings.model_fields.values())
    for name in own:
        for value in () if isinstance(own[name], bool) else (-0.1, 1.0):
            weight = torch.zeros(1, requires_grad=True)
            keys: dict[str, Any] = {name: value}
            if name in ("beta1", "beta2"):
                keys = {"betas": (value, 0.9) if name == "beta1" else (0.9, value)}
            try:
                TORCH[optimizer]([weight], lr=0.1, **keys)
            except ValueError:
                with pytest.raises(ValidationError):
                    settings.model_validate({name: value})
