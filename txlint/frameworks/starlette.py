"""Starlette, and FastAPI on top of it: views run inside of what middleware opens around ``call_next``, and of what the dependencies of the
application or router that they are registered on have open. `entrances` gives the views.

Facts are from Starlette 1.10 (middleware/base.py: ``dispatch(request, call_next)`` of a class, or the function under
``@app.middleware("http")``; the endpoint runs within ``call_next``) and FastAPI 0.165 (``FastAPI(dependencies=..)``,
``APIRouter(dependencies=..)`` and ``include_router(router, dependencies=..)`` add up, and hold for routers that a router includes)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from txlint.frameworks.routes import Routed, around, entered, registrations, routed, serves, value_at, verbs_of
from txlint.model.graph import NO_CLASS, Entrance, Opened

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
        (opened, verbs_of(linker, fun, fun.fact.params[-2].name, opened))
        for fun, klass, name in _middleware(linker)
        for opened in around(linker, fun, klass, {name})
    ]
    included = _included(linker)
    if not behind and not included:
        return
    for view in routed(linker, _ROUTES, _CLASSES):
        known = {(o.path, o.pos) for each in _own(linker, view.fun) for o in linker.request_wide(each)}
        around_it = (opened for opened, verbs in behind if serves(view.method, verbs))
        for opened in (*around_it, *_inherited(view, included)):
            if (opened.path, opened.pos) not in known:  # it depends on that itself: then its own session is meant
                known.add((opened.path, opened.pos))
                yield entered(view.fun, NO_CLASS, opened)


def _middleware(linker: Linker) -> Iterator[tuple[Fun, Any, str]]:
    """The functions that stand around all views, with the class of their receiver and the name of what they call."""
    for klass in linker.project.klasses:
        if linker.is_a(klass, _MIDDLEWARE):
            for method in linker.class_attribute(klass, "dispatch"):
                if isinstance(method, linker.Fn) and len(method.fun.fact.params) == 3:
                    yield method.fun, klass, method.fun.fact.params[2].name
    for found in routed(linker, {"middleware"}, _APPS):
        params = found.fun.fact.params
        if len(params) == 2:
            linker.tell(found.fun, params[0].name, (linker.atoms(linker.ExtObj, _REQUEST, (), None),))
            yield found.fun, None, params[1].name


def _own(linker: Linker, fun: Fun) -> Iterator[Fun]:
    """The dependencies that a view names among its parameters."""
    for param in fun.fact.params:
        if param.default is not None or param.annotation is not None:
            for found in linker.dependencies(param.annotation, param.default, fun.module, fun.klass, fun.parent):
                yield found.fun


def _included(linker: Linker) -> dict[str, list[tuple[str, list[Opened]]]]:
    """For each router by its name: the names of what includes it, each with what its dependencies have open."""
    found: dict[str, list[tuple[str, list[Opened]]]] = {}
    opens = False
    for fun, call in registrations(linker, {"include_router"}):
        if call[1].__class__ is not str or not call[2] or call[2][0].__class__ is not str:
            continue
        outer = call[1].rpartition(".")[0]
        held = [o for key, given in call[3] if key == "dependencies" for o in _open(linker, value_at(linker, fun, given))]
        for atom in value_at(linker, fun, outer):
            if isinstance(atom, linker.ExtObj) and atom.name in _CLASSES:
                held.extend(_open(linker, atom.item))
        opens = opens or bool(held)
        found.setdefault(linker.where_bound(fun.module, call[2][0]), []).append((linker.where_bound(fun.module, outer), held))
    return found if opens else {}


def _open(linker: Linker, markers: Any) -> Iterator[Opened]:
    """What dependencies have open that are listed: ``[Depends(f)]``."""
    for marker in linker.items(markers):
        for dependency in linker.marked(marker):
            yield from linker.request_wide(dependency.fun)


def _inherited(view: Routed, included: dict[str, list[tuple[str, list[Opened]]]]) -> Iterator[Opened]:
    """What is open around a view because of where its router is included. Its router's own dependencies are known already."""
    names, seen = [view.name], {view.name}
    for _ in range(MOST_LEVELS):
        outer: list[str] = []
        for name in names:
            for other, held in included.get(name, ()):
                yield from held
                if other not in seen:
                    seen.add(other)
                    outer.append(other)
        names = outer
