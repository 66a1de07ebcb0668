"""Callbacks that were given to ``on_commit`` wrongly: called on the spot (TX301), or bound to a loop variable that has moved on (TX302).

``on_commit(f(x))`` becomes ``on_commit(partial(f, x))``; ``on_commit(lambda: f(x))`` in a loop over ``x`` becomes
``on_commit(lambda x=x: f(x))``, and ``def callback():`` becomes ``def callback(x=x):``, which changes when the name is looked up and
nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from txlint.fix.after import binds, children, find, find_everywhere, single, statements_of, targets
from txlint.fix.case import Case, Rewrite, Verdict
from txlint.fix.source import Edit
from txlint.fix.wrap import called

NAME = "defer-misuse"
_Function = cst.Lambda | cst.FunctionDef


def applies(case: Case) -> bool:
    return case.finding.code in ("TX301", "TX302")


def applicability(case: Case) -> Verdict:
    if case.finding.code == "TX301":
        if _called(case) is None:
            return Verdict("none", "the callback is not a plain call")
        return Verdict("safe")
    callback = _function(case)
    if callback is None:
        return Verdict("none", "the callback is not a lambda, nor a function defined above it in the loop")
    if refusal := _refused(callback):
        return Verdict("none", refusal)
    names = _loop_names(case, callback)
    if not names:
        return Verdict("none", "no name of the callback is bound by a loop around it")
    if late := [name for name in names if not _is_bound_before(case, callback, name)]:
        return Verdict("none", f"`{late[0]}` may have no value yet where the callback is made")
    return Verdict("safe")


def rewrite(case: Case) -> Rewrite:
    if case.finding.code == "TX301" and (inner := _called(case)) is not None:
        partial = case.reference("functools", "partial")
        edits, uses_partial = called(case, inner, partial.text)
        needs = (partial.needs,) if partial.needs and uses_partial else ()
        return Rewrite(edits, needs, (f"`{case.code(inner.func)}` runs at the commit, no longer on the spot",))
    callback = _function(case)
    assert callback is not None, "applicability was asked first"
    names = _loop_names(case, callback)
    bound = ", ".join(f"{name}={name}" for name in names)
    if isinstance(callback, cst.Lambda):
        at = case.source.offset(*case.span(callback)[:2]) + len("lambda")
        bound = f" {bound}"
    elif (given := callback.params.params) and (default := given[-1].default) is not None:
        low, high = case.source.offset(*case.span(default)[:2]), case.source.offset(*case.span(default)[2:])
        return Rewrite((Edit(low, high, f"{case.source.text[low:high]}, {bound}"),), (), (_each_its_own(names),))
    else:
        at = case.source.text.index("(", case.source.offset(*case.span(callback.name)[2:])) + 1
    return Rewrite((Edit(at, at, bound),), (), (_each_its_own(names),))


def _each_its_own(names: list[str]) -> str:
    return f"each callback sees its own `{'`, `'.join(names)}`"


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


def _function(case: Case) -> _Function | None:
    """The lambda that is given, or the function of that name, where one alone is defined above the call within the loop."""
    callback = _callback(case)
    if isinstance(callback, cst.Lambda):
        return callback
    if not isinstance(callback, cst.Name):
        return None
    chain = case.site.chain
    first = next((i for i, scope in enumerate(chain) if scope.kind == "loop"), len(chain))
    found: list[cst.FunctionDef] = []
    for scope in chain[first:]:
        if scope.kind == "suite":
            for statement in statements_of(scope.node):
                if statement is scope.statement:
                    break
                if find(statement, lambda n: binds(n, callback.value)):
                    found += [statement] if isinstance(statement, cst.FunctionDef) else []
                    if not isinstance(statement, cst.FunctionDef):
                        return None
    return found[0] if len(found) == 1 else None


def _refused(callback: _Function) -> str | None:
    """Why this function gets no further parameter."""
    params = callback.params
    if isinstance(callback, cst.Lambda):
        empty = not (params.params or params.kwonly_params or params.posonly_params or params.star_kwarg)
        return None if empty and not isinstance(params.star_arg, cst.Param) else "the lambda has parameters"
    if callback.decorators or callback.asynchronous:
        return "the callback is decorated or a coroutine"
    if params.kwonly_params or params.posonly_params or params.star_kwarg or isinstance(params.star_arg, (cst.Param, cst.ParamStar)):
        return "the callback has parameters of other kinds"
    if any(p.default is None or getattr(p.default, "lpar", ()) for p in params.params):
        return "the callback has parameters without a plain default"
    return None


def _loop_names(case: Case, callback: _Function) -> list[str]:
    """Names that the callback uses and that a loop around it binds anew in each turn, in order of use."""
    bound: set[str] = set()
    for scope in case.site.chain:
        if scope.kind == "loop" and isinstance(scope.node, (cst.For, cst.While)):
            bound |= set(_bound_by(scope.node))
    own = {p.name.value for p in callback.params.params}
    if isinstance(callback, cst.FunctionDef):
        own |= {name.value for node in find_everywhere(callback.body, _any) for name in targets(node) if isinstance(name, cst.Name)}
        own.add(callback.name.value)
    return [name for name in dict.fromkeys(_used(callback.body)) if name in bound - own]


def _any(node: cst.CSTNode) -> bool:
    return True


def _used(body: cst.CSTNode) -> Iterator[str]:
    """The names that code reads or binds, functions within included, in order; attributes and keywords are no names."""
    stack: list[cst.CSTNode] = [body]
    while stack:
        match stack.pop():
            case cst.Name(value=name):
                yield name
            case cst.Attribute(value=value):
                stack.append(value)
            case cst.Arg(value=value):
                stack.append(value)
            case cst.Param(default=default):
                stack += [default] if default is not None else []
            case node:
                stack += reversed(list(children(node)))


def _bound_by(loop: cst.For | cst.While) -> Iterator[str]:
    found = [*single(loop.target)] if isinstance(loop, cst.For) else []
    for node in find_everywhere(loop.body, _any):
        if not isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            found += targets(node)
    yield from (name.value for name in found if isinstance(name, cst.Name))


def _is_bound_before(case: Case, callback: _Function, name: str) -> bool:
    """Whether the name has a value on every way to where the callback is made: the loop's own target, or bound by a statement above."""
    made = case.line(callback)
    for scope in case.site.chain:
        if scope.kind == "loop" and isinstance(scope.node, cst.For) and any(_is(each, name) for each in single(scope.node.target)):
            return True
        if scope.kind == "suite":
            for statement in statements_of(scope.node):
                if statement is scope.statement or case.line(statement) >= made:
                    break
                if isinstance(statement, cst.SimpleStatementLine) and find(statement, lambda n: binds(n, name)) is not None:
                    return True
    return False


def _is(node: cst.CSTNode, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name
