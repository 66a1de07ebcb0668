"""Starlette, and FastAPI on top of it: views run inside of what middleware opens around ``call_next``, and of what the dependencies of the
application or router that they are registered on have open. `entrances` gives the views.

Facts are from Starlette 1.10 (middleware/base.py: ``dispatch(request, call_next)`` of a class, or the function under
``@app.middleware("http")``; the endpoint runs within ``call_next``) and FastAPI 0.165 (``FastAPI(dependencies=..)``,
``APIRouter(dependencies=..)`` and ``include_router(router, dependencies=..)`` add up, and hold for routers that a router includes;
``add_middleware`` is about the views of that application and of those that it mounts)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.frameworks.routes import around, decorators, entered, registrations, routed, serves, value_at, verbs_of
from txlint.model.graph import NO_CLASS, Entrance, Opened
from txlint.model.shapes import called, last_name, speaks_of, statements

if TYPE_CHECKING:
    from txlint.frameworks.types import Fun, Linker, Value

PACKAGES = frozenset({"starlette", "fastapi"})
_REQUEST = "starlette.requests.Request"
_MIDDLEWARE = "starlette.middleware.base.BaseHTTPMiddleware"
_APPS = frozenset({"fastapi.FastAPI", "starlette.applications.Starlette"})
_CLASSES = _APPS | {"fastapi.APIRouter"}
_ROUTES = frozenset({"api_route", "route", "get", "post", "put", "patch", "delete", "head", "options"})
MOST_LEVELS = 6
"""Routers in routers that are followed."""


def entrances(linker: Linker) -> Iterator[Entrance]:
    """Views with what is open around them."""
    behind = [
        (opened, verbs_of(linker, found.fun, found.request, opened), found.apps)
        for found in _middleware(linker)
        for opened in around(linker, found.fun, found.klass, {found.behind})
    ]
    tree = _included(linker)
    if not behind and not tree.opens:
        return
    for view in routed(linker, _ROUTES, _CLASSES):
        known = {(o.path, o.pos) for each in _own(linker, view.fun) for o in linker.request_wide(each)}
        above = tree.above(view.name, mounts=True)
        may_be_any = not tree.is_read or tree.apps.isdisjoint(above)
        around_it = (o for o, verbs, on in behind if serves(view.method, verbs) and (not on or may_be_any or not on.isdisjoint(above)))
        included = (opened for name in tree.above(view.name) for _, held in tree.outer.get(name, ()) for opened in held)
        for opened in (*around_it, *included):
            if (opened.path, opened.pos) not in known:  # it depends on that itself: then its own session is meant
                known.add((opened.path, opened.pos))
                yield entered(view.fun, NO_CLASS, opened)


class _Middleware(NamedTuple):
    """A function that stands around views, the class of its receiver, the name of what it calls, that of the request, and the names of the
    applications that it was added to: none where nobody is seen to add it."""

    fun: Fun
    klass: Any
    behind: str
    request: str
    apps: frozenset[str]


def _middleware(linker: Linker) -> Iterator[_Middleware]:
    added = _added(linker)
    for klass in linker.project.klasses:
        apps = frozenset(added.get(klass.id, ()))
        if linker.is_a(klass, _MIDDLEWARE):
            for method in linker.class_attribute(klass, "dispatch"):
                if isinstance(method, linker.Fn) and len(method.fun.fact.params) == 3:
                    params = method.fun.fact.params
                    yield _Middleware(method.fun, klass, params[2].name, params[1].name, apps)
        elif klass.id in added:  # plain ASGI: an application that calls the next one
            for method in linker.class_attribute(klass, "__call__"):
                if isinstance(method, linker.Fn) and len(method.fun.fact.params) == 4:
                    yield _Middleware(method.fun, klass, "app", method.fun.fact.params[1].name, apps)
    for found in routed(linker, {"middleware"}, _APPS):
        params = found.fun.fact.params
        if len(params) == 2:
            linker.tell(found.fun, params[0].name, (linker.atoms(linker.ExtObj, _REQUEST, (), None),))
            owner = next(name.rpartition(".")[0] for name, _ in decorators(found.fun) if name.endswith(".middleware"))
            is_made = _is_made_here(linker, found.fun.parent or found.fun.module.body, owner)
            yield _Middleware(found.fun, None, params[1].name, params[0].name, frozenset({found.name} if is_made else ()))


def _added(linker: Linker) -> dict[int, set[str]]:
    """By class of middleware: the names of the applications that it is added to, ``app.add_middleware(Audit)``. Empty where it is added to
    one that may be any: what a function is given, ``FastAPI(middleware=[Middleware(Audit)])``."""
    found: dict[int, set[str]] = {}
    anywhere = set()
    for fun, call in registrations(linker, {"add_middleware", "Middleware"}):
        for atom in value_at(linker, fun, call[2][0]) if call[2] else ():
            if isinstance(atom, linker.Cls):
                found.setdefault(atom.klass.id, set())
                owner = call[1].rpartition(".")[0] if call[1].__class__ is str else ""
                if last_name(call[1]) == "Middleware" or not _is_made_here(linker, fun, owner):
                    anywhere.add(atom.klass.id)
                else:
                    found[atom.klass.id].add(linker.where_bound(fun.module, owner))
    return found | {each: set() for each in anywhere}


def _is_made_here(linker: Linker, fun: Fun, name: str) -> bool:
    """Does a function, or a module's body, bind a name once, to an application or router that it makes?"""
    bound = _bindings(fun, name)
    if len(bound) != 1 or bound[0] is None:
        return False
    made = called(bound[0])
    return made.__class__ is str and any(isinstance(atom, linker.Ext) and atom.name in _CLASSES for atom in value_at(linker, fun, made))


