"""What may be deferred and what may not, each with its reason: one small function per rule."""

from __future__ import annotations

import textwrap

import pytest

from tests.fix_findings import suggested
from txlint.fix import Project

HEAD = "from functools import partial\nfrom django.db import transaction\n\n"
ATOMIC = "def f(order, items):\n    with transaction.atomic():  # open: a\n"
TRIED = """\
def f():
    try:
        with transaction.atomic():  # open: a
            task.delay(1)  # want: TX101=a
    except E:
        pass
"""


def verdict(body: str, head: str = ATOMIC, **given: object) -> tuple[str | None, str]:
    fix = suggested(HEAD + head + textwrap.indent(textwrap.dedent(body).strip("\n"), "        ") + "\n", **given)  # type: ignore[arg-type]
    return fix.applicability, fix.reason or ""


SAFE = {
    "constants": "task.delay(1, name='x')  # want: TX101=a",
    "attributes": "task.delay(order.pk)  # want: TX101=a",
    "a call is evaluated where it stood": "task.delay(str(order.pk), order.total())  # want: TX101=a",
    "a name that stays what it is": "notify(order)  # want: TX102=a\nother.save()",
    "used later, but not changed": "notify(order)  # want: TX102=a\nlog(order.pk, order.get_total())\nreturn order",
    "a loop variable": "for item in items:\n    item.done = True\n    task.delay(item)  # want: TX101=a\n",
    "a conditional raise is what the commit is for": "task.delay(1)  # want: TX101=a\nif order.bad:\n    raise ValueError",
    "a raise on one way only": "if order.ok:\n    task.delay(1)  # want: TX101=a\n    return\nraise ValueError",
    "a branch": "if order:\n    task.delay(order.pk)  # want: TX101=a",
    "a raise in another branch": "if order:\n    task.delay(order.pk)  # want: TX101=a\nelse:\n    raise ValueError",
    "an except clause that goes on": "try:\n    x()\nexcept ValueError:\n    task.delay(1)  # want: TX101=a",
    "the same effect again": "task.delay(1)  # want: TX101=a\ntask.delay(2)",
    "after the savepoint": "with transaction.atomic():  # open: b\n    task.delay(1)  # want: TX101=a,b",
}
UNSAFE = {
    "a try that handles": ("try:\n    task.delay(1)  # want: TX101=a\nexcept OSError:\n    pass", "`try` on line 6 would no longer catch"),
    "a finally that cleans up": ("try:\n    task.delay(1)  # want: TX101=a\nfinally:\n    clean()", "`finally`"),
    "in a finally": ("try:\n    x()\nfinally:\n    task.delay(1)  # want: TX101=a", "in a `finally`"),
    "suppress": ("with suppress(OSError):\n    task.delay(1)  # want: TX101=a", "no longer catch"),
    "a lock": ("with lock:\n    task.delay(1)  # want: TX101=a", "after `with lock` on line 6 has ended"),
    "an override": ("with translation.override('fr'):\n    task.delay(1)  # want: TX101=a", "translation.override"),
    "changed later": ("notify(order)  # want: TX102=a\norder.total = 1", "`order` is passed by reference and may be changed on line 7"),
    "item set later": ("notify(order)  # want: TX102=a\norder['x'] = 1", "by reference"),
    "a method called later": ("notify(order)  # want: TX102=a\norder.save()", "by reference"),
    "a dict filled in a loop": ("ctx = {}\nfor x in items:\n    ctx['x'] = x\n    task.delay(ctx)  # want: TX101=a", "by reference"),
    "receiver": ("order.send()  # want: TX102=a\norder.reset()", "`order` is passed by reference"),
    "a generator": ("task.delay(x for x in items)  # want: TX101=a", "generator among the arguments"),
    "a queryset": ("task.delay(Order.objects.filter(x=1))  # want: TX101=a", "evaluated at the commit"),
    "a queryset by name": ("found = Order.objects.all()\ntask.delay(found)  # want: TX101=a\nx = 1", "`found`"),
    "a lazy string": ("notify(gettext_lazy('x'))  # want: TX102=a", "evaluated at the commit"),
    "a lambda": ("notify(lambda: order.pk)  # want: TX102=a", "lambda among the arguments"),
    "a file read again": ("storage.delete(path)  # want: TX107=a\nopen(path)", "uses it again"),
    "a store read again": ("index.put(order.pk)  # want: TX106=a\nx = index.get(order.pk)", "uses it again"),
    "manual savepoints": (
        "sid = transaction.savepoint()\ntask.delay(1)  # want: TX101=a\ntransaction.savepoint_rollback(sid)",
        "savepoint_rollback",
    ),
}
NONE = {
    "result assigned": ("x = task.delay(1)  # want: TX101=a", "result of `task.delay` is used"),
    "result returned": ("return task.delay(1)  # want: TX101=a", "is used"),
    "in a comprehension": ("x = [\n    task.delay(i)  # want: TX101=a\n    for i in items\n]", "is used"),
    "always raises": ("task.delay(1)  # want: TX101=a\nraise ValueError", "line 7 always undoes"),
    "raises behind branches": ("if order:\n    task.delay(1)  # want: TX101=a\nx = 1\nraise ValueError", "always undoes"),
    "raises in both branches": ("task.delay(1)  # want: TX101=a\nif order:\n    raise A\nelse:\n    raise B", "always undoes"),
    "set_rollback": ("task.delay(1)  # want: TX101=a\ntransaction.set_rollback(True)", "always undoes"),
    "a raise in the handler": ("try:\n    x()\nexcept A:\n    task.delay(1)  # want: TX101=a\n    raise", "always undoes"),
    "an open file": ("with open('x') as handle:\n    client.send(handle)  # want: TX103=a", "`handle` of the `with` on line 6 is closed"),
    "a wait": ("time.sleep(3)  # want: TX109=a", "move it out"),
}


