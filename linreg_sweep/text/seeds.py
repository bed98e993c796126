"""What `run` and `show` say of a run whose trials have several seeds: how far their means lie from theory."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from linreg_sweep.analysis.over_seeds import EXPECTED, FEWEST
from linreg_sweep.words import counted

if TYPE_CHECKING:
    from linreg_sweep.runs.results import Run


def format_over_seeds(run: "Run") -> Iterator[str]:
    """Yields how many standard errors lie between mean excess costs over seeds and those of theory."""
    if "seed" not in run.varied or EXPECTED not in run.types:
        return
    found = run.spread_over_seeds()
    known = [row for row, theory in enumerate(found["theory"]) if theory is not None]
    told = [found["standard_errors"][row] for row in known if found["standard_errors"][row] is not None]
    enough = [row for row in known if found["seeds"][row] >= FEWEST]
    if known and not enough:
        most = max(found["seeds"][row] for row in known)
        yield (
            f"{counted(most, 'seed')} {'is' if most == 1 else 'are'} too few to say how many standard errors"
            f" their mean excess cost lies from that of theory: {FEWEST} are needed."
        )
    if told:
        costs = f"costs of {len(told):,} settings lie" if len(told) > 1 else "cost lies"
        yield f"Over seeds the mean excess {costs} {_distances(min(told), max(told))} theory over all draws."
    if len(enough) > len(told):
        others = counted(len(enough) - len(told), "setting")
        yield f"Of {others} a single seed decides the mean, which has no standard error to speak of."


def _distances(low: float, high: float) -> str:
    """Returns between how many standard errors above those of others means lie; below 0: below them."""
    side = "above" if high >= 0 else "below"
    ends = sorted({f"{abs(low):.1f}", f"{abs(high):.1f}"}, key=float)
    if low < 0 <= high:
        return f"between {-low:.1f} standard errors below and {high:.1f} above that of"
    return f"{' to '.join(ends)} standard errors {side} that of"
