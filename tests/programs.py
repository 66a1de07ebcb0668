"""Programs made by chance, each from its own number: transactions, effects and odd statements, wherever Python allows them.

`program(seed)` gives the bytes of one module; `tree(folder, seeds)` writes several; `problems(folder)` says what checking and rewriting
them does wrong. What the programs mean does not matter; that they compile does, and the generator sees to it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from txlint import api
from txlint.config import Config
from txlint.fix.rounds import Fixed
from txlint.model.kinds import Confidence

HEADS = (
    "from django.db import transaction",
    "from django.db.transaction import atomic, on_commit",
    "import django.db.transaction as tx",
    "import requests, subprocess, threading",
    "from celery import shared_task, current_app",
    "from django.core.mail import send_mail as post, EmailMessage",
    "from django.core.cache import cache; from django.core.files.storage import default_storage",
    "from django.db.models.signals import post_save, pre_delete; from django.dispatch import receiver",
    "from django.db import models",
    "from sqlalchemy.orm import Session, sessionmaker",
    "import functools; from contextlib import suppress, nullcontext, ExitStack",
    "try:\n    import ujson as json\nexcept ImportError:\n    import json  # \u00e4ltere",
    "from functools import partial as bound",
)
TASKS = "@shared_task\ndef notify(*args, **kwargs): ...\n\n\n@current_app.task(bind=True)\ndef ship(self, order, *, when=None): ...\n"
OPENERS = (
    "transaction.atomic()",
    "atomic()",
    "tx.atomic(using='other')",
    "transaction.atomic(using=alias, savepoint=False)",
    "maker.begin() as s",
)
OTHERS = ("open(path) as handle", "suppress(ValueError)", "nullcontext()", "ExitStack() as stack", "lock")
EFFECTS = (
    "notify.delay({a})",
    "notify.apply_async(args=[{a}], countdown=5)",
    "ship.delay({a}, when={b})",
    "ship.s({a}).apply_async()",
    "current_app.send_task('x', ({a}, {b}))",
    "requests.post(url, json={a}, timeout=3)",
    "post('s', {a}, None, [{b}])",
    "EmailMessage({a}, to=[{b}]).send()",
    "cache.delete({a})",
    "default_storage.delete({a})",
    "subprocess.run([{a}])",
    "threading.Thread(target=notify, args=({a},)).start()",
    "transaction.on_commit(notify.delay({a}))",
    "transaction.on_commit(lambda: notify.delay({a}))",
    "self.tell({a})",
    "tell({a}, {b})",
    "order.save()",
    "order.attachment.delete()",
    "s.add({a})",
    "s.commit()",
    "transaction.savepoint_rollback(sid)",
)
VALUES = (
    "1", "'x'", "b'\\x00'", "order.pk", "order", "orders", "path", "None", "-3.5e7", "[order.pk, *orders]", "{'k': order.pk, **extra}",
    "order.pk if order else None", "lambda: order.pk", "(o.pk for o in orders)", "[o.pk for o in orders if o]", "orders.filter(pk=1)",
    "f'{order.pk!r:>{width}}'", "'a' 'b'", "(yes := order.pk)", "*orders", "key['x'][1:2, ...]", "not order", "a < b < c",
    "str(order.pk)", "\u00e9t\u00e9", "'''one\ntwo'''", "order.lines.all()", "reverse(orders)", "self.order", "__file__",
)  # fmt: skip
PARAMETERS = (
    "order",
    "order, /, orders=()",
    "order, *orders, alias='default', **extra",
    "self, order",
    "transaction, partial, order",
    "*, order: 'Order' = None",
)


class Writer:
    """Writes one module. ``self.random`` decides everything."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.indent = self.random.choice(["    ", "  ", "\t"])
        self.count = 0

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def module(self) -> str:
        heads = list(HEADS)
        if self.chance(0.3):
            self.random.shuffle(heads)
        first = self.random.choice(
            ["", '"""Says what it is."""\n', "# only a comment\n", '"""a\nb"""\nfrom __future__ import annotations\n']
        )
        parts = [
            first + "\n".join(heads),
            TASKS,
            "maker = sessionmaker()\norder = orders = url = path = lock = alias = key = width = None\n",
        ]
        parts += [self.definition(0, in_class=False) for _ in range(self.random.randint(1, 4))]
        if self.chance(0.2):
            parts.append("".join(self.block(0, 2, "module")))
        return "\n\n".join(parts) + self.random.choice(["\n", "", "\n\n\n", "\n# the end"])

    def definition(self, depth: int, in_class: bool) -> str:
        pad = self.indent * depth
        self.count += 1
        if not in_class and self.chance(0.25):
            base = self.random.choice(["", "(models.Model)", "(Base, metaclass=Meta)"])
            methods = [self.definition(depth + 1, in_class=True) for _ in range(self.random.randint(1, 3))]
            return f"{pad}class C{self.count}{base}:\n{self.indent * (depth + 1)}'''Text.'''\n" + "\n".join(methods)
        names = ["save", "delete", "tell", f"m{self.count}"] if in_class else ["tell", f"f{self.count}"]
        kind = self.random.choice(["def", "def", "def", "async def"])
        decorators = self.random.sample(
            [
                "transaction.atomic",
                "atomic(using='other')",
                "tx.atomic()",
                "receiver(post_save, sender=order)",
                "functools.cache",
                "shared_task",
            ],
            self.random.choice([0, 0, 1, 1, 2]),
        )
        parameters = self.random.choice(PARAMETERS)
        if in_class and not parameters.startswith("self"):
            parameters = "self, " + parameters.replace("self, ", "")
        head = "".join(f"{pad}@{each}\n" for each in decorators)
        returns = self.random.choice(["", "", " -> None", " -> 'dict[str, int]'"])
        where = f"{kind} {'generator' if self.chance(0.1) else ''}"
        header = f"{pad}{kind} {self.random.choice(names)}({parameters}){returns}:"
        if self.chance(0.08):
            return f"{head}{header} {self.simple('')}; {self.simple('')}\n"
        return f"{head}{header}{self.comment()}\n" + "".join(self.block(depth + 1, self.random.randint(2, 4), where))

    def block(self, depth: int, budget: int, where: str) -> Iterator[str]:
        """Lines of a suite; ``where`` says in what kind of function, and whether in a loop."""
        for _ in range(self.random.randint(1, 3)):
            if self.chance(0.06):
                yield self.random.choice(
                    ["\n", f"{self.indent * depth}# a comment\n", "# at the margin\n", "\x0c\n" if self.chance(0.2) else "\n"]
                )
            if budget > 0 and self.chance(0.6):
                yield from self.compound(depth, budget - 1, where)
            else:
                yield self.line(depth, where)

    def compound(self, depth: int, budget: int, where: str) -> Iterator[str]:
        pad = self.indent * depth
        a_sync = "async " if where.startswith("async") and self.chance(0.3) else ""
        in_loop = where + " loop"
        match self.random.randint(0, 13):
            case 0 | 1 | 2 | 3 | 4:
                items = [self.random.choice(OPENERS)]
                if self.chance(0.25):
                    items.insert(self.random.randint(0, 1), self.random.choice(OTHERS))
                shown = f"(\n{pad}  {f', {chr(10)}{pad}  '.join(items)},\n{pad})" if self.chance(0.1) else ", ".join(items)
                if self.chance(0.08):
                    yield f"{pad}with {', '.join(items)}: {self.simple(pad)}; {self.simple(pad)}{self.comment()}\n"
                    return
                yield f"{pad}with {shown}:{self.comment()}\n"
                yield from self.block(depth + 1, budget, where)
            case 5:
                yield f"{pad}{a_sync}with {self.random.choice(OTHERS)}:\n"
                yield from self.block(depth + 1, budget, where)
            case 6:
                yield f"{pad}if {self.value()}:{self.comment()}\n"
                yield from self.block(depth + 1, budget, where)
                if self.chance(0.4):
                    yield f"{pad}elif order.pk:\n"
                    yield from self.block(depth + 1, budget - 1, where)
                if self.chance(0.4):
                    yield f"{pad}else:\n"
                    yield from self.block(depth + 1, budget - 1, where)
            case 7:
                yield f"{pad}{a_sync}for {self.random.choice(['order', 'i, order', 'order.pk'])} in orders:\n"
                yield from self.block(depth + 1, budget, in_loop)
                if self.chance(0.2):
                    yield f"{pad}else:\n"
                    yield from self.block(depth + 1, budget - 1, where)
            case 8:
                yield f"{pad}while {self.value()}:\n"
                yield from self.block(depth + 1, budget, in_loop)
            case 9 | 10:
                yield f"{pad}try:\n"
                yield from self.block(depth + 1, budget, where)
                handlers = self.random.randint(0, 2)
                for number in range(handlers):
                    yield f"{pad}except {['(ValueError, KeyError)', 'Exception as error'][number]}:\n"
                    yield from self.block(depth + 1, budget - 1, where)
                if handlers and self.chance(0.3):
                    yield f"{pad}else:\n"
                    yield from self.block(depth + 1, budget - 1, where)
                if not handlers or self.chance(0.3):
                    yield f"{pad}finally:\n"
                    yield from self.block(depth + 1, budget - 1, where.replace(" loop", ""))
            case 11:
                yield f"{pad}match {self.random.choice(['order', 'order, orders', 'key[0]'])}:\n"
                for pattern in self.random.sample(["[1, *rest]", "{'k': v, **rest}", "C(x=0) | None", "str() as text if text"], 2):
                    yield f"{pad}{self.indent}case {pattern}:\n"
                    yield from self.block(depth + 2, budget - 1, where)
            case 12:
                yield f"{pad}def inner(order=order):\n"
                yield from self.block(depth + 1, budget, "def ")
                yield f"{pad}inner()\n"
            case _:
                yield f"{pad}with transaction.atomic(): pass\n{pad}with transaction.atomic():\n"
                yield f"{pad}{self.indent}order.save()\n{self.line(depth + 1, where)}{self.line(depth + 1, where)}"

    def line(self, depth: int, where: str) -> str:
        pad = self.indent * depth
        odd: list[Callable[[], str]] = [
            lambda: "pass",
            lambda: "order = order.pk",
            lambda: "del order.pk",
            lambda: f"assert {self.value()}",
        ]
        if where.startswith(("def", "async")):
            odd += [lambda: "return", lambda: "raise ValueError(order)"]
            if where.startswith("def"):
                odd.append(lambda: f"return {self.value()}")
        if where.endswith("generator") and where.startswith("def"):
            odd += [lambda: "yield", lambda: f"x = yield {self.effect(pad)}", lambda: "yield from orders"]
        if where.startswith("async"):
            odd.append(lambda: f"await {self.effect(pad)}")
        if where.endswith("loop"):
            odd += [lambda: "continue", lambda: "break"]
        if self.chance(0.25):
            return f"{pad}{self.random.choice(odd)()}{self.comment()}\n"
        parts = [self.simple(pad) for _ in range(self.random.choice([1, 1, 1, 1, 2]))]
        return (
            f"{pad}{self.random.choice(['; ', ';'])[: 2 * len(parts)].join(parts)}{self.random.choice(['', '', '', ';'])}{self.comment()}\n"
        )

    def simple(self, pad: str) -> str:
        call = self.effect(pad)
        shapes = (
            [call] * 12
            + [f"x = {call}", f"({call})", f"order and {call}", f"x: int = {call}", f"[{call} for order in orders]", f"({call}, {call})"]
            + [f"x = lambda order: {call}", f"print({call})", f"x += {call}", f"x = \\\n{pad}   {call}", f"{call} if order else None"]
        )
        return self.random.choice(shapes)

    def effect(self, pad: str) -> str:
        """One call, on one line or on several."""
        text = self.random.choice(EFFECTS).format(a=self.value(), b=self.value())
        if self.chance(0.15) and "lambda:" not in text and "'''" not in text:
            at = text.index("(") + 1
            return f"{text[:at]}{self.comment()}\n{pad}      {text[at:-1].lstrip()}\n{pad})"
        return text

    def value(self) -> str:
        chosen = self.random.choice(VALUES)
        return f"[{chosen}]" if chosen.startswith("*") or ":=" in chosen else chosen

    def comment(self) -> str:
        return self.random.choice([""] * 8 + ["  # why", "# noqa", "  # \u00fcber\u2028Zeilen", "  # txlint: ignore[TX101] -- known"])


