"""What became of a trial, in words that are exact: the one place that says what converged means.

Outcomes are results, never errors. The regime is the tutorial's four words for a learning rate.

Where steps see all rows, or batches in file order, it is read off the spectrum: the factor c by which the
steepest direction of the data shrinks in each epoch. Such a regime describes that direction alone, so a trial
may converge at a rate that is too high (with no error along it), or diverge at one that is not (momentum or
rounding carry it past the bound first); `SURPRISES` says why. No such factor is used where batches are drawn
or permuted, nor with an adaptive optimizer: there the regime describes what the trial did, and never
contradicts its outcome. One that diverged is too high, one that converged is not, and an unfinished one is
only if its cost rose.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.array_types import Floats, Integers

Codes = NDArray[np.int8]

Loss = Literal["half_mse", "mse", "sse"]
"""What a step descends."""

BestBy = Literal["converged_at", "cost", "held_out_cost", "best_held_out_cost", "average_cost"]
"""The columns whose least value may be the best."""

SPREADING = ("excess_cost", *get_args(BestBy)[1:])
"""The columns whose spread a summary may tell."""

INSTEAD = {"best_held_out_cost": "held_out_cost"}
"""The columns that stand in for others where these miss a value: a cost that still falls at the end."""

OUTCOMES = ("converged", "unfinished", "diverged")
CONVERGED, UNFINISHED, DIVERGED = range(3)
"""The codes of outcomes, as of all words here: their places among the words."""

OUTCOME_MEANING = {
    "converged": "its cost came within the tolerance of the least-squares optimum",
    "unfinished": "it neither converged nor diverged within the epochs given",
    "diverged": "its cost grew above {divergence} times the larger of the start's cost"
    " and the variance of the target (its mean square where no bias is fitted or it does not vary)",
}
"""Half a sentence each; `legend.Bounds` fills the set-up's numbers in."""

OUTCOME_WORDS = (*OUTCOMES, "failed")
FAILED = len(OUTCOMES)
"""The code of a trial that could not be trained: its worker died, or ran out of memory, again and again.
It has no result, and what gathers results passes it over."""

REGIMES = ("low", "good", "high", "too_high")
LOW, GOOD, HIGH, TOO_HIGH = range(4)
REGIME_MEANING = {
    "low": "along the steepest direction the error keeps its sign and shrinks slowly (overdamped)",
    "good": "along the steepest direction the error shrinks to {percent} % or less within {epochs}"
    " (with momentum, in the long run)",
    "high": "along the steepest direction the error swings across its optimum and shrinks slowly, if at all"
    " (oscillating)",
    "too_high": "along the steepest direction any error swings further away each epoch (unstable)",
}
"""What a regime means that is read off the spectrum, likewise; true with and without momentum."""

MEASURED_MEANING = {
    "low": "the second epoch moved on in the direction of the first, more than {share} % as far",
    "good": "the second epoch moved at most {share} % as far along the direction of the first",
    "high": "the second epoch moved back against the first, more than {share} % as far",
    "too_high": "the error grew",
}
"""Likewise of a regime that is measured."""

SURPRISES = {
    "no_error": "It converged all the same, as it had next to no error where the error grows",
    "start": "It diverged all the same, as its start already lies beyond the bound",
    "overshoot": "It diverged all the same, as the error first grew past the bound, before it would shrink",
    "rounding": "It diverged all the same, as the rounding of its numbers carried it past the bound",
}
"""Why an outcome is not the one that a regime of the spectrum suggests."""

REGIME_SOURCES = ("spectrum", "measured")
SPECTRUM, MEASURED = range(2)
"""Where a regime is read off: the data's curvature, or what the trial itself did."""

THEORY = (
    *("closed_form", "lost_in_rounding", "mini_batches", "adaptive"),
    *("epoch_map", "in_the_mean", "reshuffled"),
)
CLOSED_FORM, LOST_IN_ROUNDING, MINI_BATCHES, ADAPTIVE, EPOCH_MAP, IN_THE_MEAN, RESHUFFLED = range(7)
"""What theory says of a trial: the closed form gives its outcome; that lies within what the rounding of the
steps may decide; steps see mini-batches in a way of which nothing is known; the optimizer scales each step by
its own gradients; an epoch in file order is one map, which gives the outcome; batches are drawn, so that the
mean over all draws is known; or rows are permuted anew in each epoch. New words stand last, as old runs have
fewer."""

PREDICTED = (CLOSED_FORM, EPOCH_MAP)
"""The codes of what gives an outcome."""

IN_MEAN = (IN_THE_MEAN, RESHUFFLED)
"""The codes of batches that differ from draw to draw, of which the mean may be known."""

