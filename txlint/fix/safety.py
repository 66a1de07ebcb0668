"""Whether a call may run later, at the commit, instead of where it stands. Refusals say why no deferral is right here; risks say what
would behave otherwise than the author may expect. Shared by all recipes that defer.

The rules are measured, not felt: each was reproduced on the real framework (semantics, section F)."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import chain

import libcst as cst

from txlint.fix.after import (
    asked_later,
    behind,
    dotted,
    find,
    find_everywhere,
    mentioned_again,
    mentions,
    overtakes,
    read_back,
    root_of,
    statements_of,
    used_again,
)
from txlint.fix.callers import BROAD, CATCHING
from txlint.fix.case import Case, Verdict, short, weighed
from txlint.fix.references import assigned, by_reference, changed_later
from txlint.fix.scopes import Scope, Site
from txlint.fix.undoing import always_undone

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
        "raw",
        "extra",
        "dates",
        "datetimes",
        "select_for_update",
    ]
)
_LAZY_BUILTINS = frozenset({"map", "filter", "zip", "reversed", "enumerate", "iter"})
_SWALLOWING = ("suppress", "contextlib.suppress")


def judge(case: Case, more: Iterable[str] = (), in_async: bool = False) -> Verdict:
    """The verdict on deferring this call. ``more``: the recipe's own risks. ``in_async``: one may defer in an async function, too."""
    if refusal := next(refusals(case, in_async), None):
        return Verdict("none", refusal)
    return weighed(chain(risks(case), more))


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
    if finding.effect.raises:
        yield "it raises, so that the function ends here: move it out of the transaction"
    if site.statement is None:
        yield f"the result of `{case.callee}` is used: call it before the transaction, or after it and write the result in a second one"
    if find(site.call, lambda n: isinstance(n, (cst.Await, cst.Yield))) is not None:
        yield "its arguments wait for something"
    if (line := always_undone(case)) and not _may_be_caught(case, line):
        yield f"line {line} always undoes the transaction afterwards, so a deferred call would never run"
    if finding.effect.kind in _READ_BACK and (line := read_back(case)):
        yield f"line {line} asks for what it did, which would not have happened yet"
    if line := asked_later(case):
        yield f"line {line} asks for an answer, which may depend on what this call did"
    if case.at_entry and (line := _receiver_used(case)):
        yield f"line {line} goes on with what the whole call of `{case.callee}` works on"
    if _is_local_file(case):
        if _empties_folder(case) and (_follows(case) or not case.ends_here):
            yield "it empties a folder: deferred, it may remove what is put there next"
        if line := mentioned_again(case):
            yield f"line {line} speaks of the same path again, which would still be what it was"
        if any(scope.kind in ("finally", "handler") for scope in case.region):
            yield "it clears up whatever becomes of the transaction: deferred, it would not after a rollback"
    elif finding.effect.kind in ("storage", "storage-write", "store", "cache") and (line := overtakes(case)):
        yield f"line {line} does more with the same, which the deferred call would undo"
    if finding.effect.assigns and not case.at_entry:
        yield "it also sets what is saved with the row: call it before the transaction, or after it and save the row in a second one"
    if saves_too(case) and not saves_deleted(case):
        yield "it also saves the row, and would do so behind the commit: pass save=False, and save the row yourself where it lives on"
    for scope in _foreign_withs(case):
        if bound := next((name for name in sorted(_bound_in(scope)) if mentions(site.call, name)), ""):
            yield f"`{bound}` of the `with` on line {scope.line} is closed before the commit"
        elif made := _gone_with(case, scope):
            yield f"`{made}` lies in what the `with` on line {scope.line} removes before the commit"


