"""SQLAlchemy's openers and hooks on SQLite, with the driver's own autocommit so that it begins when SQLAlchemy says so.

SQLite is asked where a statement is sent. A session that only keeps a row back has sent none: there its own `in_transaction()` answers."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from typing import Any

from tests.openers import NONE_HERE, Seen
from tests.openers.postgres import ABSENT, server, state

SESSION = "sqlalchemy.orm.Session"
ASYNC_SESSION = "sqlalchemy.ext.asyncio.AsyncSession"
CONNECTION = "sqlalchemy.Connection"
ASYNC_CONNECTION = "sqlalchemy.ext.asyncio.AsyncConnection"
QUERY = "sqlalchemy.orm.Query"
raws: list[Any] = []


def prove() -> Seen:
    import sqlalchemy as sa
    from sqlalchemy import event, orm

    folder = tempfile.mkdtemp(prefix="txlint-openers-")
    base: Any = orm.declarative_base()

    class Order(base):  # type: ignore[misc, valid-type]
        __tablename__ = "orders"
        id = sa.Column(sa.Integer, primary_key=True)
        total = sa.Column(sa.Integer, default=0)

    engine = sa.create_engine(f"sqlite:///{folder}/db.sqlite3")
    _begin_as_asked(engine, event)
    base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        session.add_all([Order(id=number) for number in range(1, 200)])
        session.commit()
    seen = _connections(engine, sa) | _sessions(engine, Order, sa, orm) | _hooks(engine, Order, sa, orm, event)
    raws.clear()
    return seen | asyncio.run(_awaited(f"sqlite+aiosqlite:///{folder}/db.sqlite3", Order, sa, event))


def _twophase() -> tuple[bool, bool] | str:
    """On PostgreSQL: SQLite knows no prepared transactions."""
    import sqlalchemy as sa

    with server() as dsn:
        if dsn is None:
            return ABSENT
        engine = sa.create_engine(dsn.replace("postgresql://", "postgresql+psycopg2://"), poolclass=sa.pool.NullPool)
        with engine.connect() as connection:
            pid = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
            before = state(dsn, pid)
            with connection.begin_twophase():
                connection.exec_driver_sql("select 1")
                return before, state(dsn, pid)


def _begin_as_asked(engine: Any, event: Any) -> None:
    """As SQLAlchemy's documentation says for SQLite."""

    def connected(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        raws.append(connection)

    def begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)


def is_open() -> bool:
    """Does SQLite have a transaction open on any connection?"""
    inner = [getattr(raw, "driver_connection", raw) for raw in raws]
    return any(getattr(each, "_conn", each).in_transaction for each in inner)


def _connections(engine: Any, sa: Any) -> Seen:
    seen: Seen = {}
    read, write = sa.text("select 1"), sa.text("update orders set total = 1")
    with engine.begin():
        seen["sqlalchemy.Engine.begin"] = False, is_open()
    for name in ("begin", "begin_nested"):
        with engine.connect() as connection:
            before = is_open()
            with getattr(connection, name)():
                seen[f"{CONNECTION}.{name}"] = before, is_open()
    seen[f"{CONNECTION}.begin_twophase"] = _twophase()
    for name, arguments in (("execute", [write]), ("exec_driver_sql", ["select 1"]), ("scalar", [read]), ("scalars", [read])):
        with engine.connect() as connection:
            before = is_open()
            getattr(connection, name)(*arguments)
            seen[f"{CONNECTION}.{name}"] = before, is_open()
    with engine.connect() as connection:
        before = connection.in_transaction()
        connection.execute(read)
        seen[f"{CONNECTION}.in_transaction"] = before, connection.in_transaction() and is_open()
    return seen


