"""The guard that keeps the tests off the network works, here and in the processes tests start."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import sitecustomize

# addresses kept for documentation (RFC 5737 and 3849): nobody is there
ADDRESSES = {"IPv4": ("192.0.2.1", 80), "IPv6": ("2001:db8::1", 80), "name": ("a.invalid", 80)}


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
def test_a_connection_beyond_loopback_is_refused(address):
    with pytest.raises(sitecustomize.NetworkAccessError, match=address[0]):
        socket.create_connection(address, timeout=1)


def test_a_datagram_beyond_loopback_is_refused():
    with (
        socket.socket(type=socket.SOCK_DGRAM) as sender,
        pytest.raises(sitecustomize.NetworkAccessError),
    ):
        sender.sendto(b"", ADDRESSES["IPv4"])


def test_it_is_refused_in_a_process_that_a_test_starts():
    code = f"import socket; socket.create_connection({ADDRESSES['IPv4']}, timeout=1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "NetworkAccessError" in done.stderr


def test_it_is_refused_in_the_processes_that_share_the_tests():
    """As ``make test`` runs them, from an environment that does not have the guard yet."""
    paths = os.environ["PYTHONPATH"].split(os.pathsep)
    outside = [path for path in paths if Path(path).name != "loopback_only"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    words = [sys.executable, "-m", "pytest", "-n", "1", "-k", "beyond_loopback or starts", __file__]
    done = subprocess.run(
        words,
        env=environment | {"PYTHONPATH": os.pathsep.join(outside)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "5 passed" in done.stdout, done.stdout


def test_loopback_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            socket.create_connection((host, port), timeout=5).close()
