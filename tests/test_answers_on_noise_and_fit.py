"""The sweeps that are examples of batches, noise and held-out rows give the answers in their comments."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import linreg_sweep as ls
from tests.answers import Runs, answer, assert_says, runs

__all__ = ["runs"]

pytestmark = pytest.mark.system

ROOT = Path(__file__).parent.parent


def test_an_island_of_stability_lies_above_the_first_limit(runs: Runs) -> None:
    """sweeps/island_of_stability.yaml: the rates by plan, the outcomes by the trials, and both agree."""
    run, path = runs("island_of_stability"), ROOT / "sweeps" / "island_of_stability.yaml"
    plan, said = ls.plan(path), answer("sweeps", "island_of_stability")
    [(low, high)] = plan.islands
    whole = ls.plan(path, overrides=["batch_size=null"]).stability_limit
    assert plan.stability_limit is not None
    assert_says(said, f"first diverge at {plan.stability_limit:.6g}", f"from {low:.6g} to {high:.6g}")
    assert_says(said, f"beyond {whole:.6g}", f"all {run.n_trials} trials")
    rate = run.trials["learning_rate"]
    stable = (rate < plan.stability_limit) | rate.between(low, high)
    assert (run.trials["outcome"] == np.where(stable, "converged", "diverged")).all()
    agreement = run.metadata["agreement"]
    assert agreement["same_outcome"] == agreement["same_epoch"] == run.n_trials


def test_which_order_of_the_rows_scatters_least(runs: Runs) -> None:
    """sweeps/orders.yaml: medians over seeds, plateaus and standard errors."""
    run, said = runs("orders"), answer("sweeps", "orders")
    spread = run.over_seeds().set_index("order")
    plateau = run.trials.groupby("order", observed=True)["plateau"].first()
    drawn = ["independent", "with_replacement"]
    assert_says(said, *(f"{median:.3g}" for median in spread["median"]))
    assert_says(said, *(f"{plateau[order]:.3g}" for order in ("file", *drawn)))
    assert_says(said, " and ".join(f"{spread['standard_errors'][order]:.1f}" for order in drawn))
    assert spread["median"].idxmin() == "reshuffle"


def test_what_noise_a_batch_size_has(runs: Runs) -> None:
    """sweeps/batches_by_seed.yaml: plateaus by theory, medians over ten seeds, and what is not at rest."""
    run, said = runs("batches_by_seed"), answer("sweeps", "batches_by_seed")
    by = ["batch_size", "learning_rate"]
    plateau = run.trials.groupby(by)["plateau"].first()
    spread = run.over_seeds().set_index(by)
    assert_says(said, *(f"{plateau[size, 0.1]:.3g}" for size in (1, 3, 10)), f"{plateau[1, 0.05]:.3g}")
    assert_says(said, *(f"{spread['median'][size, 0.1]:.3g}" for size in (1, 3, 10)))
    assert_says(said, f"{spread['theory'][10, 0.025]:.3g} is expected", f"{plateau[10, 0.025]:.3g}")
    by_noise = plateau / (plateau.index.get_level_values(1) / plateau.index.get_level_values(0))
    assert by_noise.max() < 2 * by_noise.min()


def test_whether_more_training_overfits(runs: Runs) -> None:
    """sweeps/overfitting.yaml: the best epoch lies in the middle, and least squares is worse than either."""
    run = runs("overfitting")
    trial = run.trials.iloc[1]
    said = answer("sweeps", "overfitting")
    assert_says(said, f"epoch {trial['best_epoch']:,}", f"{trial['best_held_out_cost']:.4f}")
    assert_says(said, f"it is {trial['held_out_cost']:.4f}")
    squares = run.metadata["quality"]["least_squares"]["held_out_rmse"]
    assert squares is not None
    assert_says(said, f"{squares**2:.4f}")
    assert 0 < trial["best_epoch"] < trial["epochs"]
    assert trial["best_held_out_cost"] < trial["held_out_cost"] < squares**2


def test_how_much_ridge(runs: Runs, tmp_path: Path) -> None:
    """sweeps/ridge_folds.yaml: the best penalty and the simplest; means and choice are scikit-learn's."""
    run = runs("ridge_folds")
    told, said = run.metadata["folds"], answer("sweeps", "ridge_folds")
    means = run.summary().set_index("weight_decay")["mean_held_out_cost"]
    best, simplest = (
        float(str(each["setting"]["weight_decay"])) for each in (told["best"], told["simplest"])
    )
    assert best == means.idxmin()
    error = told["best"]["standard_error"]
    assert_says(said, f"{best:g} is best", f"{means[best]:,.1f}", f"{means[0.0]:,.1f}", f"{error:.1f}")
    assert_says(said, f"{simplest:g} is as good", f"{means[simplest]:,.1f}")
    assert means[0.0] - means[best] < 0.01 * error

    table = pd.read_csv(ROOT / "data" / "diabetes.csv")
    x, y = table.drop(columns="target").to_numpy(), table["target"].to_numpy()
    parts: dict[str, Any] = {
        "cv": KFold(10, shuffle=True, random_state=0),
        "scoring": "neg_mean_squared_error",
    }
    for penalty, mean in means.items():
        ridge = make_pipeline(StandardScaler(), Ridge(float(str(penalty)) / 2))
        assert mean == pytest.approx(-cross_val_score(ridge, x, y, **parts).mean(), rel=1e-12)
    assert_says(said, f"alpha {best / 2:g} and {simplest / 2:g}")
    scaled = StandardScaler().fit_transform(x)
    chosen = RidgeCV(alphas=means.index.to_numpy() / 2, **parts).fit(scaled, y)
    assert_says(said, f"picks alpha {chosen.alpha_:g}", f"{-chosen.best_score_:,.1f} where")
    sweep = ROOT / "sweeps" / "ridge_folds.yaml"
    once = ls.run(sweep, overrides=["data.standardize=false"], data=(scaled, y), out=tmp_path, jobs=1)
    again = once.metadata["folds"]["best"]
    assert (again["setting"]["weight_decay"], again["mean"]) == pytest.approx(
        (2 * chosen.alpha_, -chosen.best_score_), rel=1e-12
    )


