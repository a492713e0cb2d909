"""The fence around the tests themselves: no network, and loopback only on request."""

import socket

import pytest


def test_connecting_is_blocked() -> None:
    """A connection to another machine fails before a packet leaves."""
    with socket.socket() as client, pytest.raises(RuntimeError, match="tests run offline"):
        client.connect(("192.0.2.1", 80))


def test_resolving_is_blocked() -> None:
    """A name is not even looked up."""
    with pytest.raises(RuntimeError, match="tests run offline"):
        socket.getaddrinfo("example.org", 443)


def test_loopback_is_blocked_unless_asked_for() -> None:
    """Without the marker the local machine is out of reach as well."""
    with socket.socket() as server, pytest.raises(RuntimeError, match="tests run offline"):
        server.bind(("127.0.0.1", 0))


@pytest.mark.loopback
def test_loopback_marker_opens_the_local_machine_only() -> None:
    """With the marker a local server can be reached, another machine cannot."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())
        with pytest.raises(RuntimeError, match="tests run offline"):
            client.connect(("192.0.2.1", 80))
