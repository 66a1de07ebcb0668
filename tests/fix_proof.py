"""Runs rewritten and unrewritten fixtures on the real Django and Celery, in a process of its own: `python -m tests.fix_proof`.

Reads ``[path, ...]`` as JSON on stdin; prints for each file what its `# proof:` expressions did in three situations. What left the
process is read where it leaves: in Celery's in-memory broker and in Django's mail backend, each with the databases that have a
transaction open.

    plain        the expression is run
    rolled_back  inside a transaction on every Django database that is rolled back afterwards; for the recipes that know no outer
                 transaction every commit fails instead: Django's, SQLAlchemy's, and what a fixture makes fail where ``doomed()``;
                 on Frappe and Odoo the request is rolled back at its end
    closed       with `transaction.atomic` opening nothing: no transaction at all
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakSet

from tests import fix_platforms
from txlint.fix.helper import sqlalchemy_helper

EFFECTS: list[Any] = []
SESSIONS: WeakSet[Any] = WeakSet()
DOOMED: list[bool] = []
OTHERS: list[Callable[[], bool]] = [lambda: any(s.in_transaction() for s in list(SESSIONS))]
"""Questions to other libraries than Django: is a transaction of yours open? Fixtures of Peewee and of transaction add their own."""
DJANGO = ("on_commit", "delay_on_commit", "defer_misuse")
ALIASES = ("default", "other")
NUMBER = itertools.count()


class Nothing(contextlib.ContextDecorator):
    """Stands for `transaction.atomic` and opens nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.function = args[0] if args and callable(args[0]) else None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.function is not None:
            return self.function(*args, **kwargs)
        return super().__call__(*args, **kwargs)

    def __enter__(self) -> None: ...

    def __exit__(self, *exc: object) -> None: ...


def set_up() -> None:
    import django
    from celery import Celery
    from django.conf import settings

    folder = Path(tempfile.mkdtemp())
    settings.configure(
        DATABASES={a: {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / f"{a}.sqlite3")} for a in ALIASES},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()
    from django.core.management import call_command

    for alias in ALIASES:
        call_command("migrate", database=alias, verbosity=0)
    app = Celery("proof", broker="memory://", task_cls="celery.contrib.django.task:DjangoTask")
    app.set_default()
    from kombu import Producer

    publish = Producer.publish

    def recorded(self: Any, body: Any, *args: Any, **kwargs: Any) -> Any:
        result = publish(self, body, *args, **kwargs)
        headers = kwargs.get("headers", {})
        told = [word for word in ("eta", "expires") if headers.get(word)] + [kwargs.get("routing_key") or ""]
        name = headers.get("task", "").rpartition(".")[2]
        EFFECTS.append([" ".join((name, *(word for word in told if word not in ("", "celery")))), body[0], body[1], open_now()])
        return result

    Producer.publish = recorded  # where a message leaves for the broker
    from django.core.mail.backends.locmem import EmailBackend

    deliver = EmailBackend.send_messages

    def delivered(self: Any, messages: Any) -> Any:
        messages = list(messages)
        EFFECTS.extend([m.subject, m.body, m.to, open_now()] for m in messages)
        return deliver(self, messages)

    EmailBackend.send_messages = delivered
    record_redis()
    record_huey()
    record_http()
    fail_commits()
    helper = ModuleType("project_db")
    exec(sqlalchemy_helper("project_db")[0], helper.__dict__)
    sys.modules["project_db"] = helper


def record_redis() -> None:
    """Jobs of RQ, read from what the client is about to write to its socket; a small server takes it."""
    import socket
    import threading

    from redis.connection import AbstractConnection

    from tests.proof.transports import _Redis, _Server

    server = _Server(("127.0.0.1", 0), _Redis)
    server.arrived = lambda kind, thread: None
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    connect, send = socket.socket.connect, AbstractConnection.send_packed_command

    def connect_here(own: Any, address: Any) -> None:
        connect(own, server.server_address if isinstance(address, tuple) and address[1] == 6379 else address)

    def sent(self: Any, command: Any, *args: Any, **kwargs: Any) -> Any:
        words = b"".join([command] if isinstance(command, bytes) else command).split(b"\r\n")
        if b"description" in words:
            what = words[words.index(b"description") + 2].decode()
            into = sorted({word.decode() for word in words if word in (b"ZADD", b"LPUSH", b"RPUSH")})
            EFFECTS.append([what.partition("(")[0].rpartition(".")[2], [what.partition("(")[2], *into], {}, open_now()])
        return send(self, command, *args, **kwargs)

    socket.socket.connect = connect_here  # type: ignore[method-assign, assignment]
    AbstractConnection.send_packed_command = sent