def test_up_to_which_size_batches_cost_no_more_epochs(runs: Runs) -> None:
    """sweeps/critical_batch_size.yaml: medians over seeds at the best rate of each size, and the steps."""
    trials, said = runs("critical_batch_size").trials, answer("sweeps", "critical_batch_size")
    at = trials["converged_at"].astype(float).fillna(np.inf)
    tuned: Any = at.groupby([trials[name] for name in ("momentum", "batch_size", "learning_rate")]).median()
    plain, momentum = (tuned.groupby(["momentum", "batch_size"]).min()[value] for value in (0.0, 0.9))
    told = ("6 rows take {} epochs and 26 rows {},", "221 take {} and all 442 take {}.")
    assert_says(said, told[0].format(*(f"{plain[size]:.0f}" for size in (6, 26))))
    assert_says(said, told[1].format(*(f"{plain[size]:.0f}" for size in (221, 442))))
    assert_says(said, f"6 rows take {momentum[6]:.0f} epochs, all 442 take {momentum[442]:.0f}")
    steps = f"{momentum[442]:.0f} steps in place of {momentum[6] * -(-442 // 6):,.0f}"
    assert_says(said, steps)
    assert plain[[6, 13, 26]].max() < plain[[56, 111, 221, 442]].min()
    assert momentum.max() == momentum[6]


def test_which_noise_is_left_where_sgd_rests(runs: Runs) -> None:
    """sweeps/plateaus.yaml: plateaus at the smallest rate and near a limit, which edge finds as well."""
    trials, said = runs("plateaus").trials, answer("sweeps", "plateaus")
    plateau = trials.set_index(["batch_size", "learning_rate"])["plateau"].unstack("batch_size")
    assert_says(said, *(f"{plateau[size][0.01]:.3g}" for size in (15, 5, 1)))
    assert_says(said, f"{plateau[1][0.01] / plateau[15][0.01]:.1f} times the first", "says 29.")
    by_rule = plateau.loc[0.01] / (30 / plateau.columns.to_numpy(float) - 1)
    assert by_rule.max() < 1.02 * by_rule.min()
    single = trials[trials["batch_size"] == 1]
    limit = (single["learning_rate"] / single["stability_ratio"]).iloc[0]
    below = plateau[1].dropna()
    assert_says(said, f"{limit:.3g} for single rows", f"it is {below.iloc[-1]:.3g} at {below.index[-1]:.3g}")
    assert below.index[-1] < limit < plateau.index[len(below)]
