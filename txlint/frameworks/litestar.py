"""Litestar: what a dependency has open where it yields is open in the handlers that name it among their parameters. `entrances` gives them.

Facts are from Litestar 2 (di.py, handlers/base.py: ``dependencies`` of the application, of routers, of the handler's controller and of the
handler itself add up, by name, the innermost first; a parameter of a handler, or of a dependency, that has such a name is given what it
provides; a generator goes on when the handler has returned)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from txlint.frameworks.routes import decorators, entered, registrations, value_at
from txlint.model.graph import NO_CLASS, Entrance, Opened

if TYPE_CHECKING:
    from txlint.frameworks.types import Fun, Linker

PACKAGE = "litestar"
_HANDLERS = frozenset(
    f"{home}.{name}"
    for home in ("litestar", "litestar.handlers")
    for name in ("delete", "get", "head", "patch", "post", "put", "route", "websocket")
)
_OUTER = {"Litestar": frozenset({"litestar.Litestar"}), "Router": frozenset({"litestar.Router"})}
MOST_LEVELS = 4
"""Dependencies of dependencies that are followed."""


def entrances(linker: Linker) -> Iterator[Entrance]:
    """Handlers with what the dependencies have open that they ask for."""
    everywhere = _provided_by_all(linker)
    for fun in linker.project.funs:
        given = [expr for name, expr in decorators(fun) if _is_handler(linker, fun, name)]
        if not given:
            continue
        known = {**everywhere, **_of_class(linker, fun)}
        for expr in given:
            for key, value in expr[3] if expr.__class__ is tuple else ():
                if key == "dependencies":
                    known.update(_providers(linker, linker.value(value, fun.module, fun.parent)))
        found: dict[Any, Opened] = {}
        for param in fun.fact.params:
            for opened in _open(linker, known, param.name):
                found.setdefault((opened.path, opened.pos), opened)
        for opened in found.values():
            yield entered(fun, fun.klass.id if fun.klass is not None else NO_CLASS, opened)


def _is_handler(linker: Linker, fun: Fun, name: str) -> bool:
    return any(isinstance(atom, linker.Ext) and atom.name in _HANDLERS for atom in value_at(linker, fun, name))


def _provided_by_all(linker: Linker) -> dict[str, list[Fun]]:
    """What applications and routers provide, taken to be for all handlers: which router a handler is on is not asked. Of a name that
    is given twice an application's counts."""
    found: dict[str, list[Fun]] = {}
    for name, classes in sorted(_OUTER.items(), reverse=True):
        for fun, call in registrations(linker, {name}):
            if any(isinstance(atom, linker.Ext) and atom.name in classes for atom in value_at(linker, fun, call[1])):
                for key, value in call[3]:
                    if key == "dependencies":
                        found.update(_providers(linker, value_at(linker, fun, value)))
    return found


def _of_class(linker: Linker, fun: Fun) -> dict[str, list[Fun]]:
    return _providers(linker, linker.class_attribute(fun.klass, "dependencies")) if fun.klass is not None else {}


def _providers(linker: Linker, table: Any) -> dict[str, list[Fun]]:
    """``{"tx": Provide(begin)}``: by name, the functions."""
    found: dict[str, list[Fun]] = {}
    for atom in table:
        for key, value in atom.items if isinstance(atom, linker.Table) else ():
            functions = [one.fun for one in value if isinstance(one, linker.Fn)]
            functions.extend(one.fun for marker in value if isinstance(marker, linker.ExtObj) for one in linker.marked(marker))
            found.setdefault(key, []).extend(functions)
    return found


def _open(linker: Linker, known: Mapping[str, list[Fun]], name: str, depth: int = 0) -> Iterator[Opened]:
    """What is open where the dependency of a name yields, or one that it asks for itself."""
    for fun in known.get(name, ()) if depth < MOST_LEVELS else ():
        yield from linker.request_wide(fun)
        for param in fun.fact.params:
            if param.name != name:
                yield from _open(linker, known, param.name, depth + 1)