@pytest.mark.parametrize("case", SAFE, ids=str)
def test_safe(case: str) -> None:
    assert verdict(SAFE[case]) == ("safe", "")


@pytest.mark.parametrize("case", UNSAFE, ids=str)
def test_unsafe_with_its_reason(case: str) -> None:
    body, reason = UNSAFE[case]
    applicability, said = verdict(body)
    assert applicability == "unsafe" and reason in said


@pytest.mark.parametrize("case", NONE, ids=str)
def test_refused_with_its_reason(case: str) -> None:
    body, reason = NONE[case]
    applicability, said = verdict(body)
    assert applicability == "none" and reason in said


def test_async_and_generators() -> None:
    assert verdict("task.delay(1)  # want: TX101=a", "async def f():\n    with transaction.atomic():  # open: a\n")[0] == "none"
    assert verdict("task.delay(1)  # want: TX101=a\nyield 1", "def f():\n    with transaction.atomic():  # open: a\n")[0] == "unsafe"
    nested = "task.delay(1)  # want: TX101=a\ndef g():\n    yield 1"
    assert verdict(nested, "def f():\n    with transaction.atomic():  # open: a\n")[0] == "safe"


def test_scopes_outside_of_the_transaction_do_not_matter() -> None:
    """What a `try` or a lock around the whole `with` does, it does to the commit as well."""
    outside = TRIED.replace("transaction.atomic()", "lock, transaction.atomic()")
    assert suggested(HEAD + outside).applicability == "safe"
    inside = outside.replace("with lock, transaction.atomic():", "with transaction.atomic(), lock:")
    assert suggested(HEAD + inside).applicability == "unsafe"


def test_scopes_count_to_the_end_of_the_function_when_the_caller_opens() -> None:
    caller = "@transaction.atomic  # open: b\ndef g():\n    f()\n"
    text = caller + TRIED.replace("=a", "=a,b")
    assert suggested(HEAD + text).applicability == "unsafe"
    assert suggested(HEAD + TRIED).applicability == "safe"


def test_database_of_the_transaction() -> None:
    known = Project(databases=frozenset({"default"}))
    several = Project(databases=frozenset({"default", "other"}))
    call = "task.delay(1)  # want: TX101=a"
    assert verdict(call, alias=None, project=known)[0] == "safe"
    assert verdict(call, alias=None, project=several)[0] == "unsafe"
    assert verdict(call, alias=None)[0] == "unsafe"
    by_name = "def f(db):\n    with transaction.atomic(using=db):  # open: a\n"
    assert verdict(call, by_name) == ("safe", "")
    assert verdict("db = 'x'\n" + call + "\nx = 1", by_name)[0] == "unsafe"
    two = "def f():\n    with transaction.atomic():  # open: a\n        pass\n    with transaction.atomic(using='b'):  # open: b\n"
    assert verdict("task.delay(1)  # want: TX101=a,b", two)[0] == "none"


def test_module_level_is_left_alone() -> None:
    fix = suggested(HEAD + "with transaction.atomic():  # open: a\n    task.delay(1)  # want: TX101=a\n")
    assert fix.applicability == "none" and "imported" in (fix.reason or "")


def test_unknown_transactions_have_no_rewrite() -> None:
    applicability, reason = verdict("task.delay(1)  # want: TX101=a", opener="asyncpg.Connection.transaction")
    assert applicability == "none" and "no rewrite" in reason


def test_what_is_not_seen_again_is_refused() -> None:
    """A finding whose opener is said to be in the same function, where the visitor sees none."""
    fix = suggested(HEAD + "def f():\n    with transaction.atomic():  # open: a\n        pass\n    task.delay(1)  # want: TX101=a\n")
    assert fix.applicability == "none" and "no open transaction was seen" in (fix.reason or "")
