"""Facts about work on a real Dask scheduler and workers, each a process of its own, some of which die."""

import gc
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count, islice
from pathlib import Path
from shutil import which
from types import FrameType

import dask.config
import pytest

from linreg_sweep.errors import ConfigError, SweepError
from linreg_sweep.execution.versions import result_versions
from linreg_sweep.workers import dask_client, guarded_dask
from linreg_sweep.workers.dask_cluster import DaskCluster
from linreg_sweep.workers.interface import Workers, WorkersLostError
from tests.clusters import (
    ROOT,
    Cluster,
    Counted,
    Deadly,
    cluster,
    lose_touch,
    process,
    refuse,
    square,
    square_slowly,
    until,
)

pytestmark = pytest.mark.system

SQUARES = [item * item for item in range(12)]

NO_NANNY = "--no-nanny"
"""For workers that are to stay dead."""


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """No test waits for ever, whatever is broken."""

    def late(*_: object) -> None:
        raise AssertionError("this waits for ever")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(90)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler with two workers, which nannies replace when they die."""
    with cluster(tmp_path_factory.mktemp("standing")) as started:
        started.start_worker()
        started.start_worker()
        yield started


@pytest.fixture
def workers(standing: Cluster) -> Iterator[DaskCluster]:
    """The two workers, once both are there."""
    with DaskCluster.connect(standing.address, patience=20) as connected:
        until(lambda: connected.count == 2)
        yield connected


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


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler of the test's own, with a worker."""
    with cluster(tmp_path) as started:
        started.start_worker(NO_NANNY)
        yield started
        started.kill_workers()


def tasks_left(workers: DaskCluster) -> int:
    """Returns how many tasks the scheduler's workers are to do, or do."""
    return sum(map(len, workers._client.processing().values()))


def test_every_item_comes_once(workers: DaskCluster) -> None:
    """Whether there are none, one or many."""
    like_all: Workers = workers
    for items in ([], [7], list(range(40))):
        assert sorted(like_all.each(square, items)) == [item * item for item in items]


def test_work_is_done_by_the_workers(workers: DaskCluster) -> None:
    """By both."""
    assert len(set(workers.each(process, range(12)))) == 2


def test_work_travels_once_to_each_worker(workers: DaskCluster, tmp_path: Path) -> None:
    """However many items and calls there are; 20 MB raise no warning."""
    work = Counted(tmp_path, bytes(20_000_000))
    for _ in range(2):
        assert sorted(workers.each(work, range(12))) == SQUARES
    assert len(list(tmp_path.iterdir())) == 2
    first = workers._sent
    assert next(workers.each(work, [3])) == 9
    assert workers._sent is first


def test_few_items_are_taken_at_once(workers: DaskCluster) -> None:
    """Those in flight, so that endless items end as soon as who takes results has enough."""
    taken = []
    items = (taken.append(item) or item for item in count())  # type: ignore[func-returns-value]
    results = workers.each(square_slowly, items)
    assert len(list(islice(results, 3))) == 3
    results.close()  # type: ignore[attr-defined]
    assert len(taken) <= 3 + 2 * 2 + 1


def test_nothing_is_left_of_a_call_that_is_closed(workers: DaskCluster) -> None:
    """No task, and no future but the work's own; the next call is as the first."""
    results = workers.each(square_slowly, range(1000))
    next(results)
    results.close()  # type: ignore[attr-defined]
    until(lambda: tasks_left(workers) == 0, 5)
    until(lambda: len(workers._client.futures) == 1, 5)
    assert sorted(workers.each(square_slowly, range(12))) == SQUARES


def test_no_thread_is_left_of_a_connection(standing: Cluster) -> None:
    """Nor a silenced logger; but for a thread that Dask keeps for the life of a process."""
    before = {thread.name for thread in threading.enumerate()}
    with DaskCluster.connect(standing.address) as connected:
        assert next(connected.each(square, range(12))) in SQUARES
        assert logging.getLogger("distributed").level == logging.CRITICAL
    until(lambda: {thread.name for thread in threading.enumerate()} - before <= {"Dask-Offload_0"}, 5)
    assert logging.getLogger("distributed").level < logging.CRITICAL


def test_what_work_raises_is_raised(workers: DaskCluster) -> None:
    """As it is."""
    with pytest.raises(SweepError, match="no use"):
        list(workers.each(refuse, range(4)))


def test_what_items_raise_is_raised(workers: DaskCluster) -> None:
    """As it is."""

    def items() -> Iterator[int]:
        yield 1
        raise KeyError("no more")

    with pytest.raises(KeyError, match="no more"):
        list(workers.each(square_slowly, items()))


def test_a_worker_that_finds_nobody_is_told_as_lost(workers: DaskCluster) -> None:
    """What joblib itself meets on a worker, as when the scheduler is too busy to answer there."""
    with pytest.raises(WorkersLostError, match="a worker lost its connection: timed out"):
        list(workers.each(lose_touch, range(4)))


