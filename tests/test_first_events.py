"""Facts about the search for first events: it finds what looking at every single epoch finds."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from linreg_sweep.theory.first_events import Levels, momentum_events, plain_events
from linreg_sweep.theory.modes import momentum_modes, plain_modes
from linreg_sweep.theory.outcome import MISSING

Floats = NDArray[np.float64]

N_TRIALS, N_EPOCHS = 300, 2500


def draws(n_modes: int, seed: int) -> tuple[Floats, Floats, Floats, Levels]:
    """Returns eigenvalues, multiples of the stability limit, energies and levels of trials of every kind."""
    generator = np.random.default_rng([n_modes, seed])
    eigenvalues = np.sort(10.0 ** generator.uniform(-4, 0, (n_modes, 1)), axis=0)
    eigenvalues[-1] = 1.0
    kinds = [
        generator.uniform(0.001, 0.99, N_TRIALS),
        1 + generator.normal(0, 1e-3, N_TRIALS),
        generator.uniform(1, 1.3, N_TRIALS),
        10.0 ** generator.uniform(-4, 0, N_TRIALS),
    ]
    multiples = np.choose(generator.integers(0, 4, N_TRIALS), kinds)
    energy = 10.0 ** generator.uniform(-9, 2, (n_modes, N_TRIALS))
    energy[generator.random((n_modes, N_TRIALS)) < 0.1] = 0.0
    low = 10.0 ** generator.uniform(-8, 1, N_TRIALS)
    high = np.maximum(low, energy.sum(axis=0)) * generator.choice([1.01, 1.5, 100, 1e6], N_TRIALS)
    last = generator.integers(0, N_EPOCHS, N_TRIALS).astype(np.float64)
    return eigenvalues, multiples, energy, Levels(low, high, last)


def first(true: NDArray[np.bool_], last: Floats) -> list[int]:
    """Returns the first epoch [k] up to last at which [epochs, k] is true, MISSING where none is."""
    true = true & (np.arange(len(true))[:, None] <= last)
    return [int(epoch) for epoch in np.where(true.any(axis=0), true.argmax(axis=0), MISSING)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_modes", [1, 2, 4])
def test_without_momentum(n_modes: int, seed: int) -> None:
    """Costs that fall, rise, or fall before they rise; plateaus; starts below the level; no epochs at all."""
    eigenvalues, multiples, energy, levels = draws(n_modes, seed)
    modes = plain_modes(2 * multiples, eigenvalues, np.zeros((n_modes, 1))).still_where(energy == 0)
    with np.errstate(all="ignore"):
        found = plain_events(modes.log, energy, levels)
        epochs = np.arange(N_EPOCHS, dtype=np.float64)
        costs = (energy * np.exp(2 * modes.log * epochs[:, None, None])).sum(axis=1)
    assert found[0].tolist() == first(costs <= levels.low, levels.last)
    assert found[1].tolist() == first(~(costs <= levels.high), levels.last)
    assert MISSING in found[0].tolist()
    assert max(found[0].max(), found[1].max()) > 100


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("n_modes", [1, 2, 3])
def test_with_momentum(n_modes: int, seed: int, nesterov: bool) -> None:
    """Modes swing, cross and settle; no epoch with an event is skipped."""
    eigenvalues, multiples, energy, levels = draws(n_modes, seed)
    momentum = np.random.default_rng(seed).choice([0.05, 0.5, 0.9, 0.99], N_TRIALS)
    limit = (2 + 2 * momentum) / (1 + 2 * momentum) if nesterov else 2 * (1 + momentum)
    with np.errstate(all="ignore"):
        modes = momentum_modes(
            multiples * limit, momentum, eigenvalues, np.zeros((n_modes, 1)), nesterov=nesterov
        ).still_where(energy == 0)
        converged, diverged = momentum_events(modes, energy, levels, early_stop=False)
        costs = np.array(
            [
                np.where(energy > 0, energy * modes.factors(np.full(N_TRIALS, float(epoch))) ** 2, 0.0).sum(
                    axis=0
                )
                for epoch in range(N_EPOCHS)
            ]
        )
    expected = np.array(first(~(costs <= levels.high), levels.last))
    assert diverged.tolist() == expected.tolist()
    until = np.where(expected == MISSING, levels.last, expected)
    assert converged.tolist() == first(costs <= levels.low, until)
    assert max(converged.max(), diverged.max()) > 50


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_a_square_that_overflows_is_no_divergence(momentum: float) -> None:
    """From an energy of 1e-300 to a bound of 1e300, by exact arithmetic: the factor's square passes 1e308."""
    states = [Fraction(1), Fraction(-5)]  # plain descent at three times the limit, or its first step
    while Fraction(10) ** -300 * states[-1] ** 2 <= Fraction(10) ** 300:
        states.append(-5 * states[-1] + Fraction(momentum) * (states[-1] - states[-2]))
    levels = Levels(np.zeros(1), np.array([1e300]), np.array([1000.0]))
    energy, spectrum = np.array([[1e-300]]), (np.ones((1, 1)), np.zeros((1, 1)))
    with np.errstate(all="ignore"):
        if momentum:
            modes = momentum_modes(np.array([6.0]), np.array([momentum]), *spectrum, nesterov=False)
            _, diverged = momentum_events(modes, energy, levels, early_stop=True)
        else:
            _, diverged = plain_events(plain_modes(np.array([6.0]), *spectrum).log, energy, levels)
    assert diverged.tolist() == [len(states) - 1]