def _bindings(fun: Fun, name: str) -> list[Any]:
    """What a function, or a module's body, binds a name to: expressions, None for what is passed or given by a loop."""
    found: list[Any] = [None for param in (fun.fact.params if fun.fact is not None else ()) if param.name == name]
    for stmt in statements(fun.body):
        if stmt[0] == "assign" and speaks_of(stmt[1], (name,)):
            found.append(stmt[2] if stmt[1] == (name,) else None)
        elif stmt[0] == "ann" and stmt[1] == name:
            found.append(stmt[3])
        elif stmt[0] == "for" and speaks_of(stmt[1], (name,)):
            found.append(None)
    return found


def _own(linker: Linker, fun: Fun) -> Iterator[Fun]:
    """The dependencies that a view names among its parameters."""
    for param in fun.fact.params:
        if param.default is not None or param.annotation is not None:
            for found in linker.dependencies(param.annotation, param.default, fun.module, fun.klass, fun.parent):
                yield found.fun


class _Tree(NamedTuple):
    """What includes what: for each router by its name the names of those that include it, each with what its dependencies have open; for
    each application those that mount it. ``apps`` are the names of the applications among them, ``opens`` whether any dependency has
    anything open, ``is_read`` whether it is known of all that is included and mounted what it is, and where."""

    outer: dict[str, list[tuple[str, list[Opened]]]]
    mounted: dict[str, list[str]]
    apps: set[str]
    opens: bool
    is_read: bool

    def above(self, name: str, mounts: bool = False) -> list[str]:
        """A name and those of what includes it, or ``mounts`` it, at most so many levels up."""
        found = last = [name]
        for _ in range(MOST_LEVELS):
            outer = [other for each in last for other, _ in self.outer.get(each, ())]
            outer += [other for each in last for other in self.mounted.get(each, ())] if mounts else ()
            last = [other for other in dict.fromkeys(outer) if other not in found]
            found = found + last
        return found


def _included(linker: Linker) -> _Tree:
    tree = _Tree({}, {}, set(), False, True)
    opens, is_read = False, next(registrations(linker, {"Mount", "Host"}), None) is None
    for fun, call in registrations(linker, {"include_router", "mount"}):
        at = int(last_name(call[1]) == "mount")  # behind the path
        inner = call[2][at] if len(call[2]) > at else next((given for key, given in call[3] if key in ("app", "router")), None)
        if call[1].__class__ is not str or inner.__class__ is not str:
            is_read = is_read and bool(at) and not _is_app(linker, value_at(linker, fun, inner) if inner is not None else ())
            continue
        outer = call[1].rpartition(".")[0]
        name = linker.where_bound(fun.module, outer)
        is_read = is_read and _is_made_here(linker, fun, outer) and (not _bindings(fun, inner) or _is_made_here(linker, fun, inner))
        if at:
            tree.mounted.setdefault(linker.where_bound(fun.module, inner), []).append(name)
        held = [o for key, given in call[3] if key == "dependencies" for o in _open(linker, value_at(linker, fun, given))]
        for atom in value_at(linker, fun, outer):
            if isinstance(atom, linker.ExtObj) and atom.name in _CLASSES:
                held.extend(_open(linker, atom.item))
                if atom.name in _APPS:
                    tree.apps.add(name)
        if not at:
            opens = opens or bool(held)
            tree.outer.setdefault(linker.where_bound(fun.module, inner), []).append((name, held))
    return tree._replace(opens=opens, is_read=is_read)


def _is_app(linker: Linker, value: Value) -> bool:
    """May it be an application? Not what is known to be another thing, ``StaticFiles(..)``."""
    return not value or any(not isinstance(atom, linker.ExtObj) or atom.name in _APPS for atom in value)


def _open(linker: Linker, markers: Any) -> Iterator[Opened]:
    """What dependencies have open that are listed: ``[Depends(f)]``."""
    for marker in linker.items(markers):
        for dependency in linker.marked(marker):
            yield from linker.request_wide(dependency.fun)
