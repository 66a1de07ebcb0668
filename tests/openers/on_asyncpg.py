"""asyncpg's openers on a PostgreSQL of our own; a second connection asks the server."""

from __future__ import annotations

import asyncio

from tests.openers import Seen
from tests.openers.postgres import ABSENT, server, state

BLOCK, START = "asyncpg.connection.Connection.transaction", "asyncpg.transaction.Transaction.start"
IN_SQL = "asyncpg.connection.Connection.execute"


def prove() -> Seen:
    with server() as dsn:
        return dict.fromkeys((BLOCK, START, IN_SQL), ABSENT) if dsn is None else asyncio.run(_prove(dsn))


async def _prove(dsn: str) -> Seen:
    import asyncpg

    seen: Seen = {}
    connection = await asyncpg.connect(dsn)
    pid = connection.get_server_pid()
    await connection.execute("select 1")
    before = state(dsn, pid)
    async with connection.transaction():
        seen[BLOCK] = before, state(dsn, pid)
    begun = connection.transaction()
    before = state(dsn, pid)
    await begun.start()
    seen[START] = before, state(dsn, pid)
    await begun.rollback()
    before = state(dsn, pid)
    await connection.execute("BEGIN")
    seen[IN_SQL] = before, state(dsn, pid)
    await connection.execute("ROLLBACK")
    await connection.close()
    return seen
