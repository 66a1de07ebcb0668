"""Frappe: ``f(x)`` becomes ``frappe.db.after_commit.add(partial(f, x))``, for calls that cannot wait for the commit by themselves.

A request or job is always in a transaction and commits at its end; what was added is dropped by a rollback, but not by one to a
savepoint, and never runs in a request that does not commit. Read in frappe/frappe, version 15 (`database.py`, `CallbackManager`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from txlint.fix.after import dotted, find, statements_of
from txlint.fix.case import Case, Rewrite, Verdict
from txlint.fix.recipes.on_commit import behaviour
from txlint.fix.safety import judge
from txlint.fix.wrap import wrap

NAME = "frappe-after-commit"
_FIRST = 15  # the release that has frappe.db.after_commit


def applies(case: Case) -> bool:
    return case.family == "frappe" and not case.finding.effect.deferred_by


def applicability(case: Case) -> Verdict:
    return judge(case, _risks(case))


def rewrite(case: Case) -> Rewrite:
    database = case.reference("frappe", "db")
    changes = (*behaviour(case), "a request that does not commit never runs it")
    return wrap(case, f"{database.text}.after_commit.add(", ")", changes, database)


def _risks(case: Case) -> Iterator[str]:
    if not case.project.is_at_least("frappe", _FIRST):
        yield f"it needs Frappe {_FIRST} or newer"
    if any(find(each, _rolls_back_savepoint) is not None for each in _body(case)):
        yield "a rollback to a savepoint does not drop it"


def _body(case: Case) -> Sequence[cst.CSTNode]:
    """The statements of the function."""
    node = case.site.function.node
    return statements_of(node.body) if isinstance(node, cst.FunctionDef) else ()


def _rolls_back_savepoint(node: cst.CSTNode) -> bool:
    """``frappe.db.rollback(save_point=name)``."""
    return isinstance(node, cst.Call) and dotted(node.func).endswith(".rollback") and bool(node.args)
