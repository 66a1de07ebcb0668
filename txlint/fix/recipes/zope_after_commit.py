"""The transaction package (Pyramid, Zope): ``f(x)`` becomes a hook after the commit that looks at the status.

The hook is called with False, too, when the commit fails; one that does not look is a bug. What it raises is logged, not raised. A rolled
back savepoint does not drop it."""

from __future__ import annotations

import libcst as cst

from txlint.fix.after import find
from txlint.fix.case import Case, Rewrite, Verdict
from txlint.fix.recipes.on_commit import behaviour
from txlint.fix.safety import judge
from txlint.fix.wrap import has_arguments, wrap

NAME = "zope-after-commit"


def applies(case: Case) -> bool:
    return case.family == "zope"


def applicability(case: Case) -> Verdict:
    verdict = judge(case)
    if verdict.applicability == "none":
        return verdict
    risks = [verdict.reason] if verdict.reason else []
    if any(scope.statement is not None and find(scope.node, _makes_savepoint) is not None for scope in case.site.chain):
        risks.append("a rolled back savepoint does not drop it")
    return Verdict("unsafe", "; ".join(risks)) if risks else Verdict("safe")


def rewrite(case: Case) -> Rewrite:
    line, column = case.site.span[:2]
    current = case.names.reference("transaction", "get", line, column)
    partial = case.names.reference("functools", "partial", line, column)
    edits = wrap(case, f"{current.text}().addAfterCommitHook(lambda committed, call=", ": committed and call())", partial.text)
    needs = [r.needs for r in (current, partial if has_arguments(case, case.site.call) else current) if r.needs]
    return Rewrite(edits, tuple(needs), (*behaviour(case), "what it raises is logged and goes no further"))


def _makes_savepoint(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "savepoint"
