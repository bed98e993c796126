"""Every sweep that is an example gives the answer in its opening comment."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import linreg_sweep as ls
from tests.answers import Runs, answer, assert_says, comment, converged_at, outcomes, runs

__all__ = ["runs"]

pytestmark = pytest.mark.system

ROOT = Path(__file__).parent.parent


def test_which_learning_rate_is_good_from_every_start(runs: Runs) -> None:
    """sweeps/learning_rate_by_start.yaml: the rates at which all starts converge, and what a start does."""
    run = runs("learning_rate_by_start")
    table = run.summary(by="learning_rate")
    every = table[table["share_converged"] == 1]
    said = answer("sweeps", "learning_rate_by_start")
    lowest, highest = every["learning_rate"].min(), every["learning_rate"].max()
    assert_says(said, f"from {lowest:.3g} to {highest:.3g}")
    assert len(every) == table["learning_rate"].between(lowest, highest).sum()
    fastest = every[every["median_converged_at"] == every["median_converged_at"].min()]
    assert fastest["learning_rate"].tolist() == [highest]
    limit = ls.plan(ROOT / "sweeps" / "learning_rate_by_start.yaml").stability_limit
    assert limit is not None
    assert_says(said, f"stability limit {limit:.3g}")
    assert (table["diverged"] == table["trials"]).equals(table["learning_rate"] > limit)

    by_start = run.summary(by="initial_weight").set_index("initial_weight")["converged"]
    usual = by_start[:8.0]
    assert_says(said, f"{usual.min()} to {usual.max()}", f"and {by_start[9.5]} from 9.5 and 10")
    assert by_start[9.5] == by_start[10.0] == by_start.max()


def test_the_tutorials_four_rates(runs: Runs) -> None:
    """sweeps/tutorial_rates.yaml: regime, outcome and epoch of each rate; the kept states are there."""
    run = runs("tutorial_rates")
    trials = run.trials.set_index("learning_rate")
    assert trials["regime"].tolist() == ["low", "good", "high", "too_high"]
    assert trials["outcome"].tolist() == ["unfinished", "converged", "converged", "diverged"]
    said = answer("sweeps", "tutorial_rates")
    assert_says(said, f"epoch {trials['converged_at'][0.005]:,}, 0.006 high")
    assert_says(said, f"epoch {trials['converged_at'][0.006]:,};", f"epoch {trials['diverged_at'][0.007]}")
    slowest = run.history[run.history["trial"] == 0]
    assert slowest["epoch"].tolist() == [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]


def test_what_rescues_a_far_start(runs: Runs) -> None:
    """sweeps/far_start.yaml: which rates converge within how many epochs."""
    trials = runs("far_start").trials
    came = trials[trials["outcome"] == "converged"]
    rescued = {
        epochs: sorted(came["learning_rate"][came["max_epochs"] == epochs])
        for epochs in (10000, 20000, 40000, 80000)
    }
    assert rescued == {
        10000: [],
        20000: [0.004, 0.005, 0.006],
        40000: [0.002, 0.004, 0.005, 0.006],
        80000: [0.001, 0.002, 0.004, 0.005, 0.006],
    }
    assert outcomes(trials[trials["learning_rate"] == 0.007]) == {"diverged"}
    said = answer("sweeps", "far_start")
    assert_says(said, converged_at(trials, max_epochs=80000, learning_rate=0.001))
    assert_says(said, "10,000 epochs rescue none", "20,000 do from 0.004 to 0.006", "40,000 do at 0.002")


def test_what_momentum_wins_within_its_own_limit(runs: Runs) -> None:
    """sweeps/momentum_limits.yaml: the fastest trial of each momentum, and what happens beyond the limit."""
    trials = runs("momentum_limits").trials
    said = answer("sweeps", "momentum_limits")
    fastest = trials[trials["outcome"] == "converged"].groupby("momentum")["converged_at"].min()
    assert_says(said, f"without momentum the fastest trial converges at epoch {fastest[0.0]:,}")
    assert_says(said, *(f"with {momentum} at {fastest[momentum]}" for momentum in (0.5, 0.9, 0.99)))
    diverged = trials["outcome"] == "diverged"
    assert sorted(set(trials["stability_ratio"][diverged].round(9))) == [1.05, 1.1]
    assert_says(said, "from 1.05 limits on all diverge")
    assert diverged[trials["stability_ratio"] > 1.01].all()


def test_numpy_against_torch_at_the_same_rate(runs: Runs) -> None:
    """sweeps/rates_*.yaml: torch at a rate is NumPy at twice it; under the same loss they are alike."""
    by_numpy = runs("rates_numpy").trials.set_index("learning_rate")
    by_torch = runs("rates_torch").trials.set_index("learning_rate")
    alike = runs("rates_torch", "loss=half_mse").trials.set_index("learning_rate")
    for rate in (0.001, 0.002, 0.003):
        # float32 against float64: see the rounding in test_tutorial.py
        expected = by_numpy["converged_at"][2 * rate]
        assert by_torch["converged_at"][rate] == pytest.approx(expected, rel=0.01)
    assert by_torch["outcome"][0.0005] == by_numpy["outcome"][0.001] == "unfinished"
    assert outcomes(by_torch[by_torch.index >= 0.004]) == {"diverged"}
    assert by_numpy.index[by_numpy["outcome"] == "converged"].max() == 0.006
    assert alike["outcome"].tolist() == by_numpy["outcome"].tolist()
    both = by_numpy["outcome"] == "converged"
    np.testing.assert_allclose(
        alike["converged_at"][both].astype(float), by_numpy["converged_at"][both].astype(float), rtol=0.01
    )
    assert_says(answer("sweeps", "rates_numpy"), f"epoch {by_numpy['converged_at'][0.002]:,}")
    assert_says(answer("sweeps", "rates_torch"), "0.004 diverges already")


def test_the_learning_rate_decides_a_random_search(runs: Runs) -> None:
    """sweeps/random_search.yaml: the shares that converge, by ranges of the rate and of the weight."""
    run = runs("random_search")
    by_rate = run.summary(by="learning_rate", bins=12)
    assert by_rate["share_converged"].min() == 0
    said = answer("sweeps", "random_search")
    (best,) = by_rate["learning_rate"][by_rate["share_converged"] == 1]
    assert_says(said, str(best))
    by_weight = run.summary(by="initial_weight", bins=12)["share_converged"]
    low, high = np.floor(100 * by_weight.min()), np.ceil(100 * by_weight.max())
    assert_says(said, f"between {low:.0f} % and {high:.0f} %")


def test_smaller_batches_need_fewer_epochs_until_they_scatter(runs: Runs) -> None:
    """sweeps/batch_sizes.yaml: epochs by batch size at 0.001, and which size is best at 0.005."""
    trials = runs("batch_sizes").trials
    slow = trials[trials["learning_rate"] == 0.001].sort_values("batch_size")
    needed = slow["converged_at"].fillna(2001)
    assert needed.is_monotonic_increasing
    said = answer("sweeps", "batch_sizes")
    by_size = slow.set_index("batch_size")["converged_at"]
    assert_says(said, f"single rows take {by_size[1]:,} epochs", f"10 take {by_size[10]:,}")
    assert by_size[[30]].isna().all()
    fast = trials[trials["learning_rate"] == 0.005].set_index("batch_size")
    assert fast["outcome"][1] == "unfinished"
    fastest = fast["converged_at"].min()
    assert fast["converged_at"][2] == fastest
    assert fast["converged_at"].value_counts()[fastest] == 1
    assert_says(said, f"two rows are best, {fastest} epochs")


def test_no_rate_fits_the_geyser_as_it_is(runs: Runs) -> None:
    """sweeps/faithful_unscaled.yaml: nothing converges on either side of the limit."""
    trials = runs("faithful_unscaled").trials
    plan = ls.plan(ROOT / "sweeps" / "faithful_unscaled.yaml")
    assert plan.stability_limit is not None
    below = trials["learning_rate"] < plan.stability_limit
    assert outcomes(trials[below]) == {"unfinished"}
    assert outcomes(trials[~below]) == {"diverged"}
    said = answer("sweeps", "faithful_unscaled")
    assert_says(said, f"stability limit {plan.stability_limit:.3g}", f"cost {trials['cost'].min():.3f}")
    assert_says(said, f"condition number is {plan.condition_number:,.0f}")
    least = (trials["cost"] - trials["excess_cost"])[0]
    assert_says(comment(ROOT / "sweeps" / "faithful_unscaled.yaml")["Read"], f"{least:.3f}")


def test_most_rates_fit_the_geyser_standardized(runs: Runs) -> None:
    """sweeps/faithful_standardized.yaml: the largest rate that converges, the smallest that does not."""
    trials = runs("faithful_standardized").trials
    came = trials["outcome"] == "converged"
    rates = trials["learning_rate"]
    said = answer("sweeps", "faithful_standardized")
    assert_says(said, f"from {rates[came].min():.3g} to {rates[came].max():.3g} converges")
    assert_says(said, f"from {rates[~came].min():.3g} on all diverge")
    assert outcomes(trials[~came]) == {"diverged"}
    assert converged_at(trials, learning_rate=1) == "epoch 1"
    plan = ls.plan(ROOT / "sweeps" / "faithful_standardized.yaml")
    assert plan.stability_limit == pytest.approx(2)
    assert plan.condition_number == pytest.approx(1)


def test_which_rate_suits_ten_features(runs: Runs) -> None:
    """sweeps/diabetes.yaml: the rates that converge, the fastest, and the first that diverges."""
    run = runs("diabetes")
    trials = run.trials
    came = trials[trials["outcome"] == "converged"]
    rates = came["learning_rate"]
    said = answer("sweeps", "diabetes")
    assert_says(said, f"from {rates.min():.3g} to {rates.max():.3g}")
    best = run.best(1).iloc[0]
    assert best["learning_rate"] == rates.max()
    assert_says(said, f"epoch {best['converged_at']:,}")
    first = trials["learning_rate"][trials["outcome"] == "diverged"].min()
    limit = ls.plan(ROOT / "sweeps" / "diabetes.yaml").stability_limit
    assert limit is not None
    assert_says(said, f"{first:.3g} already diverges", f"stability limit {limit:.3g}")


def best_of(trials: pd.DataFrame, *keys: str) -> pd.Series:
    """Returns the first epoch of convergence by these columns; missing where no trial converged."""
    came = trials["converged_at"].where(trials["outcome"] == "converged").astype("Float64")
    return came.groupby([trials[key].astype(object).fillna("") for key in keys]).min()


def test_every_optimizer_at_its_own_rates(runs: Runs) -> None:
    """sweeps/optimizers.yaml: the fastest trial of each optimizer, and the span of rates that converge."""
    trials = runs("optimizers").trials
    fastest = best_of(trials, "optimizer", "momentum")
    said = answer("sweeps", "optimizers")
    assert fastest[fastest.notna()].sort_values().index.get_level_values(0).tolist() == [
        *("nadam", "adam", "sgd", "rmsprop", "adagrad", "sgd")
    ]
    assert fastest.index[fastest.isna()].tolist() == [("adadelta", "")]
    assert_says(
        said, f"nadam converges at epoch {fastest['nadam', '']:.0f}", f"adam at {fastest['adam', '']:.0f}"
    )
    assert_says(
        said, f"momentum 0.9 at {fastest['sgd', 0.9]:.0f}", f"rmsprop at {fastest['rmsprop', 0.0]:.0f}"
    )
    assert_says(said, f"adagrad at {fastest['adagrad', '']:.0f}", f"plain sgd at {fastest['sgd', 0.0]:,.0f}")
    came = trials[trials["outcome"] == "converged"]
    rates = came.groupby([came["optimizer"].astype(str), came["momentum"].fillna(0)])["learning_rate"]
    span = rates.max() / rates.min()
    assert_says(said, f"factor of {span['sgd', 0.0]:.0f}", f"with momentum of {span['sgd', 0.9]:.0f}")
    assert_says(said, f"nadam of {span['nadam', 0.0]:,.0f}", "adam of more than 10,000")
    assert span["adam", 0.0] > 10_000


def test_nearly_collinear_data(runs: Runs) -> None:
    """sweeps/optimizers_longley.yaml: which optimizers converge and when, the condition number."""
    run = runs("optimizers_longley")
    fastest = best_of(run.trials, "optimizer", "momentum").dropna().sort_values()
    assert fastest.index.tolist() == [("sgd", 0.99), ("sgd", 0.9), ("adam", ""), ("nadam", "")]
    first, second, adam, nadam = fastest
    said = answer("sweeps", "optimizers_longley")
    assert_says(said, f"0.99 is best, {first:,.0f} epochs", f"0.9 with {second:,.0f}", f"needs {nadam:,.0f}")
    (rate,) = run.trials["learning_rate"][
        (run.trials["converged_at"] == adam) & (run.trials["optimizer"] == "adam")
    ]
    assert_says(said, f"adam with {adam:,.0f} at rate {rate:,.0f}")
    table = pd.read_csv(ROOT / "data" / "longley.csv")
    x = table.drop(columns="y")
    scaled = np.column_stack([(x - x.mean()) / x.std(ddof=0), np.ones(len(x))])
    asked = comment(ROOT / "sweeps" / "optimizers_longley.yaml")["Question"]
    assert_says(asked, f"condition number {np.linalg.cond(scaled) ** 2:,.0f}")


def test_schedules_bring_mini_batches_to_rest(runs: Runs) -> None:
    """sweeps/schedules.yaml: the least last cost of each schedule at the largest and at the smallest rate."""
    trials = runs("schedules").trials
    cost = trials.groupby(["learning_rate", trials["schedule"].astype(str).str.partition("(")[0]])[
        "cost"
    ].min()
    said = answer("sweeps", "schedules")
    late, step, inverse, constant = (
        cost[0.005, name] for name in ("cosine", "step", "inverse_time", "constant")
    )
    assert f"{cost[0.005, 'one_cycle']:.4f}" == f"{late:.4f}"
    assert_says(said, f"cost {late:.4f}", f"{step:.4f} with step", f"{inverse:.4f} with inverse_time")
    assert_says(said, f"{constant:.4f} at a constant rate")
    slow = trials[trials["learning_rate"] == 0.001]
    assert outcomes(slow) == {"unfinished"}
    assert cost[0.001].idxmin() == "constant"
    least = (trials["cost"] - trials["excess_cost"])[0]
    assert_says(comment(ROOT / "sweeps" / "schedules.yaml")["Read"], f"least cost is {least:.4f}")


def test_stopping_early_is_nearly_ridge(runs: Runs) -> None:
    """sweeps/ridge_by_stopping.yaml: the weights' ratio is (1 - e^-x) (1 + x) / x, at most 1.2985."""
    trials = runs("ridge_by_stopping").trials
    stopped = trials[trials["weight_decay"] == 0].set_index("max_epochs")["weight"]
    ridge = trials[trials["weight_decay"] > 0].set_index("weight_decay")["weight"]
    x = 1e-4 * stopped.index.to_numpy(dtype=float)
    np.testing.assert_allclose(1 / x, ridge.index)
    ratio = stopped.to_numpy() / ridge.to_numpy()
    np.testing.assert_allclose(ratio, -np.expm1(-x) * (1 + x) / x, rtol=1e-3)
    every = np.linspace(1e-3, 50, 1_000_000)
    largest = (-np.expm1(-every) * (1 + every) / every).max()
    said = answer("sweeps", "ridge_by_stopping")
    assert_says(said, f"{np.ceil(1e4 * largest) / 1e4:.4f} times")
    assert 1 < ratio.min() < ratio.max() < 1.2985
    assert ratio.argmax() == 3
    assert_says(said, f"{stopped[18000]:.4f} against {ridge.iloc[3]:.4f} at 18,000 epochs")


