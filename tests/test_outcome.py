"""Facts about outcomes and regimes; the oracle for momentum is the companion matrix's spectrum."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linreg_sweep import data as datasets
from linreg_sweep.array_types import Floats
from linreg_sweep.column_types import ColumnType
from linreg_sweep.theory.outcome import (
    MEASURED,
    MEASURED_MEANING,
    MISSING,
    OUTCOME_MEANING,
    OUTCOMES,
    REGIME_MEANING,
    REGIME_SOURCES,
    REGIMES,
    SPECTRUM,
    THEORY,
    Criteria,
    judge,
    judge_regime,
    stability_limit,
    steepest_contraction,
    swing,
)
from linreg_sweep.theory.problem import make_problem
from linreg_sweep.trials.columns import NAMED

CRITERIA = Criteria(tolerance=1e-6, divergence=1e6, settle_epochs=10, settle_fraction=0.01)

momenta = st.floats(0.001, 0.999)
curvatures = st.floats(1e-3, 1e3)


def multipliers(rate: float, curvature: float, momentum: float, *, nesterov: bool) -> Floats:
    """Returns the eigenvalues of one epoch along a direction: (error, velocity) before to after.

    velocity' = momentum * velocity + curvature * error; the step goes along velocity' or, with
    Nesterov, along the gradient plus momentum * velocity'.
    """
    velocity = np.array([curvature, momentum])
    along = np.array([curvature, 0.0]) + momentum * velocity if nesterov else velocity
    epoch = np.array([np.array([1.0, 0.0]) - rate * along, velocity])
    return np.linalg.eigvals(epoch)


def regimes(contraction: list[float], criteria: Criteria = CRITERIA) -> list[str | None]:
    """Returns the words for factors."""
    codes = judge_regime(np.array(contraction), criteria).tolist()
    return [None if code == MISSING else REGIMES[code] for code in codes]


# --- the tutorial's four rates


def test_the_tutorials_four_rates_have_its_four_words() -> None:
    """The factor c = 1 - lr * lambda_max, and the word for it, are the published ones."""
    cases: list[tuple[float, float, str]] = [
        (0.001, 0.684, "low"),
        (0.005, -0.580, "good"),
        (0.006, -0.896, "high"),
        (0.007, -1.212, "too_high"),
    ]
    for rate, factor, regime in cases:
        data = datasets.tutorial()
        problem = make_problem(data.x, data.y, loss="half_mse", fit_bias=True)
        c = steepest_contraction(np.array([rate]), float(problem.eigenvalues[-1]))
        assert c == pytest.approx([factor], abs=5e-4)
        assert regimes(c.tolist()) == [regime]


def test_regimes_change_where_the_tutorials_window_says() -> None:
    """The edges are q = 0.01**(1/10) and -1; each edge belongs to the better word."""
    q = 0.01**0.1
    assert q == pytest.approx(0.631, abs=5e-4)
    up, down = math.nextafter(q, 2), math.nextafter(-q, -2)
    assert regimes([1.0, up, q, 0.0, -q, down, -1.0, math.nextafter(-1, -2)]) == [
        *("low", "low", "good", "good", "good", "high", "high", "too_high"),
    ]
    assert regimes([math.inf, -math.inf, math.nan]) == ["low", "too_high", None]


def test_settle_moves_the_edges_of_good() -> None:
    """To settle to 1/4 within two epochs a factor of 1/2 is just enough."""
    criteria = replace(CRITERIA, settle_epochs=2, settle_fraction=0.25)
    assert regimes([0.51, 0.5, -0.5, -0.51], criteria) == ["low", "good", "good", "high"]


def test_every_word_has_a_meaning() -> None:
    """Outcomes and regimes are words with a sentence each."""
    assert tuple(OUTCOME_MEANING) == OUTCOMES == ("converged", "unfinished", "diverged")
    assert tuple(MEASURED_MEANING) == tuple(REGIME_MEANING) == REGIMES == ("low", "good", "high", "too_high")


def test_cells_are_words_for_codes_and_nothing_for_what_is_missing() -> None:
    """Codes are the words' places; numbers are themselves, whole ones without a point, NaN is missing."""
    of = {name: column.type for name, column in NAMED.items()}
    assert [of["outcome"].cell(code) for code in range(4)] == [
        "converged",
        "unfinished",
        "diverged",
        "failed",
    ]
    assert [of["theory"].cell(code) for code in range(len(THEORY))] == list(THEORY)
    assert [of["regime_source"].cell(code) for code in (SPECTRUM, MEASURED)] == list(REGIME_SOURCES)
    assert of["regime"].cell(MISSING) is of["predicted_at"].cell(MISSING) is None
    declared = ColumnType("count", role="hyperparameter")
    cells = [of["predicted_at"].cell(0), ColumnType("number").cell(-1.0), declared.cell(5.0)]
    assert [repr(cell) for cell in cells] == ["0", "-1.0", "5"]
    assert declared.cell(math.nan) is None


