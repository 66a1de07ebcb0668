"""Peewee 4: ``f(x)`` becomes ``db.after_commit(partial(f, x))``, on the database whose transaction is open.

It runs at once where none is open and is dropped when the outermost transaction is rolled back, but not when only an inner savepoint is."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from txlint.fix.after import dotted
from txlint.fix.case import Case, Rewrite, Verdict
from txlint.fix.recipes.on_commit import behaviour
from txlint.fix.safety import judge
from txlint.fix.scopes import FunctionScope, Scope
from txlint.fix.wrap import wrap

NAME = "peewee-after-commit"
_OPENS = ("atomic", "transaction", "savepoint")


def applies(case: Case) -> bool:
    return case.family == "peewee"


def applicability(case: Case) -> Verdict:
    verdict = judge(case, _risks(case))
    if verdict.applicability != "none" and not _database(case):
        return Verdict("none", "the database of the transaction is not known by a name here")
    return verdict


def rewrite(case: Case) -> Rewrite:
    return wrap(case, f"{_database(case)}.after_commit(", ")", behaviour(case))


def _risks(case: Case) -> Iterator[str]:
    if len(case.site.openers) > 1 or len(case.finding.openers) > 1:
        yield "it is not dropped when only an inner savepoint is rolled back"
    if not case.project.is_at_least("peewee", 4):
        yield "it needs Peewee 4 or newer"


def _database(case: Case) -> str:
    """``db`` of ``with db.atomic():``, of ``with db:`` and of ``@db.atomic()``, where all transactions around the call are on one."""
    found = {_of_item(scope) for scope in case.site.chain if scope.kind == "with" and scope.opener} | set(
        _of_decorators(case.site.function)
    )
    here = len(case.site.openers) >= len(case.finding.openers)
    return found.pop() if len(found) == 1 and here else ""


def _of_item(scope: Scope) -> str:
    return _receiver(scope.node.item) if isinstance(scope.node, cst.WithItem) else ""


def _of_decorators(function: FunctionScope) -> list[str]:
    if not isinstance(function.node, cst.FunctionDef) or not function.openers:
        return []
    return [name for d in function.node.decorators if (name := _receiver(d.decorator)) and isinstance(d.decorator, cst.Call)]


def _receiver(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Call):
        method = node.func
        return dotted(method.value) if isinstance(method, cst.Attribute) and method.attr.value in _OPENS else ""
    return dotted(node)
