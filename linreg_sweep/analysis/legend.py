"""What the words of a table mean, with their units: columns, outcomes and regimes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from linreg_sweep.analysis.formats import ends_of
from linreg_sweep.theory.outcome import (
    MEASURED_MEANING,
    OUTCOME_MEANING,
    REGIME_MEANING,
    REGIMES,
    SPREADING,
    Criteria,
)
from linreg_sweep.trials.columns import NAMED

COLUMN_MEANING = {name: column.meaning for name, column in NAMED.items() if column.meaning} | {
    "learning_rate": "the step per unit of gradient",
    "share_converged": "converged / trials",
    "median_converged_at": "the epoch by which half of the converged trials had converged",
    "p90_converged_at": "the epoch by which nine in ten of the converged trials had converged",
    "best_cost": "the lowest final cost of its trials (mean squared error, in squared units of the target)",
    **{
        f"{measure}_{name}": f"{meaning} of its trials' {name}"
        for name in SPREADING
        for measure, meaning in {
            "median": "the median",
            "p10": "the 10th percentile",
            "p90": "the 90th percentile",
            "mean": "the mean",
            "sd": "the standard deviation (of a sample)",
        }.items()
    },
}
"""What a column means, with its unit, for people who read a table."""

MEASURED = (
    "regime as measured: for batches that are drawn, permuted or under a schedule, and adaptive optimizers,"
    " which the data's curvature does not describe"
)


@dataclass(frozen=True)
class Bounds:
    """The numbers of a set-up that the meanings name.

    Attributes:
        divergence: see outcome.Criteria.
        settle_epochs: likewise.
        settle_fraction: likewise.
    """

    divergence: float
    settle_epochs: float
    settle_fraction: float

    @classmethod
    def of(cls, criteria: Criteria) -> Self:
        """Returns those of a trial's criteria."""
        return cls(criteria.divergence, criteria.settle_epochs, criteria.settle_fraction)

    @classmethod
    def of_metadata(cls, metadata: Mapping[str, Any]) -> Self:
        """Returns those that a run's metadata.json keeps."""
        settle = metadata["settle"]
        return cls(metadata["divergence"], settle["epochs"], settle["fraction"])

    def outcome(self, name: str) -> str:
        """Returns what an outcome means, in half a sentence."""
        return OUTCOME_MEANING[name].format(divergence=f"{self.divergence:,.10g}")

    def regime(self, name: str, *, measured: bool = False) -> str:
        """Returns what a regime means, in half a sentence: by the spectrum, or as it is measured."""
        return (MEASURED_MEANING if measured else REGIME_MEANING)[name].format(
            share=f"{100 * self.settle_fraction ** (1 / self.settle_epochs):.3g}",
            percent=f"{100 * self.settle_fraction:.6g}",
            epochs=f"{self.settle_epochs:,g} epoch{'' if self.settle_epochs == 1 else 's'}",
        )


def legend(
    columns: Iterable[str], regimes: Iterable[str], bounds: Bounds, *, measured: bool
) -> Iterator[str]:
    """Yields what the columns of a table say and what its regimes mean, a line each.

    Regimes are cells such as `low` or `low to high`; of some trials they may be measured.
    """
    words = [(name, COLUMN_MEANING[name]) for name in columns if name in COLUMN_MEANING]
    named = _regimes_in(regimes)
    for name in named:
        words.append((f"regime {name}", bounds.regime(name)))
        words += [("  as measured", bounds.regime(name, measured=True))] if measured else []
    width = max((len(word) for word, _ in words), default=0)
    for word, meaning in words:
        yield f"{word:<{width}}  {meaning}"
    if measured and named:
        yield MEASURED


def _regimes_in(cells: Iterable[str]) -> list[str]:
    """Returns the regimes that cells name, those between the two ends of a range included."""
    found: set[str] = set()
    for cell in set(cells):
        first, last = [REGIMES.index(name) for name in ends_of(cell)]
        found |= set(REGIMES[first : last + 1])
    return [name for name in REGIMES if name in found]