# --- momentum


@settings(max_examples=200, deadline=None, derandomize=True)
@given(momenta, curvatures, st.booleans())
def test_the_spectral_radius_is_1_at_the_stability_limit(m: float, curvature: float, nesterov: bool) -> None:
    """Just below the limit every multiplier shrinks, just above it one grows."""
    limit = float(stability_limit(curvature, m, nesterov=nesterov))
    below = multipliers(limit * (1 - 1e-6), curvature, m, nesterov=nesterov)
    above = multipliers(limit * (1 + 1e-6), curvature, m, nesterov=nesterov)
    assert abs(below).max() < 1 < abs(above).max()


def test_nothing_grows_below_the_stability_limit() -> None:
    """The limit is the first rate at which something grows, not just one of them."""
    for share in (0.001, 0.25, 0.5, 0.9, 0.999):
        for momentum in (0.1, 0.5, 0.9):
            for nesterov in (True, False):
                limit = float(stability_limit(3.7, momentum, nesterov=nesterov))
                assert abs(multipliers(share * limit, 3.7, momentum, nesterov=nesterov)).max() < 1


def test_the_limits_without_momentum() -> None:
    """2/lambda for every method, which on flat data is infinite."""
    for nesterov in (True, False):
        assert float(stability_limit(4.0, 0.0, nesterov=nesterov)) == 0.5
        assert stability_limit(4.0, np.array([0.0, 0.0]), nesterov=nesterov).tolist() == [0.5, 0.5]
        assert float(stability_limit(0.0, 0.5, nesterov=nesterov)) == math.inf
    assert stability_limit(0.0, np.array([0.0, 0.5])).tolist() == [math.inf, math.inf]


def test_the_limits_of_published_formulas() -> None:
    """Heavy ball 2(1+m)/lambda; Nesterov (2+2m)/((1+2m) lambda)."""
    m = np.array([0.5, 0.9])
    assert stability_limit(2.0, m) == pytest.approx([1.5, 1.9], rel=1e-15)
    assert stability_limit(2.0, m, nesterov=True) == pytest.approx([3 / 4, 3.8 / 5.6], rel=1e-15)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(momenta, curvatures, st.floats(1e-4, 3.0), st.booleans())
def test_the_contraction_is_the_largest_multiplier(
    momentum: float, curvature: float, share: float, nesterov: bool
) -> None:
    """It has the largest eigenvalue's modulus, and is positive only where that is real and positive."""
    rate = share * float(stability_limit(curvature, momentum, nesterov=nesterov))
    found = multipliers(rate, curvature, momentum, nesterov=nesterov)
    largest = found[abs(found).argmax()]
    c = float(steepest_contraction(np.array([rate]), curvature, momentum, nesterov=nesterov)[0])
    # a double root is known to the square root of the precision
    assert abs(c) == pytest.approx(abs(largest), rel=1e-6)
    if abs(found[0] - found[1]) > 1e-6:
        swings = abs(largest.imag) > 0 or largest.real < 0
        assert (c < 0) == swings


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from([0.0, 0.1, 0.5, 0.9, 0.983]), st.floats(1e-4, 3.0), st.booleans())
def test_an_error_swings_as_often_as_the_companion_matrix_turns(
    momentum: float, share: float, nesterov: bool
) -> None:
    """A full swing is 2 pi over the angle of its largest eigenvalue; a direction that is low never swings."""
    rate = share * float(stability_limit(1.0, momentum, nesterov=nesterov))
    found = multipliers(rate, 1.0, momentum, nesterov=nesterov)
    if abs(found[0] - found[1]) < 1e-6:
        return
    largest = found[abs(found).argmax()] if momentum else 1 - rate
    epochs = swing(rate, 1.0, momentum, nesterov=nesterov)
    angle = abs(np.angle(largest))
    assert epochs == (pytest.approx(2 * math.pi / angle, rel=1e-6) if angle else math.inf)
    if epochs == math.inf:
        error, velocity, errors = 1.0, 0.0, []
        for _ in range(200):
            velocity = momentum * velocity + error
            error -= rate * (error + momentum * velocity if nesterov else velocity)
            errors.append(error)
        assert min(errors) >= 0


