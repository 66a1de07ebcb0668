import struct

from kazoo.client import KazooClient

from tests.real import brokers

AGREED = struct.pack(">iiiqi", 36, 0, 100_000, 1, 16) + bytes(16)  # version, milliseconds until the session ends, its number and password


def _talk(connection):
    """Agrees on a session, and answers nothing else."""
    (size,) = struct.unpack(">i", connection.recv(4))
    connection.recv(size)
    connection.sendall(AGREED)
    while connection.recv(1024):
        pass


def _client(place):
    client = KazooClient(f"127.0.0.1:{brokers.serve(_talk)}", timeout=100)
    client.start(timeout=5)
    return client


MAKERS = {"KazooClient": _client}
