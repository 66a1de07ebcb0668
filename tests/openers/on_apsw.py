"""apsw's openers on a database in memory, which says itself whether a transaction is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.openers import Seen


def prove() -> Seen:
    import apsw

    connection = apsw.Connection(":memory:")
    seen: Seen = {}

    def note(name: str, call: Callable[[], Any]) -> None:
        before = connection.in_transaction
        call()
        seen[name] = before, connection.in_transaction
        connection.execute("ROLLBACK")

    note("apsw.Connection.execute", lambda: connection.execute("BEGIN"))
    note("apsw.Cursor.execute", lambda: connection.cursor().execute("BEGIN"))
    before = connection.in_transaction
    with connection:
        seen["apsw.Connection.__enter__"] = before, connection.in_transaction
    return seen