def record_huey() -> None:
    """Messages of huey, where they enter its storage."""
    import pickle

    from huey.storage import MemoryStorage

    def record(method: str) -> None:
        real = getattr(MemoryStorage, method)

        def recorded(self: Any, data: bytes, *args: Any, **kwargs: Any) -> Any:
            message = pickle.loads(data)
            name = f"{method}{' later' if message.eta else ''} {message.name.rpartition('.')[2]}"
            EFFECTS.append([name, list(message.args), message.kwargs or {}, open_now()])
            return real(self, data, *args, **kwargs)

        setattr(MemoryStorage, method, recorded)

    record("enqueue")
    record("add_to_schedule")


def record_http() -> None:
    """Requests, where they would be sent; each is answered at once."""
    from requests import PreparedRequest, Response
    from requests.adapters import HTTPAdapter

    def sent(self: Any, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        EFFECTS.append([f"{request.method} {request.url}", body, {}, open_now()])
        answer = Response()
        answer.status_code, answer.request, answer.url = 200, request, str(request.url)
        return answer

    HTTPAdapter.send = sent  # type: ignore[method-assign, assignment]


def fail_commits() -> None:
    """Commits of doomed runs raise what a database raises."""
    from django.db import DatabaseError
    from django.db.backends.base.base import BaseDatabaseWrapper
    from sqlalchemy import event
    from sqlalchemy.orm import Session

    commit = BaseDatabaseWrapper.commit

    def committed(self: Any) -> None:
        if DOOMED:
            raise DatabaseError("the commit fails")
        commit(self)

    BaseDatabaseWrapper.commit = committed

    @event.listens_for(Session, "after_transaction_create")
    def began(session: Any, transaction: Any) -> None:
        SESSIONS.add(session)

    @event.listens_for(Session, "before_commit")
    def committing(session: Any) -> None:
        if session in SESSIONS and DOOMED:
            raise DatabaseError("the commit fails")


def open_now() -> list[str]:
    from django.db import connections

    return [a for a in ALIASES if connections[a].in_atomic_block] + ["other" for is_open in OTHERS if is_open()]


def wipe() -> None:
    """Back to empty tables that count from 1, so that runs can be compared."""
    from django.db import connections

    for alias in ALIASES:
        with connections[alias].cursor() as cursor:
            cursor.execute("DELETE FROM auth_group")
            cursor.execute("DELETE FROM sqlite_sequence")


def run(path: Path, expression: str, situation: str) -> dict[str, Any]:
    from django.contrib.auth.models import Group
    from django.db import transaction

    EFFECTS.clear()
    SESSIONS.clear()
    raised = ""
    atomic = transaction.atomic
    del OTHERS[1:]
    request = fix_platforms.begin(path.name)
    module = ModuleType(f"{request.package if request else ''}proof_{next(NUMBER)}")  # task names are unique
    sys.modules[module.__name__] = module
    module.__dict__["ask"] = OTHERS.append
    module.__dict__["doomed"] = lambda: bool(DOOMED)
    namespace = module.__dict__
    rows: dict[str, Any] = {}
    if situation == "closed" and path.name.startswith(DJANGO):
        transaction.atomic = Nothing  # type: ignore[assignment, misc]
    try:
        if request is not None:
            namespace |= request.names
            OTHERS.append(request.is_open)
        exec(compile(path.read_text(), str(path), "exec"), namespace)
        if request is not None:
            eval(expression, namespace)
            rows["platform"] = request.end(situation != "rolled_back")
        elif situation == "rolled_back" and not path.name.startswith(DJANGO):
            DOOMED.append(True)
            try:
                eval(expression, namespace)
            except Exception as error:
                if "the commit fails" not in str(error):
                    raise
        elif situation == "rolled_back":
            with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as stack:
                for alias in ALIASES:
                    stack.enter_context(atomic(using=alias))
                eval(expression, namespace)
                raise KeyboardInterrupt
        else:
            eval(expression, namespace)
    except Exception as error:
        raised = repr(error)
    finally:
        DOOMED.clear()
        transaction.atomic = atomic  # type: ignore[misc]
    rows |= {alias: sorted(Group.objects.using(alias).values_list("name", flat=True)) for alias in ALIASES}
    wipe()
    return {"effects": list(EFFECTS), "raised": raised, "rows": rows}


def main() -> None:
    set_up()
    paths = [Path(p) for p in json.load(sys.stdin)]
    answer = {}
    for path in paths:
        lines = [line for line in path.read_text().split("\n") if line.startswith("# proof:")]
        expressions = [e.strip() for line in lines for e in line.removeprefix("# proof:").split(";")]
        answer[str(path)] = {
            situation: [run(path, expression, situation) for expression in expressions] for situation in ("plain", "rolled_back", "closed")
        }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
