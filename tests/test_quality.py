"""Facts about how well trials fit, and which setting is best over folds: scikit-learn and pandas agree."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score, root_mean_squared_error
from sklearn.model_selection import KFold, train_test_split

import linreg_sweep as ls
from linreg_sweep.terminal.choosing import Choice, choose
from linreg_sweep.text.runs import format_run
from linreg_sweep.text.training import format_ending

Floats = NDArray[np.float64]

DIABETES = Path(__file__).parents[1] / "data" / "diabetes.csv"


def data(seed: int, n_targets: int = 1) -> tuple[Floats, Floats]:
    """Returns random rows with a little to find in them."""
    generator = np.random.default_rng(seed)
    x = generator.normal(2, 1.5, (40, 3))
    return x, x @ generator.normal(size=(3, n_targets)) + generator.normal(3, 1, (40, n_targets))


def swept(x: Floats, y: Floats, out: Path, holdout: Any, **blocks: Any) -> ls.Run:
    """Returns a run on arrays."""
    declared = {
        "name": "quality",
        "method": "grid",
        "data": {"holdout": holdout, **blocks.pop("data", {})},
        "training": {
            "engine": "closed_form",
            "early_stop": False,
            "epochs": 100,
            **blocks.pop("training", {}),
        },
        "parameters": {"learning_rate": {"values": [0.02, 0.1]}},
    }
    return ls.run(declared | blocks, data=(x, y), out=out, jobs=1)


@pytest.mark.parametrize("n_targets", [1, 2])
def test_quality_is_what_scikit_learn_measures(n_targets: int, tmp_path: Path) -> None:
    """R squared about the mean of the rows measured, RMSE, and both on held-out rows, of every trial."""
    x, y = data(1, n_targets)
    run = swept(x, y, tmp_path, {"fraction": 0.3, "seed": 4})
    trials, found = run.trials, run.quality()
    assert list(found) == ["trial", "learning_rate", "r2", "rmse", "held_out_r2", "held_out_rmse"]
    x_kept, x_held, y_kept, y_held = train_test_split(x, y, test_size=0.3, random_state=4)
    names = [name for name in trials if str(name).startswith(("weight", "bias"))]
    for row in range(len(trials)):
        theta = trials[names].to_numpy()[row].reshape(4, n_targets)
        for title, rows, targets in (("", x_kept, y_kept), ("held_out_", x_held, y_held)):
            fitted = rows @ theta[:3] + theta[3]
            r2 = r2_score(targets, fitted, multioutput="variance_weighted")
            assert found[f"{title}r2"][row] == pytest.approx(r2, abs=1e-10)
            mse = ((fitted - targets) ** 2).mean()
            assert found[f"{title}rmse"][row] == pytest.approx(mse**0.5, rel=1e-10)
            if n_targets == 1:
                assert root_mean_squared_error(targets, fitted) == pytest.approx(mse**0.5, rel=1e-12)


def test_without_a_bias_r_squared_is_about_zero(tmp_path: Path) -> None:
    """1 - sum of squares of the residuals over that of y, as R has it; of a y that is level there is none."""
    x, y = data(2)
    run = swept(x, y, tmp_path, None, data={"fit_bias": False})
    theta = run.trials[["weight_x1", "weight_x2", "weight_x3"]].to_numpy()
    left = y - x @ theta.T
    expected = 1 - (left**2).sum(axis=0) / (y**2).sum()
    np.testing.assert_allclose(run.quality()["r2"], expected, rtol=0, atol=1e-12)
    level = swept(x, np.ones_like(y), tmp_path / "level", None).quality()
    assert level["r2"].isna().all()
    assert level["rmse"].notna().all()


def test_beside_the_best_trial_stand_its_optima(tmp_path: Path) -> None:
    """Least squares and, with a penalty, ridge regression on the same rows, with their coefficients."""
    x, y = data(3)
    run = swept(
        x,
        y,
        tmp_path,
        {"last": 0.25},
        parameters={"weight_decay": {"values": [0.1, 0.5]}, "learning_rate": 0.05},
    )
    alpha = 30 * run.best(1)["weight_decay"].item()
    models = {"penalised": Ridge(alpha=alpha), "least_squares": LinearRegression()}
    for name, model in models.items():
        model.fit(x[:30], y[:30])
        said = run.metadata[name]["parameters"]  # type: ignore[literal-required]
        assert list(said.values()) == pytest.approx([*model.coef_.ravel(), *model.intercept_], rel=1e-9)
        fit = run.metadata["quality"][name]
        assert fit["held_out_r2"] == pytest.approx(model.score(x[30:], y[30:]), abs=1e-10)
        assert fit["r2"] == pytest.approx(model.score(x[:30], y[:30]), abs=1e-10)
    best = run.quality().set_index("trial").loc[run.metadata["best"]["trial"]]
    measured = ["r2", "rmse", "held_out_r2", "held_out_rmse"]
    assert run.metadata["quality"]["best_trial"] == best[measured].to_dict()


PENALTIES = [0.0, 1e-3, 1e-2, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]


@pytest.fixture(scope="module")
def ridge(tmp_path_factory: pytest.TempPathFactory) -> ls.Run:
    """Returns a run of nine penalties in ten folds, each trained until it is at rest."""
    declared = {
        "name": "ridge",
        "data": {"path": str(DIABETES), "y": "target", "standardize": True, "holdout": {"folds": 10}},
        "method": "grid",
        "training": {"engine": "closed_form", "early_stop": False, "epochs": 10**6},
        "parameters": {
            "weight_decay": {"values": PENALTIES},
            "learning_rate": {"values": [0.9], "unit": "stability_limit"},
        },
    }
    return ls.run(declared, out=tmp_path_factory.mktemp("ridge"), jobs=1, part_size=8)


def test_the_best_setting_is_best_in_the_mean_over_folds(ridge: ls.Run) -> None:
    """Ridge regression's own means, and the largest penalty within one standard error of the least."""
    frame = pd.read_csv(DIABETES, dtype=np.float64)
    x, y = frame.drop(columns="target").to_numpy(), frame["target"].to_numpy()
    costs = np.empty((len(PENALTIES), 10))
    for fold, (kept, held) in enumerate(KFold(10, shuffle=True, random_state=0).split(x)):
        mean, sd = x[kept].mean(axis=0), x[kept].std(axis=0)
        for place, penalty in enumerate(PENALTIES):  # alpha is the penalty times the fold's own rows
            model = Ridge(alpha=penalty * len(kept), solver="svd").fit((x[kept] - mean) / sd, y[kept])
            costs[place, fold] = ((model.predict((x[held] - mean) / sd) - y[held]) ** 2).mean()
    np.testing.assert_allclose(ridge.trials["held_out_cost"], costs.ravel(), rtol=1e-10)
    means, best = costs.mean(axis=1), int(costs.mean(axis=1).argmin())
    error = costs[best].std(ddof=1) / 10**0.5
    told = ridge.metadata["folds"]
    assert told["best"]["first"] == ridge.metadata["best"]["trial"] == 10 * best
    assert (told["best"]["mean"], told["best"]["standard_error"]) == pytest.approx((means[best], error))
    simplest = max(np.flatnonzero(means <= means[best] + error))
    assert told["simplest"]["setting"]["weight_decay"] == PENALTIES[simplest]
    assert 0 < best < simplest < len(PENALTIES) - 1
    ranks = [int(place) for place in means.argsort()[:3]]
    assert ridge.best(25)["trial"].tolist() == [10 * rank + fold for rank in ranks for fold in range(10)][:25]


