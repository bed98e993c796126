"""Facts about work on a Ray cluster of this machine; skipped where Ray is not installed, as by default."""

import sys
import time
from collections.abc import Iterator
from itertools import count, islice

import pytest

from linreg_sweep.errors import ConfigError, SweepError
from linreg_sweep.workers.interface import Workers, WorkersLostError
from linreg_sweep.workers.ray_cluster import RayCluster
from tests.clusters import Deadly, process, refuse, square

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def workers() -> Iterator[RayCluster]:
    """All CPUs of this machine."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install -c constraints.txt -e '.[ray]'")
    with RayCluster.connect() as connected:
        yield connected


def test_every_item_comes_once(workers: RayCluster) -> None:
    """Whether there are none, one or many."""
    like_all: Workers = workers
    for items in ([], [7], list(range(40))):
        assert sorted(like_all.each(square, items)) == [item * item for item in items]


def test_work_is_done_by_so_many_workers(workers: RayCluster) -> None:
    """As there are CPUs."""
    assert len(set(workers.each(process, range(12)))) == workers.count


def test_few_items_are_taken_at_once(workers: RayCluster) -> None:
    """As many as there are CPUs, so that endless items end as soon as who takes results has enough."""
    taken = []
    items = (taken.append(item) or item for item in count())  # type: ignore[func-returns-value]
    results = workers.each(square, items)
    assert len(list(islice(results, 3))) == 3
    results.close()  # type: ignore[attr-defined]
    assert len(taken) < 3 + workers.count


def test_work_that_kills_its_worker_is_told(workers: RayCluster) -> None:
    """Soon, and the next call finds others."""
    begun = time.monotonic()
    with pytest.raises(WorkersLostError, match="died"):
        list(workers.each(Deadly(5), range(12)))
    assert time.monotonic() - begun < 30
    assert sorted(workers.each(Deadly(99), range(12))) == [item * item for item in range(12)]


def test_what_work_raises_is_raised(workers: RayCluster) -> None:
    """As it is."""
    with pytest.raises(SweepError, match="no use"):
        list(workers.each(refuse, range(3)))


def test_ray_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match="Ray is not installed") as caught:
        RayCluster.connect().__enter__()
    assert "pip install -c constraints.txt -e '.[ray]'" in caught.value.complaints[0].hint