def risks(case: Case) -> Iterator[str]:
    site = case.site
    for scope in case.region:
        if isinstance(scope.node, (cst.Try, cst.TryStar)):
            if scope.kind == "try" and scope.node.handlers:
                yield f"the `try` on line {scope.line} would no longer catch what the call raises"
            if scope.kind in ("try", "else", "try-final") and scope.node.finalbody:
                yield f"the `finally` of the `try` on line {scope.line} would run before the call"
        if scope.kind == "handler" and (caught := _breaks_transaction(case, scope)):
            yield f"`except {caught}` on line {scope.line} may run when an error of the database keeps the transaction from committing"
        if scope.kind == "finally":
            yield "in a `finally` it also runs when an exception undoes the transaction; deferred, it would not"
    for scope in _foreign_withs(case):
        if scope.text.startswith(_SWALLOWING):
            yield f"`{short(scope.text)}` on line {scope.line} would no longer catch what the call raises"
        else:
            yield f"the call would run after `with {short(scope.text, 40)}` on line {scope.line} has ended"
    if (line := always_undone(case)) and _may_be_caught(case, line):
        yield f"line {line} raises afterwards: unless a caller catches it inside of the transaction, the deferred call never runs"
    if decorator := _catching_decorator(case):
        yield f"the decorator `{decorator}` would no longer catch what the call raises"
    if line := _stays_behind(case):
        yield f"line {line} calls `{case.callee}` again and cannot be deferred: it would happen first"
    if site.function.is_generator:
        yield "the function is a generator: its body runs when it is iterated"
    for call in _calls(site.call):
        for argument in call.args:
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
    if _waits_for_program(case):
        if line := _follows(case):
            yield f"line {line} follows in the transaction and may rely on what the program did"
        elif not case.ends_here:
            yield "what runs before the commit in its callers would not find what the program did"
    if _starts_coroutine(case):
        yield "after a rollback the coroutine among the arguments would never be awaited"
    if case.walked.kept("rolled back savepoints", _body(case), lambda: find_everywhere(_body(case), _rolls_back_savepoint)):
        yield "savepoint_rollback() does not drop what was deferred after the savepoint"
    if case.at_entry:
        yield case.whole_call
    else:
        yield from case.project.around.get(case.finding.fingerprint, ())


def _catching_decorator(case: Case) -> str | None:
    """A decorator inside the transaction that handles exceptions: one of the file's own with a ``try``, or of a package for retries."""
    node = case.site.function.node
    if not isinstance(node, cst.FunctionDef) or len(case.region) < len(case.site.chain):
        return None
    own = {o.place.line for o in case.finding.openers if o.kind == "decorator" and o.place.path == case.source.path}
    lines = [case.line(decorator) for decorator in node.decorators]
    outermost = next((i for i, line in enumerate(lines) if line in own), -1) if case.ends_here else -1
    for decorator in node.decorators[outermost + 1 :]:
        called = decorator.decorator.func if isinstance(decorator.decorator, cst.Call) else decorator.decorator
        name = dotted(called)
        for statement in case.names.module_bindings(name.partition(".")[0]) if name else ():
            match statement:
                case ast.FunctionDef() if any(isinstance(n, ast.Try) and n.handlers for n in ast.walk(statement)):
                    return name
                case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in CATCHING:
                    return name
                case ast.Import(names=names) if any(alias.name.partition(".")[0] in CATCHING for alias in names):
                    return name
    return None


def _stays_behind(case: Case) -> int | None:
    """The line of a later call of the same function, in the same transaction, that stays where it is because its result is used or a
    ``try`` of its own handles it: deferred, this one would overtake it no more."""
    name, chain, region = dotted(case.site.call.func), case.site.chain, case.region
    if not name:
        return None
    for site in case.walked.kept("may stay", case.site.function.node, lambda: _may_stay(case)):
        if site.span <= case.site.span or dotted(site.call.func) != name:
            continue
        tried = any(s.kind == "try" and s not in chain and isinstance(s.node, cst.Try) and s.node.handlers for s in site.chain)
        same = len(region) == len(chain) or chain[-len(region) - 1] in site.chain  # under the same `with`
        if same and (tried or (site.statement is None and not site.is_deferred_argument)):
            return int(site.span[0])
    return None


