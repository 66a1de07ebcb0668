"""Arguments that are passed together: ``import_rows(Order, save=False)``. What a parameter may be, each caller says for itself, and so does
what stands beside it in the same call.

`is_left_out` tells whether a class is one that callers only pass beside options with which a place is not reached, `stands_for` which
parameters a local name is, or is an instance of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from txlint.link.keyed import entries
from txlint.link.uses import uses_of
from txlint.link.values import Cls, Obj, Param
from txlint.model.facts import Expr
from txlint.model.graph import NO_CLASS, Test

if TYPE_CHECKING:
    from txlint.link.project import Klass
    from txlint.link.replay import Frame


def is_left_out(frame: Frame, name: Expr, klass: Klass) -> bool:
    """Is what a name stands for an instance of a class only where callers pass that beside something that the tests here refuse?"""
    linker, fun = frame.linker, frame.fun
    if fun.fact is None or name.__class__ is not str or "." in name:
        return False
    own = {param.name for param in fun.fact.params}
    if not any(isinstance(atom, Cls) and atom.klass is klass for each in own for atom in linker.stores.get(("param", fun.id, each), ())):
        return False
    guards = [test for test in frame.guards if test.param in own and test.op not in ("class", "any")]
    sources = stands_for(frame, name) if guards else None
    if not sources:
        return False
    if any(_is_passed(frame, each, klass) for each in sources):
        return False  # an instance is passed, of which it is not kept beside what
    places = [("param", fun.id, source) for source in sources]
    linker.told_together.update(dict.fromkeys(places))
    return any(_is_refused(frame, places, klass, test) for test in guards)


def _is_passed(frame: Frame, name: str, klass: Klass) -> bool:
    """Is an instance of a class passed for a parameter?"""
    owner, number = frame.fun.klass, frame.fun.id
    receivers = (NO_CLASS, owner.id, *(sub.id for sub in owner.subclasses)) if owner is not None else (NO_CLASS,)
    told = (atom for receiver in receivers for atom in frame.linker.params.get((number, name, receiver), ()))
    return any(isinstance(atom, Obj) and atom.klass is klass for atom in told)


def _is_refused(frame: Frame, places: list[tuple[str, int, str]], klass: Klass, test: Test) -> bool:
    """Refuses a test all that callers pass beside a class?"""
    found = [
        tag
        for place in places
        for atom, tag in entries(frame.linker, place, (frame.fun.id, test.param))
        if isinstance(atom, Cls) and atom.klass is klass
    ]
    return bool(found) and all(tag is not None and tag[0] == "const" and not test.holds(tag[1]) for tag in found)


def stands_for(frame: Frame, name: str, within: frozenset[str] = frozenset()) -> dict[str, None] | None:
    """The parameters that a name stands for, or for an instance of, each once and in order: ``row = row or model()``. None where it may be
    anything else."""
    fun = frame.fun
    assert fun.fact is not None
    if name in within:
        return {}
    if name == frame.self_name or name not in fun.scope:
        return None
    found = dict.fromkeys(param.name for param in fun.fact.params if param.name == name and param.kind not in ("vararg", "kwarg"))
    for expr in uses_of(frame.linker, fun, name).bindings:
        for part in expr[2] if expr.__class__ is tuple and expr[0] == "bool" and expr[1] == "or" else (expr,):
            inner = _source(frame, part, within | {name})
            if inner is None:
                return None
            found |= inner
    return found


def _is_class(frame: Frame, name: str) -> bool:
    """Is a class all that is known of a name? Its methods give instances of it."""
    return all(isinstance(atom, (Cls, Param)) for atom in frame.env.get(name, ()))


def _source(frame: Frame, expr: Expr | None, within: frozenset[str]) -> dict[str, None] | None:
    if expr.__class__ is tuple and expr[0] == "const":
        return {}
    if expr.__class__ is tuple and expr[0] == "call":
        made, _, method = expr[1].partition(".") if expr[1].__class__ is str else ("", "", "")
        known = stands_for(frame, made, within) if made and (not method or _is_class(frame, made)) else None
        if known is not None:
            return known
        return None if frame.looked_at(expr) else {}  # of what is not known, no class is
    return stands_for(frame, expr, within) if expr.__class__ is str and "." not in expr else None
