"""Tortoise's openers and hooks on SQLite."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from typing import Any

from tests.openers import Seen


def prove() -> Seen:
    return asyncio.run(_prove())


async def _prove() -> Seen:
    from tortoise import Tortoise, fields
    from tortoise.connection import connections
    from tortoise.models import Model
    from tortoise.signals import post_delete, post_save, pre_delete, pre_save
    from tortoise.transactions import atomic, in_transaction

    heard: dict[str, list[bool]] = {}

    def is_open() -> bool:
        return bool(connections.get("default")._connection._conn.in_transaction)

    class Order(Model):
        id = fields.IntField(primary_key=True)
        total = fields.IntField(default=0)

        async def save(self, *args: Any, **kwargs: Any) -> None:
            heard.setdefault("tortoise.models.Model.save", []).append(is_open())
            await super().save(*args, **kwargs)

        async def delete(self, *args: Any, **kwargs: Any) -> None:
            heard.setdefault("tortoise.models.Model.delete", []).append(is_open())
            await super().delete(*args, **kwargs)

    for name, signal in (("pre_save", pre_save), ("post_save", post_save), ("pre_delete", pre_delete), ("post_delete", post_delete)):

        def listen(name: str) -> Any:
            async def told(*args: Any, **kwargs: Any) -> None:
                heard.setdefault(f"tortoise.signals.{name}", []).append(is_open())

            return told

        signal(Order)(listen(name))
    module = type(sys)("openers_models")
    module.Order = Order  # type: ignore[attr-defined]
    sys.modules["openers_models"] = module
    folder = tempfile.mkdtemp(prefix="txlint-openers-")
    await Tortoise.init(db_url=f"sqlite://{folder}/db.sqlite3", modules={"models": ["openers_models"]})
    await Tortoise.generate_schemas()
    seen: Seen = {}
    await Order.create(total=0)
    before = is_open()
    async with in_transaction():
        seen["tortoise.transactions.in_transaction"] = before, is_open()

    @atomic()
    async def decorated() -> bool:
        return is_open()

    seen["tortoise.transactions.atomic"] = is_open(), await decorated()
    for name, total in (("get_or_create", 5), ("update_or_create", 6)):
        heard.clear()
        before = is_open()
        await getattr(Order, name)(total=total)
        seen[f"tortoise.models.Model.{name}"] = before, all(heard["tortoise.models.Model.save"])
    heard.clear()
    await (await Order.create(total=1)).delete()
    async with in_transaction():
        await (await Order.create(total=2)).delete()
    seen |= {name: (answers[0], answers[-1]) for name, answers in heard.items()}
    await connections.close_all()
    return seen
