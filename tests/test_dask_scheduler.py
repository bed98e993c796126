"""Facts about Dask schedulers that die, do not answer, are not there, or are something else."""

import gc
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
from pathlib import Path
from shutil import which
from types import FrameType

import dask.config
import pytest

from linreg_sweep.errors import ConfigError, SweepError
from linreg_sweep.workers import dask_client
from linreg_sweep.workers.dask_cluster import DaskCluster
from tests.bounded import bounded
from tests.clusters import NO_NANNY, Cluster, cluster, square, square_slowly, until

__all__ = ["bounded"]

pytestmark = pytest.mark.system


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler of the test's own, with a worker."""
    with cluster(tmp_path) as started:
        started.start_worker(NO_NANNY)
        yield started
        started.kill_workers()


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
    with pytest.raises(ConfigError, match=r"^--scheduler: must be tcp://HOST:PORT, got "):
        DaskCluster.connect(address).__enter__()


def test_dask_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match="Dask is not installed") as caught:
        DaskCluster.connect("tcp://127.0.0.1:1").__enter__()
    assert "pip install -c constraints.txt -e '.[dask]'" in caught.value.complaints[0].hint