def test_a_person_is_shown_the_same_best_and_how_many_rows_there_are(ridge: ls.Run) -> None:
    """`show --top` ranks settings by their mean over folds as `run` does, not single trials."""
    pd.testing.assert_frame_equal(choose(ridge, Choice(top=25)), ridge.best(25))
    first = next(iter(format_run(ridge, ridge.summary(), ["trials"])))
    assert first.startswith("ridge: 90 trials on diabetes.csv, 442 rows in 10 folds, loss half_mse")
    one = {"name": "tutorial", "holdout": {"fraction": 0.2}}
    told = ls.plan({"name": "one", "data": one, "method": "grid", "parameters": {"learning_rate": 0.01}}).what
    assert told.startswith("tutorial (built in), 24 rows and 6 held out, loss half_mse")


def test_a_summary_tells_the_spread_over_folds_as_pandas_does(ridge: ls.Run) -> None:
    """Median, percentiles, mean and deviation of the column that `best` names; whatever the parts."""
    found = ridge.summary(by="weight_decay").set_index("weight_decay")
    values = ridge.trials.groupby("weight_decay")["held_out_cost"]
    for name, expected in {
        "median": values.median(),
        "p10": values.quantile(0.1),
        "p90": values.quantile(0.9),
        "mean": values.mean(),
        "sd": values.std(),
    }.items():
        np.testing.assert_allclose(found[f"{name}_held_out_cost"], expected, rtol=1e-12)
    whole = ls.run(str(ridge.path / "config.yaml"), out=ridge.path.parent / "whole", jobs=1)
    assert whole.n_parts < ridge.n_parts
    for columns in (["weight_decay"], ["fold"], ["fold", "weight_decay"]):
        pd.testing.assert_frame_equal(whole.summary(columns), ridge.summary(columns), check_exact=True)
    assert whole.store.summary.read_bytes() == ridge.store.summary.read_bytes()
    pd.testing.assert_frame_equal(
        pd.DataFrame(ls.load(ridge.path).summary("fold")), ridge.summary("fold"), check_exact=True
    )