def test_the_tutorials_momentum_swings_every_six_epochs() -> None:
    """Rate 0.00275, momentum 0.983: a complex pair of modulus 0.9915, whose ratios are 0.13, -6.46, 1.27."""
    data = datasets.tutorial()
    steepest = float(make_problem(data.x, data.y, loss="half_mse", fit_bias=True).eigenvalues[-1])
    found = multipliers(0.00275, steepest, 0.983, nesterov=False)
    assert steepest_contraction(np.array([0.00275]), steepest, 0.983) == pytest.approx([-0.9915], abs=1e-4)
    assert swing(0.00275, steepest, 0.983) == pytest.approx(2 * math.pi / abs(np.angle(found[0])), rel=1e-12)


@pytest.mark.parametrize(("rate", "dampening"), [(1.5, 0.9), (0.3, 0.5), (6.0, 0.4), (1e-3, 0.9), (5.0, 0.1)])
def test_dampening_slows_a_swing(rate: float, dampening: float) -> None:
    """Beyond the first step it is descent at so much less of the rate: the same turn and multiplier."""
    found = multipliers(rate * (1 - dampening), 1.0, 0.9, nesterov=False)
    largest = found[abs(found).argmax()]
    angle = abs(np.angle(largest))
    expected = 2 * math.pi / angle if angle else math.inf
    assert swing(rate, 1.0, 0.9, dampening=dampening) == pytest.approx(expected, rel=1e-9)
    c = steepest_contraction(np.array([rate]), 1.0, 0.9, dampening=dampening)[0]
    assert c == pytest.approx(-abs(largest) if angle else largest.real, rel=1e-9)


def test_momentum_can_differ_from_trial_to_trial() -> None:
    """An array of momenta gives what each gives alone; where it is 0 it is plain descent, to the bit."""
    rates, m = np.array([0.1, 0.2, 0.3]), np.array([0.0, 0.5, 0.9])
    for nesterov in (True, False):
        together = steepest_contraction(rates, 3.0, m, nesterov=nesterov)
        alone = [
            steepest_contraction(rates[i : i + 1], 3.0, float(m[i]), nesterov=nesterov)[0] for i in range(3)
        ]
        assert together.tolist() == alone
        assert together[0] == 1 - 0.1 * 3.0


def test_absurd_rates_have_a_factor_too() -> None:
    """A rate that overflows is far too high, without a warning."""
    rates = np.array([1e300, 1e308])
    for momentum in (0.0, 0.9):
        for nesterov in (True, False):
            c = steepest_contraction(rates, 1e9, momentum, nesterov=nesterov)
            assert regimes(c.tolist()) == ["too_high", "too_high"]


# --- outcomes


def test_the_outcome_of_events() -> None:
    """The first event decides with early stop; without, the last state does. Divergence always does."""
    cases: list[tuple[int, int, float, bool, str]] = [
        (5, MISSING, 0.5, True, "converged"),
        (0, MISSING, 0.0, True, "converged"),
        (MISSING, MISSING, 0.5, True, "unfinished"),
        (MISSING, 5, 9e9, True, "diverged"),
        (MISSING, 0, math.nan, True, "diverged"),
        (5, MISSING, 0.5, False, "converged"),
        (5, MISSING, 1.5, False, "unfinished"),
        (5, 9, 9e9, False, "diverged"),
        (MISSING, 9, math.inf, False, "diverged"),
        (MISSING, MISSING, 1.5, False, "unfinished"),
    ]
    for converged_at, diverged_at, excess, early_stop, outcome in cases:
        codes = judge(
            np.array([converged_at]), np.array([diverged_at]), np.array([excess]), 1.0, early_stop=early_stop
        )
        assert [OUTCOMES[code] for code in codes] == [outcome]


def test_the_levels_of_cost() -> None:
    """Tolerance is relative to the scale; divergence to the larger of start and scale, less the least."""
    criteria = replace(CRITERIA, tolerance=1e-3, divergence=100.0)
    assert criteria.converged_excess(50.0) == 0.05
    levels = criteria.diverged_excess(np.array([1.0, 98.0, 1e308]), 2.0, 50.0)
    assert levels.tolist() == [100 * 50 - 2, 100 * 100 - 2, math.inf]
