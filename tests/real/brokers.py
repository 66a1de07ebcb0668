"""Far ends that a client wants to hear before it sends: as much of each protocol as brings it to its first message."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from typing import Any


def connected(port: int) -> socket.socket:
    """A socket that is connected to this port of this machine already."""
    return socket.create_connection(("127.0.0.1", port))


def serve(talk: Callable[[socket.socket], None]) -> int:
    """The port of a server that holds this conversation with each client; one that the client breaks off is over."""
    server = socket.create_server(("127.0.0.1", 0))

    def one(connection: socket.socket) -> None:
        with connection:
            try:
                talk(connection)
            except (OSError, EOFError, struct.error):
                return

    def accept() -> None:
        while True:
            threading.Thread(target=one, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return int(server.getsockname()[1])


def redis() -> int:
    """A Redis that takes every command."""
    from tests.proof.transports import _Redis, _Server

    server = _Server(("127.0.0.1", 0), _Redis)
    server.arrived = lambda kind, thread: None
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return int(server.server_address[1])


def mqtt() -> int:
    """An MQTT broker that accepts the connection (CONNACK, version 3.1.1)."""

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.send(b"\x20\x02\x00\x00")
        while connection.recv(4096):
            pass

    return serve(talk)


def nats() -> int:
    """A NATS server that says who it is and answers pings."""

    def talk(connection: socket.socket) -> None:
        connection.send(b'INFO {"server_id":"a","version":"2.10.0","max_payload":1048576,"headers":true,"proto":1}\r\n')
        while text := connection.recv(4096):
            if b"PING" in text:
                connection.send(b"PONG\r\n")

    return serve(talk)


def smtp() -> int:
    """A mail server that agrees to every command, and offers no extension."""

    def talk(connection: socket.socket) -> None:
        connection.send(b"220 a\r\n")
        while connection.recv(4096):
            connection.send(b"250 a\r\n")

    return serve(talk)


def imap() -> int:
    """A mailbox that says yes to every command."""

    def talk(connection: socket.socket) -> None:
        connection.send(b"* OK IMAP4rev1\r\n")
        while line := connection.recv(4096):
            connection.send(b"* CAPABILITY IMAP4rev1\r\n" + line.split(b" ")[0] + b" OK a\r\n")

    return serve(talk)


def amqp() -> int:
    """An AMQP 0-9-1 server that opens connections and channels, and lets messages be confirmed. Numbers of classes and methods are those
    of the protocol's specification."""

    def talk(connection: socket.socket) -> None:
        _read(connection, 8)  # the protocol header
        able = b"\x12publisher_confirmst\x01"
        table = b"\x0ccapabilitiesF" + _long(able)
        start = b"\x00\x09" + _long(table) + _long(b"PLAIN AMQPLAIN") + _long(b"en_US")
        _method(connection, 0, 10, 10, start)
        while True:
            kind, channel, size = struct.unpack(">BHI", _read(connection, 7))
            payload = _read(connection, size + 1)
            if kind != 1:
                continue
            class_id, method_id = struct.unpack(">HH", payload[:4])
            answer = _AMQP_ANSWERS.get((class_id, method_id))
            if answer is not None:
                _method(connection, channel, *answer)

    return serve(talk)


def _long(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text


def _method(connection: socket.socket, channel: int, class_id: int, method_id: int, arguments: bytes) -> None:
    payload = struct.pack(">HH", class_id, method_id) + arguments
    connection.send(struct.pack(">BHI", 1, channel, len(payload)) + payload + b"\xce")


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


_AMQP_ANSWERS = {
    (10, 11): (10, 30, struct.pack(">HIH", 100, 131072, 0)),  # start-ok: tune, no heartbeat
    (10, 40): (10, 41, b"\x00"),  # open: open-ok
    (20, 10): (20, 11, struct.pack(">I", 0)),  # channel open: open-ok
    (40, 10): (40, 11, b""),  # exchange declare: declare-ok
    (50, 10): (50, 11, struct.pack(">B", 1) + b"a" + struct.pack(">II", 0, 0)),  # queue declare: declare-ok
    (60, 10): (60, 11, b""),  # basic qos: qos-ok
    (85, 10): (85, 11, b""),  # confirm select: select-ok
}


def kafka() -> str:
    """The address of the broker that librdkafka brings along for tests; it lives as long as the process."""
    import confluent_kafka

    producer = confluent_kafka.Producer({"test.mock.num.brokers": 1})
    _kept.append(producer)
    broker = next(iter(producer.list_topics("orders", 5).brokers.values()))
    return f"{broker.host}:{broker.port}"


_kept: list[Any] = []
