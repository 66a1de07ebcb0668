"""psycopg 2's openers on a PostgreSQL of our own; a second connection asks the server. A block begins with its first statement."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from tests.openers import Seen
from tests.openers.postgres import ABSENT, server, state

CONNECTIONS = ("psycopg2.extensions.autocommit_connection.__enter__", "psycopg2.extensions.connection.__enter__")
CURSOR = "psycopg2.extensions.cursor"
BEGUN = "psycopg2.extensions.autocommit_cursor.execute"
STATEMENTS = ("callproc", "copy_expert", "copy_from", "execute", "executemany")
HELPERS = ("execute_batch", "execute_values")


def prove() -> Seen:
    with server() as dsn:
        if dsn is None:
            names = [*CONNECTIONS, BEGUN, *(f"{CURSOR}.{each}" for each in STATEMENTS), *(f"psycopg2.extras.{each}" for each in HELPERS)]
            return dict.fromkeys(names, ABSENT)
        return _prove(dsn)


def _prove(dsn: str) -> Seen:
    import psycopg2
    import psycopg2.extras as extras

    connection = psycopg2.connect(dsn)
    cursor = connection.cursor()
    cursor.execute("create table orders (total int)")
    connection.commit()
    seen: Seen = {}

    def note(name: str, call: Callable[[], Any]) -> None:
        before = state(dsn, connection.info.backend_pid)
        call()
        seen[name] = before, state(dsn, connection.info.backend_pid)
        connection.rollback()

    def block() -> tuple[bool, bool]:
        before = state(dsn, connection.info.backend_pid)
        with connection:
            connection.cursor().execute("select 1")
            return before, state(dsn, connection.info.backend_pid)

    note(f"{CURSOR}.callproc", lambda: cursor.callproc("now"))
    note(f"{CURSOR}.copy_expert", lambda: cursor.copy_expert("copy orders from stdin", io.StringIO("1\n")))
    note(f"{CURSOR}.copy_from", lambda: cursor.copy_from(io.StringIO("1\n"), "orders"))
    note(f"{CURSOR}.execute", lambda: cursor.execute("select 1"))
    note(f"{CURSOR}.executemany", lambda: cursor.executemany("insert into orders values (%s)", [(1,)]))
    note("psycopg2.extras.execute_batch", lambda: extras.execute_batch(cursor, "insert into orders values (%s)", [(1,)]))
    note("psycopg2.extras.execute_values", lambda: extras.execute_values(cursor, "insert into orders values %s", [(1,)]))
    seen["psycopg2.extensions.connection.__enter__"] = block()
    connection.autocommit = True
    seen["psycopg2.extensions.autocommit_connection.__enter__"] = block()
    note(BEGUN, lambda: connection.cursor().execute("BEGIN"))
    connection.close()
    return seen
