"""What leaves the process while a line runs, from the audit events of the interpreter; whatever is noted is refused.

In the thread of the line the refusal is an exception that no library catches, so that nothing is tried twice; in others it is the
error of a closed port. Two things raise no audit event and are told here: bytes sent on a socket that is connected already, and what
clients written in C do, which arrives at a listener of our own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import threading
from typing import Any

NETWORK = "network"
FILE = "file"
PROCESS = "process"
WAIT = "wait"

WHAT = {
    "socket.connect": NETWORK,
    "socket.sendto": NETWORK,
    "socket.sendmsg": NETWORK,
    "socket.send": NETWORK,
    "socket.arrived": NETWORK,
    "open": FILE,
    "os.link": FILE,
    "os.mkdir": FILE,
    "os.remove": FILE,
    "os.rename": FILE,
    "os.rmdir": FILE,
    "os.symlink": FILE,
    "os.truncate": FILE,
    "shutil.copyfile": FILE,
    "shutil.copytree": FILE,
    "shutil.make_archive": FILE,
    "shutil.move": FILE,
    "shutil.rmtree": FILE,
    "shutil.unpack_archive": FILE,
    "asyncio.create_task": PROCESS,
    "os.exec": PROCESS,
    "os.fork": PROCESS,
    "os.forkpty": PROCESS,
    "os.kill": PROCESS,
    "os.killpg": PROCESS,
    "os.posix_spawn": PROCESS,
    "os.spawn": PROCESS,
    "os.system": PROCESS,
    "pty.spawn": PROCESS,
    "subprocess.Popen": PROCESS,
    "_thread.start_joinable_thread": PROCESS,
    "_thread.start_new_thread": PROCESS,
    "fcntl.flock": WAIT,
    "fcntl.lockf": WAIT,
    "time.sleep": WAIT,
}
"""Audit event -> what it means that it was raised."""


class Left(BaseException):
    """Something would have left: the line has shown what it does, and ends here."""


class Recorder:
    """Notes and refuses while ``on``. ``wanted`` are the meanings that end the line; others are noted only if they are of the network."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.on = False
        self.wanted: frozenset[str] = frozenset()
        self.events: list[str] = []
        self.main = threading.get_ident()
        self.noted = threading.Event()
        self.busy = threading.local()
        sys.addaudithook(self.audit)

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.on or event not in WHAT or WHAT[event] not in self.wanted:
            return
        if event == "open" and not _writes(args):
            return
        if event == "socket.connect" and not isinstance(args[1], tuple):
            event = "socket.connect of a local socket"
        self.note(event)
        if threading.get_ident() == self.main:
            raise Left(event)
        raise ConnectionRefusedError(f"refused: {event}")

    def note(self, event: str) -> None:
        self.events.append(event)
        self.noted.set()

    def arrived(self) -> None:
        """At the listener, from whatever thread."""
        if self.on and NETWORK in self.wanted:
            self.note("socket.arrived")

    def listen(self) -> int:
        """The port of a listener that notes each connection, and closes it at the first bytes."""
        server = socket.create_server(("127.0.0.1", 0))

        def close(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.recv(1)

        def serve() -> None:
            while True:
                connection, _ = server.accept()
                self.arrived()
                threading.Thread(target=close, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        return int(server.getsockname()[1])


def _writes(args: tuple[Any, ...]) -> bool:
    path, mode, flags = args
    if not isinstance(path, (str, bytes, os.PathLike)) or os.fsdecode(path).startswith(("/dev/", "/proc/")):
        return False
    return bool((flags or 0) & (os.O_WRONLY | os.O_RDWR)) or bool(set(mode or "") & set("wax+"))


def tell_more() -> None:
    """Audit events that this Python does not raise: starts of threads and tasks, sleeps, bytes on a socket that is open already."""
    from tests.proof.transports import raise_missing_audit_events

    raise_missing_audit_events()
    for name in ("send", "sendall"):
        _tell(name)
    connect = socket.socket.connect

    def told_connect(own: socket.socket, address: Any) -> None:
        if isinstance(address, tuple):  # the event comes after a name has been looked up, which no client of a test may do
            sys.audit("socket.connect", own, address)
        connect(own, address)

    socket.socket.connect = told_connect  # type: ignore[method-assign]
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        return look_up("127.0.0.1", port, *args, **kwargs)

    socket.getaddrinfo = getaddrinfo
    sleep = asyncio.sleep

    async def told_sleep(delay: float, result: Any = None) -> Any:
        if delay > 0:
            sys.audit("time.sleep", delay)
        return await sleep(delay, result)

    asyncio.sleep = asyncio.tasks.sleep = told_sleep  # type: ignore[assignment]


def _tell(name: str) -> None:
    send = getattr(socket.socket, name)

    def told(own: socket.socket, *args: Any, **kwargs: Any) -> Any:
        if own.family != socket.AF_UNIX:
            sys.audit("socket.send", own)
        return send(own, *args, **kwargs)

    setattr(socket.socket, name, told)


def wait_for(recorder: Recorder, seconds: float) -> None:
    """Threads of the library may be about to send."""
    recorder.noted.wait(seconds)
