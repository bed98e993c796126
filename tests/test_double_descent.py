"""Facts about docs/double_descent.md: its table is what lstsq finds, and lies where theorem 1 says."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """Returns the script that makes the page."""
    spec = importlib.util.spec_from_file_location("make_double_descent", DOCS / "make_double_descent.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def by_lstsq(maker: ModuleType, seed: int, width: int) -> float:
    """Returns the error of the weights of least length that NumPy finds."""
    x, y, beta = maker.drawn(seed)
    weights = np.linalg.lstsq(x[:, :width], y, rcond=None)[0]
    missed = np.append(beta[:width] - weights, beta[width:])
    return float(missed @ missed) + 0.2**2


@pytest.mark.parametrize("width", [1, 30, 40, 44, 200])
def test_descent_from_zero_finds_the_weights_of_least_length(maker: ModuleType, width: int) -> None:
    """With fewer features than rows, as many, and more."""
    for seed in (0, 1):
        assert maker.error(*maker.drawn(seed), width) == pytest.approx(by_lstsq(maker, seed, width), rel=1e-7)


@pytest.mark.system
def test_the_page_is_what_lstsq_finds_on_every_data_set(maker: ModuleType) -> None:
    """Median and mean to every digit; theorem 1, typed once more, within four standard errors."""
    errors: NDArray[np.float64] = np.array(
        [[by_lstsq(maker, seed, width) for width in maker.WIDTHS] for seed in range(200)]
    )
    text = (DOCS / "double_descent.md").read_text(encoding="utf-8")
    assert text == maker.page(errors)
    rows = [
        [cell.strip() for cell in row.split("|")[1:-1]]
        for row in text.splitlines()
        if re.match(r"\| \d", row)
    ]
    assert [int(row[0]) for row in rows] == list(maker.WIDTHS)
    for width, _, mean, expected, distance in rows:
        p, n = int(width), 40
        outside = 1 - p / 200 + 0.04
        if abs(p - n) < 2:
            assert (mean, expected) == ("", "infinite")
        elif p < n:
            assert float(expected) == pytest.approx(outside * (n - 1) / (n - p - 1), rel=1e-3)
        else:
            told = p / 200 * (1 - n / p) + outside * (p - 1) / (p - n - 1)
            assert float(expected) == pytest.approx(told, rel=1e-3)
        assert (distance == "") == (abs(p - n) <= 3)
        assert abs(float(distance or 0)) < 4
    medians = {int(row[0]): float(row[1]) for row in rows}
    assert medians[200] < min(median for p, median in medians.items() if p < 40)
    assert max(medians, key=lambda p: medians[p]) == 40