def _may_stay(case: Case) -> list[Site]:
    """The effects of the function that are not plainly deferred, in order: their result is used, or they stand in a ``try``."""
    mine = (site for site in case.walked.sites.values() if site.function is case.site.function and site.effect is not None)
    return sorted((site for site in mine if site.statement is None or any(s.kind == "try" for s in site.chain)), key=lambda each: each.span)


def _may_be_caught(case: Case, line: int) -> bool:
    """Whether what is raised on this line passes callers before it reaches what opened the transaction: a form's ``clean`` is a case."""
    if case.at_entry or any(len(opener.trace) <= 1 for opener in case.finding.openers):
        return False
    return find(_body(case), lambda n: isinstance(n, cst.Raise) and case.line(n) == line) is not None


def _foreign_withs(case: Case) -> Iterator[Scope]:
    return (s for s in case.region if s.kind == "with" and s.opener is None and s.text)


def _bound_in(scope: Scope) -> frozenset[str]:
    """The names that a ``with`` binds: what they stand for may end with it."""
    item = scope.node
    if not (isinstance(item, cst.WithItem) and item.asname):
        return frozenset()
    return frozenset(n.value for n in find_everywhere(item.asname.name, lambda n: isinstance(n, cst.Name)) if isinstance(n, cst.Name))


_TEMPORARY = frozenset({"TemporaryDirectory", "NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile"})


def _gone_with(case: Case, scope: Scope) -> str | None:
    """A name in the call that is made from the temporary file or folder of a ``with``: ``path = os.path.join(folder, "x")``."""
    if scope.text.partition("(")[0].rpartition(".")[2] not in _TEMPORARY:
        return None
    known = set(_bound_in(scope))
    pairs = list(assigned(case))
    while more := {name for name, value in pairs if name not in known and any(mentions(value, each) for each in known)}:
        known |= more
    return next((name for name in sorted(known) if mentions(case.site.call, name)), None)


def _breaks_transaction(case: Case, scope: Scope) -> str:
    """What an ``except`` catches where that may be an error of the database from within this very transaction: one that leaves it broken,
    as nothing but a savepoint around the ``try``'s body would."""
    handler = scope.node
    if case.family != "django" or not isinstance(handler, cst.ExceptHandler):
        return ""
    at = case.site.chain.index(scope)
    owner = next((s.statement for s in reversed(case.site.chain[:at]) if s.kind == "suite"), None)
    body = statements_of(owner.body) if isinstance(owner, cst.Try) else ()
    if len(body) == 1 and isinstance(body[0], cst.With) and "atomic" in case.code(body[0].items[0].item):
        return ""
    if handler.type is None:
        return "..."
    caught = find_everywhere(handler.type, lambda n: isinstance(n, (cst.Name, cst.Attribute)))
    names = {dotted(n).rpartition(".")[2] for n in caught}
    return case.code(handler.type) if names & BROAD else ""


def _body(case: Case) -> cst.CSTNode:
    node = case.site.function.node
    return node if isinstance(node, cst.Module) else node.body


def _is_local_file(case: Case) -> bool:
    """A call of Python's own that changes a path, on which code around it relies more often than on a storage's names."""
    return case.finding.effect.kind in ("storage", "storage-write") and case.finding.effect.library == "python" and not case.at_entry


_LISTINGS = frozenset({"iterdir", "glob", "iglob", "rglob", "listdir", "scandir", "walk"})


def _empties_folder(case: Case) -> bool:
    """Whether the path is one of a listing that a loop goes through."""
    loops = (scope.node for scope in case.region if scope.kind == "loop")
    for loop in loops:
        if isinstance(loop, cst.For) and isinstance(loop.iter, cst.Call) and _last_name(loop.iter.func) in _LISTINGS:
            bound = find_everywhere(loop.target, lambda n: isinstance(n, cst.Name))
            if any(isinstance(name, cst.Name) and mentions(case.site.call, name.value) for name in bound):
                return True
    return False


