"""Facts about sums of exponentials: rules of signs hold, and where sums turn is found to the whole number."""

import numpy as np
from numpy.typing import NDArray

from linreg_sweep.theory.exponentials import MANY, Exponentials

Floats = NDArray[np.float64]

LAST = 300


def some_sums(n: int, k: int, seed: int) -> tuple[Exponentials, Floats]:
    """Returns sums of n exponentials, and what has their signs at each whole number [LAST + 1, k]."""
    generator = np.random.default_rng(seed)
    rate = -(10.0 ** generator.uniform(-4, 0.5, (n, k)))
    weight = generator.normal(size=(n, k)) * 10.0 ** generator.uniform(-2, 2, (n, k))
    weight[1:][generator.random((n - 1, k)) < 0.1] = 0.0
    epochs = np.arange(LAST + 1.0)[:, None, None]
    slowest = np.where(weight == 0, -np.inf, rate).max(axis=0)
    return Exponentials.of(list(weight), rate), (weight * np.exp(np.minimum(rate - slowest, 0) * epochs)).sum(
        axis=1
    )


@np.errstate(all="ignore")
def test_no_sum_has_more_zeros_than_rules_of_signs_allow() -> None:
    """Of thousands, most of which have as many as that, up to an even number."""
    exact = 0
    for n in (1, 2, 5, 9, 20):
        sums, values = some_sums(n, 1000, n)
        changes = np.diff(np.sign(values), axis=0) != 0
        at = [0, 20, 150, LAST]
        before, there = sums.zeros(np.tile(np.array(at, float)[:, None], 1000))
        for place, epoch in enumerate(at):
            for seen, most in ((changes[:epoch], before), (changes[epoch:], there.count)):
                known = most[place] < MANY
                assert (seen.sum(axis=0) <= most[place])[known].all()
            sure = there.end_is_sure[place]
            assert ((values[epoch] < 0) == there.below[place])[sure].all()
        most = np.minimum(there.count[0], before[-1])
        assert (most < MANY).mean() > 0.9
        exact += int((most - changes.sum(axis=0) <= 1).sum())
    assert exact > 2500


@np.errstate(all="ignore")
def test_where_a_sum_stops_being_below_0_is_found_to_the_whole_number() -> None:
    """By the first value that is not, of every sum that has one change of sign, upwards, or by none."""
    found = 0
    for n in (2, 5, 9):
        sums, values = some_sums(n, 1000, n)
        rises = (
            (values[0] < 0) & (values[-1] > 0) & ((np.diff(np.sign(values), axis=0) != 0).sum(axis=0) == 1)
        )
        chosen = np.flatnonzero(rises)
        at = sums.take(chosen).first_from(np.zeros(len(chosen)), np.full(len(chosen), float(LAST)))
        np.testing.assert_array_equal(at, (values[:, chosen] >= 0).argmax(axis=0))
        found += len(chosen)
        chosen = np.flatnonzero((values < 0).all(axis=0))
        last = np.full(len(chosen), float(LAST))
        np.testing.assert_array_equal(sums.take(chosen).first_from(0 * last, last), last)
    assert found > 300