def test_work_that_kills_each_worker_is_told(workers: DaskCluster) -> None:
    """Soon; what was yielded before is whole, and the workers are there again for the next call."""
    begun = time.monotonic()
    with pytest.raises(WorkersLostError, match="2 workers died over it"):
        list(workers.each(Deadly(5), range(12)))
    assert time.monotonic() - begun < 20
    assert sorted(workers.each(Deadly(99), range(12))) == SQUARES


@pytest.mark.parametrize("told", [False, True])
def test_a_task_that_is_lost_is_told(
    workers: DaskCluster, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    """As one may be while the scheduler dies and another comes; joblib would wait for ever."""
    monkeypatch.setattr(guarded_dask, "SECONDS_TO_ARRIVE", 1.0)
    send = workers._client._send_to_scheduler
    graphs = count()

    def lose(message: dict[str, object]) -> None:
        if message["op"] != "update-graph" or next(graphs) == 0:  # the first is of what the tasks need
            send(message)
        elif told:
            raise ConnectionError

    monkeypatch.setattr(workers._client, "_send_to_scheduler", lose)
    with pytest.raises(WorkersLostError, match="does not know of it"):
        list(workers.each(square, range(4)))


def test_joblib_alone_still_waits_for_ever(standing: Cluster) -> None:
    """Where it fails, joblib has mended its backend: GuardedDask needs no submit of its own then."""
    bare = """
import os, sys, threading, time
from distributed import Client
from joblib import Parallel, delayed
from tests.clusters import Deadly

client = Client(sys.argv[1], set_as_default=False)

def watch():
    while not any(future.status == "error" for future in list(client.futures.values())):
        time.sleep(0.1)
    time.sleep(2)
    print("waits", flush=True)
    os._exit(0)

threading.Thread(target=watch, daemon=True).start()
from joblib import parallel_config
try:
    with parallel_config(backend="dask", client=client):
        Parallel()(delayed(Deadly(0))(item) for item in range(4))
except BaseException as error:
    print(repr(error), flush=True)
os._exit(0)
"""
    command = [sys.executable, "-c", bare, standing.address]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=40, check=False)
    mended = "joblib's Dask backend no longer waits for ever: see GuardedDask, which guards against it"
    assert done.stdout == "waits\n", f"{mended}\n{done.stdout}{done.stderr}"


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


