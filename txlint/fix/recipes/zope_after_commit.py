"""The transaction package (Pyramid, Zope): ``f(x)`` becomes a hook after the commit that looks at the status.

The hook is called with False, too, when the commit fails; one that does not look is a bug. What it raises is logged, not raised. A rolled
back savepoint does not drop it."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from txlint.fix.after import find
from txlint.fix.case import Case, Rewrite, Verdict
from txlint.fix.recipes.on_commit import behaviour
from txlint.fix.safety import judge
from txlint.fix.wrap import wrap

NAME = "zope-after-commit"


def applies(case: Case) -> bool:
    return case.family == "zope"


def applicability(case: Case) -> Verdict:
    return judge(case, _risks(case))


def rewrite(case: Case) -> Rewrite:
    current = case.reference("transaction", "get")
    before = f"{current.text}().addAfterCommitHook(lambda committed, call="
    changes = (*behaviour(case), "what it raises is logged and goes no further")
    return wrap(case, before, ": committed and call())", changes, current)


def _risks(case: Case) -> Iterator[str]:
    if any(scope.statement is not None and find(scope.node, _makes_savepoint) is not None for scope in case.site.chain):
        yield "a rolled back savepoint does not drop it"


def _makes_savepoint(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "savepoint"
