"""aiohttp and Sanic: what the functions are given that a project registers with them, and what aiohttp's middleware opens around its views.
`inform` tells the linker, `entrances` gives the views.

Facts are from aiohttp 3.14 (web_app.py: ``on_startup``, ``on_shutdown`` and ``on_cleanup`` send the application, ``cleanup_ctx`` holds
generators of it; web_middlewares.py: a coroutine function of a request and a handler; handlers run within ``await handler(request)``) and
Sanic 25.12 (mixins/listeners.py: listeners are given the application; mixins/middleware.py and mixins/routes.py: the request)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from txlint.frameworks.routes import around, decorators, entered, registrations, routed, serves, value_at, verbs_of
from txlint.model.graph import NO_CLASS, Entrance

if TYPE_CHECKING:
    from txlint.frameworks.types import Fun, Linker

PACKAGES = frozenset({"aiohttp", "sanic"})
_VERBS = ("delete", "get", "head", "options", "patch", "post", "put")
_AIOHTTP, _SANIC = "aiohttp.web.Request", "sanic.Request"
_MIDDLEWARE = "aiohttp.web.middleware"
_DECORATORS = (
    (frozenset({*_VERBS, "route", "view"}), frozenset({"aiohttp.web.RouteTableDef"}), _AIOHTTP),
    (
        frozenset({*_VERBS, "middleware", "on_request", "on_response", "route", "websocket"}),
        frozenset({"sanic.Sanic", "sanic.Blueprint"}),
        _SANIC,
    ),
    (
        frozenset(
            {
                "after_server_start", "after_server_stop", "before_server_start", "before_server_stop", "listener", "main_process_ready",
                "main_process_start", "main_process_stop", "reload_process_start", "reload_process_stop",
            }
        ),
        frozenset({"sanic.Sanic", "sanic.Blueprint"}),
        "sanic.Sanic",
    ),
)  # fmt: skip
"""Methods that are decorators, of which classes, and what they give to the function as its first argument."""
_ROUTES = frozenset({f"add_{verb}" for verb in _VERBS} | {"add_route", "add_view"})
_AT_START = (["cleanup_ctx"], ["on_cleanup"], ["on_shutdown"], ["on_startup"])
_REGISTER = _ROUTES | frozenset(_VERBS) | {"route"}
_ROUTE_CALLS = frozenset(f"aiohttp.web.{verb}" for verb in (*_VERBS, "route"))


def inform(linker: Linker) -> None:
    """Tells the linker what the functions are given."""
    for methods, classes, given in _DECORATORS:
        for found in routed(linker, methods, classes):
            _give(linker, found.fun, given)
    for fun in _middleware(linker):
        _give(linker, fun, _AIOHTTP)
    for fun, call in registrations(linker, {"append"}):
        for started in _run_at_start(linker, fun, call):
            _give(linker, started, "aiohttp.web.Application")
    for fun, call in registrations(linker, _REGISTER):
        for view, _ in _registered(linker, fun, call):
            _give(linker, view, _AIOHTTP)


def entrances(linker: Linker) -> Iterator[Entrance]:
    """Views with what is open around them."""
    behind = [
        (opened, verbs_of(linker, fun, fun.fact.params[0].name, opened))
        for fun in _middleware(linker)
        for opened in around(linker, fun, None, {fun.fact.params[1].name})
    ]
    if behind:
        views = [(found.fun, found.method) for found in routed(linker, *_DECORATORS[0][:2])]
        for fun, call in registrations(linker, _REGISTER):
            views.extend(_registered(linker, fun, call))
        for opened, verbs in behind:
            for view, method in dict.fromkeys(views):
                if serves(method, verbs):
                    yield entered(view, NO_CLASS, opened)


def _run_at_start(linker: Linker, fun: Fun, call: Any) -> Iterator[Fun]:
    """The functions that run when an application starts or ends: ``app.cleanup_ctx.append(resources)``."""
    if call[1].__class__ is str and call[1].split(".")[-2:-1] in _AT_START and len(call[2]) == 1:
        for atom in value_at(linker, fun, call[2][0]):
            if isinstance(atom, linker.Fn):
                yield atom.fun


def _registered(linker: Linker, fun: Fun, call: Any) -> Iterator[tuple[Fun, str]]:
    """The views that a call registers, and how: ``app.router.add_get("/", show)``, ``web.get("/", show)``."""
    if call[1].__class__ is not str:
        return
    owner, _, method = call[1].rpartition(".")
    if method not in _ROUTES:
        if linker.where_bound(fun.module, call[1]) not in _ROUTE_CALLS:  # not evaluated: most calls of `get` are a dict's
            return
    elif owner.rpartition(".")[2] != "router":
        return
    for given in call[2]:
        for atom in value_at(linker, fun, given) if given.__class__ is str else ():
            if isinstance(atom, linker.Fn):
                yield atom.fun, method


def _middleware(linker: Linker) -> Iterator[Fun]:
    """The functions that stand around all views of aiohttp."""
    for fun in linker.project.funs:
        for name, _ in decorators(fun):
            if name.endswith("middleware") and len(fun.fact.params) == 2:
                if any(isinstance(atom, linker.Ext) and atom.name == _MIDDLEWARE for atom in linker.value(name, fun.module, fun.parent)):
                    yield fun


def _give(linker: Linker, fun: Fun, name: str) -> None:
    """The first argument of a function is an instance of this class."""
    params = fun.fact.params[1:] if fun.klass is not None else fun.fact.params
    if params:
        linker.tell(fun, params[0].name, (linker.atoms(linker.ExtObj, name, (), None),))
