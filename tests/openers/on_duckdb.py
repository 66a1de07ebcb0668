"""duckdb's openers on a database in memory: a second begin is refused where one is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.openers import Seen

CONNECTION = "duckdb.DuckDBPyConnection"


def prove() -> Seen:
    import duckdb

    connection = duckdb.connect()
    seen: Seen = {}

    def is_open() -> bool:
        try:
            connection.execute("BEGIN")
        except duckdb.TransactionException:
            return True
        connection.execute("ROLLBACK")
        return False

    def note(name: str, call: Callable[[], Any]) -> None:
        before = is_open()
        call()
        seen[name] = before, is_open()
        connection.execute("ROLLBACK")

    note(f"{CONNECTION}.begin", connection.begin)
    note(f"{CONNECTION}.execute", lambda: connection.execute("BEGIN"))
    return seen
