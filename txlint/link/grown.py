"""Collections of names that a function was given and adds to: ``update_fields = {"slug"}.union(update_fields)``, or a helper that does so.

`added` tells what is added. What the caller passed is in it as before, and where that was None it still is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from txlint.link.project import Fun
from txlint.link.values import Fn
from txlint.model.facts import Expr

if TYPE_CHECKING:
    from txlint.link.replay import Frame

Names: TypeAlias = frozenset[str]
_COPIES = frozenset({"frozenset", "list", "set", "tuple"})


def added(frame: Frame, name: str, source: Expr | None) -> Names | None:
    """What an expression adds to the collection that a name stands for; None where it may be anything else."""
    if source.__class__ is not tuple or source is None:
        return None
    found = _read(source, name, {})
    if found is not None:
        return found[1] if found[0] else None
    is_passed = source[0] == "call" and (name in source[2] or name in [given for _, given in source[3]])
    value = frame.linker.value(source[1], frame.module, frame.fun) if is_passed and source[1].__class__ is str else ()
    helper = value[0] if len(value) == 1 else None
    return _by_helper(helper.fun, name, source) if isinstance(helper, Fn) and helper.receiver is None else None


def _by_helper(fun: Fun, name: str, call: Any) -> Names | None:
    """The same of a function that is passed the collection and names, and only returns what comes of them."""
    body = [stmt for stmt in fun.body if not (stmt[0] == "expr" and stmt[1].__class__ is tuple and stmt[1][0] == "const")]
    if fun.fact is None or len(body) != 1 or body[0][0] != "return":
        return None
    positional = fun.fact.positional
    rest = next((param.name for param in fun.fact.params if param.kind == "vararg"), None)
    theirs, others = None, {param.name: frozenset[str]() for param in fun.fact.params if param.kind == "vararg"}
    for place, given in (*enumerate(call[2]), *call[3]):
        if place is None:  # `**rest`: it may be any of them
            return None
        param = place if place.__class__ is str else positional[place] if place < len(positional) else rest
        if given == name:
            theirs = param
        elif param is not None and given.__class__ is tuple and given[0] == "const" and isinstance(given[1], str):
            others[param] = others.get(param, frozenset()) | {given[1]}
        else:
            return None
    found = _read(body[0][1], theirs, others) if theirs is not None and theirs != rest else None
    return found[1] if found is not None and found[0] else None


def _read(expr: Any, name: str, others: Mapping[str, Names]) -> tuple[bool, Names] | None:
    """Is the collection in what an expression gives, and what else; None where that cannot be told."""
    if expr.__class__ is str:
        return (True, frozenset()) if expr == name else (False, others[expr]) if expr in others else None
    if expr is None:
        return None
    parts: Any = None
    match expr[0]:
        case "set" | "list" | "tuple":
            parts = expr[1]
        case "star":
            parts = expr[1:]
        case "const":
            return (False, frozenset({expr[1]})) if isinstance(expr[1], str) else None
        case "bin" if expr[1] in ("|", "+"):
            parts = expr[2:]
        case "call" if expr[1].__class__ is str and not expr[3]:
            base, _, method = expr[1].rpartition(".")
            parts = (base, *expr[2]) if method == "union" and base else expr[2] if expr[1] in _COPIES else None
        case "call" if expr[1][0] == "attr" and expr[1][2] == "union" and not expr[3]:
            parts = (expr[1][1], *expr[2])
        case "ifexp" if expr[3] == ("const", None) and expr[1] in (name, ("cmp", name, ("is not",), (("const", None),))):
            return _read(expr[2], name, others)
    if parts is None:
        return None
    found = [_read(part, name, others) for part in parts]
    if any(each is None for each in found):
        return None
    known = [each for each in found if each is not None]
    return any(has for has, _ in known), frozenset().union(*(names for _, names in known))
