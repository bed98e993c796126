"""Facts about plans: what a sweep would do, which is then what it does."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import linreg_sweep as ls
from linreg_sweep.planning import Plan
from linreg_sweep.text.plans import format_plan
from linreg_sweep.trials.axes import Axis

ROOT = Path(__file__).parents[1]

SWEEP: dict[str, Any] = {
    "name": "planned",
    "data": {"name": "tutorial"},
    "method": "grid",
    "training": {"epochs": 20},
    "parameters": {"learning_rate": {"values": [0.001, 0.005]}},
}


def planned(parameters: Any = None, **more: Any) -> Plan:
    """Returns the plan of a grid on the tutorial's data."""
    return ls.plan(SWEEP | ({"parameters": parameters} if parameters else {}) | more)


def test_axes_of_a_grid_are_told_with_their_ends() -> None:
    """How many values, from where to where, and in what way."""
    plan = planned(
        {
            "learning_rate": {"min": 1e-4, "max": 1e-2, "num": 41, "scale": "log"},
            "initial_weight": {"min": -10, "max": 10, "step": 0.5},
            "initial_bias": {"min": 0, "max": 1, "num": 3},
            "momentum": {"values": [0.9, 0.5]},
            "epochs": 7,
        }
    )
    assert plan.n_trials == 41 * 41 * 3 * 2
    assert plan.axes == (
        Axis("learning_rate", 41, 1e-4, 1e-2, "evenly spaced, log scale"),
        Axis("initial_weight", 41, -10.0, 10.0, "in steps of 0.5"),
        Axis("initial_bias", 3, 0.0, 1.0, "evenly spaced, linear scale"),
        Axis("momentum", 2, 0.5, 0.9, "the values given"),
        Axis("max_epochs", 1, 7.0, 7.0, "fixed"),
    )


def test_axes_of_a_random_sweep() -> None:
    """As many values as trials; a normal one has no ends."""
    parameters = {
        "learning_rate": {"min": 1e-4, "max": 1e-2, "scale": "log"},
        "initial_weight": {"distribution": "normal", "mu": 0, "sigma": 3},
        "momentum": 0.5,
    }
    plan = ls.plan(SWEEP | {"method": "random", "trials": 1000, "parameters": parameters})
    assert plan.n_trials == 1000
    assert plan.axes == (
        Axis("learning_rate", None, 1e-4, 1e-2, "random, evenly over a log scale"),
        Axis("initial_weight", None, None, None, "random, normal with mu 0 and sigma 3"),
        Axis("momentum", 1, 0.5, 0.5, "fixed"),
    )


def test_theory_of_the_tutorials_data() -> None:
    """The published limit, best rate and condition number."""
    plan = planned()
    assert plan.stability_limit == pytest.approx(0.0063305, abs=5e-8)
    assert plan.best_rate == pytest.approx(0.0063258, abs=5e-8)
    assert plan.condition_number == pytest.approx(1332, abs=0.5)


def test_the_limit_of_a_schedule_is_that_of_its_long_run() -> None:
    """Of a rate that falls to 4e-6 of itself it is far above what diverges on the way: the plan says so."""
    limit = planned().stability_limit
    one_cycle = planned({"learning_rate": 0.02}, training={"epochs": 100, "schedule": "one_cycle"})
    assert limit is not None
    assert one_cycle.stability_limit == pytest.approx(limit / 4e-6)
    assert one_cycle.forecast.outcomes["diverged"] == 1
    [told] = [line for line in format_plan(one_cycle) if line.startswith("Stability limit")]
    assert told.startswith("Stability limit in the long run: 1582.63; a smaller learning rate may diverge")


@pytest.mark.parametrize(("loss", "times"), [("half_mse", 1), ("mse", 2), ("sse", 60)])
def test_theory_honours_the_loss(loss: str, times: int) -> None:
    """A steeper loss has a lower limit, and the same condition number."""
    plan = planned(training={"loss": loss})
    assert plan.stability_limit == pytest.approx(0.00633053 / times, rel=1e-5)
    assert plan.condition_number == pytest.approx(1332.3, rel=1e-4)


