"""psycopg 3's openers on a PostgreSQL of our own; a second connection asks the server."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.openers import Seen
from tests.openers.postgres import ABSENT, server, state

NAMES = ("execute", "executemany", "copy")
BEGUN = ("Connection.transaction", "Connection.execute", "Cursor.execute")


def prove() -> Seen:
    with server() as dsn:
        if dsn is None:
            names = [f"{kind}Connection.{each}" for kind in ("", "Async") for each in ("execute", "transaction")]
            names += [f"Autocommit{kind}{each}" for kind in ("", "Async") for each in BEGUN]
            names += [f"{kind}Cursor.{each}" for kind in ("", "Async") for each in NAMES]
            return {f"psycopg.{name}": ABSENT for name in names}
        import psycopg

        with psycopg.connect(dsn) as connection:
            connection.execute("create table orders (total int)")
        return _plain(dsn, psycopg) | asyncio.run(_awaited(dsn, psycopg))


def _plain(dsn: str, psycopg: Any) -> Seen:
    seen: Seen = {}
    connection = psycopg.connect(dsn)

    def note(name: str, call: Any) -> None:
        before = state(dsn, connection.info.backend_pid)
        call()
        seen[f"psycopg.{name}"] = before, state(dsn, connection.info.backend_pid)
        connection.rollback()

    def copied() -> None:
        with connection.cursor().copy("copy orders from stdin"):
            pass

    note("Connection.execute", lambda: connection.execute("select 1"))
    note("Cursor.execute", lambda: connection.cursor().execute("select 1"))
    note("Cursor.executemany", lambda: connection.cursor().executemany("insert into orders values (%s)", [(1,)]))
    note("Cursor.copy", copied)
    before = state(dsn, connection.info.backend_pid)
    with connection.transaction():
        seen["psycopg.Connection.transaction"] = before, state(dsn, connection.info.backend_pid)
    connection.autocommit = True
    before = state(dsn, connection.info.backend_pid)
    with connection.transaction():
        seen["psycopg.AutocommitConnection.transaction"] = before, state(dsn, connection.info.backend_pid)
    note("AutocommitConnection.execute", lambda: connection.execute("BEGIN"))
    note("AutocommitCursor.execute", lambda: connection.cursor().execute("BEGIN"))
    connection.close()
    return seen


async def _awaited(dsn: str, psycopg: Any) -> Seen:
    seen: Seen = {}
    connection = await psycopg.AsyncConnection.connect(dsn)

    async def note(name: str, call: Any) -> None:
        before = state(dsn, connection.info.backend_pid)
        await call()
        seen[f"psycopg.{name}"] = before, state(dsn, connection.info.backend_pid)
        await connection.rollback()

    async def copied() -> None:
        async with connection.cursor().copy("copy orders from stdin"):
            pass

    await note("AsyncConnection.execute", lambda: connection.execute("select 1"))
    await note("AsyncCursor.execute", lambda: connection.cursor().execute("select 1"))
    await note("AsyncCursor.executemany", lambda: connection.cursor().executemany("insert into orders values (%s)", [(1,)]))
    await note("AsyncCursor.copy", copied)
    before = state(dsn, connection.info.backend_pid)
    async with connection.transaction():
        seen["psycopg.AsyncConnection.transaction"] = before, state(dsn, connection.info.backend_pid)
    await connection.set_autocommit(True)
    before = state(dsn, connection.info.backend_pid)
    async with connection.transaction():
        seen["psycopg.AutocommitAsyncConnection.transaction"] = before, state(dsn, connection.info.backend_pid)
    await note("AutocommitAsyncConnection.execute", lambda: connection.execute("BEGIN"))
    await note("AutocommitAsyncCursor.execute", lambda: connection.cursor().execute("BEGIN"))
    await connection.close()
    return seen
