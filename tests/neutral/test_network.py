"""The guard that keeps the tests off the network works, here and in the processes tests start."""

import socket
import subprocess
import sys

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


def test_loopback_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            socket.create_connection((host, port), timeout=5).close()
