"""Whether a call may run later, at the commit, instead of where it stands. Refusals say why no deferral is right here; risks say what
would behave otherwise than the author may expect. Shared by all recipes that defer.

The rules are measured, not felt: each was reproduced on the real framework (semantics, section F)."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from txlint.fix.after import always_raises, changed_later, dotted, find, mentioned_again, mentions, used_again
from txlint.fix.case import Case, Verdict, short
from txlint.fix.scopes import Scope

_READ_BACK = frozenset({"http", "rpc", "store", "storage", "storage-write", "cache"})
_LAZY_METHODS = frozenset(
    [
        "filter",
        "exclude",
        "all",
        "order_by",
        "annotate",
        "select_related",
        "prefetch_related",
        "distinct",
        "values",
        "values_list",
        "none",
        "only",
        "defer",
        "using",
        "iterator",
        "reverse",
        "keys",
        "items",
        "union",
        "intersection",
        "difference",
        "alias",
    ]
)
_LAZY_BUILTINS = frozenset({"map", "filter", "zip", "reversed", "enumerate", "iter"})
_SWALLOWING = ("suppress", "contextlib.suppress")


def judge(case: Case, in_async: bool = False) -> Verdict:
    """The verdict on deferring this call, apart from what the recipe itself adds. ``in_async``: one may defer in an async function too."""
    if refusal := next(refusals(case, in_async), None):
        return Verdict("none", refusal)
    found = list(dict.fromkeys(risks(case)))
    return Verdict("unsafe", "; ".join(found)) if found else Verdict("safe")


def refusals(case: Case, in_async: bool = False) -> Iterator[str]:
    site, finding = case.site, case.finding
    if finding.held:
        yield "the transaction only holds the connection here: the call belongs before or after it, not at its commit"
    if finding.effect.kind == "wait":
        yield "a wait cannot be deferred: move it out of the transaction"
    if site.is_deferred_argument:
        yield "it is an argument of a call that defers already"
    if site.awaited:
        yield "it is awaited: what runs at the commit cannot wait"
    if site.function.is_async and not in_async:
        yield "the function is async, and on_commit cannot be called on the event loop"
    if isinstance(site.function.node, cst.Module):
        yield "it runs while the module is imported"
    if isinstance(site.function.node, cst.Lambda):
        yield "it is the result of a lambda"
    if site.statement is None:
        yield f"the result of `{case.callee}` is used: call it before the transaction, or after it and write the result in a second one"
    if find(site.call, lambda n: isinstance(n, (cst.Await, cst.Yield))) is not None:
        yield "its arguments wait for something"
    if line := always_raises(case):
        yield f"line {line} always undoes the transaction afterwards, so a deferred call would never run"
    if _is_local_file(case):
        if line := mentioned_again(case):
            yield f"line {line} speaks of the same path again, which would still be what it was"
        if any(scope.kind in ("finally", "handler") for scope in case.region):
            yield "it clears up whatever becomes of the transaction: deferred, it would not after a rollback"
    if saves_too(case) and not saves_deleted(case):
        yield "it also saves the row, and would do so behind the commit: pass save=False, and save the row yourself where it lives on"
    for scope in _foreign_withs(case):
        if bound := _bound_name(scope):
            if mentions(site.call, bound):
                yield f"`{bound}` of the `with` on line {scope.line} is closed before the commit"


def risks(case: Case) -> Iterator[str]:
    site = case.site
    for scope in case.region:
        if isinstance(scope.node, (cst.Try, cst.TryStar)):
            if scope.kind == "try" and scope.node.handlers:
                yield f"the `try` on line {scope.line} would no longer catch what the call raises"
            if scope.kind in ("try", "else", "try-final") and scope.node.finalbody:
                yield f"the `finally` of the `try` on line {scope.line} would run before the call"
        if scope.kind == "finally":
            yield "in a `finally` it also runs when an exception undoes the transaction; deferred, it would not"
    for scope in _foreign_withs(case):
        if scope.text.startswith(_SWALLOWING):
            yield f"`{short(scope.text)}` on line {scope.line} would no longer catch what the call raises"
        else:
            yield f"the call would run after `with {short(scope.text, 40)}` on line {scope.line} has ended"
    if site.function.is_generator:
        yield "the function is a generator: its body runs when it is iterated"
    for argument in site.call.args:
        yield from _lazy(case, argument.value)
    for name in by_reference(case):
        if changed := changed_later(case, name):
            yield f"`{name}` is passed by reference and may be changed on line {changed} before the commit"
        elif _in_delete_hook(case) and name in ("instance", "self"):
            yield f"`{name}` has lost its primary key when the deletion is committed"
    if case.finding.effect.kind in _READ_BACK and (again := used_again(case)):
        yield f"line {again} uses it again before the commit"
    if saves_deleted(case):
        yield "it would save the deleted row again behind the commit: `save=False` is added"
    if _is_local_file(case) and not case.ends_here:
        yield "what runs before the commit in its callers would still find the path as it was"
    if _waits_for_program(case) and not case.ends_here:
        yield "what runs before the commit in its callers would not find what the program did"
    if find(_body(case), _rolls_back_savepoint) is not None:
        yield "savepoint_rollback() does not drop what was deferred after the savepoint"
    if case.at_entry:
        yield case.whole_call


def _foreign_withs(case: Case) -> Iterator[Scope]:
    return (s for s in case.region if s.kind == "with" and s.opener is None and s.text)


def _bound_name(scope: Scope) -> str:
    item = scope.node
    if isinstance(item, cst.WithItem) and item.asname and isinstance(item.asname.name, cst.Name):
        return item.asname.name.value
    return ""


def _body(case: Case) -> cst.CSTNode:
    node = case.site.function.node
    return node if isinstance(node, cst.Module) else node.body


def _is_local_file(case: Case) -> bool:
    """A call of Python's own that changes a path, on which code around it relies more often than on a storage's names."""
    return case.finding.effect.kind in ("storage", "storage-write") and case.finding.effect.library == "python" and not case.at_entry


def _waits_for_program(case: Case) -> bool:
    """A call that comes back when the program has ended: who calls it mostly relies on what that did."""
    name = dotted(case.site.call.func).rpartition(".")[2]
    return case.finding.effect.kind == "process" and name in ("run", "call", "check_call", "check_output", "system") and not case.at_entry


def saves_too(case: Case) -> bool:
    """``order.file.delete()`` of a file field saves its row unless told not to."""
    call = case.site.call
    if case.at_entry or case.finding.effect.kind != "storage":
        return False
    if not isinstance(call.func, cst.Attribute) or call.func.attr.value != "delete":
        return False
    told = [case.code(a.value) for a in call.args]
    return dotted(call.func).count(".") > 1 and told in ([], ["True"])


def saves_deleted(case: Case) -> bool:
    """Such a call on the very row that is being deleted, so that nothing is lost by not saving it."""
    root = dotted(case.site.call.func).partition(".")[0]
    return saves_too(case) and not case.site.call.args and root in ("self", "instance") and _in_delete_hook(case)


def _rolls_back_savepoint(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and dotted(node.func).endswith("savepoint_rollback")


def by_reference(case: Case) -> list[str]:
    """Names whose objects the deferred call would see as they are at the commit: bare names among the arguments, and the receiver of a
    method where that is a local object."""
    found: list[str] = []
    stack: list[cst.CSTNode] = [a.value for a in case.site.call.args]
    while stack:
        match stack.pop():
            case cst.Name(value=name):
                found.append(name)
            case cst.List(elements=elements) | cst.Tuple(elements=elements) | cst.Set(elements=elements):
                stack += [e.value for e in elements]
            case cst.Dict(elements=pairs):
                stack += [e.value for e in pairs]
            case cst.IfExp(body=body, orelse=orelse):
                stack += [body, orelse]
            case cst.BooleanOperation(left=left, right=right):
                stack += [left, right]
    function = case.site.call.func
    if isinstance(function, cst.Attribute) and (receiver := dotted(function.value)):
        line, column = case.site.span[:2]
        locals_here = [case.names.bound_in(f) for f in case.names.functions_at(line, column)]
        if any(receiver.partition(".")[0] in names for names in locals_here):
            found.append(receiver)
    return sorted(set(found) - {"None", "True", "False"})


def _lazy(case: Case, node: cst.BaseExpression, follow: bool = True) -> Iterator[str]:
    """Arguments that are evaluated only when they are used."""
    match node:
        case cst.GeneratorExp():
            yield "a generator among the arguments would be consumed at the commit"
        case cst.Lambda():
            yield "a lambda among the arguments would see its names as they are at the commit"
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name))) if name in _LAZY_METHODS:
            yield f"`{short(case.code(node), 40)}` would be evaluated at the commit"
        case cst.Call(func=cst.Name(value=name)) if name in _LAZY_BUILTINS or "lazy" in name:
            yield f"`{short(case.code(node), 40)}` would be evaluated at the commit"
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name))) if "lazy" in name:
            yield f"`{short(case.code(node), 40)}` would be evaluated at the commit"
        case cst.Subscript(value=value):
            yield from _lazy(case, value, follow=False)
        case cst.IfExp(body=body, orelse=orelse):
            yield from _lazy(case, body, follow)
            yield from _lazy(case, orelse, follow)
        case cst.List(elements=elements) | cst.Tuple(elements=elements):
            for element in elements:
                yield from _lazy(case, element.value, follow)
        case cst.Name(value=name) if follow:
            for value in _assigned(case, name):
                if any(_lazy(case, value, follow=False)):
                    yield f"`{name}` ({short(case.code(value), 40)}) would be evaluated at the commit"
                    break


def _assigned(case: Case, name: str) -> list[cst.BaseExpression]:
    """Values that the function assigns to a name."""
    found: list[cst.BaseExpression] = []

    def collect(node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Assign) and any(isinstance(t.target, cst.Name) and t.target.value == name for t in node.targets):
            found.append(node.value)
        return False

    find(_body(case), collect)
    return found


def _in_delete_hook(case: Case) -> bool:
    """Whether the function runs because a row is deleted: an override of ``delete`` or a receiver of a delete signal."""
    node = case.site.function.node
    if not isinstance(node, cst.FunctionDef):
        return False
    return node.name.value == "delete" or any("_delete" in case.code(d) for d in node.decorators)