RATES = {"min": 0.01, "max": 0.5}


@pytest.mark.parametrize("unit", [{}, {"unit": "stability_limit"}])
@pytest.mark.parametrize(
    "space",
    [
        {"parameters": [{"learning_rate": {"values": [0.1, 0.2]}}, {"learning_rate": {"values": [0.3]}}]},
        {"parameters": {"learning_rate": {**RATES}}, "method": "random", "trials": 3},
        {"parameters": {"learning_rate": {**RATES, "num": 3}}},
    ],
    ids=["union", "random", "grid"],
)
def test_the_best_setting_over_folds_is_told_by_the_rate_that_its_folds_share(
    space: dict[str, Any], unit: dict[str, str], tmp_path: Path
) -> None:
    """The learning rate or, declared in stability limits, which each fold has for itself, its share."""
    products = space["parameters"]
    units = [
        {"learning_rate": product["learning_rate"] | unit}
        for product in (products if isinstance(products, list) else [products])
    ]
    declared = {
        "name": "s",
        "data": {"name": "tutorial", "holdout": {"folds": 3}},
        "training": {"epochs": 5},
        "outcome": {"divergence": 1e300},
        "method": "grid",
        "seed": 1,
        **space,
        "parameters": units if len(units) > 1 else units[0],
    }
    run = ls.run(declared, out=tmp_path, jobs=1, part_size=2)
    assert [*run.metadata["folds"]["best"]["setting"]] == ["stability_ratio" if unit else "learning_rate"]


def test_what_diverges_in_a_fold_is_never_best(tmp_path: Path) -> None:
    """Its mean is infinite or none; the spread says so, and the best setting is another."""
    x, y = data(5)
    run = swept(
        x,
        y,
        tmp_path,
        {"folds": 4},
        parameters={"learning_rate": {"values": [1e30, 0.01]}},
        training={"engine": "numpy", "epochs": 40},
        outcome={"divergence": 1e300},
    )
    assert run.metadata["best"]["trial"] == 4
    assert run.best(8)["trial"].tolist() == [4, 5, 6, 7, 0, 1, 2, 3]
    assert run.summary().set_index("learning_rate")["mean_held_out_cost"].loc[0.01] > 0


@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("standardize", [False, True])
def test_train_and_run_agree_on_every_coefficient(standardize: bool, decay: float, tmp_path: Path) -> None:
    """Fitted, penalised and least squares: the same lines of a config and of a sweep of it alone."""
    training = {"learning_rate": 0.1, "epochs": 50, "early_stop": False, "weight_decay": decay}
    config = {"data": {"name": "tutorial", "standardize": standardize}, "training": training}
    run = ls.run(
        {**config, "name": "one", "method": "grid", "parameters": {"learning_rate": 0.1}},
        out=tmp_path,
        jobs=1,
    )
    table = run.summarise(["learning_rate"])
    titles = ("Fitted", "Penalised", "Least squares")
    of_run = [line for line in format_run(run, table, [*table]) if line.startswith(titles)]
    of_train = [line for line in format_ending(ls.train(config)) if line.startswith(titles)]
    assert [line.split() for line in of_run] == [line.split() for line in of_train]
    assert len(of_run) == (3 if decay else 2) - (not standardize)


@pytest.mark.parametrize("holdout", [{"fraction": 0.4, "seed": 1}, {"folds": 3}])
def test_the_best_may_be_best_at_any_epoch(holdout: Any, tmp_path: Path) -> None:
    """By the least cost of all epochs; where that is the last one's, `best_held_out_cost` misses it."""
    generator = np.random.default_rng(7)
    x = generator.normal(size=(21, 6))
    run = swept(
        x,
        x[:, :1] + generator.normal(0, 2, (21, 1)),
        tmp_path,
        holdout,
        best={"by": "best_held_out_cost"},
        parameters={"learning_rate": {"values": [1e-3, 0.1, 0.4]}, "initial_weight": {"values": [-3, 0]}},
    )
    trials = run.trials
    least = trials["best_held_out_cost"].fillna(trials["held_out_cost"])
    assert 0 < trials["best_held_out_cost"].isna().sum() < len(trials)
    assert (least <= trials["held_out_cost"]).all()
    means = least.to_numpy().reshape(-1, run.n_folds).mean(axis=1)
    assert run.metadata["best"]["trial"] == run.n_folds * int(means.argmin())
    assert run.best(1)["trial"].item() == run.metadata["best"]["trial"]
    spread = run.summary(by="learning_rate")["mean_best_held_out_cost"]
    np.testing.assert_allclose(spread, least.groupby(trials["learning_rate"]).mean(), rtol=1e-12)
