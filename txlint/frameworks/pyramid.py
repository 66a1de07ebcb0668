"""Pyramid with pyramid_tm: every view runs inside the request's transaction, which the tween commits after it. `entrances` gives the views.

The tween is there where some code does ``config.include("pyramid_tm")``. Facts are from Pyramid 2.1 (pyramid/view.py: the decorators) and
pyramid_tm 2.6 (``tm_tween``: begins before the view, commits after it, for every request that ``tm.activate_hook`` lets through, so that
the transaction is likely and not certain); cornice's services register their methods as views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from txlint.model.facts import Expr, Pos
from txlint.model.graph import NO_CLASS, Entrance
from txlint.model.kinds import Confidence
from txlint.model.shapes import calls_in

if TYPE_CHECKING:
    from txlint.frameworks.types import Linker

PACKAGE = "pyramid"
_TWEEN = "pyramid_tm"
_VIEWS = frozenset(
    f"pyramid.view.{name}" for name in ("view_config", "notfound_view_config", "forbidden_view_config", "exception_view_config")
)
_SERVICE = "cornice.Service"
_METHODS = frozenset({"delete", "get", "head", "options", "patch", "post", "put"})


def entrances(linker: Linker) -> Iterator[Entrance]:
    """Functions and methods under a view's decorator, the project's own ones that make one among them."""
    included = _included(linker)
    if included is None:
        return
    path, pos = included
    for fun in linker.project.funs:
        for decorator, _ in fun.fact.decorators if fun.fact is not None else ():
            if _is_view(linker, fun.module, decorator):
                cls = fun.klass.id if fun.klass is not None else NO_CLASS
                node = (fun.id, cls, cls == NO_CLASS)
                yield Entrance(node, "request", _TWEEN, path, pos, fun.dotted, None, Confidence.LIKELY, family="zope")
                break


def _included(linker: Linker) -> tuple[str, Pos] | None:
    for fun in linker.project.funs:
        if "include" in fun.module.facts.words:
            for call in calls_in(fun.body):
                if str(call[1]).endswith(".include") and call[2] and call[2][0] == ("const", _TWEEN):
                    return fun.module.facts.path, call[4]
    return None


def _is_view(linker: Linker, module: Any, decorator: Expr) -> bool:
    called = decorator[1] if decorator.__class__ is tuple and decorator[0] == "call" else decorator
    if called.__class__ is not str:
        return False
    full = linker.where_bound(module, called)
    if full in _VIEWS:
        return True
    head, _, last = full.rpartition(".")
    if last in _METHODS and _made_by(linker, head) == _SERVICE:
        return True
    return _gives_a_view(linker, full)


def _made_by(linker: Linker, full: str) -> str:
    """The full name of what a module-level name is a call of."""
    module, name = linker.project.inside(full)
    bound = module.names.get(name, ()) if module is not None else ()
    if module is None or not bound or bound[-1][0] != "value" or bound[-1][1].__class__ is not tuple or bound[-1][1][0] != "call":
        return ""
    called = bound[-1][1][1]
    return linker.where_bound(module, called).replace("cornice.service.", "cornice.") if called.__class__ is str else ""


def _gives_a_view(linker: Linker, full: str) -> bool:
    """A function of the project that returns a view's decorator: ``def json_view(**settings): return view_config(**settings)``."""
    module, name = linker.project.inside(full)
    bound = module.names.get(name, ()) if module is not None else ()
    if module is None or not bound or bound[-1][0] != "def":
        return False
    call = module.funs[bound[-1][1]].returned_call
    return call is not None and linker.where_bound(module, call[1]) in _VIEWS