def test_a_killed_scheduler_is_an_error(
    mortal: Cluster, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Soon; no thread stays, and nothing is said of it but the error."""
    before = {thread.name for thread in threading.enumerate()}
    monkeypatch.setattr(dask_client, "SECONDS_TO_ANSWER", 3.0)
    with DaskCluster.connect(mortal.address, patience=20) as workers:
        results = workers.each(square_slowly, range(100))
        next(results)
        mortal.scheduler.kill()
        begun = time.monotonic()
        with pytest.raises(SweepError, match="the scheduler is gone"):
            list(results)
        assert time.monotonic() - begun < 10
        assert workers.count == 1
        with pytest.raises(SweepError, match="the scheduler is gone"):
            list(workers.each(square, range(12)))
    until(lambda: {thread.name for thread in threading.enumerate()} - before <= {"Dask-Offload_0"}, 5)
    assert capfd.readouterr() == ("", "")


def test_a_scheduler_that_does_not_answer_is_an_error(
    mortal: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where it is frozen, or its machine out of reach."""
    monkeypatch.setattr(dask_client, "SECONDS_TO_ANSWER", 1.0)
    with DaskCluster.connect(mortal.address, patience=1) as workers:
        until(workers._client.nthreads)
        results = workers.each(square_slowly, range(100))
        next(results)
        mortal.scheduler.send_signal(signal.SIGSTOP)
        begun = time.monotonic()
        with pytest.raises(SweepError, match="the scheduler did not answer for 1 seconds"):
            list(results)
    assert time.monotonic() - begun < 10


def test_a_scheduler_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """With exit code 1, and a hint; no thread stays."""
    monkeypatch.setattr(dask_client, "SECONDS_TO_ANSWER", 1.0)
    before = set(threading.enumerate())
    with pytest.raises(SweepError, match="no Dask scheduler answers within 1 seconds") as caught:
        DaskCluster.connect("tcp://127.0.0.1:1").__enter__()
    assert caught.value.exit_code == 1
    assert "dask scheduler" in caught.value.complaints[0].hint
    until(lambda: not set(threading.enumerate()) - before, 5)


@contextmanager
def listening(
    greet: Callable[[socket.socket], object], context: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Takes connections on a port, greets each and keeps it open; the address is `127.0.0.1:PORT`."""
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection = server.accept()[0]
                    taken.append(context.wrap_socket(connection, server_side=True) if context else connection)
                    greet(taken[-1])

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        serving.join(5)
    for connection in taken:
        connection.close()


def silent(connection: socket.socket) -> None:
    """Says nothing."""


def ssh(connection: socket.socket) -> None:
    """Says what sshd does, in two pieces."""
    connection.sendall(b"SSH-2.0-Open")
    time.sleep(0.2)
    connection.sendall(b"SSH_9.2\x1b[2J\r\n")


def web(connection: socket.socket) -> None:
    """Answers a request, if one comes."""
    connection.settimeout(5)
    if connection.recv(1000).startswith(b"GET / HTTP/1"):
        connection.sendall(b"HTTP/1.1 404 Not Found\r\n\r\n")


@pytest.mark.parametrize(
    ("greet", "said"),
    [
        (silent, "says nothing within 2 seconds"),
        (ssh, r"it says: SSH-2\.0-OpenSSH_9\.2\\x1b\[2J"),
        (lambda connection: connection.sendall(b"\x08" + bytes(15)), "it says: .x08"),
        (lambda connection: connection.shutdown(socket.SHUT_RDWR), "says nothing"),
    ],
)
def test_what_is_no_scheduler_is_an_error(greet: Callable[[socket.socket], object], said: str) -> None:
    """Whatever takes connections at the port; distributed would wait for ever, or for memory."""
    with listening(greet) as address, pytest.raises(SweepError, match=said) as caught:
        DaskCluster.connect(f"tcp://{address}", patience=2).__enter__()
    assert "8786" in caught.value.complaints[0].hint


def test_a_web_server_is_no_scheduler() -> None:
    """As at Dask's dashboard; it answers only the second connection here, on which it is spoken to."""
    greetings = iter([silent, web])
    with (
        listening(lambda connection: next(greetings)(connection)) as address,
        pytest.raises(SweepError, match="a web server answers there") as caught,
    ):
        DaskCluster.connect(f"tcp://{address}", patience=60).__enter__()
    assert "8787 is its dashboard" in caught.value.complaints[0].hint


@pytest.mark.system
def test_a_scheduler_that_is_stopped_is_an_error(mortal: Cluster) -> None:
    """The system takes connections for it, and nobody answers."""
    mortal.scheduler.send_signal(signal.SIGSTOP)
    with pytest.raises(SweepError, match="is the scheduler stopped"):
        DaskCluster.connect(mortal.address, patience=2).__enter__()


@pytest.mark.system
@pytest.mark.skipif(which("openssl") is None, reason="needs openssl")
def test_silence_behind_tls_is_an_error(tmp_path: Path) -> None:
    """Also where TLS itself was agreed on."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = f"req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout {key} -out {certificate}"
    subprocess.run(["openssl", *words.split()], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    names = {"ca-file": certificate, "client.cert": certificate, "client.key": key}
    settings = {f"distributed.comm.tls.{name}": str(file) for name, file in names.items()}
    before = set(threading.enumerate())
    with (
        dask.config.set(settings),
        listening(silent, context) as address,
        pytest.raises(SweepError, match="no Dask scheduler answers"),
    ):
        DaskCluster.connect(f"tls://{address}", patience=2).__enter__()
    until(lambda: not set(threading.enumerate()) - before, 5)


def test_who_is_told_to_end_while_it_looks_for_a_scheduler_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ends at once, and no client complains later that its loop is gone."""

    def end(signum: int, frame: FrameType | None) -> None:
        raise SystemExit(7)

    complaints: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    before = set(threading.enumerate())
    heard = signal.signal(signal.SIGTERM, end)
    began = time.monotonic()
    try:
        # pytest.raises would keep what is to be collected
        with suppress(SystemExit), socket.create_server(("127.0.0.1", 0)) as silent:
            threading.Timer(1, os.kill, [os.getpid(), signal.SIGTERM]).start()
            DaskCluster.connect(f"tcp://127.0.0.1:{silent.getsockname()[1]}").__enter__()
            pytest.fail("it went on")
    finally:
        signal.signal(signal.SIGTERM, heard)
    assert 1 <= time.monotonic() - began < 5
    until(lambda: not set(threading.enumerate()) - before, 5)
    gc.collect()
    assert complaints == []


@pytest.mark.parametrize("address", ["", "127.0.0.1:8786", "tcp://127.0.0.1", "tcp://:8786x", "a b"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    """As a matter of usage, without a look at the network."""
    with pytest.raises(ConfigError, match="must be tcp://HOST:PORT, got "):
        DaskCluster.connect(address).__enter__()


def test_dask_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match="Dask is not installed") as caught:
        DaskCluster.connect("tcp://127.0.0.1:1").__enter__()
    assert "pip install -c constraints.txt -e '.[dask]'" in caught.value.complaints[0].hint


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
