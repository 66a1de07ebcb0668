"""Calls whose result is used are never moved; the suggestion shows how they could be, in the user's own lines."""

from __future__ import annotations

import textwrap

import pytest

from tests.fix_findings import fixed, suggested

HEAD = "from django.db import transaction\n\n"

SHAPES = {
    "call first": (
        """\
        def charge(order):
            with transaction.atomic():  # open: a
                answer = bank.post(URL, timeout=5)  # want: TX103=a
                order.answer = answer.text
                order.save()
        """,
        """\
        +    answer = bank.post(URL, timeout=5)  # want: TX103=a
             with transaction.atomic():  # open: a
        -        answer = bank.post(URL, timeout=5)  # want: TX103=a
                 order.answer = answer.text
        """,
    ),
    "write later, as the call reads what was written": (
        """\
        def charge(order):
            with transaction.atomic():  # open: a
                order.save()
                # the bank
                answer = bank.post(order.pk)  # want: TX103=a
                order.answer = answer.text
        """,
        """\
                 order.save()
        -        # the bank
        -        answer = bank.post(order.pk)  # want: TX103=a
        +    # the bank
        +    answer = bank.post(order.pk)  # want: TX103=a
        +    with transaction.atomic():  # open: a
                 order.answer = answer.text
        """,
    ),
    "a decorator becomes blocks": (
        '''\
        @transaction.atomic  # open: a
        def charge(order):
            """Takes the money."""
            order.save()
            answer = bank.post(order.pk)  # want: TX103=a
            order.answer = answer.text
        ''',
        '''\
        -@transaction.atomic  # open: a
         def charge(order):
             """Takes the money."""
        -    order.save()
        +    with transaction.atomic():
        +        order.save()
             answer = bank.post(order.pk)  # want: TX103=a
        -    order.answer = answer.text
        +    with transaction.atomic():
        +        order.answer = answer.text
        ''',
    ),
    "a comment moves with its call": (
        """\
        def charge(order):
            with transaction.atomic():  # open: a
                # the bank
                answer = bank.post(URL)  # want: TX103=a
                order.save()
        """,
        """\
        +    # the bank
        +    answer = bank.post(URL)  # want: TX103=a
             with transaction.atomic():  # open: a
        -        # the bank
        -        answer = bank.post(URL)  # want: TX103=a
                 order.save()
        """,
    ),
    "a decorator over several lines": (
        """\
        @transaction.atomic(  # open: a
            savepoint=False,
        )
        def charge(order):
            # the bank
            answer = bank.post(URL)  # want: TX103=a
            order.save()
        """,
        """\
        -@transaction.atomic(  # open: a
        -    savepoint=False,
        -)
         def charge(order):
         ...
             answer = bank.post(URL)  # want: TX103=a
        -    order.save()
        +    with transaction.atomic(  # open: a
        +        savepoint=False,
        +    ):
        +        order.save()
        """,
    ),
    "a test gets a name": (
        """\
        def charge(order, result):
            with transaction.atomic():  # open: a
                if bank.post(URL):  # want: TX103=a
                    order.save()
        """,
        """\
        +    result_2 = bank.post(URL)
             with transaction.atomic():  # open: a
        -        if bank.post(URL):  # want: TX103=a
        +        if result_2:  # want: TX103=a
                     order.save()
        """,
    ),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_shape_is_shown_and_not_written(shape: str) -> None:
    code, wanted = (textwrap.dedent(text) for text in SHAPES[shape])
    fix = suggested(HEAD + code)
    assert fix.applicability == "none" and "is used" in (fix.reason or "")
    assert fix.preview is not None
    assert fix.preview == wanted.rstrip("\n")
    planned = fixed(HEAD + code, unsafe=True)
    assert planned.new == planned.old


def test_line_endings_are_no_part_of_what_is_shown() -> None:
    opened = "    with (\n        transaction.atomic()  # open: a\n    ):\n"
    text = f"def f(x):\n{opened}        y = bank.post(1)  # want: TX103=a\n        x.save(y)\n"
    assert suggested((HEAD + text).replace("\n", "\r\n")).preview == suggested(HEAD + text).preview


def test_nothing_is_shown_where_no_simple_shape_fits() -> None:
    branch = "def f(x):\n    with transaction.atomic():  # open: a\n        if x:\n            y = bank.post(x)  # want: TX103=a\n"
    loop = "def f(x):\n    with transaction.atomic():  # open: a\n        while bank.post(x):  # want: TX103=a\n            x.save()\n"
    for text in (branch, loop):
        fix = suggested(HEAD + text)
        assert (fix.applicability, fix.preview) == ("none", None)


def test_a_transaction_of_the_caller_is_named() -> None:
    text = "@transaction.atomic  # open: a\ndef pay(x):\n    x.rate = ask(x)\n\ndef ask(x):\n    return bank.get(x)  # want: TX103=a\n"
    fix = suggested(HEAD + text)
    assert fix.preview is None
    assert "(x.py:3): its callers can call `bank.get` before it" in (fix.reason or "")
    block = text.replace("@transaction.atomic  # open: a\n", "")
    block = block.replace("(x):\n    x", "(x):\n    with transaction.atomic():  # open: a\n        x")
    assert "opens the transaction (x.py:4): `bank.get` can be called there before it, and its result handed on to `ask`" in (
        suggested(HEAD + block).reason or ""
    )