def test_theory_honours_momentum() -> None:
    """The limit is the momentum's own; a best rate is only told for plain descent."""
    plan = planned(training={"momentum": 0.5})
    assert plan.stability_limit == pytest.approx(1.5 * 0.00633053, rel=1e-5)
    assert plan.best_rate is None
    nesterov = planned(training={"momentum": 0.5, "nesterov": True})
    assert nesterov.stability_limit == pytest.approx(0.75 * 0.00633053, rel=1e-5)


@pytest.mark.parametrize(
    "more",
    [
        {"training": {"batch_size": 5, "order": "reshuffle"}},
        {"parameters": {"batch_size": {"values": [5, 30]}}},
        {"parameters": {"momentum": {"values": [0, 0.5]}}},
        {
            "training": {"momentum": 0.9, "schedule": {"name": "chebyshev"}},
            "parameters": {"epochs": {"values": [2, 5, 50]}},
        },
    ],
)
def test_no_limit_is_told_where_no_one_limit_holds(more: dict[str, Any]) -> None:
    """Permuted batches have none, each size, momentum and length of a schedule has its own."""
    plan = ls.plan(SWEEP | more)
    assert (plan.stability_limit, plan.best_rate) == (None, None)
    assert plan.condition_number == pytest.approx(1332.3, rel=1e-4)


@pytest.mark.parametrize(("more", "bound"), [({}, 0.0025413), ({"schedule": "silver"}, None)])
def test_no_bound_for_any_order_is_told_under_a_schedule(more: dict[str, Any], bound: float | None) -> None:
    """One that makes longer steps than the learning rate lets errors grow below it."""
    found = planned(training={"batch_size": 5, "order": "reshuffle"} | more).any_order_limit
    assert found == (bound and pytest.approx(bound, rel=1e-5))


def test_flat_data_have_no_limit() -> None:
    """Where x is 0 and no bias is fitted there is nothing to descend on."""
    plan = ls.plan(SWEEP | {"data": {"name": "tutorial", "fit_bias": False}}, data=([0.0, 0.0], [1.0, 2.0]))
    assert (plan.stability_limit, plan.best_rate, plan.condition_number) == (None, None, 1.0)


def test_singular_directions_do_not_count() -> None:
    """The condition number is over the directions that matter."""
    x = np.random.default_rng(1).standard_normal(20)
    plan = ls.plan(SWEEP, data=(np.stack([x, x], axis=1), 2 * x))
    design = np.stack([x, x, np.ones(20)], axis=1)
    curvature = np.linalg.eigvalsh(design.T @ design / 20)[1:]  # the first is 0, but for rounding
    assert plan.condition_number == pytest.approx(curvature[1] / curvature[0], rel=1e-12)
    assert plan.stability_limit == pytest.approx(2 / curvature[1], rel=1e-12)
    assert plan.best_rate == pytest.approx(2 / curvature.sum(), rel=1e-12)


def test_a_plan_is_kept(tmp_path: Path) -> None:
    """The run has the trials and parts that were planned, and takes no more disk."""
    sweep = SWEEP | {
        "parameters": {"learning_rate": {"min": 1e-4, "max": 1e-2, "num": 1500}},
        "history": {"every": 10},
    }
    plan, run = ls.plan(sweep), ls.run(sweep, out=tmp_path, jobs=1)
    assert (plan.n_trials, plan.n_parts) == (run.n_trials, run.metadata["n_parts"]) == (1500, 2)
    used = sum(file.stat().st_size for file in run.path.rglob("*.parquet"))
    assert used <= plan.disk
    assert plan.memory > 0