def _last_name(node: cst.CSTNode) -> str:
    return node.attr.value if isinstance(node, cst.Attribute) else node.value if isinstance(node, cst.Name) else ""


def _receiver_used(case: Case) -> int | None:
    """The line of a later statement in the same transaction that speaks of the local object on which the call is a method."""
    function = case.site.call.func
    root = root_of(dotted(function.value)) if isinstance(function, cst.Attribute) else ""
    if root not in case.locals or root in ("self", "cls"):
        return None
    follows = (s for scope in reversed(case.region) for suite, first in behind(case, scope) for s in statements_of(suite)[first:])
    return next((case.line(statement) for statement in follows if mentions(statement, root)), None)


def _waits_for_program(case: Case) -> bool:
    """A call that comes back when the program has ended: who calls it mostly relies on what that did."""
    name = dotted(case.site.call.func).rpartition(".")[2]
    return case.finding.effect.kind == "process" and name in ("run", "call", "check_call", "check_output", "system") and not case.at_entry


def _follows(case: Case) -> int | None:
    """The line of the next statement in the same transaction."""
    follows = (statements_of(suite)[first:] for scope in reversed(case.region) for suite, first in behind(case, scope))
    return next((case.line(statements[0]) for statements in follows if statements), None)


def _starts_coroutine(case: Case) -> bool:
    """``asyncio.run(f(x))``, ``loop.create_task(f(x))``: the coroutine is made where the call stands."""
    name = dotted(case.site.call.func).rpartition(".")[2]
    starts = ("create_task", "ensure_future", "run_until_complete", "run_coroutine_threadsafe")
    first = case.site.call.args[0].value if case.site.call.args else None
    return isinstance(first, cst.Call) and (name in starts or dotted(case.site.call.func) == "asyncio.run")


def saves_too(case: Case) -> bool:
    """``order.file.delete()`` of a file field saves its row unless told not to."""
    told = [case.code(a.value) for a in case.site.call.args]
    return bool(case.finding.effect.saves) and not case.at_entry and told in ([], ["True"])


def saves_deleted(case: Case) -> bool:
    """Such a call on the very row that is being deleted, so that nothing is lost by not saving it."""
    root = dotted(case.site.call.func).partition(".")[0]
    return saves_too(case) and not case.site.call.args and root in ("self", "instance") and _in_delete_hook(case)


def _rolls_back_savepoint(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and dotted(node.func).endswith("savepoint_rollback")


def _calls(call: cst.BaseExpression) -> Iterator[cst.Call]:
    """A call and those that it is made on: ``group(tasks).delay()``."""
    node: cst.BaseExpression = call
    while isinstance(node, (cst.Call, cst.Attribute)):
        if isinstance(node, cst.Call):
            yield node
        node = node.func if isinstance(node, cst.Call) else node.value


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
        case cst.List(elements=elements) | cst.Tuple(elements=elements) | cst.Set(elements=elements) | cst.Dict(elements=elements):
            for element in elements:
                yield from _lazy(case, element.value, follow)
        case cst.NamedExpr(value=value):
            yield from _lazy(case, value, follow)
        case cst.BooleanOperation(left=left, right=right):
            yield from _lazy(case, left, follow)
            yield from _lazy(case, right, follow)
        case cst.Name(value=name) if follow:
            for value in (value for target, value in assigned(case) if target == name):
                if any(_lazy(case, value, follow=False)):
                    yield f"`{name}` ({short(case.code(value), 40)}) would be evaluated at the commit"
                    break


def _in_delete_hook(case: Case) -> bool:
    """Whether the function runs because a row is deleted: an override of ``delete`` or a receiver of a delete signal."""
    node = case.site.function.node
    if not isinstance(node, cst.FunctionDef):
        return False
    return node.name.value == "delete" or any("_delete" in case.code(d) for d in node.decorators)
