"""A PostgreSQL of our own for the drivers that need one: made in a temporary folder from the programs that are installed, if they are."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ABSENT = "there is no PostgreSQL on this machine (initdb and postgres on the path, and an account that is not root)"


@contextmanager
def server() -> Iterator[str | None]:
    """The address of a running server, None where there is none to run."""
    initdb, postgres = shutil.which("initdb"), shutil.which("postgres")
    prefix = _as_somebody()
    if initdb is None or postgres is None or prefix is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="txlint-postgres-"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = None
    try:
        if prefix:
            shutil.chown(folder, "postgres")
        made = [*prefix, initdb, "-D", folder / "data", "-U", "txlint", "--auth=trust", "--no-sync"]
        subprocess.run([str(word) for word in made], check=True, capture_output=True, cwd="/")
        options = [
            "-D",
            folder / "data",
            "-p",
            port,
            "-k",
            folder,
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "max_prepared_transactions=2",
            "-F",
        ]
        running = subprocess.Popen([*prefix, postgres, *map(str, options)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        _wait(port)
        yield f"postgresql://txlint@127.0.0.1:{port}/postgres"
    finally:
        if running is not None:
            running.terminate()
            running.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _as_somebody() -> list[str] | None:
    """What is to be put before a command: PostgreSQL does not run as root."""
    if os.geteuid():
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return None
    runuser = shutil.which("runuser")
    return [runuser, "-u", "postgres", "--"] if runuser else None


def _wait(port: int) -> None:
    import psycopg

    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(f"postgresql://txlint@127.0.0.1:{port}/postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def state(dsn: str, pid: int) -> bool:
    """Does the server say that this one of its processes has a transaction open and waits?"""
    import psycopg

    with psycopg.connect(dsn) as asking:
        row = asking.execute("select state from pg_stat_activity where pid = %s", [pid]).fetchone()
    return row is not None and str(row[0]).startswith("idle in transaction")
