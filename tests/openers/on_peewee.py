"""Peewee's openers, hooks and its deferral on SQLite."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

from tests.openers import NONE_HERE, Seen


def prove() -> Seen:
    import peewee
    from playhouse import signals

    database = peewee.SqliteDatabase(f"{tempfile.mkdtemp(prefix='txlint-openers-')}/db.sqlite3")
    heard: dict[str, list[bool]] = {}

    def is_open() -> bool:
        return bool(database.connection().in_transaction)

    class Order(signals.Model):  # type: ignore[misc]
        total = peewee.IntegerField(default=0)

        class Meta:
            database = None

        def save(self, *args: Any, **kwargs: Any) -> Any:
            heard.setdefault("peewee.Model.save", []).append(is_open())
            return super().save(*args, **kwargs)

        def delete_instance(self, *args: Any, **kwargs: Any) -> Any:
            heard.setdefault("peewee.Model.delete_instance", []).append(is_open())
            return super().delete_instance(*args, **kwargs)

    Order.bind(database)
    database.connect()
    database.create_tables([Order])
    seen: Seen = {}

    def block(make: Callable[[], Any]) -> tuple[bool, bool]:
        before = is_open()
        with make():
            return before, is_open()

    for name in ("atomic", "savepoint", "transaction"):
        if name == "savepoint":
            with database.transaction():  # SQLite knows savepoints in a transaction
                seen["peewee.Database.savepoint"] = False, block(database.savepoint)[1]
        else:
            seen[f"peewee.Database.{name}"] = block(getattr(database, name))
    for kind, names in (
        (peewee.DatabaseProxy, ("atomic", "savepoint", "transaction")),
        (peewee.Proxy, ("atomic", "savepoint", "transaction")),
    ):
        proxy = kind()
        proxy.initialize(database)
        for name in names:
            if name == "savepoint":
                with database.transaction():
                    seen[f"peewee.{kind.__name__}.savepoint"] = False, block(proxy.savepoint)[1]
            else:
                seen[f"peewee.{kind.__name__}.{name}"] = block(getattr(proxy, name))
    proxy = peewee.Proxy()
    proxy.initialize(database)
    for name, end in (("begin", database.rollback), ("session_start", database.session_rollback)):
        before = is_open()
        getattr(proxy, name)()
        seen[f"peewee.Proxy.{name}"] = before, is_open()
        end()
    for name, end in (("begin", database.rollback), ("session_start", database.session_rollback)):
        before = is_open()
        getattr(database, name)()
        seen[f"peewee.Database.{name}"] = before, is_open()
        end()
    before = is_open()
    heard.clear()
    Order.get_or_create(total=7)
    seen["peewee.Model.get_or_create"] = before, all(heard["peewee.Model.save"])

    for name in ("pre_save", "post_save", "pre_delete", "post_delete"):

        def told(sender: Any, instance: Any, name: str = name, **kwargs: Any) -> None:
            heard.setdefault(f"playhouse.signals.{name}", []).append(is_open())

        getattr(signals, name).connect(told, name=f"told {name}", sender=Order)
    heard.clear()
    Order(total=1).save()
    Order.get(total=1).delete_instance()
    with database.atomic():
        Order(total=2).save()
        Order.get(total=2).delete_instance()
    seen |= {name: (answers[0], answers[-1]) for name, answers in heard.items()}

    if hasattr(database, "after_commit"):
        ran: list[bool] = []
        with database.atomic():
            database.after_commit(lambda: ran.append(is_open()))
            early = bool(ran)
        seen["peewee.Database.after_commit"] = early, ran == [False]
    else:
        seen["peewee.Database.after_commit"] = NONE_HERE
    database.close()
    with database:
        seen["peewee.Database.__enter__"] = False, is_open()
    return seen
