"""Which rows make up each step of an epoch."""

import numpy as np
import pytest

from linreg_sweep.engines.batches import batch_slices, epoch_order


@pytest.mark.parametrize(("size", "lengths"), [(None, [7]), (7, [7]), (9, [7]), (3, [3, 3, 1]), (1, [1] * 7)])
def test_an_epoch_visits_every_row_once(size: int | None, lengths: list[int]) -> None:
    """Batches lie one after the other and cover all rows; the last may be smaller."""
    parts = [list(range(7))[part] for part in batch_slices(7, size)]
    assert [len(part) for part in parts] == lengths
    assert [row for part in parts for row in part] == list(range(7))


def test_an_order_is_a_permutation_of_its_own_for_each_seed_and_epoch() -> None:
    """The same (seed, epoch) gives the same permutation; another seed or epoch another one."""
    orders = {(seed, epoch): tuple(epoch_order(20, seed, epoch)) for seed in (0, 1) for epoch in (0, 1, 2)}
    assert all(sorted(order) == list(range(20)) for order in orders.values())
    assert len(set(orders.values())) == len(orders)
    assert np.array_equal(epoch_order(20, 1, 2), orders[1, 2])