SILENT_MEANING = {
    "lost_in_rounding": "the rounding of steps may decide the outcome",
    "mini_batches": "drawn batches under a schedule or of many parameters have no theory here, nor have those"
    " in file order where it would take longer than training",
    "adaptive": "adaptive optimizers scale each step by its gradients",
    "in_the_mean": "batches are drawn, and only their mean is known",
    "reshuffled": "each epoch has a permutation of its own",
    "not_asked": "so many epochs under a schedule are gone through in training alone",
}
"""Why theory predicts nothing for trials."""

MISSING = -1
"""The code of an outcome or regime that is not known, and the epoch of an event that never came."""


@dataclass(frozen=True)
class Criteria:
    """When a trial counts as converged or diverged.

    Attributes:
        tolerance: converged where the excess cost is at most this fraction of the data's scale.
        divergence: diverged where the cost is above this multiple of the larger of the cost at
            the start and the data's scale.
        settle_epochs: a learning rate is good where the steepest direction shrinks to
            settle_fraction within this many epochs.
        settle_fraction: see settle_epochs; between 0 and 1.
    """

    tolerance: float
    divergence: float
    settle_epochs: float
    settle_fraction: float

    @property
    def settling(self) -> float:
        """The factor an epoch at which an error just shrinks to settle_fraction within settle_epochs."""
        return float(self.settle_fraction ** (1.0 / self.settle_epochs))

    def converged_excess(self, scale: float) -> float:
        """Returns the excess cost at or below which a trial has converged, in units of y squared: finite."""
        return min(self.tolerance * scale, float(np.finfo(np.float64).max))

    def diverged_excess(self, excess_at_start: Floats, least: float | Floats, scale: float) -> Floats:
        """Returns the excess cost [K] above which each trial has diverged, in units of y squared."""
        with np.errstate(over="ignore"):
            return self.divergence * np.maximum(least + excess_at_start, scale) - least


def judge(
    converged_at: Integers,
    diverged_at: Integers,
    excess_cost: Floats,
    converged_excess: float | Floats,
    *,
    early_stop: bool,
) -> Codes:
    """Returns the outcome [K] of each trial, as an index into OUTCOMES.

    Args:
        converged_at: [K], MISSING where it never did.
        diverged_at: [K], MISSING where it never did.
        excess_cost: [K], of the state in which the trial ended, in units of y squared.
        converged_excess: at or below this a state counts as converged; one number or [K].
        early_stop: trials ended at their first event; else the last state decides.
    """
    reached = converged_at != MISSING if early_stop else excess_cost <= converged_excess
    stable = diverged_at == MISSING
    return np.select([stable & reached, stable], [CONVERGED, UNFINISHED], DIVERGED).astype(np.int8)


def judge_regime(contraction: Floats, criteria: Criteria) -> Codes:
    """Returns the regime [K] as an index into REGIMES, MISSING where the factor is not known.

    Args:
        contraction: c [K], by theory; NaN: not known.
        criteria: says within how many epochs a good rate settles, and to what fraction.
    """
    conditions = [
        np.isnan(contraction),
        contraction > criteria.settling,
        contraction >= -criteria.settling,
        contraction >= -1.0,
    ]
    return np.select(conditions, [MISSING, LOW, GOOD, HIGH], TOO_HIGH).astype(np.int8)


def judge_measured_regime(
    contraction: Floats,
    outcome: Codes,
    cost: Floats,
    start_cost: Floats,
    scale: float | Floats,
    criteria: Criteria,
) -> Codes:
    """Returns the regime [K] of trials without a spectrum, MISSING where nothing was measured.

    A contraction beyond 1 alone proves no growth: momentum gathers speed in the first steps of stable
    trials as well. So growth is read off the outcome, and of unfinished trials off the cost.

    Args:
        contraction: measured [K]; NaN: the trial ended before its second epoch, or never moved.
        outcome: [K], as an index into OUTCOMES.
        cost: of the last state [K], in units of y squared.
        start_cost: of the start [K].
        scale: the cost of the best constant prediction; one number or [K].
        criteria: see judge_regime.
    """
    rose = (cost > start_cost) & ((np.abs(contraction) > 1) | (cost > scale))
    grew = (outcome == DIVERGED) | ((outcome == UNFINISHED) & rose)
    steps = judge_regime(np.clip(contraction, -1.0, 1.0), criteria)
    return np.where(grew, TOO_HIGH, steps).astype(np.int8)


