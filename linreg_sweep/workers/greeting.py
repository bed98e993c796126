"""What listens at a port, judged by its first words: distributed itself would wait for them for ever.

A Dask scheduler speaks first: the length of a message in eight bytes, and then what it can do, in clear.
"""

import socket
import time
from contextlib import suppress

from linreg_sweep.errors import Complaint, SweepError
from linreg_sweep.guards.escapes import escape_control

SECONDS_OF_SILENCE = 1.0
"""After which it is asked whether it is a web server, which waits to be spoken to."""

MAX_BYTES = 4096
"""Of a greeting; a scheduler's has less than a hundred."""

PORTS = "a Dask scheduler's port is usually 8786; 8787 is its dashboard"


def require_scheduler(address: str, host: str, port: int, patience: float) -> None:
    """Waits so many seconds until a Dask scheduler greets at an address, the port of a host.

    Raises:
        SweepError: something else greets, or nothing in time.
        OSError: nothing takes connections there.
    """
    until = time.monotonic() + patience
    with socket.create_connection((host, port), patience) as connection:
        said = _heard(connection, min(SECONDS_OF_SILENCE, patience))
        if not said:
            said = _asked(host, port, min(SECONDS_OF_SILENCE, patience))
        if not said:
            said = _heard(connection, until - time.monotonic())
    if b"pickle-protocol" in said:
        return
    if not said:
        text = f"something takes connections there, but says nothing within {patience:g} seconds"
        raise SweepError(Complaint(address, text, f"is the scheduler stopped, or busy? {PORTS}"))
    if said.startswith(b"HTTP/"):
        raise SweepError(Complaint(address, "a web server answers there, and no Dask scheduler", PORTS))
    if said.startswith(b"\x15\x03"):  # a TLS alert
        raise SweepError(Complaint(address, "what answers there speaks TLS", "give tls://HOST:PORT"))
    words = escape_control(said.decode(errors="backslashreplace").strip(), 60)
    raise SweepError(Complaint(address, f"what answers there is no Dask scheduler, it says: {words}", PORTS))


def _heard(connection: socket.socket, seconds: float) -> bytes:
    """Returns the first words that come within so many seconds; none where it hangs up or stays silent."""
    said = b""
    until = time.monotonic() + seconds
    with suppress(OSError):
        while len(said) < MAX_BYTES and (left := until - time.monotonic()) > 0:
            connection.settimeout(left)
            some = connection.recv(MAX_BYTES)
            said += some
            if not some or b"\n" in some or b"pickle-protocol" in said:
                break
    return said


def _asked(host: str, port: int, seconds: float) -> bytes:
    """Returns what comes where it is asked for a page, as a web server would be."""
    with suppress(OSError), socket.create_connection((host, port), seconds) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return _heard(connection, seconds)
    return b""
