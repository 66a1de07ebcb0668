"""What callers do around the calls that lead to an effect, seen by a whole run."""

from __future__ import annotations

from pathlib import Path

import pytest

from txlint import api
from txlint.config import Config

HEAD = """from celery import shared_task
from django.db import transaction, OperationalError
from threading import Lock
from contextlib import suppress

lock = Lock()

@shared_task
def ship(pk): ...

def tell(order):
    ship.delay(order.pk)

"""
UNSAFE = {
    "a try that handles": (
        "def place(order):\n    with transaction.atomic():\n        try:\n"
        "            tell(order)\n        except ConnectionError:\n            order.told = 0\n",
        "the `try` in `place` (line 16) would no longer catch what the call raises",
    ),
    "further up": (
        "def middle(order):\n    tell(order)\n\n@transaction.atomic\ndef place(order):\n"
        "    try:\n        middle(order)\n    except ConnectionError:\n        pass\n",
        "the `try` in `place` (line 19) would no longer catch what the call raises",
    ),
    "a finally": (
        "@transaction.atomic\ndef place(order):\n    try:\n        tell(order)\n    finally:\n        order.release()\n",
        "the `finally` in `place` (line 16) would run before the call",
    ),
    "in a finally": (
        "@transaction.atomic\ndef place(order):\n    try:\n        order.save()\n    finally:\n        tell(order)\n",
        "in a `finally` of `place` it also runs when an exception undoes the transaction; deferred, it would not",
    ),
    "a handler of the database's errors": (
        "@transaction.atomic\ndef place(order):\n    try:\n"
        "        order.save()\n    except (KeyError, OperationalError):\n        tell(order)\n",
        "`except OperationalError` in `place` may run when an error of the database keeps the transaction from committing",
    ),
    "a lock": (
        "@transaction.atomic\ndef place(order):\n    with lock:\n        tell(order)\n",
        "the call would run after `with lock` in `place` (line 16) has ended",
    ),
    "suppress": (
        "def place(order):\n    with transaction.atomic(), suppress(OSError):\n        tell(order)\n",
        "has ended",
    ),
}
UNSAFE |= {
    "a caller that raises": (
        "def place(order):\n    with transaction.atomic():\n        tell(order)\n        raise ValueError\n",
        "`place` undoes the transaction afterwards, so that the deferred call would never run (line 17)",
    ),
    "a caller that rolls back": (
        "@transaction.atomic\ndef place(order):\n    middle(order)\n\n"
        "def middle(order):\n    tell(order)\n    transaction.set_rollback(True)\n",
        "`middle` undoes the transaction afterwards",
    ),
    "a decorator of retries": (
        "import tenacity\n\n@transaction.atomic\ndef place(order):\n    middle(order)\n\n"
        "@tenacity.retry\ndef middle(order):\n    tell(order)\n",
        "the decorator `tenacity.retry` of `middle` would no longer catch what the call raises",
    ),
    "a setter beside its property": (
        "class Box:\n    @property\n    def told(self): ...\n    @told.setter\n    def told(self, order):\n        try:\n"
        "            tell(order)\n        except ConnectionError:\n            pass\n\n"
        "def place(order):\n    box = Box()\n    with transaction.atomic():\n        box.told = order\n",
        "the `try` in `told` (line 19) would no longer catch",
    ),
}
SAFE = {
    "a raise behind the block": (
        "def place(order):\n    if order:\n        with transaction.atomic():\n            tell(order)\n        raise ValueError\n"
    ),
    "around the block": (
        "def place(order):\n    try:\n        with transaction.atomic():\n"
        "            tell(order)\n    except ConnectionError:\n        pass\n"
    ),
    "a savepoint": "@transaction.atomic\ndef place(order):\n    with transaction.atomic():\n        tell(order)\n",
    "another handler": (
        "@transaction.atomic\ndef place(order):\n    try:\n        order.price()\n    except KeyError:\n        tell(order)\n"
    ),
    "a try beside it": (
        "@transaction.atomic\ndef place(order):\n    try:\n        order.price()\n    except KeyError:\n        pass\n    tell(order)\n"
    ),
}


def fix_of(folder: Path, code: str) -> api.Fix:
    (folder / "shop.py").write_text(HEAD + code)
    (folder / "txlint.toml").write_text("")
    report = api.check([str(folder)], Config(), suggestions=None)
    (finding,) = report.findings
    return finding.fix


@pytest.mark.parametrize("case", UNSAFE)
def test_what_a_caller_counts_on_makes_a_fix_unsafe(case: str, tmp_path: Path) -> None:
    code, reason = UNSAFE[case]
    fix = fix_of(tmp_path, code)
    assert fix.applicability == "unsafe" and reason in (fix.reason or "")


@pytest.mark.parametrize("case", SAFE)
def test_what_does_not_depend_on_the_call_leaves_it_safe(case: str, tmp_path: Path) -> None:
    assert fix_of(tmp_path, SAFE[case]).applicability == "safe"