def program(seed: int) -> bytes:
    """The same bytes for the same number."""
    writer = Writer(seed)
    for _ in range(100):
        text = writer.module()
        try:
            compile(text, "generated", "exec", dont_inherit=True)
        except SyntaxError:  # by chance: a `return` where none may stand, a name that is global and local; rare, and made again
            continue
        break
    else:
        raise AssertionError(f"no program from {seed}")
    ending = writer.random.choice(["\n"] * 6 + ["\r\n", "\r\n"])
    data = text.replace("\n", ending).encode()
    return b"\xef\xbb\xbf" + data if writer.chance(0.1) else data


def tree(folder: Path, seeds: Iterable[int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (folder / f"program_{seed}.py").write_bytes(program(seed))


def problems(folder: Path, unsafe: bool) -> Iterator[str]:
    """Checks, rewrites and rewrites again; what is wrong. Raises what txlint raises."""
    config = Config(min_confidence=Confidence.POSSIBLE)
    fixed, report = api.fix([str(folder)], config, unsafe=unsafe)
    yield from (f"{error.path}: {error.message}" for error in report.errors if error.code == "TX900")
    yield from refused(fixed)
    after = contents(folder)
    for name, data in after.items():
        try:
            compile(data, name, "exec", dont_inherit=True)
        except SyntaxError as error:
            yield f"{name}: does not compile any more: {error}"
    again, _ = api.fix([str(folder)], config, unsafe=unsafe)
    yield from (f"{plan.path}: a second run changes it" for plan in again.plans)
    if contents(folder) != after:
        yield "a second run changes something"


def refused(fixed: Fixed) -> Iterator[str]:
    """What a run could not write, and where a rewrite was found out to be wrong before it was written. What is put back because its
    finding is still there is no such thing: a function that calls itself in its own transaction may need it."""
    yield from (f"{path}: {reason}" for path, reason in fixed.failed)
    for each in fixed.refused:
        if "internal error" in (each.fix.reason or ""):
            yield f"{each.finding.place.path}:{each.finding.place.line}: {each.fix.reason}"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.py"))}
