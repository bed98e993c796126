"""Facts about the penalty, through the whole tool: trials come to what Ridge of scikit-learn fits."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

import linreg_sweep as ls

Floats = NDArray[np.float64]


def ridge(x: Floats, y: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Returns its weights [F, O] and biases [O]; alpha is weight_decay / k, and the bias has no penalty."""
    fitted = Ridge(alpha=alpha, solver="svd").fit(x, y)
    return fitted.coef_.reshape(y.shape[1], -1).T, np.reshape(fitted.intercept_, -1)


@pytest.mark.parametrize("engine", ["numpy", "closed_form"])
@pytest.mark.parametrize("seed", range(3))
def test_what_a_penalised_trial_comes_to_is_ridge_regression(seed: int, engine: str, tmp_path: Path) -> None:
    """For each loss and scaling and four penalties: weights, biases and the cost there, to 1e-12."""
    generator = np.random.default_rng(seed)
    x, y = generator.normal(1, 2, (12 + seed, 3)), generator.normal(3, 2, (12 + seed, 1 + seed % 2))
    entries, products, alphas = y.size, [], []
    for loss, k in {"half_mse": 1 / entries, "mse": 2 / entries, "sse": 2.0}.items():
        alphas += [(alpha, scaled) for scaled in (False, True) for alpha in (0.1, 1.0, 10.0, 100.0)]
        products.append(
            {
                "loss": {"values": [loss]},
                "standardize": {"values": [False, True]},
                "weight_decay": {"values": [alpha * k for alpha in (0.1, 1.0, 10.0, 100.0)]},
                "learning_rate": {"min": 0.6, "max": 0.6, "num": 1, "unit": "stability_limit"},
            }
        )
    rows = ls.run(
        {
            "name": "ridge",
            "method": "grid",
            "training": {"engine": engine, "early_stop": False, "epochs": 3000},
            "parameters": products,
        },
        data=(x, y),
        out=tmp_path,
        jobs=1,
    ).trials
    assert len(rows) == len(alphas) == 24
    assert rows["excess_cost"].max() < 1e-25
    names = [
        name for name in map(str, rows) if name.startswith(("weight_x", "bias")) and "unscaled" not in name
    ]
    for (_, row), (alpha, scaled) in zip(rows.iterrows(), alphas, strict=True):
        seen = (x - x.mean(axis=0)) / x.std(axis=0) if scaled else x
        weights, biases = ridge(seen, y, alpha)
        expected = np.vstack([weights, biases])
        found = row[names].to_numpy(float).reshape(expected.shape)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
        cost = ((seen @ weights + biases - y) ** 2).mean()
        np.testing.assert_allclose([row["cost"], row["cost_at_optimum"]], cost, rtol=1e-12)