def _calls(order: Any, sa: Any) -> dict[str, Callable[[Any], Any]]:
    """Method of a session -> what calls it."""
    return {
        "add": lambda session: session.add(order()),
        "add_all": lambda session: session.add_all([order()]),
        "bulk_insert_mappings": lambda session: session.bulk_insert_mappings(order, [{"total": 1}]),
        "bulk_save_objects": lambda session: session.bulk_save_objects([order()]),
        "bulk_update_mappings": lambda session: session.bulk_update_mappings(order, [{"id": 1, "total": 1}]),
        "connection": lambda session: session.connection(),
        "delete": lambda session: session.delete(kept),
        "delete_all": lambda session: session.delete_all([kept]),
        "execute": lambda session: session.execute(sa.update(order).values(total=1)),
        "get": lambda session: session.get(order, 2),
        "get_one": lambda session: session.get_one(order, 2),
        "merge": lambda session: session.merge(order(id=1)),
        "merge_all": lambda session: session.merge_all([order(id=1)]),
        "refresh": lambda session: session.refresh(kept),
        "scalar": lambda session: session.scalar(sa.select(order.id)),
        "scalars": lambda session: session.scalars(sa.select(order.id)),
        "stream": lambda session: session.stream(sa.select(order.id)),
        "stream_scalars": lambda session: session.stream_scalars(sa.select(order.id)),
    }


kept: Any = None  # a row that the session at hand has loaded, in a transaction that is over


def _sessions(engine: Any, order: Any, sa: Any, orm: Any) -> Seen:
    global kept
    seen: Seen = {}
    maker = orm.sessionmaker(engine, expire_on_commit=False)
    for name, call in _calls(order, sa).items():
        if not hasattr(orm.Session, name):
            if "stream" not in name:
                seen[f"{SESSION}.{name}"] = NONE_HERE
            continue
        with maker() as session:
            kept = session.get(order, 1)
            session.commit()
            before = session.in_transaction() or is_open()
            call(session)
            seen[f"{SESSION}.{name}"] = before, session.in_transaction()
    with maker() as session:
        before = session.in_transaction()
        session.add(order())
        session.flush()
        seen[f"{SESSION}.flush"] = before, is_open()
        seen[f"{SESSION}.in_transaction"] = before, session.in_transaction()
    for name in ("begin", "begin_nested"):
        with maker() as session:
            before = session.in_transaction()
            with getattr(session, name)():
                session.execute(sa.text("select 1"))
                seen[f"{SESSION}.{name}"] = before, is_open()
    with maker.begin() as session:
        session.execute(sa.text("select 1"))
        seen["sqlalchemy.orm.sessionmaker.begin"] = False, is_open()
    return seen | _queries(maker, order, sa)


_LOCKING = frozenset({"__getitem__", "__iter__", "all", "first", "get", "one", "one_or_none", "scalar"})


def _queries(maker: Any, order: Any, sa: Any) -> Seen:
    seen: Seen = {}
    for name, call in {
        "__getitem__": lambda query: query[0],
        "__iter__": lambda query: next(iter(query)),
        "all": lambda query: query.all(),
        "count": lambda query: query.count(),
        "delete": lambda query: query.filter_by(id=0).delete(),
        "first": lambda query: query.first(),
        "get": lambda query: query.get(1),
        "one": lambda query: query.filter_by(id=1).one(),
        "one_or_none": lambda query: query.filter_by(id=1).one_or_none(),
        "scalar": lambda query: query.filter_by(id=1).scalar(),
        "update": lambda query: query.filter_by(id=0).update({"total": 1}),
    }.items():
        with maker() as session:
            before = is_open()
            call(session.query(order))
            seen[f"{QUERY}.{name}"] = before, is_open()
        if name in _LOCKING:
            with maker() as session:
                before = is_open()
                call(session.query(order).with_for_update())
                seen[f"sqlalchemy.orm.LockingQuery.{name}"] = before, is_open()
    return seen


