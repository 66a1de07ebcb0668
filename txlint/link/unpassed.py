"""Parameters that are what their defaults are, as far as the project shows: no call of it gives anything else.

Asked by names and without looking at who is meant: a call of any function of that name counts, and so does whatever else may hand something
over (``**options``, the function passed on, ``rebuild.delay(clear=True)``)."""

from __future__ import annotations

from typing import Any

from txlint.link.linker import Linker
from txlint.link.project import Fun
from txlint.model.facts import Expr, Param
from txlint.model.shapes import last_name

_PLAIN = frozenset({"atomic", "classmethod", "staticmethod"})
"""Decorators of functions that nobody else calls for that."""


def unpassed(linker: Linker, fun: Fun) -> tuple[tuple[str, Any], ...]:
    """The parameters of a function, or of a method that no library's class may have, with constant defaults that all calls of it leave as
    they are; none where it is not called by its name, or something else may call it."""
    fact, klass = fun.fact, fun.klass
    if fact is None or any(last_name(expr[1] if expr[0] == "call" else expr) not in _PLAIN for expr, _ in fact.decorators):
        return ()
    if fun.parent is not None or (klass is not None and any(isinstance(base, str) for base in linker.mro(klass))):
        return ()
    defaults = ((place, param, param.default) for place, param in enumerate(fact.params))
    asked = [(place, param, given) for place, param, given in defaults if isinstance(given, tuple) and given[0] == "const"]
    bodies = [body for module in linker.project.using(fact.name) for body in (module.body, *module.funs)]
    calls = [_calls(body.body, fact.name) for body in bodies] if asked else []
    if not any(calls) or None in calls:
        return ()
    shift = 0 if klass is None or any(last_name(expr) == "staticmethod" for expr, _ in fact.decorators) else 1
    return tuple((param.name, given[1]) for place, param, given in asked if not is_given(linker, fact.name, param, place - shift))


def is_given(linker: Linker, name: str, param: Param, place: int) -> bool:
    """May a call of a function or method of this name give something else than the default for a parameter: by position, by its name (in
    any call of these modules), or as one of the keywords that it hands on?"""
    level: list[Any] = [fun.body for module in linker.project.using(name) for fun in (module.body, *module.funs)]
    while level:
        level = [part for each in level for part in each if part.__class__ is tuple]
        for part in level:
            if part and part[0] == "call" and len(part) == 5 and part[4].__class__ is tuple:
                func = part[1]
                is_asked = last_name(func) == name
                is_above = func.__class__ is tuple and func[1].__class__ is tuple and func[1][1] == "super"
                for keyword, value in part[3]:
                    if (keyword == param.name and value != param.default) or (keyword is None and is_asked and not is_above):
                        return True
                if is_asked and param.kind != "kwonly" and len(part[2]) > place:
                    if any(arg.__class__ is str or arg[0] != "star" for arg in part[2][place:]):
                        return True
    return False


def _calls(part: Any, name: str) -> int | None:
    """How often something of a name is called; None where it is spoken of otherwise."""
    if part.__class__ is str:
        return None if name in part.split(".") else 0
    if part.__class__ is not tuple or not part or part[0] == "const":
        return 0
    count, rest = 0, part
    if part[0] == "call" and len(part) == 5 and part[4].__class__ is tuple:
        count, rest = (1, _within(part[1]) + part[2:4]) if last_name(part[1]) == name else (0, part[1:4])
    for each in rest:
        found = _calls(each, name)
        if found is None:
            return None
        count += found
    return count


def _within(func: Expr) -> tuple[Any, ...]:
    """What a callee is an attribute of."""
    return (func.rpartition(".")[0],) if func.__class__ is str else (func[1],)
