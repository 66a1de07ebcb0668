"""The questions to the database, asked at the moment of an effect: is a transaction open on the connection of the code that sent it?

The answer comes from SQLite itself. A row (the canary) is written on the fixture's own connection, at that moment; a second
connection looks for it. Not visible: a transaction is open. Where the fixture's connection cannot be used from here (an
asynchronous driver), SQLite's own flag (`in_transaction`, sqlite3_get_autocommit) answers.

Forced rollback: beside the canary a row that breaks a deferred foreign key is written. The database refuses the COMMIT, whatever
opened the transaction. An effect whose canary is gone afterwards has survived the rollback.

SQLAlchemy's sessions hold rows back until they are flushed: rows that wait in a session whose transaction has begun count as open, too."""

from __future__ import annotations

import sqlite3
import threading
from typing import Any
from weakref import WeakSet

TABLES = """
CREATE TABLE IF NOT EXISTS proof_canary (n INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS proof_poison (n INTEGER REFERENCES proof_canary (n) DEFERRABLE INITIALLY DEFERRED);
"""
FREE, OPEN = False, True


class Databases:
    """Every connection that the fixture opened. ``doom`` says whether the next open transaction is to fail at its commit."""

    def __init__(self) -> None:
        self.wrappers: list[tuple[Any, int]] = []
        self.engine_connections: list[Any] = []
        self.sessions: WeakSet[Any] = WeakSet()
        self.canaries = 0
        self.autocommit = False
        self.doomed_engines = False
        self.refused = 0

    def watch_django(self) -> None:
        from django.db.backends.signals import connection_created

        def created(sender: Any, connection: Any, **kwargs: Any) -> None:
            connection.connection.executescript(TABLES)
            self.wrappers.append((connection, threading.get_ident()))

        self._keep = created
        connection_created.connect(created)

    def watch_sqlalchemy(self) -> None:
        from sqlalchemy import event
        from sqlalchemy.engine import Engine
        from sqlalchemy.orm import Session

        @event.listens_for(Engine, "connect")
        def connected(connection: Any, record: Any) -> None:
            # As SQLAlchemy's documentation says, so that SQLite begins where the others do, and not at the first INSERT.
            connection.isolation_level = None
            cursor = connection.cursor()
            cursor.execute("PRAGMA foreign_keys = ON")
            for statement in TABLES.strip().split("\n"):
                cursor.execute(statement)
            cursor.close()
            self.engine_connections.append(connection)

        @event.listens_for(Engine, "begin")
        def begun(connection: Any) -> None:
            if not self.autocommit and connection.get_isolation_level() != "AUTOCOMMIT":
                connection.exec_driver_sql("BEGIN")

        @event.listens_for(Engine, "commit")
        def committing(connection: Any) -> None:
            if self.doomed_engines:
                self.doomed_engines = False
                self.refused += 1
                connection.exec_driver_sql("INSERT INTO proof_poison VALUES (-1)")

        @event.listens_for(Session, "after_transaction_create")
        def session_began(session: Any, transaction: Any) -> None:
            self.sessions.add(session)

    def ask(self, thread: int, doom: bool) -> tuple[bool, int | None, str | None]:
        """Is a transaction open for code of ``thread``? With the canary that was written (None: none could be) and its database."""
        mine = [wrapper.connection for wrapper, owner in self.wrappers if owner == thread and wrapper.connection is not None]
        of_engines = [_raw(connection) for connection in self.engine_connections]
        raws = [raw for raw in [*mine, *of_engines] if raw is not None and _alive(raw)]
        busy = [raw for raw in raws if raw.in_transaction]
        if not busy:
            # (A session keeps its rows back whatever the engine does, so without transactions at all this says nothing.)
            if not self.autocommit and any(_waits(session) for session in list(self.sessions)):
                self.doomed_engines = self.doomed_engines or doom
                return OPEN, None, None
            if raws and not self._free(raws[0]):
                raise AssertionError("SQLite says that no transaction is open, but a row written now is not visible outside")
            return FREE, None, None
        answer: tuple[bool, int | None, str | None] = (OPEN, None, None)
        for raw in busy:
            if raw in of_engines:
                self.doomed_engines = self.doomed_engines or doom
            try:
                canary, file, visible = self._release(raw)
                if doom and not visible:
                    raw.execute("INSERT INTO proof_poison VALUES (-1)")
            except sqlite3.ProgrammingError:  # owned by the driver's thread: its flag has answered
                continue
            if visible:
                raise AssertionError("SQLite says that a transaction is open, but a row written in it is visible outside")
            answer = (OPEN, canary, file)
        return answer

    def _free(self, raw: sqlite3.Connection) -> bool:
        if raw.isolation_level is not None:  # autocommit is off: the driver would begin for the canary's sake
            return True
        try:
            return self._release(raw)[2]
        except (sqlite3.OperationalError, sqlite3.ProgrammingError):  # another thread writes; or it is the driver's own connection
            return True

    def _release(self, raw: sqlite3.Connection) -> tuple[int, str, bool]:
        """Write a canary on this connection; its number, the database's file, and whether a second connection sees it."""
        file = raw.execute("PRAGMA database_list").fetchone()[2]
        with _second(file) as other:
            taken = other.execute("SELECT coalesce(max(n), 0) FROM proof_canary").fetchone()[0]
        self.canaries = max(self.canaries, taken) + 1
        raw.execute("INSERT INTO proof_canary VALUES (?)", (self.canaries,))
        return self.canaries, file, alive(file, self.canaries)


def alive(file: str, canary: int) -> bool:
    """Does a second connection see this canary?"""
    with _second(file) as other:
        return other.execute("SELECT 1 FROM proof_canary WHERE n = ?", (canary,)).fetchone() is not None


class _second:
    """A connection of our own, closed at the end."""

    def __init__(self, file: str) -> None:
        self.connection = sqlite3.connect(file, timeout=1)

    def __enter__(self) -> sqlite3.Connection:
        return self.connection

    def __exit__(self, *exc: object) -> None:
        self.connection.close()


def _raw(connection: Any) -> sqlite3.Connection | None:
    """The sqlite3 connection inside what SQLAlchemy's pool holds."""
    inner = getattr(connection, "driver_connection", connection)
    inner = getattr(inner, "_conn", inner) if not isinstance(inner, sqlite3.Connection) else inner
    return inner if isinstance(inner, sqlite3.Connection) else None


def _waits(session: Any) -> bool:
    return bool(session.in_transaction() and (session.new or session.dirty or session.deleted))


def _alive(raw: sqlite3.Connection) -> bool:
    try:
        raw.in_transaction  # noqa: B018 -- raises when closed
    except sqlite3.ProgrammingError:
        return False
    return True
