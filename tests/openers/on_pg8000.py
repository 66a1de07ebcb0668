"""pg8000's openers on a PostgreSQL of our own; a second connection asks the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tests.openers import Seen
from tests.openers.postgres import ABSENT, server, state

AUTOCOMMIT = "pg8000.AutocommitCursor.execute"
CURSORS = ("pg8000.dbapi.Cursor", "pg8000.legacy.Cursor")
STATEMENTS = ("execute", "executemany")
RUN = ("pg8000.legacy.Connection.run", "pg8000.native.Connection.run")


def prove() -> Seen:
    with server() as dsn:
        if dsn is None:
            return dict.fromkeys([AUTOCOMMIT, *RUN, *(f"{cursor}.{each}" for cursor in CURSORS for each in STATEMENTS)], ABSENT)
        return _prove(dsn)


def _prove(dsn: str) -> Seen:
    import pg8000
    import pg8000.dbapi
    import pg8000.native

    at = urlsplit(dsn)
    place: dict[str, Any] = {"user": at.username, "host": at.hostname, "port": at.port, "database": at.path.strip("/")}
    seen: Seen = {}

    def note(name: str, pid: int, call: Callable[[], Any], undo: Callable[[], Any]) -> None:
        before = state(dsn, pid)
        call()
        seen[name] = before, state(dsn, pid)
        undo()

    native = pg8000.native.Connection(**place)
    pid = native.run("select pg_backend_pid()")[0][0]
    note(RUN[1], pid, lambda: native.run("START TRANSACTION"), lambda: native.run("ROLLBACK"))
    for module, cursor_name in ((pg8000.dbapi, CURSORS[0]), (pg8000, CURSORS[1])):
        connection = module.connect(**place)
        cursor = connection.cursor()
        cursor.execute("select pg_backend_pid()")
        pid = cursor.fetchone()[0]
        connection.rollback()
        note(f"{cursor_name}.execute", pid, lambda cursor=cursor: cursor.execute("select 1"), connection.rollback)
        many = "select cast(%s as int)"
        note(f"{cursor_name}.executemany", pid, lambda cursor=cursor, many=many: cursor.executemany(many, [(1,)]), connection.rollback)
        if module is pg8000:
            note(RUN[0], pid, lambda connection=connection: connection.run("select 1"), connection.rollback)
        else:
            connection.autocommit = True
            note(AUTOCOMMIT, pid, lambda cursor=cursor: cursor.execute("BEGIN"), connection.rollback)
            connection.autocommit = False
        connection.close()
    native.close()
    return seen
