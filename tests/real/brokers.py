"""Far ends that a client wants to hear before it sends."""

from __future__ import annotations

import socket


def connected(port: int) -> socket.socket:
    """A socket that is connected to this port of this machine already."""
    return socket.create_connection(("127.0.0.1", port))