def surprise(outcome: int, regime: int, diverged_at: int, predicted_outcome: int) -> str | None:
    """Returns the key in SURPRISES of why a trial ended as its regime, off the spectrum, does not suggest.

    Args:
        outcome: how it ended, as an index into OUTCOMES.
        regime: of its learning rate, as an index into REGIMES.
        diverged_at: the epoch at which it diverged, or MISSING.
        predicted_outcome: by the closed form, or MISSING.
    """
    if outcome == CONVERGED and regime == TOO_HIGH:
        return "no_error"
    if outcome != DIVERGED or regime == TOO_HIGH:
        return None
    if diverged_at == 0:
        return "start"
    return "overshoot" if predicted_outcome == DIVERGED else "rounding"


def stability_limit(
    steepest: float | Floats,
    momentum: float | Floats = 0.0,
    *,
    nesterov: bool = False,
    dampening: float | Floats = 0.0,
) -> Floats:
    """Returns the learning rate above which descent on this curvature grows; infinite where flat.

    Args:
        steepest: the largest eigenvalue of H, in units of loss per unit of theta squared; one or [K].
        momentum: one number or [K].
        nesterov: momentum looks ahead, as torch.optim.SGD defines it.
        dampening: share of the gradient that does not reach the velocity, not with nesterov; one number or
            [K].

    Source: Goh, Why Momentum Really Works, Distill 2017, for the heavy ball; for Nesterov the
    root of its characteristic polynomial that passes -1.
    """
    momentum, gain = np.asarray(momentum, np.float64), 1 - np.asarray(dampening, np.float64)
    with np.errstate(divide="ignore"):
        multiple = 2 * (1 + momentum) / (1 + momentum + momentum if nesterov else gain)
        return np.asarray(multiple / np.asarray(steepest, np.float64))


def steepest_contraction(
    learning_rate: Floats,
    largest_eigenvalue: float | Floats,
    momentum: float | Floats = 0.0,
    *,
    nesterov: bool = False,
    dampening: float | Floats = 0.0,
) -> Floats:
    """Returns the factor c [K] of the steepest direction in an epoch.

    Without momentum it is 1 - learning_rate * largest_eigenvalue, and each epoch multiplies the error by
    it. With momentum it is the eigenvalue of largest modulus of that direction's companion matrix, counted
    as minus its modulus where it is complex, since the error then swings (see `swing`): only in the long
    run, and on average over a swing, does each epoch shrink the error by this modulus.

    Args:
        learning_rate: [K].
        largest_eigenvalue: of H.
        momentum: one number or [K].
        nesterov: momentum looks ahead, as torch.optim.SGD defines it.
        dampening: see stability_limit.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        trace, determinant = _companion(
            learning_rate, largest_eigenvalue, momentum, nesterov=nesterov, dampening=dampening
        )
        discriminant = trace * trace - 4 * determinant
        root = np.sqrt(np.maximum(discriminant, 0))
        larger = np.where(trace >= 0, trace + root, trace - root) / 2
        swinging = -np.sqrt(np.abs(determinant))
        with_momentum = np.where(discriminant < 0, swinging, larger)
        return np.where(np.equal(momentum, 0), 1.0 - learning_rate * largest_eigenvalue, with_momentum)


def swing(
    learning_rate: float,
    largest_eigenvalue: float,
    momentum: float = 0.0,
    *,
    nesterov: bool = False,
    dampening: float = 0.0,
) -> float:
    """Returns how many epochs a full swing of the steepest direction's error takes, there and back.

    It is 2 pi over the angle of the eigenvalue that steepest_contraction counts: 2 where that is negative,
    so that the error changes its sign each epoch; infinite where it is positive, so that it never does.
    """
    of_it = np.array([learning_rate]), largest_eigenvalue, momentum
    factor = steepest_contraction(*of_it, nesterov=nesterov, dampening=dampening)
    trace, determinant = _companion(*of_it, nesterov=nesterov, dampening=dampening)
    gap = float((4 * determinant - trace * trace)[0])
    if momentum and gap > 0:
        return math.tau / math.atan2(math.sqrt(gap), float(trace[0]))
    return 2.0 if factor[0] < 0 else math.inf


def _companion(
    learning_rate: Floats,
    eigenvalue: float | Floats,
    momentum: float | Floats,
    *,
    nesterov: bool,
    dampening: float | Floats,
) -> tuple[Floats, Floats]:
    """Returns the trace and the determinant of an epoch with momentum: z**2 - trace z + determinant = 0."""
    plain, momentum = 1.0 - learning_rate * eigenvalue, np.asarray(momentum, dtype=np.float64)
    if nesterov:
        return (1 + momentum) * plain, momentum * plain
    return plain + momentum + dampening * learning_rate * eigenvalue, momentum
