"""What makes trials converge, and how long a training takes: the same sentences wherever one went badly."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from linreg_sweep.errors import listed
from linreg_sweep.telling.phrases import counted, duration, number

if TYPE_CHECKING:
    from linreg_sweep.trials.advice import Advice, Way
    from linreg_sweep.trials.experiment import Experiment

LONG = 20.0
"""Seconds above which a person is told beforehand what a training takes."""


def waits(experiment: "Experiment", seconds: float | None) -> Iterator[str]:
    """Yields what a training that takes long does, with the way round it; nothing of a short one.

    Args:
        experiment: what is to be trained.
        seconds: that one core trains; None: not known.
    """
    if seconds is None or seconds < LONG:
        return
    engine = experiment.config.training.engine
    exact = engine != "closed_form" and not experiment.has_mini_batches
    way = "; with training.engine: closed_form a moment" if exact else ""
    yield f"This takes about {duration(seconds)} on one core with engine {engine}{way}."


def advised(advice: "Advice", who: str = "it") -> Iterator[str]:
    """Yields with which settings trials converge, quickest first, a sentence a line.

    Args:
        advice: on these trials.
        who: converges.
    """
    if advice.batch_size is not None:
        yield from _of_batches(advice)
    if advice.epochs is not None and advice.batch_size is None:
        within = f"{_epochs(advice.epochs)}{_slowly(advice.seconds, advice)}"
        yield f"At this learning rate {who} converges within {within}."
    if advice.standardized is not None:
        without = "With"
        if advice.standardized.left_out:
            without = f"Without {_names(advice.standardized)} in data.x and with"
        with_it = f"{without} data.standardize: true (condition number {_condition(advice.standardized)})"
        yield f"{with_it}, {_converges(advice.standardized, advice, who)}."
    if advice.from_zero is not None:
        yield f"From initial_weight: 0 and initial_bias: 0, {_converges(advice.from_zero, advice, who)}."
    way = advice.as_it_is
    if way is None:
        yield (
            f"As the data are, {who} does not converge within 1,000,000,000,000 epochs at any learning rate:"
            " columns of x all but depend on others, leave some out."
        )
    elif advice.epochs is None or 2 * way.epochs <= advice.epochs:
        momentum = f" with momentum {number(advice.momentum)}" if advice.momentum else ""
        yield (
            f"As the data are (condition number {_condition(way)}), stay below the stability limit"
            f" {number(way.limit)}{momentum}: {_converges(way, advice, who)}."
        )


def _of_batches(advice: "Advice") -> Iterator[str]:
    """Yields what holds for steps that see some of the rows."""
    rows = counted(advice.batch_size or 0, "row")
    if advice.batch_limit is not None:
        yield (
            f"Steps see {rows} each: stay below learning rate {number(advice.batch_limit)}, above which the"
            " step on the steepest batch overshoots."
        )
    yield (
        "At a fixed rate they circle round the least-squares line; all rows in a step"
        " (training.batch_size: null) reach it."
    )


def _converges(way: "Way", advice: "Advice", who: str) -> str:
    """Returns `at learning rate 0.1 it converges within about 10 epochs`, and what hinders it."""
    within = f"at learning rate {number(way.learning_rate)} {who} converges within {_epochs(way.epochs)}"
    return within + (_slowly(way.seconds, advice) if way.survives_rounding else _rounded_away(advice))


def _rounded_away(advice: "Advice") -> str:
    if advice.engine == "closed_form":
        return ""
    return ", if the rounding of its steps lets it: training.engine: closed_form has none, and takes a moment"


def _slowly(seconds: float | None, advice: "Advice") -> str:
    if seconds is None or seconds < LONG or advice.engine == "closed_form":
        return ""
    return f" (about {duration(seconds)} on one core; training.engine: closed_form takes a moment)"


def _epochs(count: int) -> str:
    return f"about {counted(count, 'epoch')}"


def _condition(way: "Way") -> str:
    return f"{way.condition_number:,.4g}" if way.condition_number < 1e4 else f"{way.condition_number:.3g}"


def _names(way: "Way") -> str:
    vary = "does not vary" if len(way.left_out) == 1 else "do not vary"
    return f"{listed(way.left_out)}, which {vary},"
