"""Which rows make up each step of an epoch."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import linreg_sweep as ls
from linreg_sweep.engines.batches import batch_slices, rows_of_epoch
from linreg_sweep.method import Order
from tests.random_sweeps import ORDERS


@pytest.mark.parametrize(("size", "lengths"), [(None, [7]), (7, [7]), (9, [7]), (3, [3, 3, 1]), (1, [1] * 7)])
def test_an_epoch_visits_every_row_once(size: int | None, lengths: list[int]) -> None:
    """Batches lie one after the other and cover all rows; the last may be smaller."""
    parts = [list(rows_of_epoch("file", 7, size, 0, 0))[part] for part in batch_slices(7, size)]
    assert [len(part) for part in parts] == lengths
    assert [row for part in parts for row in part] == list(range(7))


@pytest.mark.parametrize("order", ["reshuffle", "independent", "with_replacement"])
def test_rows_are_of_their_own_for_each_seed_and_epoch(order: Order) -> None:
    """The same (seed, epoch) gives the same rows; another seed or epoch others."""
    every = {key: tuple(rows_of_epoch(order, 20, 5, *key)) for key in product((0, 1), (0, 1, 2))}
    assert len(set(every.values())) == len(every)
    assert tuple(rows_of_epoch(order, 20, 5, 1, 2)) == every[1, 2]


def test_a_permutation_has_every_row_once_whatever_the_batches() -> None:
    """It is that of NumPy's Philox generator with the key (seed, epoch)."""
    expected = np.random.Generator(np.random.Philox(key=[4, 2])).permutation(23)
    assert sorted(expected) == list(range(23))
    for size in (None, 1, 5, 23):
        assert np.array_equal(rows_of_epoch("reshuffle", 23, size, 4, 2), expected)


@pytest.mark.parametrize("order", ["independent", "with_replacement"])
@pytest.mark.parametrize("size", [1, 3, 5, 8, 9])
def test_every_batch_that_is_drawn_is_whole(order: Order, size: int) -> None:
    """Of 8 rows ceil(8 / size) batches; each row is drawn as often, and twice in a batch where it may be."""
    n_batches = len(batch_slices(8, size))
    epochs = [rows_of_epoch(order, 8, size, 0, epoch).reshape(n_batches, -1) for epoch in range(4000)]
    batches = np.concatenate(epochs)
    assert batches.shape == (4000 * n_batches, min(size, 8))
    n_different = np.array([len({*batch}) for batch in batches.tolist()])
    assert (n_different == batches.shape[1]).all() == (order == "independent" or size == 1)
    draws = batches.size
    counts = np.bincount(batches.ravel(), minlength=8)
    # chi squared of 7 degrees of freedom is below 30 in all but 1 of 10,000 such draws
    assert ((counts - draws / 8) ** 2).sum() / (draws / 8) < 30
    both = (batches == 2).any(axis=1) & (batches == 6).any(axis=1)  # and so are two rows together
    width = batches.shape[1]
    share = (
        width * (width - 1) / 56 if order == "independent" else 1 - 2 * (7 / 8) ** width + (6 / 8) ** width
    )
    assert abs(both.mean() - share) <= 4 * np.sqrt(share * (1 - share) / len(both))


def test_trials_of_one_seed_are_paired_and_a_seed_is_a_row(tmp_path: Path) -> None:
    """Equal seeds give equal trials beside any others; an order draws anew for each seed, or not at all."""
    training = {"epochs": 3, "batch_size": 7, "early_stop": False}
    sweep: dict[str, Any] = {
        "name": "paired",
        "data": {"name": "tutorial"},
        "method": "grid",
        "training": training,
        "parameters": {
            "order": {"values": ["file", "reshuffle", "independent", "with_replacement"]},
            "seed": {"min": 2, "max": 4},
            "learning_rate": {"values": [0.001, 0.002]},
        },
    }
    trials = ls.run(sweep, out=tmp_path, jobs=1).trials
    assert trials["seed"].tolist() == [2, 2, 3, 3, 4, 4] * 4
    of = trials[trials["learning_rate"] == 0.002].set_index(["order", "seed"])["weight"]
    assert of.loc["file"].nunique() == 1
    assert all(of.loc[order].nunique() == 3 for order in ("reshuffle", "independent", "with_replacement"))
    alone = {**sweep, "parameters": {"learning_rate": {"values": [0.002]}}, "seed": 3}
    for order in ORDERS:
        again = ls.run({**alone, "training": {**training, "order": order}}, out=tmp_path, jobs=1).trials[
            "weight"
        ]
        assert again.tolist() == [of[order, 3]]
