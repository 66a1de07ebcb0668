"""Flask: what a function that runs before each request leaves open is open in the view. `entrances` gives the views.

Facts are from Flask 3.1 (flask/app.py: ``full_dispatch_request`` runs the functions of ``before_request``, those of a blueprint for its own
views only, then the view, then those of ``after_request``; ``teardown_request`` and ``teardown_appcontext`` run when the response is made).
The transaction that a session begins by itself, in the view, needs nothing of this: it is begun by a statement of the view."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from txlint.frameworks.routes import entered, placed, registrations, routed, value_at
from txlint.model.graph import NO_CLASS, Entrance, Opened

if TYPE_CHECKING:
    from txlint.frameworks.types import Fun, Linker

PACKAGE = "flask"
_APP, _BLUEPRINT = "flask.Flask", "flask.Blueprint"
_CLASSES = frozenset({_APP, _BLUEPRINT})
_ROUTES = frozenset({"route", "get", "post", "put", "patch", "delete"})
_VIEW = "flask.views.View"
_METHODS = ("dispatch_request", "delete", "get", "head", "options", "patch", "post", "put")
_BEFORE = frozenset({"before_request", "before_app_request"})


def entrances(linker: Linker) -> Iterator[Entrance]:
    """Views behind a function that begins a transaction before the request."""
    everywhere, own = _begun(linker)
    if not everywhere and not own:
        return
    for view in routed(linker, _ROUTES, _CLASSES):
        for opened in (*everywhere, *own.get(view.name, ())):
            yield entered(view.fun, NO_CLASS, opened)
    for klass in linker.project.klasses:
        if linker.is_a(klass, _VIEW):
            for fun, cls, _ in linker.called_methods(klass, [name for name in _METHODS if linker.find(klass, name) is not None]):
                for opened in everywhere:
                    yield entered(fun, cls, opened)


def _begun(linker: Linker) -> tuple[list[Opened], dict[str, list[Opened]]]:
    """What is left open before each request: of the application, and by the name of a blueprint for its own."""
    everywhere: list[Opened] = []
    own: dict[str, list[Opened]] = {}
    for fun, owner, method, name in _handlers(linker):
        of_blueprint = method == "before_request" and isinstance(owner, linker.ExtObj) and owner.name == _BLUEPRINT
        left = own.setdefault(name, []) if of_blueprint else everywhere
        for opened in linker.replay(fun, fun.klass, True).left_open:
            if not opened.reads:
                left.append(placed(opened, fun))
    return everywhere, own


def _handlers(linker: Linker) -> Iterator[tuple[Fun, Any, str, str]]:
    """The functions that run before a request, with the object that they were registered on, how, and its name."""
    for method in sorted(_BEFORE):
        for handler in routed(linker, {method}, _CLASSES):
            yield handler.fun, handler.owner, method, handler.name
    for fun, call in registrations(linker, _BEFORE):
        if call[1].__class__ is not str or not call[2]:
            continue
        name, _, method = call[1].rpartition(".")
        for owner in value_at(linker, fun, name):
            for given in value_at(linker, fun, call[2][0]):
                if isinstance(given, linker.Fn) and isinstance(owner, (linker.ExtObj, linker.Obj)):
                    yield given.fun, owner, method, linker.where_bound(fun.module, name)
