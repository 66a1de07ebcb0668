"""What web frameworks have in common: functions that a decorator or a call registers, and what middleware puts around them.

`decorators` gives the names on a function, `routed` the views with the applications or routers that they were registered on (Flask,
Starlette with FastAPI on top), `registrations` the calls that register something, `around` the transactions that are open where a piece of
middleware calls what lies behind it, `way_to` the tests on the way there, `verbs_of` the requests for which it does, `entered` a view with
such a transaction."""

from __future__ import annotations

from collections.abc import Container, Iterator, Set
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.model.graph import NO_CLASS, Entrance, Opened
from txlint.model.shapes import bodies, called, calls_in, last_name, statements

if TYPE_CHECKING:
    from txlint.frameworks.types import Atom, Fun, Linker, Value
    from txlint.model.facts import Body, Expr, Stmt


class Routed(NamedTuple):
    """A function that requests reach, the object that it was registered on, the name of that object, ``shop.api.router``, and how."""

    fun: Fun
    owner: Atom
    name: str
    method: str


def decorators(fun: Fun) -> Iterator[tuple[str, Expr]]:
    """The decorators of a function that are names, called or not: the name as written, and the whole."""
    for expr, _ in fun.fact.decorators if fun.fact is not None else ():
        name = called(expr)
        if name.__class__ is str:
            yield name, expr


def routed(linker: Linker, methods: Container[str], classes: Container[str]) -> Iterator[Routed]:
    """Functions under ``@app.get("/")``: a method of this name, of an instance of one of these classes."""
    for fun in linker.project.funs:
        for name, _ in decorators(fun):
            owner, _, method = name.rpartition(".")
            if method in methods:
                for atom in linker.value(owner, fun.module, fun.parent) if owner else ():
                    if _is_one(linker, atom, classes):
                        yield Routed(fun, atom, linker.where_bound(fun.module, owner), method)


def _is_one(linker: Linker, atom: Atom, classes: Container[str]) -> bool:
    return any(base in classes for base in linker.kinds(atom))


def registrations(linker: Linker, methods: Set[str]) -> Iterator[tuple[Fun, Any]]:
    """Calls of methods of these names, with the function (or module's body) that they stand in: ``app.before_request(begin)``."""
    for module in linker.project.ordered:
        if not methods.isdisjoint(module.facts.words):
            for fun in (module.body, *module.funs):
                for call in calls_in(fun.body):
                    if last_name(call[1]) in methods:
                        yield fun, call


def value_at(linker: Linker, fun: Fun, expr: Expr) -> Value:
    """What an expression stands for in a function, or in a module's body."""
    return linker.value(expr, fun.module, fun if fun.fact is not None else None)


def around(linker: Linker, fun: Fun, klass: Any, names: Container[str], reads: bool = False) -> list[Opened]:
    """What is open where a function calls what lies behind it, a name of these: ``await call_next(request)``. What only reads holds no
    one else's writes back and is left out, unless ``reads`` says that the session is the same."""
    found: dict[Any, Opened] = {}
    for region in regions(linker, fun, klass, names):
        for opened in region:
            if reads or not opened.reads:
                one = placed(opened, fun)
                found.setdefault((one.path, one.pos, one.key), one)
    return list(found.values())


def regions(linker: Linker, fun: Fun, klass: Any, names: Container[str]) -> list[tuple[Opened, ...]]:
    """What is open at each of the calls of one of these names."""
    flow = linker.replay(fun, klass, True).flow
    called = [(event.func, event.region) for event in flow.events] + [(expr, region) for _, expr, region in flow.unresolved]
    return [region for expr, region in called if last_name(expr) in names]


def verbs_of(linker: Linker, fun: Fun, request: str, opened: Opened) -> Set[str]:
    """The methods of requests, ``POST``, for which a piece of middleware opens something: all, but where it asks ``request.method``."""
    left: Set[str] = VERBS
    for test, truth, _ in way_to(fun, opened, ()):
        left = _told_apart(linker, fun, f"{request}.method", test, left)[not truth]
    return left or VERBS


def serves(method: str, verbs: Set[str]) -> bool:
    """May a view that is registered by a method (``post``, ``add_post``, ``route``) be asked by one of these requests?"""
    verb = method.removeprefix("add_").upper()
    return verb in verbs or verb not in VERBS


VERBS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class Fork(NamedTuple):
    """A test on the way to a block, what it gives there, and whether views are called where it gives the other."""

    test: Expr
    truth: bool
    is_fork: bool


_UNTOLD = ""
"""A test of which nothing is said."""


def way_to(fun: Fun, opened: Opened, names: Container[str]) -> list[Fork]:
    """The tests on the way to the block of a function that opens something, one that is not told where it has none; ``names`` are those by
    which it calls what lies behind it."""
    way = _way(fun.body, opened.pos[0], names) if opened.function == fun.dotted else None
    return way if way is not None else [Fork(_UNTOLD, True, True)]


def _way(body: Body, line: int, names: Container[str]) -> list[Fork] | None:
    """The same for a block on this line; None where the line is not in the body."""
    passed: list[Fork] = []
    for stmt in body:
        if stmt[0] == "with" and any(pos[0] <= line <= pos[2] for _, _, pos in stmt[1]):
            return passed
        for number, inner in enumerate(bodies(stmt)):
            found = _way(inner, line, names)
            if found is not None:
                test = stmt[1] if stmt[0] == "if" else _UNTOLD
                is_sure = stmt[0] == "with" or (stmt[0] == "try" and number == 0)
                return [*passed, *(() if is_sure else (Fork(test, number == 0, True),)), *found]
        ends = [bool(inner) and inner[-1][0] in ("return", "raise") for inner in bodies(stmt)] if stmt[0] == "if" else []
        if any(ends):
            passed.append(Fork(stmt[1], ends[1], _returns(stmt, names)))
        elif _returns(stmt, names):
            passed.append(Fork(_UNTOLD, True, True))
    return None


def _returns(stmt: Stmt, names: Container[str]) -> bool:
    """Does a statement return what such a call gives, or return behind one?"""
    is_called = any(last_name(call[1]) in names for call in calls_in(stmt))
    return is_called and any(inner[0] == "return" for inner in statements((stmt,)))


def _told_apart(linker: Linker, fun: Fun, asked: str, test: Expr, left: Set[str]) -> tuple[Set[str], Set[str]]:
    """The verbs for which a test is true, and for which it is not; all in both where it asks for something else."""
    if test.__class__ is tuple and test[0] == "cmp" and test[1] == asked and len(test[2]) == 1:
        given = value_at(linker, fun, test[3][0])
        named = {atom.value for atom in (given if test[2][0] in ("==", "!=") else linker.items(given)) if isinstance(atom, linker.Const)}
        if named:
            inside, outside = left & named, left - named
            return (inside, outside) if test[2][0] in ("==", "in") else (outside, inside)
    return left, left


def placed(opened: Opened, fun: Fun) -> Opened:
    """A transaction that a function has open, with the place and the function for those who look from elsewhere."""
    return replace(opened, path=opened.path or fun.module.facts.path, function=opened.function or fun.dotted)


def entered(fun: Fun, cls: int, opened: Opened) -> Entrance:
    """A view that runs inside of what was opened around it."""
    assert opened.path is not None and opened.function is not None
    key = opened.key if opened.key[1:2] == ("global",) else None
    node, sure = (fun.id, cls, cls == NO_CLASS), opened.confidence
    return Entrance(
        node, "request", opened.name, opened.path, opened.pos, opened.function, opened.alias, sure, family=opened.family, key=key,
        reads=opened.reads,
    )  # fmt: skip