def test_large_plans_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep of 10**15 trials is counted exactly, without making or writing any."""
    monkeypatch.chdir(tmp_path)
    axis = {"min": 0, "max": 1, "num": 10**5}
    parameters = {
        "initial_weight": axis,
        "initial_bias": axis,
        "momentum": {"min": 0, "max": 0.9, "num": 10**5},
    }
    plan = planned(parameters, max_trials=10**15)
    assert plan.n_trials == 10**15
    assert plan.n_parts == -(-(10**15) // 65536)
    assert list(tmp_path.iterdir()) == []


def test_a_plan_says_what_would_be_trained() -> None:
    """Data, rows, loss, engine and the most epochs of any trial."""
    sweep = {
        "data": {"name": "tutorial"},
        "method": "grid",
        "training": {"loss": "mse"},
        "parameters": {"epochs": {"values": [5, 12000]}},
    }
    assert ls.plan(sweep).what == (
        "tutorial (built in), 30 rows, loss mse, engine numpy, up to 12,000 epochs"
    )
    assert ", loss sse," in planned({"loss": "sse"}).what
    assert ", loss sse, half_mse," in planned([{"loss": "sse"}, {"momentum": 0.5}]).what


@pytest.mark.system
@pytest.mark.parametrize(
    ("shape", "batch_size", "order", "measured"),
    [
        ((200_000, 5), 1, "file", 71e6),  # rows as they are
        ((300_000, 5), 4, "file", 134e6),  # H of each batch
        ((300_000, 5), 4, "reshuffle", 306e6),  # and of each epoch
    ],
)
def test_memory_counts_the_batches_and_the_data(
    shape: tuple[int, int], batch_size: int, order: str, measured: float
) -> None:
    """Within a factor of 2 of the growth of ru_maxrss in a process of its own that trained a part."""
    sweep = SWEEP | {"training": {"epochs": 40, "batch_size": batch_size, "order": order}}
    x = np.random.default_rng(0).normal(size=shape)
    assert measured / 2 < ls.plan(sweep, data=(x, x[:, 0])).memory < 2 * measured


@pytest.mark.parametrize(
    ("shape", "batch_size", "epochs", "engine", "measured"),
    [
        ((1000, 10), 1, 9000, "numba", 67e6),  # rows in the orders of as many epochs as there is room for
        ((1000, 50), 10, 3000, "numba", 17e6),  # of a third of them
        ((1000, 10), 16, 4000, "numba", 6.9e6),  # H that is made of rows
        ((2000, 1), 2, 300, "numpy", 44e6),  # H of the steps of 32 epochs
    ],
)
def test_memory_counts_the_epochs_that_are_drawn_at_once(
    shape: tuple[int, int], batch_size: int, epochs: int, engine: str, measured: float
) -> None:
    """Within a factor of 2 of tracemalloc's peak over two trials, however small the data."""
    training = {"epochs": epochs, "batch_size": batch_size, "order": "reshuffle", "engine": engine}
    x = np.random.default_rng(0).normal(size=shape)
    assert measured / 2 < ls.plan(SWEEP | {"training": training}, data=(x, x[:, 0])).memory < 2 * measured


def test_memory_counts_products_of_rows_with_one_another() -> None:
    """Of eight single rows at a time, which momentum does not take together."""
    x = np.random.default_rng(0).normal(size=(1000, 40))

    def taken(**training: float) -> int:
        sweep = SWEEP | {"training": {"epochs": 20, "engine": "numba", "batch_size": 1} | training}
        return ls.plan(sweep, data=(x, x[:, 0])).memory

    assert taken() - taken(momentum=0.5) == 1000 * 8 * 8


def test_time_grows_with_epochs_trials_and_batches() -> None:
    """In proportion, where one alone grows and is large; closed_form takes the same for any epochs."""
    base = {"parameters": {"learning_rate": {"min": 1e-5, "max": 1e-4, "num": 50_000}}}

    def taken(**training: Any) -> float:
        seconds = ls.plan(SWEEP | base | {"training": {"epochs": 10_000} | training}).seconds
        assert seconds is not None
        return seconds

    assert taken(epochs=80_000) == pytest.approx(8 * taken(), rel=0.2)
    assert taken(batch_size=1) == pytest.approx(30 * taken(), rel=0.2)
    assert taken(engine="closed_form") == taken(engine="closed_form", epochs=10**9) < taken() / 3
    assert taken(engine="torch") > 3 * taken()


