"""Django's openers, hooks and deferrals on SQLite."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tests.openers import Seen, project
from tests.openers.postgres import ABSENT, server, state
from tests.openers.project import is_open, states

QUERYSET = "django.db.models.QuerySet"
MANAGER = "django.db.models.Manager"
MODEL = "django.db.models.Model"
MANY = "django.db.models.fields.related_descriptors.ManyRelatedManager"
RELATED = "django.db.models.fields.related_descriptors.RelatedManager"
GENERIC = "django.contrib.contenttypes.fields.GenericRelatedObjectManager"
WRAPPER = "django.db.backends.base.base.BaseDatabaseWrapper"


def prove() -> Seen:
    with server() as dsn:
        project.up(dsn)
        return {**_explicit(), **_asserts(dsn), **_bodies(), **_hooks(), **_deferrals()}


def _explicit() -> Seen:
    from django.db import connection, transaction

    from tests.openers.models import Tag

    seen: Seen = {}
    Tag.objects.create()
    before = is_open()
    with transaction.atomic():
        seen["django.db.transaction.atomic"] = before, is_open()
        seen[f"{WRAPPER}.in_atomic_block"] = before, connection.in_atomic_block and is_open()
    with transaction.Atomic("default", True, False):
        seen["django.db.transaction.Atomic"] = before, is_open()
    for name, call in (
        ("django.db.transaction.set_autocommit", transaction.set_autocommit),
        (f"{WRAPPER}.set_autocommit", connection.set_autocommit),
    ):
        before = is_open()
        call(False)
        Tag.objects.create()
        seen[name] = before, is_open()
        transaction.rollback()
        call(True)
    return seen


def _asserts(dsn: str | None) -> Seen:
    """Refused where no transaction is open; on PostgreSQL, since SQLite has no row locks."""
    from django.db import connections, transaction
    from django.db.transaction import TransactionManagementError

    from tests.openers.models import Tag

    if dsn is None:
        return {f"{name}.select_for_update": ABSENT for name in (MANAGER, QUERYSET)}
    seen: Seen = {}
    connection = connections["postgres"]
    with connection.schema_editor() as editor:
        editor.create_model(Tag)
    for name, objects in ((MANAGER, Tag.objects.db_manager("postgres")), (QUERYSET, Tag.objects.using("postgres"))):
        try:
            list(objects.select_for_update())
        except TransactionManagementError:
            before = False
        else:
            before = True
        with transaction.atomic(using="postgres"):
            list(objects.select_for_update())
            seen[f"{name}.select_for_update"] = before, state(dsn, connection.connection.info.backend_pid)
    connection.close()
    return seen


def _during(work: Callable[[], Any]) -> tuple[bool, bool]:
    """Open before, and at each change that ``work`` makes."""
    before = is_open()
    states.clear()
    work()
    assert states, "nothing was changed"
    return before, all(states)


def _bodies() -> Seen:
    from tests.openers.models import Mark, Note, Order, Tag

    def order() -> Any:
        made = Order.objects.create()
        Note.objects.create(order=made)
        return made

    def tagged() -> Any:
        made, tag = order(), Tag.objects.create()
        made.tags.add(tag)
        return made

    def marked() -> Any:
        made = order()
        Mark.objects.create(target=made)
        return made

    def wait(awaitable: Callable[[], Any]) -> Callable[[], Any]:
        async def main() -> None:
            await awaitable()

        return lambda: asyncio.run(main())

    seen: Seen = {}
    for name, objects in ((MANAGER, lambda: Tag.objects), (QUERYSET, lambda: Tag.objects.all())):
        tags = list(Tag.objects.bulk_create([Tag(), Tag()]))
        mixed = iter(range(1000 if name == MANAGER else 2000, 9000, 10))
        seen[f"{name}.bulk_create"] = _during(lambda objects=objects, mixed=mixed: objects().bulk_create([Tag(pk=next(mixed)), Tag()]))
        seen[f"{name}.bulk_update"] = _during(lambda objects=objects, tags=tags: objects().bulk_update(tags, ["text"]))
        seen[f"{name}.get_or_create"] = _during(lambda objects=objects, name=name: objects().get_or_create(text=f"{name[-9:]}1"))
        seen[f"{name}.update_or_create"] = _during(lambda objects=objects, name=name: objects().update_or_create(text=f"{name[-9:]}2"))
        seen[f"{name}.abulk_create"] = _during(
            wait(lambda objects=objects, mixed=mixed: objects().abulk_create([Tag(pk=next(mixed)), Tag()]))
        )
        seen[f"{name}.abulk_update"] = _during(wait(lambda objects=objects, tags=tags: objects().abulk_update(tags, ["text"])))
        seen[f"{name}.aget_or_create"] = _during(wait(lambda objects=objects, name=name: objects().aget_or_create(text=f"{name[-9:]}3")))
        seen[f"{name}.aupdate_or_create"] = _during(
            wait(lambda objects=objects, name=name: objects().aupdate_or_create(text=f"{name[-9:]}4"))
        )
    doomed = [order() for _ in range(4)]
    seen[f"{MODEL}.delete as opener"] = _during(doomed[0].delete)
    seen[f"{MODEL}.adelete"] = _during(wait(doomed[1].adelete))
    seen[f"{QUERYSET}.delete"] = _during(Order.objects.filter(pk=doomed[2].pk).delete)
    seen[f"{QUERYSET}.adelete"] = _during(wait(Order.objects.filter(pk=doomed[3].pk).adelete))

    doomed_target = order()
    for prefix, start, member, other in (
        (MANY, tagged, "tags", Tag.objects.create),
        (RELATED, order, "notes", Note.objects.create),
        (GENERIC, marked, "marks", lambda: Mark.objects.create(target=doomed_target)),
    ):
        one_by_one = {} if prefix == MANY else {"bulk": False}
        for is_async in (False, True):
            for verb in ("add", "remove", "set", "clear"):
                name = f"a{verb}" if is_async else verb
                holder = getattr(start(), member)
                kept = list(holder.all())
                new = other()
                arguments = {"add": [new], "remove": kept, "set": [[new]], "clear": []}[verb]
                bound = getattr(holder, name)
                call = lambda bound=bound, arguments=arguments, one_by_one=one_by_one: bound(*arguments, **one_by_one)  # noqa: E731
                seen[f"{prefix}.{name}"] = _during(wait(call) if is_async else call)
    return seen


def _hooks() -> Seen:
    from django.db import transaction
    from django.db.models import Model, signals
    from django.dispatch import Signal, receiver

    from tests.openers.models import Order, Tag

    heard: dict[str, list[bool]] = {}

    def listen(name: str) -> Callable[..., None]:
        def heard_it(sender: Any, **kwargs: Any) -> None:
            heard.setdefault(name, []).append(is_open())

        return heard_it

    own = Signal()
    Signal.connect(own, listen("django.dispatch.Signal.connect"), weak=False)
    receiver(own, weak=False)(listen("django.dispatch.receiver"))
    for signal in ("pre_save", "post_save", "m2m_changed", "pre_delete", "post_delete"):
        getattr(signals, signal).connect(listen(f"django.db.models.signals.{signal}"), weak=False)
    for method in ("save", "delete", "save_base"):
        original = getattr(Model, method)

        def overridden(self: Any, *args: Any, method: str = method, original: Any = original, **kwargs: Any) -> Any:
            heard.setdefault(f"{MODEL}.{method}", []).append(is_open())
            return original(self, *args, **kwargs)

        setattr(Tag, method, overridden)

    def everything() -> None:
        own.send(None)
        tag = Tag()
        tag.save()
        tag.delete()

    everything()
    with transaction.atomic():
        everything()
    seen: Seen = {}
    for name, answers in heard.items():
        if name.endswith(("delete", "m2m_changed")) and "signals" in name:
            continue
        seen[f"{name} as hook" if name == f"{MODEL}.delete" else name] = answers[0], answers[-1]
    heard.clear()
    order, tag = Order.objects.create(), Tag.objects.create()
    before = is_open()
    order.tags.add(tag)
    order.delete()
    for signal in ("m2m_changed", "pre_delete", "post_delete"):
        answers = heard[f"django.db.models.signals.{signal}"]
        seen[f"django.db.models.signals.{signal}"] = before, all(answers)
    return seen


def _deferrals() -> Seen:
    from django.db import connection, transaction

    seen: Seen = {}
    for name, defer in (("django.db.transaction.on_commit", transaction.on_commit), (f"{WRAPPER}.on_commit", connection.on_commit)):
        ran: list[bool] = []
        with transaction.atomic():
            defer(lambda ran=ran: ran.append(is_open()))
            early = bool(ran)
        seen[name] = early, ran == [False]
    return seen
