"""Starlette, and FastAPI on top of it: views run inside of what middleware opens around ``call_next``, and of what the dependencies of the
application or router that they are registered on have open. `entrances` gives the views.

Facts are from Starlette 1.10 (middleware/base.py: ``dispatch(request, call_next)`` of a class, or the function under
``@app.middleware("http")``; the endpoint runs within ``call_next``) and FastAPI 0.165 (``FastAPI(dependencies=..)``,
``APIRouter(dependencies=..)`` and ``include_router(router, dependencies=..)`` add up, and hold for routers that a router includes;
``add_middleware`` is about the views of that application and of those that it mounts)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.frameworks.routes import around, entered, registrations, routed, serves, value_at, verbs_of
from txlint.model.graph import NO_CLASS, Entrance, Opened
from txlint.model.shapes import last_name

if TYPE_CHECKING:
    from txlint.frameworks.types import Fun, Linker

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
        above = tree.above(view.name)
        may_be_any = tree.apps.isdisjoint(above)
        around_it = (o for o, verbs, on in behind if serves(view.method, verbs) and (not on or may_be_any or not on.isdisjoint(above)))
        for opened in (*around_it, *(opened for name in above for _, held in tree.outer.get(name, ()) for opened in held)):
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
            yield _Middleware(found.fun, None, params[1].name, params[0].name, frozenset({found.name}))


def _added(linker: Linker) -> dict[int, set[str]]:
    """By class of middleware: the names of the applications that it is added to, ``app.add_middleware(Audit)``. Empty where it is listed
    for one that may be any, ``FastAPI(middleware=[Middleware(Audit)])``."""
    found: dict[int, set[str]] = {}
    listed = set()
    for fun, call in registrations(linker, {"add_middleware", "Middleware"}):
        for atom in value_at(linker, fun, call[2][0]) if call[2] else ():
            if isinstance(atom, linker.Cls):
                found.setdefault(atom.klass.id, set())
                if last_name(call[1]) == "Middleware" or call[1].__class__ is not str:
                    listed.add(atom.klass.id)
                else:
                    found[atom.klass.id].add(linker.where_bound(fun.module, call[1].rpartition(".")[0]))
    return found | {each: set() for each in listed}


def _own(linker: Linker, fun: Fun) -> Iterator[Fun]:
    """The dependencies that a view names among its parameters."""
    for param in fun.fact.params:
        if param.default is not None or param.annotation is not None:
            for found in linker.dependencies(param.annotation, param.default, fun.module, fun.klass, fun.parent):
                yield found.fun


class _Tree(NamedTuple):
    """What includes what: for each router or application by its name the names of those that include or mount it, each with what its
    dependencies have open. ``apps`` are the names of the applications among them, ``opens`` whether any dependency has anything open."""

    outer: dict[str, list[tuple[str, list[Opened]]]]
    apps: set[str]
    opens: bool

    def above(self, name: str) -> list[str]:
        """A name and those of what includes it, at most so many levels up."""
        found = last = [name]
        for _ in range(MOST_LEVELS):
            last = [other for other in dict.fromkeys(other for each in last for other, _ in self.outer.get(each, ())) if other not in found]
            found = found + last
        return found


def _included(linker: Linker) -> _Tree:
    found: dict[str, list[tuple[str, list[Opened]]]] = {}
    apps: set[str] = set()
    opens = False
    for fun, call in registrations(linker, {"include_router", "mount"}):
        at = int(last_name(call[1]) == "mount")  # behind the path
        inner = call[2][at] if len(call[2]) > at else next((given for key, given in call[3] if key in ("app", "router")), None)
        if call[1].__class__ is not str or inner.__class__ is not str:
            continue
        outer = call[1].rpartition(".")[0]
        name = linker.where_bound(fun.module, outer)
        held = [o for key, given in call[3] if key == "dependencies" for o in _open(linker, value_at(linker, fun, given))]
        for atom in value_at(linker, fun, outer):
            if isinstance(atom, linker.ExtObj) and atom.name in _CLASSES:
                held.extend(_open(linker, atom.item))
                if atom.name in _APPS:
                    apps.add(name)
        opens = opens or bool(held)
        found.setdefault(linker.where_bound(fun.module, inner), []).append((name, held))
    return _Tree(found, apps, opens)


def _open(linker: Linker, markers: Any) -> Iterator[Opened]:
    """What dependencies have open that are listed: ``[Depends(f)]``."""
    for marker in linker.items(markers):
        for dependency in linker.marked(marker):
            yield from linker.request_wide(dependency.fun)
