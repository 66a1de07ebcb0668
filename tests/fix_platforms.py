"""Frappe's and Odoo's own transactions, for `tests.fix_proof`: their commit, rollback, savepoints, callbacks and `enqueue` run as they are,
on SQLite in place of a server. There is no site: a fixture says itself what saving a document or record writes.

Neither is on an index. Where `import frappe` or `import odoo` fails the proofs are skipped."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

SITES = ("default", "other")


@dataclass(frozen=True, slots=True)
class Request:
    """What a platform does around a request. ``names`` are what a fixture's proof may call besides its own; ``is_open`` says whether
    something is written and not committed; ``end`` commits, or rolls back, and gives the rows that are there then; ``package`` is where
    the platform wants modules to be, with a dot."""

    names: dict[str, Any]
    is_open: Callable[[], bool]
    end: Callable[[bool], list[Any]]
    package: str = ""


def begin(fixture: str) -> Request | None:
    """A request to the platform that the fixture of this name is about, if it is about one."""
    if fixture.startswith(("frappe", "defer_keyword")):
        return _frappe()
    return _odoo() if fixture.startswith("odoo") else None


def _frappe() -> Request:
    """Two sites with a database each; ``elsewhere(f)`` runs f as a request to the other one, within its own transaction."""
    os.environ["FRAPPE_STREAM_LOGGING"] = "1"  # it would write log files beside its sites
    import frappe
    from frappe.database.database import Database

    class OnSQLite(Database):  # type: ignore[misc]
        begun = 0

        def get_connection(self) -> Any:
            return sqlite3.connect(":memory:", isolation_level=None)

        def sql(self, query: str, values: Any = (), **options: Any) -> Any:
            if query.startswith("START TRANSACTION"):
                query, self.begun = "BEGIN", self._conn.total_changes
            return self._conn.execute(query.replace("%s", "?"), values).fetchall()

        @property
        def has_written(self) -> bool:
            return bool(self._conn.total_changes > self.begun)

    folder = Path(tempfile.mkdtemp())
    (folder / "apps.txt").write_text("frappe\n")
    redis = {f"redis_{use}": "redis://127.0.0.1:6379" for use in ("queue", "cache")}
    (folder / "common_site_config.json").write_text(json.dumps({"db_type": "postgres", **redis}))
    databases = {}
    for site in SITES:
        (folder / site).mkdir()
        (folder / site / "site_config.json").write_text("{}")
        enter(frappe, folder, site)
        database = databases[site] = OnSQLite()
        database.connect()
        database.sql("CREATE TABLE tabOrder (name TEXT)")
        database.begin()

    def switch(site: str) -> None:
        enter(frappe, folder, site)
        frappe.local.db = databases[site]

    def elsewhere(work: Callable[[], object]) -> None:
        switch("other")
        work()
        switch("default")

    def end(commits: bool) -> list[Any]:
        rows = []
        for site in SITES:
            switch(site)
            frappe.db.commit() if commits else frappe.db.rollback()
            rows.append(frappe.db.sql("SELECT name FROM tabOrder"))
        return rows

    switch("default")
    return Request({"elsewhere": elsewhere}, lambda: any(each.has_written for each in databases.values()), end)


def enter(frappe: Any, folder: Path, site: str) -> None:
    frappe.init(site, sites_path=str(folder), force=True)
    frappe.local.session = frappe._dict(user="Administrator")


def _odoo() -> Request:
    """A cursor on each of two databases; ``env()`` is an environment on the first, ``env("other")`` on the second."""
    from odoo.sql_db import Cursor

    class Statement(sqlite3.Cursor):
        def execute(self, query: str, values: Any = None) -> Any:
            return super().execute(query, values or ())

    class Connection(sqlite3.Connection):
        closed = False

        def cursor(self, *given: Any) -> Any:
            return super().cursor(Statement)

        def set_isolation_level(self, level: int) -> None: ...

        def set_session(self, **options: Any) -> None: ...

    class Pool:
        readonly = False

        def borrow(self, dsn: Any) -> Connection:
            return sqlite3.connect(":memory:", factory=Connection)

    cursors = {site: Cursor(Pool(), site, {}) for site in SITES}
    for cursor in cursors.values():
        cursor.execute("CREATE TABLE sale_order (state TEXT, active INTEGER)")
        cursor.commit()

    def env(site: str = "default") -> Any:
        return SimpleNamespace(cr=cursors[site])

    def end(commits: bool) -> list[Any]:
        rows = []
        for cursor in cursors.values():
            cursor.commit() if commits else cursor.rollback()
            cursor.execute("SELECT * FROM sale_order")
            rows.append(cursor.fetchall())
        return rows

    return Request({"env": env}, lambda: any(cursor.connection.in_transaction for cursor in cursors.values()), end, "odoo.addons.shop.")
