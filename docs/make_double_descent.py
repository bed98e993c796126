"""Makes docs/double_descent.md and its picture: the error on new rows over the number of features.

Run by `make gallery`; it takes minutes. 3,000 descents by the tool, and what was published beside them.

Source: Belkin, Hsu and Xu, Two models of double descent for weak features, SIAM Journal on Mathematics of
Data Science 2(4), 2020, theorem 1.
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import linreg_sweep as ls

Floats = NDArray[np.float64]

PAGE = Path(__file__).parent / "double_descent.md"
PICTURE = Path(__file__).parent / "double_descent.png"

ROWS, FEATURES, NOISE = 40, 200, 0.2
WIDTHS = (1, 5, 10, 20, 30, 36, 38, 40, 42, 44, 50, 60, 80, 120, 200)
SEEDS = 200

CONFIG: dict[str, Any] = {
    "data": {"fit_bias": False},
    "training": {"engine": "closed_form", "epochs": 10**12, "early_stop": False},
}


def drawn(seed: int) -> tuple[Floats, Floats, Floats]:
    """Returns features [n, D], targets [n] and the true coefficients [D], all alike and of length 1."""
    generator = np.random.default_rng(seed)
    x, beta = generator.normal(size=(ROWS, FEATURES)), np.full(FEATURES, FEATURES**-0.5)
    return x, x @ beta + NOISE * generator.normal(size=ROWS), beta


def error(x: Floats, y: Floats, beta: Floats, width: int) -> float:
    """Trains on the first columns from zero, until nothing moves; returns the mean error on new rows."""
    x = x[:, :width]
    rate = len(x) / np.linalg.norm(x, 2) ** 2  # half the stability limit
    trained = ls.train(CONFIG, overrides=[f"training.learning_rate={rate}"], data=(x, y))
    weights = np.array([trained.last[name][0] for name in trained.experiment.parameter_names])
    missed = beta - np.append(weights, np.zeros(len(beta) - width))
    return float(missed @ missed + NOISE**2)  # exact: new features are independent normal numbers


def published(width: int) -> float:
    """Returns the mean error over all data sets, by theorem 1; infinite about as many features as rows."""
    seen = width / FEATURES  # of the squared length of beta
    unseen = 1 - seen + NOISE**2
    if width <= ROWS - 2:
        return unseen * (1 + width / (ROWS - width - 1))
    if width < ROWS + 2:
        return np.inf
    return seen * (1 - ROWS / width) + unseen * (1 + ROWS / (width - ROWS - 1))


def has_error(width: int) -> bool:
    """Returns whether errors have a variance, so that their mean has a standard error."""
    return abs(width - ROWS) > 3


def page(errors: Floats) -> str:
    """Returns the text of the page; errors are [seeds, widths]."""
    return "\n".join([*_opening(), *_table(errors), "", SOURCE, ""])


QUESTION = """\
Do more features than rows overfit? No: the error on new rows rises to a peak where there are as many
features as rows, and falls again beyond it. With all 200 features it is lower than with any number below
40."""

SETTING = f"""\
{ROWS} rows and {FEATURES} independent normal features, of which a descent sees the first few; true
coefficients all alike and of length 1; noise of standard deviation {NOISE}. Gradient descent from zero
goes on until nothing moves (10^12 epochs, which the engine `closed_form` computes without a step). With
more features than rows it then has found, of all weights that fit every row, those of least length.
`make gallery` makes this page with the function below, over {SEEDS} data sets; a test holds its table to
what NumPy's `lstsq` finds."""

SOURCE = """\
The published mean is exact for so few rows: theorem 1 of Belkin, Hsu and Xu, *Two models of double
descent for weak features*, SIAM Journal on Mathematics of Data Science 2(4), 2020. Within three features
of the peak errors have no variance, so that a mean over any number of data sets has no standard error."""


def _opening() -> Iterator[str]:
    own = Path(__file__).read_text(encoding="utf-8")
    config = own[own.index("CONFIG: ") : own.index("\n}\n") + 3].replace(": dict[str, Any]", "", 1)
    code = f"```python\n{config}\n\n{inspect.getsource(error).rstrip()}\n```"
    picture = "![error on new rows over the number of features](double_descent.png)"
    yield "\n\n".join(["# Double descent", QUESTION, SETTING, code, picture])
    yield ""


def _table(errors: Floats) -> Iterator[str]:
    yield "| features | median error | mean error | published mean | standard errors between |"
    yield "|---:|---:|---:|---:|---:|"
    for width, column in zip(WIDTHS, errors.T, strict=True):
        expected = published(width)
        distance = (column.mean() - expected) / (column.std(ddof=1) / np.sqrt(len(column)))
        told = f"{distance:.1f}" if has_error(width) else ""
        means = f"{column.mean():.4g} | {expected:.4g}" if np.isfinite(expected) else " | infinite"
        yield f"| {width} | {np.median(column):.4g} | {means} | {told} |"


def draw(errors: Floats) -> None:
    """Draws the median, its band, the mean and what was published."""
    figure = Figure(figsize=(8.0, 5.6), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    median, low, high = np.quantile(errors, [0.5, 0.1, 0.9], axis=0)
    axes.fill_between(
        WIDTHS, low, high, color="#0072B2", alpha=0.18, linewidth=0, label="10th to 90th percentile"
    )
    axes.plot(WIDTHS, median, "o-", color="#0072B2", markersize=4, label=f"median of {len(errors)} data sets")
    axes.plot(WIDTHS, errors.mean(axis=0), "+", color="#0072B2", markersize=8, label="mean")
    every = np.arange(1, FEATURES + 1)
    axes.plot(every, [published(width) for width in every], "--", color="#303030", label="published mean")
    axes.axvline(ROWS, color="#303030", linestyle=":", linewidth=1, label="as many features as rows")
    axes.set(xscale="log", yscale="log", xlabel="features", ylabel="mean squared error on new rows")
    axes.set_ylim(0.5, 200)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, place: f"{value:g}")
    axes.set_xticks([1, 5, 10, 20, 40, 80, 200])
    axes.legend(frameon=False)
    figure.savefig(PICTURE, metadata={"Software": None})


def main() -> None:
    """Writes the page and its picture."""
    errors = np.empty((SEEDS, len(WIDTHS)))
    for seed in range(SEEDS):
        x, y, beta = drawn(seed)
        errors[seed] = [error(x, y, beta, width) for width in WIDTHS]
        print(f"\r{seed + 1} of {SEEDS}", end="", file=sys.stderr)
    draw(errors)
    PAGE.write_text(page(errors), encoding="utf-8")


if __name__ == "__main__":
    main()
