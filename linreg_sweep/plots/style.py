"""What all pictures share: colours that every reader tells apart, and names with units.

Source of the colours of lines: Okabe and Ito, Color Universal Design, 2008.
"""

from typing import Any

from linreg_sweep.config.parameters import OWN_WEIGHT
from linreg_sweep.runs.results import Run

RAMP = ("#fde725", "#7ad151", "#22a884", "#2a788e", "#414487", "#440154")
"""Stops of the colours of epochs, few to many, as the page has them: viridis, by Smith and van der Walt."""

BY_RATIO = 30
"""How many times the fewest epochs the most are, above which their colours go by ratio; likewise."""

INK = "#303030"

LINES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#7A5195")
"""Of lines that are told apart by a legend; no yellow, which nobody sees on white."""

DASHES = ("-", "--", "-.", ":")

REGIME_WORDS = {"low": "low", "good": "good", "high": "high", "too_high": "too high"}

PARAMETER_WORDS = {
    "learning_rate": "learning rate (step per unit of gradient)",
    "stability_ratio": "learning rate (share of the stability limit)",
    "initial_bias": "initial bias (unit of y)",
    "momentum": "momentum (share of the last step)",
    "batch_size": "batch size (rows per step)",
    "max_epochs": "epochs allowed",
}


def look_of_line(number: int) -> dict[str, Any]:
    """Returns colour and dashes of a line by its number; no two of 32 are alike."""
    return {
        "color": LINES[number % len(LINES)],
        "linestyle": DASHES[number // len(LINES) % len(DASHES)],
    }


def is_standardized(run: Run) -> bool:
    """Returns whether a run's weights are per standard deviation of x."""
    names: list[str] = run.metadata["parameters"]
    scaled = names[: len(names) // 2]
    return names == [*scaled, *(f"{name}_unscaled" for name in scaled)]


def spaced(name: str) -> str:
    """Returns the name of a parameter as a sentence has it: `schedule.gamma` is `schedule gamma`."""
    return name.replace("_", " ").replace(".", " ")


def parameter_words(name: str, *, standardized: bool) -> str:
    """Returns what an axis says of a parameter, with its unit."""
    if name.startswith("initial_weight"):
        of = f" of {x}" if (x := name.removeprefix(OWN_WEIGHT)) != name else ""
        return f"initial weight{of} (unit of y per {'standard deviation' if standardized else 'unit'} of x)"
    return PARAMETER_WORDS.get(name, spaced(name))


COLUMN_WORDS = {
    "converged_at": "epochs to convergence",
    "excess_cost": "cost above the optimum (squared units of {y})",
    "cost": "mean squared error (squared units of {y})",
    "held_out_cost": "mean squared error on held-out rows (squared units of {y})",
    "best_held_out_cost": "least mean squared error on held-out rows (squared units of {y})",
    "plateau": "plateau: where the cost above the optimum rests (squared units of {y})",
}


def column_words(run: Run, name: str) -> str:
    """Returns what an axis says of a column that is no hyperparameter, with its unit."""
    return COLUMN_WORDS.get(name, spaced(name)).format(y=", ".join(run.metadata["data"]["targets"]))
