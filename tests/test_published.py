"""Results that others published, through the config files, at the precision they were published in."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import linreg_sweep as ls
from linreg_sweep.cli import main
from linreg_sweep.config import load_config

HERE = Path(__file__).parent
CONFIGS = HERE.parent / "configs"
PUBLISHED: dict[str, Any] = {
    entry["config"]: entry
    for entry in json.loads((HERE / "facts" / "published.json").read_text(encoding="utf-8"))
}

Capture = pytest.CaptureFixture[str]


def config(name: str) -> str:
    """Returns the path of a config."""
    return str(CONFIGS / f"{name}.yaml")


def printed(capsys: Capture, name: str, *arguments: str) -> list[dict[str, float]]:
    """Returns the rows that `train` prints as CSV."""
    assert main(["train", config(name), "--format", "csv", *arguments]) == 0
    rows = csv.DictReader(capsys.readouterr().out.splitlines())
    return [{key: float(value) for key, value in row.items()} for row in rows]


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_config_is_the_published_set_up(name: str) -> None:
    """Every setting that was published stands in the config, so that no other one gives its numbers."""
    entry, resolved = PUBLISHED[name], load_config(config(name)).config
    assert resolved.data.path is not None
    assert Path(resolved.data.path).name == entry["data"]
    assert resolved.data.fit_bias == entry.get("fit_bias", True)
    training = resolved.training
    start = entry["initial_weight"]
    assert training.initial_weight == (tuple(start) if isinstance(start, list) else start)
    assert training.initial_bias == entry.get("initial_bias", 0)
    assert training.learning_rate == entry.get(
        "learning_rate", entry.get("runs", [{}])[0].get("learning_rate")
    )
    assert (training.loss, training.batch_size) == (entry["loss"], entry.get("batch_size"))
    assert (training.order, training.momentum, training.dtype) == ("file", 0, "float64")
    assert training.epochs == entry.get("epochs", training.epochs)


def test_google_mlcc_to_two_decimals(capsys: Capture) -> None:
    """Weight, bias and cost of the crash course's six states; the cost of state t is in row t + 1."""
    rows = printed(capsys, "google_mlcc_mpg")
    states = [{"weight": 0.0, "bias": 0.0}, *rows]
    for t, weight, bias, cost in PUBLISHED["google_mlcc_mpg"]["rows"]["at"]:
        found = (states[t]["weight"], states[t]["bias"], rows[t]["cost"])
        assert [f"{value:.2f}" for value in found] == [f"{value:.2f}" for value in (weight, bias, cost)]


def test_nedrich_to_twelve_digits(capsys: Capture) -> None:
    """Weight and bias after 1,000 steps, and the cost before and after them, to a relative 1e-12."""
    entry = PUBLISHED["nedrich"]
    exact = {"rel": entry["relative_tolerance"], "abs": 0}
    last = printed(capsys, "nedrich")[-1]
    assert last["epoch"] == entry["epochs"]
    assert last["weight"] == pytest.approx(entry["final"]["weight"], **exact)
    assert last["bias"] == pytest.approx(entry["final"]["bias"], **exact)
    training = ls.train(config("nedrich"), every=1)
    assert training.rows["cost"][0] == pytest.approx(entry["cost_at_start"], **exact)
    assert training.last["cost"][0] == pytest.approx(entry["final"]["cost"], **exact)


def test_brownlee_row_by_row(capsys: Capture) -> None:
    """Stochastic gradient descent, a step after every row in file order: 250 steps, to a relative 1e-12."""
    last = printed(capsys, "brownlee")[-1]
    for name, value in PUBLISHED["brownlee"]["final"].items():
        assert last[name] == pytest.approx(value, rel=1e-12, abs=0)


@pytest.mark.parametrize("run", PUBLISHED["d2l_quadratic"]["runs"], ids=lambda run: str(run["learning_rate"]))
def test_d2l_quadratic_to_six_decimals(run: dict[str, Any], capsys: Capture) -> None:
    """Twenty steps on 0.1 a^2 + 2 b^2 from (-5, -2), at a rate that converges and one that diverges."""
    last = printed(capsys, "d2l_quadratic", "--set", f"learning_rate={run['learning_rate']}")[-1]
    found = [f"{last[name]:.6f}" for name in ("weight_x1", "weight_x2")]
    assert found == [f"{value:.6f}" for value in run["final"]]


def test_d2l_quadratic_diverges_above_its_limit() -> None:
    """The rate that the book says diverges is above the stability limit 0.5 and called too_high."""
    rate = next(run["learning_rate"] for run in PUBLISHED["d2l_quadratic"]["runs"] if "called" in run)
    training = ls.train(config("d2l_quadratic"), overrides=[f"learning_rate={rate}"])
    assert training.regime == "too_high"
    assert training.last["stability_ratio"][0] == pytest.approx(rate / 0.5)
