"""Callbacks that were given to ``on_commit`` wrongly: called on the spot (TX301), or bound to a loop variable that has moved on (TX302).

``on_commit(f(x))`` becomes ``on_commit(partial(f, x))``; ``on_commit(lambda: f(x))`` in a loop over ``x`` becomes
``on_commit(lambda x=x: f(x))``, which changes when the name is looked up and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from txlint.fix.after import find
from txlint.fix.case import Case, Rewrite, Verdict
from txlint.fix.source import Edit
from txlint.fix.wrap import called

NAME = "defer-misuse"


def applies(case: Case) -> bool:
    return case.finding.code in ("TX301", "TX302")


def applicability(case: Case) -> Verdict:
    if case.finding.code == "TX301":
        if _called(case) is None:
            return Verdict("none", "the callback is not a plain call")
        return Verdict("safe")
    callback = _lambda(case)
    if callback is None:
        return Verdict("none", "the callback is not a lambda")
    if case.code(callback.params).strip():
        return Verdict("none", "the lambda has parameters")
    if not _loop_names(case, callback):
        return Verdict("none", "no name of the lambda is bound by a loop around it")
    return Verdict("safe")


def rewrite(case: Case) -> Rewrite:
    line, column = case.site.span[:2]
    if case.finding.code == "TX301" and (inner := _called(case)) is not None:
        partial = case.names.reference("functools", "partial", line, column)
        edits, uses_partial = called(case, inner, partial.text)
        needs = (partial.needs,) if partial.needs and uses_partial else ()
        return Rewrite(edits, needs, (f"`{case.code(inner.func)}` runs at the commit, no longer on the spot",))
    callback = _lambda(case)
    assert callback is not None, "applicability was asked first"
    names = _loop_names(case, callback)
    at = case.source.offset(*case.span(callback)[:2]) + len("lambda")
    bound = ", ".join(f"{name}={name}" for name in names)
    return Rewrite((Edit(at, at, f" {bound}"),), (), (f"each callback sees its own `{'`, `'.join(names)}`",))


def _callback(case: Case) -> cst.BaseExpression | None:
    """The callable argument of the deferring call, whether the finding points at that call or at the argument."""
    call = case.site.call
    if case.finding.code == "TX301" and case.site.within is not None:
        return call
    given = [a.value for a in call.args if a.keyword is None or a.keyword.value in ("func", "function", "callback")]
    return given[0] if given else None


def _called(case: Case) -> cst.Call | None:
    callback = _callback(case)
    return callback if isinstance(callback, cst.Call) else None


def _lambda(case: Case) -> cst.Lambda | None:
    callback = _callback(case)
    return callback if isinstance(callback, cst.Lambda) else None


def _loop_names(case: Case, callback: cst.Lambda) -> list[str]:
    """Names that the lambda uses and that a loop around it binds anew in each turn, in order of use."""
    bound: set[str] = set()
    for scope in case.site.chain:
        if scope.kind == "loop" and isinstance(scope.node, (cst.For, cst.While)):
            bound |= set(_bound_by(scope.node))
    used: dict[str, None] = {}

    def collect(node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Name) and node.value in bound:
            used[node.value] = None
        return False

    attributes: set[cst.CSTNode] = set()

    def collect_attributes(node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Attribute):
            attributes.add(node.attr)
        if isinstance(node, cst.Arg) and node.keyword:
            attributes.add(node.keyword)
        return False

    find(callback.body, collect_attributes)
    find(callback.body, lambda n: n not in attributes and collect(n))
    return list(used)


def _bound_by(loop: cst.For | cst.While) -> Iterator[str]:
    found: list[str] = []

    def targets(node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Name):
            found.append(node.value)
        return isinstance(node, (cst.Attribute, cst.Subscript))

    def assignments(node: cst.CSTNode) -> bool:
        if isinstance(node, (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.NamedExpr, cst.For)):
            target = node.target
            if not isinstance(target, (cst.Attribute, cst.Subscript)):
                find(target, targets)
        return False

    if isinstance(loop, cst.For):
        find(loop.target, targets)
    find(loop.body, assignments)
    yield from found
