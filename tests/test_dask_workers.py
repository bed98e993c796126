"""Facts about Dask workers that die, come back, stay away, or have not what the work needs."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from linreg_sweep.errors import SweepError
from linreg_sweep.execution.versions import result_versions
from linreg_sweep.workers.dask_cluster import DaskCluster
from tests.bounded import bounded
from tests.clusters import NO_NANNY, SQUARES, Cluster, cluster, square, square_slowly, until

__all__ = ["bounded"]

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler whose workers come and go."""
    with cluster(tmp_path_factory.mktemp("lasting")) as started:
        yield started


@pytest.fixture
def bare(lasting: Cluster) -> Iterator[Cluster]:
    """A scheduler without workers."""
    yield lasting
    lasting.kill_workers()


def test_a_killed_worker_costs_nothing_but_time(bare: Cluster) -> None:
    """The other does what it had in hand, and no error is raised."""
    victim = bare.start_worker(NO_NANNY)
    with DaskCluster.connect(bare.address, patience=20) as workers:
        results = workers.each(square_slowly, range(12))
        first = next(results)
        bare.start_worker(NO_NANNY)
        until(lambda: workers.count == 2)
        victim.kill()
        assert sorted([first, *results]) == SQUARES


def test_all_workers_may_go_and_come_back(bare: Cluster) -> None:
    """What was in flight is done by the new ones, to whom the work travels again."""
    bare.start_worker(NO_NANNY)
    with DaskCluster.connect(bare.address, patience=20) as workers:
        results = workers.each(square_slowly, range(12))
        first = next(results)
        bare.kill_workers()
        time.sleep(1)
        bare.start_worker(NO_NANNY)
        assert sorted([first, *results]) == SQUARES


def test_no_workers_for_too_long_is_an_error(bare: Cluster) -> None:
    """Whether there were any or not; what was done stays, and one can go on when there are some."""
    with DaskCluster.connect(bare.address, patience=1) as workers:
        assert workers.count == 1
        begun = time.monotonic()
        with pytest.raises(SweepError, match="no worker was there for 1 seconds") as caught:
            list(workers.each(square, range(12)))
        assert time.monotonic() - begun < 10
        assert "the same command does the rest" in caught.value.complaints[0].hint
        bare.start_worker(NO_NANNY)
        until(workers._client.nthreads)
        results = workers.each(square_slowly, range(12))
        next(results)
        bare.kill_workers()
        with pytest.raises(SweepError, match="no worker was there"):
            list(results)


def test_a_worker_with_another_version_is_refused(bare: Cluster, tmp_path: Path) -> None:
    """Before it does anything."""
    about = tmp_path / "other" / "linreg_sweep-99.0.dist-info" / "METADATA"
    about.parent.mkdir(parents=True)
    about.write_text("Metadata-Version: 2.1\nName: linreg-sweep\nVersion: 99.0\n", encoding="utf-8")
    bare.start_worker(NO_NANNY, path=tmp_path / "other")
    with (
        DaskCluster.connect(bare.address, 20, result_versions("numpy")) as workers,
        pytest.raises(SweepError, match=r"worker on .*: linreg-sweep must be .*, but it is 99\.0"),
    ):
        list(workers.each(square, range(12)))


def test_a_worker_without_the_package_is_told(bare: Cluster, tmp_path: Path) -> None:
    """It is an error like others, with what to do."""
    package = tmp_path / "other" / "linreg_sweep" / "__init__.py"
    package.parent.mkdir(parents=True)
    package.write_text("raise ModuleNotFoundError('no linreg_sweep here')", encoding="utf-8")
    bare.start_worker(NO_NANNY, path=tmp_path / "other")
    with (
        DaskCluster.connect(bare.address, patience=20) as workers,
        pytest.raises(SweepError, match=r"the cluster cannot read .*no linreg_sweep here.*Hint: install"),
    ):
        list(workers.each(square, range(12)))