def test_time_counts_the_steps_of_epochs_in_file_order() -> None:
    """What they come to takes longer than to train a few trials, however few."""
    x = np.random.default_rng(0).normal(size=(50_000, 1))

    def taken(order: str) -> float:
        training = {"engine": "numba", "batch_size": 1, "epochs": 1, "order": order}
        seconds = ls.plan(SWEEP | {"training": training}, data=(x, x[:, 0])).seconds
        assert seconds is not None
        return seconds

    assert taken("file") > taken("reshuffle") + 4


def test_time_counts_means_that_take_passes_over_the_rows() -> None:
    """Of fifty features they take longer than training does, but are the same for all seeds."""
    draw = np.random.default_rng(3)
    data, training = draw.normal(size=(400, 51)), {"engine": "numba", "batch_size": 40, "epochs": 50}
    rates = {"learning_rate": {"min": 0.001, "max": 0.01, "num": 50}}

    def taken(order: str, **further: Any) -> float:
        sweep = {"name": "of", "method": "grid", "training": training | {"order": order}}
        seconds = ls.plan(sweep | {"parameters": rates | further}, data=(data[:, :50], data[:, 50])).seconds
        assert seconds is not None
        return seconds

    assert taken("independent") > 3 * taken("file")
    assert taken("independent", seed={"values": [0, 1]}) < 1.5 * taken("independent")


def test_a_sweep_that_is_wasted_is_told_what_helps() -> None:
    """And one that is not is told nothing."""
    wasted = planned({"learning_rate": {"values": [1e-6, 1e-5, 1]}})
    assert wasted.advice is not None
    assert planned({"learning_rate": {"values": [0.005]}}, training={"epochs": 10_000}).advice is None


@pytest.mark.parametrize("name", ["momentum", "weight_decay"])
def test_what_varies_by_one_value_is_told_as_in_the_set_up(name: str) -> None:
    """The limit and the condition number are those that the trials have."""
    rate = {"learning_rate": {"values": [0.001]}}
    found, expected = planned(rate | {name: 0.5}), planned(rate, training={name: 0.5})
    assert found.stability_limit == expected.stability_limit is not None
    assert found.condition_number == expected.condition_number


def test_a_penalty_has_a_condition_number_of_its_own() -> None:
    """As numpy.linalg has it."""
    experiment = planned(training={"weight_decay": 1})
    x = np.genfromtxt(ROOT / "linreg_sweep" / "datasets" / "tutorial.csv", delimiter=",", skip_header=1)[
        :, :1
    ]
    design = np.column_stack([x, np.ones(len(x))])
    curvature = np.linalg.eigvalsh(design.T @ design / len(x) + np.diag([1.0, 0.0]))
    assert experiment.condition_number == pytest.approx(curvature[1] / curvature[0], rel=1e-9)


def test_what_moves_the_limit_is_named() -> None:
    """Where trials have limits of their own."""
    several = {"momentum": {"values": [0, 0.5]}, "loss": {"values": ["mse", "sse"]}}
    assert planned(several).no_limit == ("it moves with momentum and loss",)
    sizes = {"batch_size": {"values": [5, 10]}}
    assert planned(sizes).no_limit == ("it moves with batch_size",)
    permuted = planned(training={"batch_size": 5, "order": "reshuffle"})
    assert permuted.no_limit == ("each epoch has a permutation of its own",)


def test_a_plan_is_two_tables_in_a_notebook() -> None:
    """What it comes to, with its units and what is not known left out, and what varies; all of it escaped."""
    html = planned(
        {"learning_rate": {"values": [0.001, 0.005]}, "batch_size": 5}, training={"order": "reshuffle"}
    )._repr_html_()
    assert html.startswith("<p>planned: tutorial (built in), 30 rows, ")
    assert "<td>trials</td>\n      <td>2</td>" in html
    assert "stability limit" not in html
    assert "<td>condition number</td>\n      <td>1,332.3</td>" in html
    assert (
        html.index("What varies") < html.index("<td>learning_rate</td>") < html.index("<td>batch_size</td>")
    )
    assert "0.00633053" in planned()._repr_html_()