def test_chebyshevs_steps_are_the_best(runs: Runs) -> None:
    """sweeps/chebyshev.yaml: in both directions what is left of the start is (19/21)^N, or 1 / T_N(21/19)."""
    trials = runs("chebyshev").trials
    for steps in (1, 2, 4, 8, 16, 32):
        left = 1 / np.polynomial.chebyshev.chebval(21 / 19, [0] * steps + [1])
        for schedule, share in (("constant", (19 / 21) ** steps), ("chebyshev", left)):
            rows = trials[(trials["schedule"] == schedule) & (trials["max_epochs"] == steps)]
            (last,) = rows[["weight_x1", "weight_x2"]].to_numpy(float)
            found = np.abs(last / [-5, -2])
            np.testing.assert_allclose(found, share, rtol=1e-8)
    assert_says(answer("sweeps", "chebyshev"), f"{(19 / 21) ** 32:.3f} and {left * 1e7:.1f}e-7")


def test_what_the_rate_does_to_adam(runs: Runs) -> None:
    """sweeps/adam_rates.yaml: the first step, the epochs, the bursts, and the eps that ends them."""
    run = runs("adam_rates")
    trials, history = run.trials, run.history
    table = pd.read_csv(ROOT / "linreg_sweep" / "datasets" / "tutorial.csv")
    a = np.column_stack([table["x"].to_numpy(float), np.ones(len(table))])
    slope = np.abs(a.T @ table["y"].to_numpy(float))[:, None] / len(a)  # the gradient at zero
    first = history[history["epoch"] == 1][["weight", "bias"]].T
    steps = trials["learning_rate"].to_numpy() * slope / (slope + trials["eps"].to_numpy())
    np.testing.assert_allclose(first, steps, rtol=1e-12)
    said = answer("sweeps", "adam_rates")
    at = trials["converged_at"]
    assert_says(said, f"epoch {at[0]:,} with 0.001", f"{at[1]:,} with 0.01", f"{at[2]:,} with 0.1.")
    assert_says(said, f"epoch {at[3]:,} but", f"converges at epoch {at[4]:,}")
    least = (trials["cost"] - trials["excess_cost"])[0]
    after = history["epoch"] > 1000
    highest = (history["cost"] - least)[after].groupby(history["trial"][after]).max()
    assert highest[3] > 1
    assert highest[4] < 1e-9
    largest = np.linalg.norm(a, 2) ** 2 / len(a)
    assert_says(said, f"/ 38 = {largest / 38:.1f}:")
