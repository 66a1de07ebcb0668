"""When the last statement of a block may stand behind it, and what it takes along."""

from __future__ import annotations

import textwrap

import pytest

from tests.fix_findings import fixed, suggested

HEAD = "def f(order, items, maker):\n"


def verdict(body: str, **given: object) -> tuple[str | None, str]:
    fix = suggested(HEAD + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n", **given)  # type: ignore[arg-type]
    return fix.applicability, fix.reason or ""


REFUSED = {
    "not the last": ("with s.begin():  # open: a\n    task.delay(1)  # want: TX101=a\n    x = 1", "not the last statement"),
    "in a branch": ("with s.begin():  # open: a\n    x = 1\n    if x:\n        task.delay(1)  # want: TX101=a", "not the last statement"),
    "result written": ("with s.begin():  # open: a\n    x = post()  # want: TX103=a\n    row.x = x", "write the result in a second one"),
    "the only one": ("with s.begin():  # open: a\n    task.delay(1)  # want: TX101=a", "the only statement"),
    "outer block": (
        "with s.begin():  # open: a\n    with s.begin_nested():  # open: b\n        x = 1\n        task.delay(1)  # want: TX101=a,b",
        "line 2 is still open",
    ),
    "savepoint": ("with s.begin_nested():  # open: a\n    x = 1\n    task.delay(1)  # want: TX101=a", "savepoint"),
    "the session itself": ("with maker.begin() as s:  # open: a\n    x = 1\n    task.delay(s)  # want: TX101=a", "`s` of the `with`"),
    "left early": (
        "for i in items:\n    with s.begin():  # open: a\n        if i:\n            break\n        task.delay(1)  # want: TX101=a",
        "left early",
    ),
    "asks the session": (
        "with s.begin():  # open: a\n    x = 1\n    task.delay(order.total())  # want: TX101=a",
        "`order.total()` may need",
    ),
    "swallowed": ("with suppress(E), s.begin():  # open: a\n    x = 1\n    task.delay(1)  # want: TX101=a", "`suppress(E)` may end"),
    "a comprehension": (
        "with s.begin():  # open: a\n    x = 1\n    task.delay([o.id for o in items])  # want: TX101=a",
        "may need the session",
    ),
    "a relation": ("with s.begin():  # open: a\n    x = 1\n    task.delay(order.user.id)  # want: TX101=a", "`order.user.id` may need"),
    "an item": ("with s.begin():  # open: a\n    x = 1\n    task.delay(order['x'])  # want: TX101=a", "may need the session"),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_refused(case: str) -> None:
    body, reason = REFUSED[case]
    applicability, said = verdict(body)
    assert applicability == "none" and reason in said


def test_objects_handed_over_are_named() -> None:
    applicability, reason = verdict("with s.begin():  # open: a\n    x = 1\n    task.delay(order)  # want: TX101=a")
    assert applicability == "unsafe" and "`order` is detached" in reason
    text = (
        "def f(name: str, n: 'int | None'):\n    with s.begin():  # open: a\n        x = 1\n        task.delay(name, n)  # want: TX101=a\n"
    )
    assert suggested(text).applicability == "safe"


def test_what_the_connection_made_is_closed() -> None:
    body = "with s.begin() as db:  # open: a\n    rows = db.cursor()\n    task.delay({})  # want: TX101=a"
    applicability, reason = verdict(body.format("rows.fetchone()"), opener="databases.Database.transaction")
    assert applicability == "none" and "no rewrite" in reason
    applicability, reason = verdict(body.format("rows.fetchone()"), opener="peewee.Database.atomic")
    assert applicability == "none"


def test_other_scopes_of_the_with() -> None:
    applicability, reason = verdict("with s.begin(), lock:  # open: a\n    x = 1\n    task.delay(1)  # want: TX101=a")
    assert applicability == "unsafe" and "other scopes" in reason


def test_the_caller_has_one_open() -> None:
    text = "@transaction.atomic  # open: b\ndef g():\n    f()\n"
    text += "def f():\n    with transaction.atomic():  # open: a\n        x = 1\n        return task.delay(1)  # want: TX101=a,b\n"
    fix = suggested(text)
    assert fix.applicability == "none" and fix.recipe == "on-commit"


def test_async_block_awaits_its_flush_and_its_call() -> None:
    text = """\
async def f(maker, order):
    async with maker.begin() as session:  # open: a
        session.add(order)
        await client.post(URL, json={"id": order.id})  # want: TX103=a
"""
    new = """\
async def f(maker, order):
    async with maker.begin() as session:  # open: a
        session.add(order)
        await session.flush()
        order_id = order.id
    await client.post(URL, json={"id": order_id})  # want: TX103=a
"""
    assert fixed(text, unsafe=True).new.decode() == new


def test_strings_over_several_lines_keep_their_text() -> None:
    """The mark stands in the string, because the line it is on has no other place for it."""
    text = 'def f():\n\twith s.begin():  # open: a\n\t\tx = 1\n\t\tsend("""# want: TX101=a\n\t\tDear\n\t\t""",\n\t\t1)\n'
    assert fixed(text).new.decode().endswith('\t\tx = 1\n\tsend("""# want: TX101=a\n\t\tDear\n\t\t""",\n\t\t1)\n')


def test_crlf_is_kept() -> None:
    text = "def f(order):\n    with s.begin():  # open: a\n        x = 1\n        task.delay(\n            order.id)  \n"
    text = text.replace("task.delay(\n", "task.delay(  # want: TX101=a\n").replace("\n", "\r\n")
    new = fixed(text).new
    assert new.count(b"\n") == new.count(b"\r\n") == 7
