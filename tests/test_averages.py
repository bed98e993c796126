"""Facts about averages of states, by torch's AveragedModel and plain means."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from torch.optim.swa_utils import AveragedModel, get_ema_avg_fn, get_ema_multi_avg_fn

from linreg_sweep.averages import AVERAGES, Declared, update, weights

DECLARED: TypeAdapter[Any] = TypeAdapter(Declared)
STATES = np.random.default_rng(5).normal(size=(60, 3, 2, 4)).cumsum(axis=0)
"""[steps, P, O, k], 5 steps an epoch."""

Floats = NDArray[np.float64]


def averaged(given: Any, values: dict[str, Any] | None = None, *, chunk: int = 60) -> Floats:
    """Returns the average after every step [steps, P, O, k], its weights asked for in chunks."""
    average, found = np.zeros(STATES.shape[1:]), []
    numbers = {f"average.{key}": np.asarray(each, dtype=float) for key, each in (values or {}).items()}
    for first in range(0, 60, chunk):
        table = weights(DECLARED.validate_python(given), first + 1, min(chunk, 60 - first), 5, numbers)
        for state, weight in zip(STATES[first : first + chunk], table, strict=True):
            average = update(average, state, weight)
            found.append(average.copy())
    return np.array(found)


def by_torch(states: Floats, **averaging: Any) -> Floats:
    """Returns what torch's AveragedModel holds after each state."""
    module = torch.nn.Linear(1, 1).double()
    module.weight = torch.nn.Parameter(torch.zeros(states.shape[1:], dtype=torch.float64))
    model, found = AveragedModel(module, **averaging), []
    for state in states:
        with torch.no_grad():
            module.weight.copy_(torch.from_numpy(state))
        model.update_parameters(module)
        (weight, _) = model.module.parameters()
        found.append(weight.detach().numpy().copy())
    return np.array(found)


def near(found: Floats, expected: Floats) -> bool:
    """Returns whether all is the same to 1e-15 of the largest state."""
    return bool(np.abs(found - expected).max() <= 1e-15 * np.abs(STATES).max())


@pytest.mark.parametrize("decay", [0.0, 0.4, 0.9, 0.999])
def test_the_exponential_average_is_torchs(decay: float) -> None:
    """After every step, by either of torch's functions."""
    found = averaged({"kind": "ema", "decay": decay})
    assert near(found, by_torch(STATES, avg_fn=get_ema_avg_fn(decay)))  # type: ignore[no-untyped-call]
    assert near(found, by_torch(STATES, multi_avg_fn=get_ema_multi_avg_fn(decay)))  # type: ignore[no-untyped-call]
    assert (found[0] == STATES[0]).all()


@pytest.mark.parametrize("start", [0, 1, 7, 12])
def test_the_mean_is_that_of_the_states_after_the_epochs_named(start: int) -> None:
    """By NumPy's mean and by torch's AveragedModel; zeros before there is a state that counts."""
    found = averaged({"kind": "mean", "from": start})
    assert (found[: 5 * start] == 0).all()
    for step in range(5 * start, 60):
        assert found[step] == pytest.approx(STATES[5 * start : step + 1].mean(axis=0), rel=1e-12, abs=1e-14)
    if start < 12:
        assert near(found[5 * start :], by_torch(STATES[5 * start :]))


@pytest.mark.parametrize(
    ("kind", "key", "numbers"),
    [("ema", "decay", [0.5, 0.9, np.nan, 0]), ("mean", "from", [0, 3, np.nan, 12])],
)
def test_each_trial_has_its_own_average(kind: str, key: str, numbers: list[float]) -> None:
    """To the bit what it is alone, in any chunks of steps; NaN is what is declared."""
    together = averaged({"kind": kind}, {key: numbers}, chunk=7)
    for column, number in enumerate(numbers):
        alone = averaged({"kind": kind} if np.isnan(number) else {"kind": kind, key: number})
        assert (together[..., column] == alone[..., column]).all()


def test_torch_tensors_take_the_same_formula() -> None:
    """With the same bits."""
    table = weights(DECLARED.validate_python("ema"), 1, 60, 5, {})
    average = torch.zeros(STATES.shape[1:], dtype=torch.float64)
    for state, weight in zip(STATES, table, strict=True):
        average = update(average, torch.from_numpy(state), torch.from_numpy(weight))
    assert (average.numpy() == averaged("ema")[-1]).all()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("none", "none"),
        ({"kind": "mean", "from": 0}, "mean"),
        ({"kind": "mean", "from": 10}, "mean(from=10)"),
        ({"kind": "ema", "decay": 0.9}, "ema(decay=0.9)"),
    ],
)
def test_a_label_says_what_is_not_at_its_default(given: Any, text: str) -> None:
    """Written out, it is the same average again; the JSON Schema knows each key."""
    declared = DECLARED.validate_python(given)
    assert str(declared) == text
    assert DECLARED.validate_python(DECLARED.dump_python(declared)) == declared
    schema = json.dumps(DECLARED.json_schema())
    assert all(f'"{key}"' in schema for model in AVERAGES.values() for key in model.model_fields)


@pytest.mark.parametrize(
    ("given", "path", "hint"),
    [
        ("men", (), "did you mean 'mean'?"),
        ({"decay": 0.9}, (), "known here: none, mean, ema"),
        ({"kind": "mean", "decay": 0.9}, ("decay",), "average mean has from"),
        ({"kind": "none", "from": 1}, ("from",), "average none has no keys"),
    ],
)
def test_what_is_wrong_is_named_at_its_key(given: Any, path: tuple[str, ...], hint: str) -> None:
    """With what there is instead."""
    with pytest.raises(ValidationError) as raised:
        DECLARED.validate_python(given)
    (error,) = raised.value.errors()
    assert (error["loc"], error["ctx"]["hint"]) == (path, hint)
