"""Imported by every Python process of the tests as it starts: no socket leaves this machine.

``tests/conftest.py`` imports it, and puts this folder first on the path of the processes that tests
start.
"""

import ipaddress
import socket
import sys


class NetworkAccessError(Exception):
    """A test reached for the network; no handler of ``OSError`` may take it for a lost line."""


def refuse(event, arguments):
    """Raise if a socket is about to connect, or a name to be looked up, beyond loopback."""
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # None: a path on this machine
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost", socket.gethostname()):
        return
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback and host != "0.0.0.0":
        raise NetworkAccessError(f"{event} to {host}")


sys.addaudithook(refuse)
