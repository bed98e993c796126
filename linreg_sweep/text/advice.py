"""What makes trials converge, and how long a training takes: the same sentences wherever one went badly."""

import json
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from linreg_sweep.analysis.formats import condition
from linreg_sweep.text.phrases import duration, number
from linreg_sweep.trials.advice import LONG, Advice, Way
from linreg_sweep.words import counted, listed

if TYPE_CHECKING:
    from linreg_sweep.trials.experiment import Experiment


def format_wait(experiment: "Experiment", seconds: float | None) -> Iterator[str]:
    """Yields how long a training takes on one core, if it is long, and the way round it."""
    if seconds is None or seconds < LONG:
        return
    engine = experiment.config.training.engine
    exact = not experiment.is_predicted_by_engine and not experiment.regime_is_measured
    way = "; training.engine: closed_form takes a moment" if exact else ""
    yield f"This takes about {duration(seconds)} on one core with engine {engine}{way}."


def format_advice(advice: Advice | None, who: str = "it") -> Iterator[str]:
    """Yields with which settings `who` converges, a sentence per line, each with what `--set` takes."""
    if advice is None:
        return
    if advice.batch_size is not None:
        yield _of_batches(advice.batch_size, advice.batch_limit)
    longer, standardized, as_it_is = advice.longer, advice.standardized, advice.as_it_is
    if longer is not None and longer.settings:
        yield _cure("At this learning rate", longer, who)
    if standardized is not None:
        left_out = (
            f"Without {_names(standardized)} and standardized" if standardized.left_out else "Standardized"
        )
        yield _cure(f"{left_out} ({_condition(standardized)}),", standardized, who)
    if advice.from_zero is not None:
        yield _cure("From a start at 0", advice.from_zero, "descent")
    if advice.overflows:
        yield "The cost at the farthest start is more than a number can hold: begin nearer to 0."
    elif as_it_is is None:
        yield (
            f"With the data as they are, {who} does not converge within 1,000,000,000,000 epochs at any"
            " learning rate: columns of x differ too much in size, or nearly depend on one another."
            " Change their units, or leave some out."
        )
    elif longer is None or 2 * as_it_is.epochs <= longer.epochs:
        below = f"below the stability limit {number(as_it_is.limit)}"
        yield _cure(f"With the data as they are ({_condition(as_it_is)}), {below},", as_it_is, who)


def _of_batches(batch_size: int, limit: float | None) -> str:
    """Returns what holds for steps that see some of the rows."""
    overshoot = (
        f" (above {number(limit)} a step on the steepest batch overshoots)" if limit is not None else ""
    )
    return (
        f"At a fixed learning rate, batches of {counted(batch_size, 'row')} keep circling around the"
        f" least-squares line{overshoot}; steps over all rows reach it."
    )


def _cure(where: str, way: Way, who: str) -> str:
    """Returns `At this learning rate it converges within about 10 epochs: --set training.epochs=10`."""
    why = ""
    if "training.engine" in way.settings:
        slow = f"its steps take about {duration(way.seconds or 0)} on one core"
        why = slow if way.survives_rounding else "the rounding of its steps may prevent it"
        why = f" ({why}; closed_form takes a moment)"
    texts = [f"{key}={_yaml(value)}" for key, value in way.settings.items()]
    settings = " ".join(f"--set {shlex.quote(text)}" for text in texts)
    return f"{where} {who} converges within about {counted(way.epochs, 'epoch')}{why}: {settings}"


def _yaml(value: object) -> str:
    """Returns a value as `--set` takes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False).removesuffix(".0")


def _names(way: Way) -> str:
    vary = "does not vary" if len(way.left_out) == 1 else "do not vary"
    return f"{listed(way.left_out)}, which {vary},"


def _condition(way: Way) -> str:
    return f"condition number {condition(way.condition_number)}"
