"""Parameters that are what their defaults are, as far as the project shows: no call of it gives anything else.

Asked by names and without looking at who is meant: a call of any function of that name counts, and so does whatever else may hand something
over (``**options``, the function passed on, ``rebuild.delay(clear=True)``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from txlint.link.linker import Linker
from txlint.link.project import Fun
from txlint.model.facts import Param
from txlint.model.shapes import calls_in, last_name

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
    called = sum(last_name(call[1]) == fact.name for call in _calls_using(linker, fact.name)) if asked else 0
    spoken = (_spoken_of(each.body, fact.name) for module in linker.project.using(fact.name) for each in (module.body, *module.funs))
    if not called or called < sum(spoken):
        return ()
    shift = 0 if klass is None or any(last_name(expr) == "staticmethod" for expr, _ in fact.decorators) else 1
    return tuple((param.name, given[1]) for place, param, given in asked if not is_given(linker, fact.name, param, place - shift))


def is_given(linker: Linker, name: str, param: Param, place: int) -> bool:
    """May a call of a function or method of this name give something else than the default for a parameter: by position, by its name (in
    any call of these modules), or as one of the keywords that it hands on?"""
    for call in _calls_using(linker, name):
        func, positional, keywords = call[1:4]
        is_asked = last_name(func) == name
        is_above = func.__class__ is tuple and func[1].__class__ is tuple and func[1][1] == "super"
        for keyword, value in keywords:
            if (keyword == param.name and value != param.default) or (keyword is None and is_asked and not is_above):
                return True
        if is_asked and param.kind != "kwonly" and any(arg.__class__ is str or arg[0] != "star" for arg in positional[place:]):
            return True
    return False


def _calls_using(linker: Linker, name: str) -> Iterator[Any]:
    """All calls in the modules that speak of a name."""
    for module in linker.project.using(name):
        calls = linker.calls.get(module.facts.path)
        if calls is None:
            calls = linker.calls[module.facts.path] = [call for fun in (module.body, *module.funs) for call in calls_in(fun.body)]
        yield from calls


def _spoken_of(part: Any, name: str) -> int:
    """How often a name stands in a body, anywhere in a dotted one: more often than it is called where something else may call it."""
    if part.__class__ is str:
        return int(part.split(".").count(name))
    return sum(_spoken_of(each, name) for each in part) if part.__class__ is tuple and part[:1] != ("const",) else 0
