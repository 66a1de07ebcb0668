"""Which views Django leaves out of ``ATOMIC_REQUESTS``: those that `non_atomic_requests` marks, for the databases that it names.

The mark is an attribute of the function that Django calls. It survives decorators that copy attributes, as `functools.wraps` does,
and is lost behind those that do not."""

from __future__ import annotations

from collections.abc import Iterable

from txlint.frameworks.data import Cell
from txlint.frameworks.resolver import Resolved, Resolver
from txlint.model.facts import Body, Expr, FileFacts, Function, Pos
from txlint.model.shapes import called, last_name

NON_ATOMIC = "non_atomic_requests"
_LOSE_ATTRIBUTES = frozenset({"rest_framework.decorators.api_view"})
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


def non_atomic_alias(dotted: str, args: tuple[Cell, ...], keywords: tuple[tuple[str | None, Cell], ...]) -> str | None:
    """The database that a call of `non_atomic_requests` exempts; ``None`` where it is another function."""
    if not (dotted.startswith("django.db.transaction.") and dotted.endswith(NON_ATOMIC)):
        return None
    for cell in (*args, *(cell for name, cell in keywords if name == "using")):
        if isinstance(cell.value, str):
            return cell.value
    return "default"


def exempted_aliases(
    resolver: Resolver,
    module: str,
    body: Body | None,
    decorators: Iterable[tuple[Expr, Pos]] = (),
    method: str | None = None,
) -> frozenset[str]:
    """The databases that decorators exempt. With ``method``, the decorators stand on a class and only those applied to that method
    by ``method_decorator(..., name=method)`` count. With ``body``, instead, those that a decorator of the project applies inside."""
    found: set[str] = set()
    if body is not None:
        found.update(_inside(resolver, module, body))
    for expr, _ in reversed(tuple(decorators)):  # from the function outwards
        marks = set()
        if method is None or method_named(expr) == method:
            marks = set(_marks(resolver, module, expr, wrapped=method is not None))
        if not marks and found and method is None and _loses_attributes(resolver, module, expr):
            found.clear()
        found |= marks
    return frozenset(found)


def _marks(resolver: Resolver, module: str, expr: Expr, wrapped: bool) -> Iterable[str]:
    """The databases that one decorator expression exempts."""
    if isinstance(expr, tuple) and expr[0] == "call":
        name = last_name(expr[1])
        if name == "method_decorator" and expr[2]:
            inner = expr[2][0]
            items = inner[1] if isinstance(inner, tuple) and inner[0] in ("list", "tuple") else (inner,)
            for item in items:
                yield from _marks(resolver, module, item, wrapped=False)
            return
        if name == NON_ATOMIC:
            given = [*expr[2], *(value for key, value in expr[3] if key == "using")]
            yield next(
                (value[1] for value in given if isinstance(value, tuple) and value[0] == "const" and isinstance(value[1], str)), "default"
            )
            return
        expr = expr[1]
    elif last_name(expr) == NON_ATOMIC:
        yield "default"
        return
    if wrapped:
        return
    # A decorator of the project that applies it.
    for target in resolver.resolve(module, expr):
        facts = resolver.facts(target.module)
        if target.kind == "function" and facts is not None:
            yield from _inside(resolver, target.module, facts.functions[target.index].body)


def _inside(resolver: Resolver, module: str, body: Body) -> Iterable[str]:
    """``return transaction.non_atomic_requests(wrapped)`` in a decorator of the project, also where it decorates the inner function."""
    facts = resolver.facts(module)
    if facts is None or NON_ATOMIC not in facts.words:
        return
    pending: list[object] = [body]
    while pending:
        item = pending.pop()
        if not isinstance(item, tuple):
            continue
        if len(item) == 2 and item[0] == "def" and isinstance(item[1], int):
            for expr, _ in facts.functions[item[1]].decorators:
                if last_name(expr) == NON_ATOMIC:
                    yield "default"
            continue
        if len(item) == 5 and item[0] == "call" and last_name(item[1]) == NON_ATOMIC:
            yield "default"
        pending += item


def method_named(expr: Expr) -> str | None:
    """The ``name=`` of ``method_decorator``."""
    if isinstance(expr, tuple) and expr[0] == "call" and last_name(expr[1]) == "method_decorator":
        given = [value for key, value in expr[3] if key == "name"] or list(expr[2][1:2])
        for value in given:
            if isinstance(value, tuple) and value[0] == "const" and isinstance(value[1], str):
                return value[1]
    return None


def _loses_attributes(resolver: Resolver, module: str, expr: Expr) -> bool:
    """Does a decorator give a function without the attributes of the one that it wraps?"""
    for target in resolver.resolve(module, called(expr)):
        if target.kind == "library" and target.qualname in _LOSE_ATTRIBUTES:
            return True
        facts = resolver.facts(target.module)
        if target.kind == "function" and facts is not None:
            return _is_plain_wrapper(facts, facts.functions[target.index])
    return False


def _is_plain_wrapper(facts: FileFacts, function: Function) -> bool:
    """It returns an inner function, and nothing in it says ``wraps`` or ``update_wrapper``."""
    own = facts.functions.index(function)
    inner = [one for one in facts.functions if one.parent == own and one.name != "<lambda>"]
    if not inner:
        return False
    nested = [*inner, *(one for one in facts.functions if one.parent >= 0 and facts.functions[one.parent] in inner)]
    decorated = any(last_name(called(expr)) in ("wraps", "wrapt") for one in nested for expr, _ in one.decorators)
    return not decorated and "update_wrapper" not in facts.words


def is_async_class(resolver: Resolver, mro: tuple[Resolved, ...]) -> bool:
    """Django takes a class-based view for async when its handlers are."""
    for klass in mro:
        facts = resolver.facts(klass.module) if klass.kind == "class" else None
        if facts is None:
            continue
        for stmt in facts.classes[klass.index].body:
            if stmt[0] == "def" and facts.functions[stmt[1]].name in _METHODS:
                return facts.functions[stmt[1]].is_async
    return False
