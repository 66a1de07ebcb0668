"""The far ends that effects arrive at, all inside this process: broker, mail, HTTP, Redis, files, processes, threads, sleeps.

Every arrival is passed to one callback as (kind, thread that caused it). Names of hosts do not matter: whatever is looked up leads to the
local server of its port, so a fixture says ``http://payments.example`` and nothing leaves the machine. TLS is not spoken."""

from __future__ import annotations

import asyncio
import http.server
import os
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Arrived = Callable[[str, int], None]

READS = {b"GET", b"MGET", b"EXISTS", b"HGET", b"HGETALL", b"TTL", b"SMEMBERS", b"LRANGE", b"KEYS", b"SCAN", b"PING"}
SESSION = {b"HELLO", b"CLIENT", b"SELECT", b"AUTH", b"COMMAND", b"INFO", b"CONFIG", b"MULTI", b"QUIT"}
PORTS = {25: "smtp", 465: "smtp", 587: "smtp", 1025: "smtp", 6379: "redis"}

_connected: dict[int, int] = {}  # port of a local server -> thread that connected last


class Transports:
    """The running servers. ``folder`` is the only place where written and deleted files count."""

    def __init__(self, arrived: Arrived, folder: Path) -> None:
        self.arrived = arrived
        self.folder = str(folder)
        self.ports = {name: self._serve(handler) for name, handler in (("smtp", _Mail), ("http", _Http), ("redis", _Redis))}
        self._redirect_names()
        self._record_broker()
        sys.addaudithook(self._audit)

    def _serve(self, handler: type[socketserver.BaseRequestHandler]) -> int:
        server = _Server(("127.0.0.1", 0), handler)
        server.arrived = self.arrived
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return int(server.server_address[1])

    def _redirect_names(self) -> None:
        look_up, connect = socket.getaddrinfo, socket.socket.connect

        def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            return look_up("127.0.0.1", port, *args, **kwargs)

        def connect_here(own: socket.socket, address: Any) -> None:
            if isinstance(address, tuple) and address[1] not in self.ports.values():
                address = (address[0], self.ports[PORTS.get(address[1], "http")])
            if isinstance(address, tuple):
                _connected[address[1]] = threading.get_ident()
            connect(own, address)

        socket.getaddrinfo = getaddrinfo
        socket.socket.connect = connect_here  # type: ignore[method-assign, assignment]

    def _record_broker(self) -> None:
        """The memory transport, with a channel that reports what is published to it."""
        try:
            from kombu.transport import TRANSPORT_ALIASES, memory
        except ImportError:
            return
        arrived = self.arrived

        class Channel(memory.Channel):  # type: ignore[misc]
            def basic_publish(self, message: Any, exchange: str, routing_key: str, **kwargs: Any) -> Any:
                result = super().basic_publish(message, exchange, routing_key, **kwargs)
                arrived("task" if "task" in message.get("headers", {}) else "publish", threading.get_ident())
                return result

        class Transport(memory.Transport):  # type: ignore[misc]
            pass

        Transport.Channel = Channel
        sys.modules["tests.proof.recording_broker"] = type(sys)("tests.proof.recording_broker")
        sys.modules["tests.proof.recording_broker"].Transport = Transport  # type: ignore[attr-defined]
        TRANSPORT_ALIASES["memory"] = "tests.proof.recording_broker:Transport"

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        kind = _AUDITED.get(event)
        if kind is None:
            return
        if kind == "file" and not self._counts(event, args):
            return
        self.arrived({"open": "write", "os.mkdir": "write"}.get(event, "delete") if kind == "file" else kind, threading.get_ident())

    def _counts(self, event: str, args: tuple[Any, ...]) -> bool:
        path = args[0]
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        name = os.fsdecode(path)
        if ".sqlite3" in name or name.endswith((".pyc", ".db", ".db-journal")):
            return False
        if event == "open" and not (args[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            return False
        return os.path.abspath(name).startswith(self.folder)  # noqa: PTH100 -- resolve() would raise audit events of its own


_AUDITED = {
    "open": "file",
    "os.remove": "file",
    "os.rename": "file",
    "os.rmdir": "file",
    "shutil.rmtree": "file",
    "subprocess.Popen": "process",
    "os.posix_spawn": "process",
    "os.fork": "process",
    "_thread.start_new_thread": "thread",
    "_thread.start_joinable_thread": "thread",
    "asyncio.create_task": "coroutine",
    "time.sleep": "sleep",
}


def raise_missing_audit_events() -> None:
    """Starts of threads and tasks, and sleeps, of which this version of Python tells no audit hook. Call before fixtures are imported."""
    if sys.version_info < (3, 12):
        start = threading._start_new_thread  # type: ignore[attr-defined]

        def start_new_thread(*args: Any) -> Any:
            sys.audit("_thread.start_new_thread", *args)
            return start(*args)

        threading._start_new_thread = start_new_thread  # type: ignore[attr-defined]
    if sys.version_info < (3, 13):
        pause = time.sleep

        def sleep(seconds: float) -> None:
            sys.audit("time.sleep", seconds)
            pause(seconds)

        time.sleep = sleep
    create = asyncio.base_events.BaseEventLoop.create_task

    def create_task(loop: asyncio.BaseEventLoop, *args: Any, **kwargs: Any) -> Any:
        sys.audit("asyncio.create_task")
        return create(loop, *args, **kwargs)

    asyncio.base_events.BaseEventLoop.create_task = create_task  # type: ignore[method-assign]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    arrived: Arrived

    def report(self, kind: str) -> None:
        self.arrived(kind, _connected.get(int(self.server_address[1]), 0))


class _Mail(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        say = lambda line: self.wfile.write(line + b"\r\n")  # noqa: E731 -- a word of the protocol
        say(b"220 local")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                say(b"250 local")
            elif verb == b"DATA":
                say(b"354 go on")
                while (part := self.rfile.readline()) and part != b".\r\n":
                    pass
                self.server.report("smtp")
                say(b"250 taken")
            elif verb == b"QUIT":
                say(b"221 bye")
                return
            else:
                say(b"250 ok")


class _Http(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    body = b'{"id": "x1", "object": "object", "ok": true}'
    xml = b'<?xml version="1.0"?><methodResponse><params><param><value><int>1</int></value></param></params></methodResponse>'

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while (size := int(self.rfile.readline().split(b";")[0], 16)) or self.rfile.readline() is None:
                self.rfile.read(size + 2)
        self.server.report("http")
        is_xml = "xml" in self.headers.get("Content-Type", "")
        body = self.xml if is_xml else self.body
        self.send_response(200)
        self.send_header("Content-Type", "text/xml" if is_xml else "application/json")
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Redis(socketserver.StreamRequestHandler):
    """As much of Redis as a client needs to believe that its write was taken."""

    server: _Server

    def handle(self) -> None:
        queued: int | None = None
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                size = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(size + 2)[:-2])
            verb = words[0].upper()
            if verb == b"MULTI":
                queued = 0
            elif verb == b"EXEC":
                self.server.report("redis")
                self.wfile.write(b"*%d\r\n" % (queued or 0) + b":1\r\n" * (queued or 0))
                queued = None
                continue
            elif queued is not None:
                queued += 1
                self.wfile.write(b"+QUEUED\r\n")
                continue
            elif verb not in READS and verb not in SESSION:
                self.server.report("redis")
            self.wfile.write(self.reply(verb))

    @staticmethod
    def reply(verb: bytes) -> bytes:
        if verb == b"HELLO":
            return b"%3\r\n+server\r\n+redis\r\n+version\r\n+7.0.0\r\n+proto\r\n:3\r\n"
        if verb == b"INFO":
            return b"$19\r\nredis_version:7.0.0\r\n"
        if verb in (b"GET", b"HGET"):
            return b"_\r\n"
        if verb == b"PING":
            return b"+PONG\r\n"
        return b"+OK\r\n" if verb in SESSION or verb in (b"SET", b"SETEX", b"PSETEX", b"XADD", b"MSET") else b":1\r\n"
