"""The transaction package (Pyramid, Zope): ``f(x)`` becomes a hook after the commit that looks at the status.

The hook is called with False, too, when the commit fails; one that does not look is a bug. What it raises is logged, not raised. A rolled
back savepoint does not drop it. It is put on the transaction of the manager that opened it: ``transaction.get()`` is the thread's, and a
hook there never runs when the manager is one's own, as that of a request may be (``tm.manager_hook``). So the manager has to have a name
where the call stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import libcst as cst

from txlint.fix.after import binds, dotted, find, find_everywhere, targets
from txlint.fix.case import Case, Rewrite, Verdict
from txlint.fix.meanings import span_of
from txlint.fix.names import Function, Reference
from txlint.fix.recipes.on_commit import behaviour
from txlint.fix.safety import judge
from txlint.fix.wrap import wrap
from txlint.model.finding import Opener, Place

NAME = "zope-after-commit"
_THREAD = "transaction.manager"
_OF_THREAD = frozenset({_THREAD, "transaction.manager.begin", "transaction.manager.run"})


def applies(case: Case) -> bool:
    return case.family == "zope"


def applicability(case: Case) -> Verdict:
    if _answers_error(case):
        return Verdict("none", "what the view of an error does is aborted with the request's transaction, and no hook of it runs")
    verdict = judge(case, _risks(case))
    if verdict.applicability != "none" and _current(case) is None:
        return Verdict("none", "the manager of the transaction has no name here, and the thread's may be another")
    return verdict


def rewrite(case: Case) -> Rewrite:
    current = _current(case)
    assert current is not None
    before = f"{current.text}().addAfterCommitHook(lambda committed, call="
    changes = (*behaviour(case), "what it raises is logged and goes no further")
    return wrap(case, before, ": committed and call())", changes, current)


_OF_ERRORS = ("exception_view_config", "forbidden_view_config", "notfound_view_config")


def _answers_error(case: Case) -> bool:
    """Is it a Pyramid view of errors and of nothing else (pyramid_tm 2: a request that has an ``exc_info`` is aborted)?"""
    node = case.site.function.node
    decorators = node.decorators if isinstance(node, cst.FunctionDef) else ()
    names = {dotted(d.decorator.func if isinstance(d.decorator, cst.Call) else d.decorator).rpartition(".")[2] for d in decorators}
    return not names.isdisjoint(_OF_ERRORS) and "view_config" not in names


def _risks(case: Case) -> Iterator[str]:
    if any(scope.statement is not None and find(scope.node, _makes_savepoint) is not None for scope in case.site.chain):
        yield "a rolled back savepoint does not drop it"


def _makes_savepoint(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "savepoint"


def _current(case: Case) -> Reference | None:
    """How to ask for the transaction where the call stands: ``get`` of the one manager that has opened it."""
    managers = {_manager(case, opener) for opener in case.finding.openers}
    manager = managers.pop() if len(managers) == 1 and not case.finding.omitted else ""
    if manager == _THREAD:
        return case.reference("transaction", "get")
    return Reference(f"{manager}.get") if manager else None


def _manager(case: Case, opener: Opener) -> str:
    """The manager whose transaction an opener begins, as it is called where the call stands; empty where that is not known."""
    if opener.kind == "request":
        is_view = opener.entry.path == case.source.path and opener.entry.line == case.site.function.line
        request = _request(case) if is_view else ""
        return f"{request}.tm" if request else ""
    if opener.place.path != case.source.path:
        return _THREAD if opener.opener in _OF_THREAD else ""
    place = opener.place
    here = next((s.node for s in case.site.chain if s.kind == "with" and case.is_here(opener, s)), None)
    code = case.code(here.item) if isinstance(here, cst.WithItem) else case.source.between(span_of(place))
    name = _asked(code)
    if isinstance(here, cst.WithItem):
        turns = (s.node for s in case.site.chain if isinstance(s.node, cst.For) and binds(s.node, name))
        name = next((_asked(case.code(turn.iter)) for turn in turns), name)
    known = case.names.reference("transaction", "manager", place.line, place.column)
    if known.needs is None and known.text in (name, f"{name}.manager"):
        return _THREAD
    return name if _is_the_same(case, place, name, here is not None) else ""


def _asked(code: str) -> str:
    """The name of the manager in what is entered or called: ``manager``, ``manager.begin()``, ``manager.run(f)``, ``manager.attempts()``,
    ``manager.get().addBeforeCommitHook(f)``."""
    match ast.parse(f"({code}\n)", mode="eval").body:
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Attribute(value=value, attr="get")), attr="addBeforeCommitHook")):
            pass
        case ast.Call(func=ast.Attribute(value=value, attr="begin" | "run" | "attempts")):
            pass
        case ast.Name() | ast.Attribute() as value:
            pass
        case _:
            return ""
    name = ast.unparse(value)
    return name if all(part.isidentifier() for part in name.split(".")) else ""


def _is_the_same(case: Case, place: Place, name: str, is_around: bool) -> bool:
    """Whether a name means where the call stands what it meant where the transaction was opened: a name of the module that is bound once,
    a parameter that is not bound anew, or a name of the function that is bound once, with a block around the call; its attributes are
    not assigned in the function."""
    root = name.partition(".")[0]
    within = case.names.functions_at(place.line, place.column)
    bound = _bound(case)
    if not name or any(name == each or name.startswith(f"{each}.") for each in bound if "." in each):
        return False
    if not any(root in case.names.bound_in(function) for function in {*within, *case.functions}):
        return len(case.names.module_bindings(root)) == 1
    if not within or within != case.functions or root not in case.names.bound_in(within[-1]):
        return False
    return root not in bound if root in _parameters(within[-1]) else is_around and bound.count(root) == 1


def _bound(case: Case) -> list[str]:
    """The names and attributes that the function binds."""
    parts = find_everywhere(case.site.function.node, lambda _: True)
    return [dotted(target) for part in parts if part is not case.site.function.node for target in targets(part)]


def _parameters(function: Function) -> list[str]:
    arguments = function.args
    return [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def _request(case: Case) -> str:
    """How a view calls its request: by the parameter of that name, or ``self.request``, which the constructor of its class sets."""
    if len(case.functions) != 1:
        return ""
    bound = _bound(case)
    if "request" in _parameters(case.functions[0])[:2]:
        return "request" if not {"request", "request.tm"} & {*bound} else ""
    for klass in ast.walk(case.names.tree) if case.site.classes else ():
        if isinstance(klass, ast.ClassDef) and klass.name == case.site.classes[-1]:
            makers = (each for each in klass.body if isinstance(each, ast.FunctionDef) and each.name == "__init__")
            kept = (each for maker in makers for each in maker.body if isinstance(each, ast.Assign))
            if any(ast.unparse(each) == "self.request = request" for each in kept) and not {"self.request", "self.request.tm"} & {*bound}:
                return "self.request"
    return ""