def _hooks(engine: Any, order: Any, sa: Any, orm: Any, event: Any) -> Seen:
    """Listeners to the writing of a row run while it is written; SQLite is asked in them."""
    heard: dict[str, list[bool]] = {}

    def listen(name: str) -> Callable[..., None]:
        def told(*args: object) -> None:
            heard.setdefault(name, []).append(is_open())

        return told

    event.listen(order, "after_insert", listen("sqlalchemy.event.listen"))
    event.listens_for(order, "after_insert")(listen("sqlalchemy.event.listens_for"))
    before = is_open()
    with orm.Session(engine) as session:
        session.add(order())
        session.commit()

    class Checked(order.__bases__[0]):  # type: ignore[misc, name-defined]
        __tablename__ = "checked"
        id = sa.Column(sa.Integer, primary_key=True)

        @orm.validates("id")
        def check(self, key: str, value: object) -> object:
            heard.setdefault("sqlalchemy.orm.validates", []).append(is_open())
            return value

    Checked(id=1)
    with engine.begin():
        Checked(id=2)
    seen: Seen = {name: (before, all(answers)) for name, answers in heard.items() if name != "sqlalchemy.orm.validates"}
    outside, inside = heard["sqlalchemy.orm.validates"]
    return seen | {"sqlalchemy.orm.validates": (outside, inside)}


async def _awaited(url: str, order: Any, sa: Any, event: Any) -> Seen:
    global kept
    from sqlalchemy.ext import asyncio as sa_async

    engine = sa_async.create_async_engine(url)
    _begin_as_asked(engine.sync_engine, event)
    seen: Seen = {}
    read, write = sa.text("select 1"), sa.text("update orders set total = 1")
    async with engine.begin():
        seen["sqlalchemy.ext.asyncio.AsyncEngine.begin"] = False, is_open()
    for name in ("begin", "begin_nested"):
        async with engine.connect() as connection:
            before = is_open()
            async with getattr(connection, name)():
                seen[f"{ASYNC_CONNECTION}.{name}"] = before, is_open()
    for name, arguments in (
        ("execute", [write]),
        ("exec_driver_sql", ["select 1"]),
        ("scalar", [read]),
        ("scalars", [read]),
        ("stream", [read]),
        ("stream_scalars", [read]),
    ):
        async with engine.connect() as connection:
            before = is_open()
            await getattr(connection, name)(*arguments)
            seen[f"{ASYNC_CONNECTION}.{name}"] = before, is_open()
    async with engine.connect() as connection:
        before = connection.in_transaction()
        await connection.execute(read)
        seen[f"{ASYNC_CONNECTION}.in_transaction"] = before, connection.in_transaction() and is_open()
    maker = sa_async.async_sessionmaker(engine, expire_on_commit=False)
    for name, call in _calls(order, sa).items():
        if name.startswith("bulk_"):
            continue
        if not hasattr(sa_async.AsyncSession, name):
            seen[f"{ASYNC_SESSION}.{name}"] = NONE_HERE
            continue
        async with maker() as session:
            kept = await session.get(order, 1)
            await session.commit()
            before = session.in_transaction()
            result = call(session)
            if hasattr(result, "__await__"):
                await result
            seen[f"{ASYNC_SESSION}.{name}"] = before, session.in_transaction()
    async with maker() as session:
        before = session.in_transaction()
        session.add(order())
        await session.flush()
        seen[f"{ASYNC_SESSION}.flush"] = before, is_open()
        seen[f"{ASYNC_SESSION}.in_transaction"] = before, session.in_transaction()
    for name in ("begin", "begin_nested"):
        async with maker() as session:
            before = session.in_transaction()
            async with getattr(session, name)():
                await session.execute(read)
                seen[f"{ASYNC_SESSION}.{name}"] = before, is_open()
    async with maker.begin() as session:
        await session.execute(read)
        seen["sqlalchemy.ext.asyncio.async_sessionmaker.begin"] = False, is_open()
    await engine.dispose()
    return seen
