"""Pyramid views that code registers: ``config.add_view(f, ..)`` and its like, also through a function of the project that is given the
view, and under a decorator of the project that does so at once or, by ``venusian.attach``, when the configuration is scanned
(pyramid/config/views.py; venusian 3.1: the callback gets the scanner's context, the name and the object). ``config.add_view_deriver(f)``
puts what ``f(view, info)`` gives around each view."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.frameworks.named import bound_to
from txlint.frameworks.routes import registrations, value_at

if TYPE_CHECKING:
    from txlint.frameworks.types import Fun, Linker, Value
    from txlint.model.facts import Expr

_ADD = frozenset({"add_exception_view", "add_forbidden_view", "add_notfound_view", "add_view"})
_ATTACH = "venusian.attach"


class Configured(NamedTuple):
    """The views that are registered, and the full names of the project's functions and classes that make a view of what they decorate."""

    views: dict[int, Fun]
    decorators: frozenset[str]


def configured(linker: Linker) -> Configured:
    """Follows what is registered from the calls back to the functions that are given it."""
    views: dict[int, Fun] = {}
    decorators: set[str] = set()
    waiting = [(fun, call[2][0] if call[2] else dict(call[3]).get("view"), dict(call[3]).get("attr")) for fun, call in _calls(linker, _ADD)]
    for fun, call in _calls(linker, {"add_view_deriver"}):
        for deriver in called(linker, named(linker, fun, call[2][0])) if call[2] else ():
            made = linker.result(deriver, deriver.klass, True)
            views.update((each.id, each) for each in called(linker, made))
    attached = [(fun, call) for fun, call in _calls(linker, {"attach"} if waiting else set()) if _attaches(linker, fun, call)]
    seen: set[tuple[int, str]] = set()
    for fun, expr, attr in waiting:  # grows
        given = _given(fun, expr)
        if expr is None:
            continue
        if given is None:
            method = attr[1] if attr.__class__ is tuple and attr[0] == "const" else "__call__"
            views.update((each.id, each) for each in called(linker, named(linker, fun, expr), method) if each.fact is not None)
        elif given not in seen:
            seen.add(given)
            owner = linker.project.funs[given[0]]
            names: list[str] = owner.fact.positional[owner.klass is not None :]
            decorators.update(_decorating(owner) if names[:1] == [expr] else ())
            waiting += [(caller, passed(call, names, given[1]), None) for caller, call in calls_of(linker, owner)]
            if names[2:3] == [expr]:
                callbacks = ((caller, call) for caller, call in attached if owner in called(linker, value_at(linker, caller, call[2][1])))
                waiting += [(caller, call[2][0], None) for caller, call in callbacks]
    return Configured(views, frozenset(decorators))


def _calls(linker: Linker, names: Set[str]) -> list[tuple[Fun, Any]]:
    return list(registrations(linker, names)) if names else []


def calls_of(linker: Linker, owner: Fun) -> list[tuple[Fun, Any]]:
    """The calls of a function by its name."""
    calls = _calls(linker, {owner.fact.name}) if owner.fact.name.isidentifier() else []
    return [(fun, call) for fun, call in calls if owner in called(linker, value_at(linker, fun, call[1]))]


def _attaches(linker: Linker, fun: Fun, call: Any) -> bool:
    return len(call[2]) > 1 and call[1].__class__ is str and linker.where_bound(fun.module, call[1]) == _ATTACH


def _given(fun: Fun, expr: Expr) -> tuple[int, str] | None:
    """The function, by its number, of which an expression is a parameter, and its name."""
    owner = fun.owner_of(expr) if expr.__class__ is str and fun.fact is not None else None
    return (owner.id, expr) if owner is not None and any(param.name == expr for param in owner.fact.params) else None


def passed(call: Any, names: Sequence[str], name: str) -> Expr | None:
    """What a call passes for a parameter."""
    at = names.index(name) if name in names else len(call[2])
    return call[2][at] if at < len(call[2]) else dict(call[3]).get(name)


def _decorating(owner: Fun) -> tuple[str, ...]:
    """The full name by which a function is a decorator, if it is given what is decorated: its own, that of the function or of the class
    that makes it."""
    if owner.klass is not None:
        return (owner.klass.dotted,) if owner.fact.name == "__call__" else ()
    return ((owner.parent or owner).dotted,)


def called(linker: Linker, value: Value, method: str = "__call__") -> list[Fun]:
    """The functions that run when a value is called, or when this method of the class or instance that it is."""
    found: list[Fun] = []
    for atom in value:
        if isinstance(atom, linker.Fn):
            found.append(atom.fun)
        elif isinstance(atom, (linker.Cls, linker.Obj)):
            found += [each.fun for each in linker.class_attribute(atom.klass, method) if isinstance(each, linker.Fn)]
    return found


def named(linker: Linker, fun: Fun, expr: Expr | None) -> Value:
    """What an expression in a function stands for, or the dotted name in it."""
    if expr is None:
        return ()
    if expr.__class__ is tuple and expr[0] == "const" and isinstance(expr[1], str):
        return bound_to(linker, f"{fun.module.package}{expr[1]}" if expr[1].startswith(".") else expr[1])
    return value_at(linker, fun, expr)
